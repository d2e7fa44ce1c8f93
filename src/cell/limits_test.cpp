#include "cell/limits.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <functional>

namespace shikake::cell {
namespace {

using namespace std::chrono_literals;

int status_of(const std::function<int()>& action) {
  pid_t pid = fork();
  if (pid == 0) _exit(action());
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}
bool exits_with(int status, int code) {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

TEST(Limits, AddressSpace) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer reserves more than any bound";
#endif
  EXPECT_TRUE(exits_with(
      status_of([] {
        if (!apply({.address_space = 256 << 20})) return 1;
        void* small = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        void* large = mmap(nullptr, 512 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return small != MAP_FAILED && large == MAP_FAILED && errno == ENOMEM ? 0 : 2;
      }),
      0));
}

TEST(Limits, CpuTime) {
  int status = status_of([] {
    if (!apply({.cpu_seconds = 1})) return 1;
    volatile int spin = 0;
    while (spin == 0) {}
    return 2;
  });
  // Hard and soft are the same second, and the kernel looks at the hard one first.
  EXPECT_TRUE(WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) << status;
}

TEST(Limits, OpenFilesFileSizeAndCore) {
  EXPECT_TRUE(exits_with(status_of([] {
                           if (!apply({.open_files = 8, .file_size = 4096})) return 1;
                           int last = 0;
                           for (int i = 0; i < 20; ++i) last = open("/dev/null", O_RDONLY | O_CLOEXEC);
                           if (last != -1 || errno != EMFILE) return 2;
                           rlimit core{};
                           if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) return 3;
                           close(7);
                           signal(SIGXFSZ, SIG_IGN);
                           int file = memfd_create("limited", 0);
                           char page[4096] = {};
                           if (write(file, page, sizeof page) != sizeof page) return 4;
                           return write(file, page, 1) == -1 && errno == EFBIG ? 0 : 5;
                         }),
                         0));
}

TEST(Limits, CannotBeRaisedAgain) {
  EXPECT_TRUE(exits_with(status_of([] {
                           if (!apply({.open_files = 8})) return 1;
                           if (!apply({.open_files = 100})) return 2;  // no error: the tighter one stays
                           rlimit files{};
                           getrlimit(RLIMIT_NOFILE, &files);
                           return files.rlim_cur == 8 && files.rlim_max == 8 ? 0 : 3;
                         }),
                         0));
}

TEST(Limits, PrivilegesAndTracing) {
  EXPECT_TRUE(exits_with(status_of([] {
                           if (!forbid_new_privileges() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                             return 1;
                           if (!forbid_tracing() || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 2;
                           return 0;
                         }),
                         0));
}

TEST(Limits, DiesWithParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  pid_t parent = fork();
  if (parent == 0) {
    pid_t self = getpid();
    int ready[2];
    if (pipe(ready) != 0) _exit(1);
    if (fork() == 0) {
      close(ends[0]);
      close(ready[0]);
      if (!die_with_parent(self, SIGKILL)) _exit(1);
      if (write(ready[1], "r", 1) != 1) _exit(1);
      for (;;) pause();  // holds the pipe's write end until it dies
    }
    char byte;
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    raise(SIGKILL);
  }
  close(ends[1]);
  int status = 0;
  waitpid(parent, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  char byte;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);  // end of file: the grandchild is gone as well
  close(ends[0]);
}

TEST(Limits, NoticesAParentThatIsGone) {
  EXPECT_TRUE(exits_with(status_of([] {
                           auto result = die_with_parent(getppid() + 1, SIGKILL);
                           return !result && result.error().code == ErrorCode::cancelled ? 0 : 1;
                         }),
                         0));
}

TEST(ResidentWatch, KillsWhatGrowsTooLarge) {
  constexpr uint64_t bound = 64 << 20;
  pid_t child = fork();
  if (child == 0) {
    for (;;) {  // a spray: 1 MB blocks that stay
      void* block = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      std::memset(block, 0x41, 1 << 20);
    }
  }
  auto watch = ResidentWatch::start(child, bound);
  ASSERT_TRUE(watch);
  int status = 0;
  waitpid(child, &status, 0);
  watch->stop();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_TRUE(watch->exceeded());
  EXPECT_GT(watch->peak_bytes(), bound);
}

TEST(ResidentWatch, LeavesTheModestAlone) {
  pid_t child = fork();
  if (child == 0) {
    usleep(50'000);
    _exit(7);
  }
  auto watch = ResidentWatch::start(child, 1 << 30, 1ms);
  ASSERT_TRUE(watch);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(exits_with(status, 7));
  EXPECT_FALSE(watch->exceeded());
  EXPECT_GT(watch->peak_bytes(), 0u);
}

TEST(ResidentWatch, NoSuchProcess) {
  EXPECT_FALSE(ResidentWatch::start(0x3fffffff, 1));
  EXPECT_FALSE(resident_bytes(0x3fffffff));
}

}  // namespace
}  // namespace shikake::cell
