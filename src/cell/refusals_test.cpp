#include "cell/refusals.h"

#include <gtest/gtest.h>
#include <linux/net.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace shikake::cell {
namespace {

#if defined(__x86_64__)

// Of a 64-bit program; pointers have to lie where 32 bits reach.
long i386_call(long number, long one, long two, long three) {
  long result = number;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(one), "c"(two), "d"(three)
               : "memory", "r8", "r9", "r10", "r11");
  return static_cast<int>(result);
}

struct Row {
  const char* name;
  CallTable table;
  long number;
  uint64_t one;
  uint64_t two;
  int error;  // 0: the kernel carries it out, with whatever result
};
constexpr CallTable wide = CallTable::x86_64;
constexpr CallTable narrow = CallTable::i386;
constexpr Row rows[] = {
    {"mount", wide, SYS_mount, 0, 0, EPERM},
    {"mount, 32 bits", narrow, 21, 0, 0, EPERM},
    {"old umount, 32 bits", narrow, 22, 0, 0, EPERM},
    {"keyctl", wide, SYS_keyctl, 0, 0, ENOKEY},
    {"keyctl, 32 bits", narrow, 288, 0, 0, ENOKEY},
    {"unshare users", wide, SYS_unshare, CLONE_NEWUSER, 0, EPERM},
    {"unshare users and files", wide, SYS_unshare, CLONE_NEWUSER | CLONE_FILES, 0, EPERM},
    {"unshare files", wide, SYS_unshare, CLONE_FILES, 0, 0},
    {"clone network, 32 bits", narrow, 120, CLONE_NEWNET | SIGCHLD, 0, EPERM},
    {"socket vsock", wide, SYS_socket, AF_VSOCK, SOCK_STREAM, EAFNOSUPPORT},
    {"socket Internet", wide, SYS_socket, AF_INET, SOCK_DGRAM, 0},
    {"socket local", wide, SYS_socket, AF_UNIX, SOCK_DGRAM, 0},
    {"socket vsock, 32 bits", narrow, 359, AF_VSOCK, SOCK_STREAM, EAFNOSUPPORT},
    {"socket no family, 32 bits", narrow, 359, 0, SOCK_STREAM, EAFNOSUPPORT},
    {"socket Internet, 32 bits", narrow, 359, AF_INET, SOCK_DGRAM, 0},
    {"socket netlink, 32 bits", narrow, 359, AF_NETLINK, SOCK_RAW, 0},
    {"pair vsock, 32 bits", narrow, 360, AF_VSOCK, SOCK_STREAM, EAFNOSUPPORT},
    {"type into a terminal", wide, SYS_ioctl, 0, 0x5412, EIO},
    {"size of a terminal", wide, SYS_ioctl, 0, 0x5413, 0},
    {"getpid", wide, SYS_getpid, 0, 0, 0},
    {"getpid, 32 bits", narrow, 20, 0, 0, 0},
};

// The kernel's filter and what a tracer is told come from one table and have to agree.
TEST(Refusals, FilterAndTracerSayTheSame) {
  for (const Row& row : rows) {
    EXPECT_EQ(refusal(row.table, row.number, {row.one, row.two}).value_or(0), row.error) << row.name;
    const pid_t child = fork();
    if (child == 0) {
      auto filter = refusing_filter(false);
      if (!filter || !filter->install()) _exit(100);
      long result = 0;
      if (row.table == narrow) {
        result = i386_call(row.number, static_cast<long>(row.one), static_cast<long>(row.two), 0);
        if (result == -ENOSYS) _exit(77);
      } else {
        result = syscall(row.number, row.one, row.two, 0) == -1 ? -errno : 0;
      }
      // Which errno the kernel itself has for nonsense does not matter here, unless it is a refusal's.
      _exit(row.error == 0 ? (result == -EPERM || result == -EAFNOSUPPORT ? 101 : 0)
                           : (result == -row.error ? 0 : 102));
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) continue;  // this kernel has no 32-bit calls
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << row.name << ": " << status;
  }
}

// Programs that are linked statically with an older library have no other way to a socket.
TEST(Refusals, SocketcallOpensSockets) {
  void* low = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  auto* arguments = static_cast<uint32_t*>(low);
  arguments[0] = AF_INET;
  arguments[1] = SOCK_DGRAM;
  const pid_t child = fork();
  if (child == 0) {
    auto filter = refusing_filter(false);
    if (!filter || !filter->install()) _exit(100);
    const long result = i386_call(102, SYS_SOCKET, static_cast<long>(reinterpret_cast<uintptr_t>(low)), 0);
    _exit(result == -ENOSYS ? 77 : result >= 0 ? 0 : 101);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this kernel has no 32-bit calls";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Without a tracer a call that is to stop for one is not carried out either.
TEST(Refusals, NobodyToAsk) {
  const pid_t child = fork();
  if (child == 0) {
    auto filter = refusing_filter(true);
    if (!filter || !filter->install()) _exit(100);
    const bool refused = syscall(SYS_mount, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS;
    const bool narrow_too = i386_call(359, AF_VSOCK, SOCK_STREAM, 0) == -ENOSYS;
    _exit(refused && narrow_too && getppid() > 0 ? 0 : 101);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

#endif

}  // namespace
}  // namespace shikake::cell
