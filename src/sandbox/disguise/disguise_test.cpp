#include "sandbox/disguise/disguise.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "cell/mount_table.h"
#include "sandbox/trace/testing.h"

namespace shikake::sandbox::disguise {
namespace {

cell::GuestIdentity guest() {
  cell::GuestIdentity identity;
  identity.kernel_release = "6.1.0-28-amd64";
  identity.kernel_version = "#1 SMP Debian";
  return identity;
}

class Last : public trace::Hook {
 public:
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override {
    if (process.id.value == 1) status = ending.status.value;
  }
  int status = -1;
};

// The exit status of `body` behind the disguise.
int run(const std::function<int()>& body) {
  auto tracer = trace::Tracer::make({});
  Disguise disguise(guest());
  Last last;
  tracer->add(disguise);
  tracer->add(last);
  auto child = trace::start_guest(*tracer, body);
  EXPECT_TRUE(child) << child.error().message();
  auto end = tracer->run(base::Deadline::after(std::chrono::seconds(20)));
  tracer->kill_all();
  return end ? last.status : -2;
}

std::string all_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Disguise, KernelIsTheGuests) {
  utsname real{};
  uname(&real);
  EXPECT_EQ(run([&real] {
              utsname seen{};
              if (uname(&seen) != 0) return 1;
              if (strcmp(seen.release, "6.1.0-28-amd64") != 0 || strcmp(seen.version, "#1 SMP Debian") != 0)
                return 2;
              // The rest is as it was.
              if (strcmp(seen.nodename, real.nodename) != 0 || strcmp(seen.machine, real.machine) != 0)
                return 3;
              return syscall(SYS_uname, nullptr) == -1 && errno == EFAULT ? 0 : 4;
            }),
            0);
}

struct Row {
  const char* name;
  const char* path;
  std::string_view shown;
};
const Row rows[] = {
    {"mounts", "/proc/self/mounts", cell::made_up_mounts()},
    {"mounts by a link", "/proc/mounts", cell::made_up_mounts()},
    {"mountinfo", "/proc/self/mountinfo", cell::made_up_mountinfo()},
    {"mountinfo of a thread", "/proc/thread-self/mountinfo", cell::made_up_mountinfo()},
    {"mountstats", "/proc/self/mountstats", cell::made_up_mountstats()},
};

TEST(Disguise, MountTables) {
  for (const Row& row : rows)
    EXPECT_EQ(run([&row] { return all_of(row.path) == row.shown ? 0 : 1; }), 0) << row.name;
}

TEST(Disguise, StatusKnowsNoFilter) {
  EXPECT_EQ(run([] {
              const std::string status = all_of("/proc/self/status");
              for (const char* line : {"\nNoNewPrivs:\t0\n", "\nSeccomp:\t0\n", "\nSeccomp_filters:\t0\n"})
                if (status.find(line) == std::string::npos) return 1;
              // The rest is there, and the process' own.
              return status.find(fmt::format("\nPid:\t{}\n", getpid())) != std::string::npos ? 0 : 2;
            }),
            0);
}

TEST(Disguise, OtherFilesAreThemselves) {
  const std::string passwd = all_of("/etc/passwd");
  EXPECT_EQ(run([&passwd] {
              if (all_of("/etc/passwd") != passwd) return 1;
              // Its name alone makes no file a mount table.
              const int fd = open("/tmp/mountinfo-of-a-test", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
              unlink("/tmp/mountinfo-of-a-test");
              char byte = 0;
              if (fd < 0 || write(fd, "x", 1) != 1 || pread(fd, &byte, 1, 0) != 1 || byte != 'x') return 2;
              // Descriptors that are to be closed by exec still are.
              const int table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
              if (fcntl(table, F_GETFD) != FD_CLOEXEC) return 3;
              return fcntl(open("/proc/self/mountinfo", O_RDONLY), F_GETFD) == 0 ? 0 : 4;
            }),
            0);
}

}  // namespace
}  // namespace shikake::sandbox::disguise
