#include "cell/namespaces.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cell/mounts.h"

namespace shikake::cell {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

constexpr uid_t ordinary = 65534;  // nobody, who owns nothing here

// Runs `body` in the namespaces, as root or as an ordinary user; gives its exit code, or skips the test
// where this machine forbids it.
void expect_inside(bool as_root, const NamespacePlan& plan, const std::function<int()>& body) {
  if (as_root && geteuid() != 0) GTEST_SKIP() << "not root";
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  pid_t caller = fork();  // changing users is for ever
  if (caller == 0) {
    if (!as_root && geteuid() == 0 && (setgid(ordinary) != 0 || setuid(ordinary) != 0)) _exit(90);
    auto contained = spawn(plan, body);
    if (!contained) {
      std::string text = contained.error().message();
      (void)!write(answer[1], text.data(), text.size());
      _exit(contained.error().code == ErrorCode::unsupported ? 91 : 92);
    }
    auto status = contained->wait();
    _exit(status && WIFEXITED(*status) ? WEXITSTATUS(*status) : 93);
  }
  close(answer[1]);
  std::string text(2000, '\0');
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, read(answer[0], text.data(), text.size()))));
  close(answer[0]);
  int status = 0;
  waitpid(caller, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 91) GTEST_SKIP() << text;
  EXPECT_EQ(WEXITSTATUS(status), 0) << text;
}

NamespacePlan everything() {
  return {.user = true, .mount = true, .network = true, .pid = true, .uts = true, .ipc = true};
}

class Namespaces : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Rows, Namespaces, ::testing::Values(true, false),
                         [](const auto& row) { return row.param ? "root" : "ordinary_user"; });

TEST_P(Namespaces, SameUserInside) {
  const uid_t expected = GetParam() ? 0 : (geteuid() == 0 ? ordinary : geteuid());
  expect_inside(GetParam(), everything(), [expected] {
    if (getpid() != 1) return 1;
    if (geteuid() != expected || getuid() != expected) return 2;
    // Powers over its own namespaces.
    if (sethostname("inside", 6) != 0) return 3;
    if (mount("tmpfs", "/proc", "tmpfs", 0, nullptr) != 0) return 4;
    return 0;
  });
}

TEST_P(Namespaces, RootInside) {
  NamespacePlan plan = everything();
  plan.users = UserMap::root;
  expect_inside(GetParam(), plan, [] { return geteuid() == 0 && getegid() == 0 ? 0 : 1; });
}

TEST_P(Namespaces, NoPowersOverTheMachine) {
  expect_inside(GetParam(), everything(), [] {
    // The namespaces of the keeper outside are not ours to enter: /proc is still the machine's.
    base::UniqueFd outside(open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC));
    if (outside && setns(outside.get(), CLONE_NEWNET) == 0) return 1;
    // Raising a hard limit or the clock needs the machine's own capabilities.
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return clock_settime(CLOCK_REALTIME, &now) == -1 && errno == EPERM ? 0 : 2;
  });
}

TEST_P(Namespaces, FreshProcShowsOnlyThemselves) {
  expect_inside(GetParam(), everything(), [] {
    if (!mount_proc()) return 1;
    int processes = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      if (std::isdigit(static_cast<unsigned char>(entry.path().filename().string()[0]))) ++processes;
    }
    return processes == 1 ? 0 : 2;
  });
}

TEST_P(Namespaces, CoveredFolder) {
  const std::string before = slurp("/etc/passwd");
  expect_inside(GetParam(), everything(), [&before] {
    auto covered = cover_folder("/etc", {{"resolv.conf", "nameserver 192.0.2.1\n"}, {"a/b/c", "deep"}});
    if (!covered) {
      std::fprintf(stderr, "%s\n", covered.error().message().c_str());
      return 1;
    }
    if (slurp("/etc/resolv.conf") != "nameserver 192.0.2.1\n" || slurp("/etc/a/b/c") != "deep") return 2;
    if (slurp("/etc/passwd") != before) return 3;  // what was there shows through
    std::ofstream out("/etc/resolv.conf");
    if (out << "x" << std::flush) return 4;
    return 0;
  });
  EXPECT_FALSE(std::filesystem::exists("/etc/a/b/c"));  // nothing of it outside
}

TEST_P(Namespaces, HiddenFolder) {
  expect_inside(GetParam(), everything(), [] {
    if (!hide_folder("/usr/bin") || !hide_folder("/no/such/folder")) return 1;
    return std::filesystem::is_empty("/usr/bin") ? 0 : 2;
  });
  EXPECT_FALSE(std::filesystem::is_empty("/usr/bin"));
}

TEST_P(Namespaces, NewNetworkIsEmptyAndLeadsBack) {
  expect_inside(GetParam(), everything(), [] {
    auto first = current_network();
    auto second = enter_new_network();
    if (!first || !second) return 1;
    struct stat a {};
    struct stat b {};
    fstat(first->get(), &a);
    fstat(second->get(), &b);
    if (a.st_ino == b.st_ino) return 2;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(53);
    there.sin_addr.s_addr = htonl(0xC0000201);
    if (connect(fd, reinterpret_cast<sockaddr*>(&there), sizeof there) != -1 || errno != ENETUNREACH)
      return 3;
    if (!enter_network(*first)) return 4;
    auto again = current_network();
    fstat(again->get(), &b);
    return a.st_ino == b.st_ino ? 0 : 5;
  });
}

TEST_P(Namespaces, ExitStatusComesThrough) {
  expect_inside(GetParam(), everything(), [] {
    for (bool pid : {false, true}) {
      auto exited = spawn({.pid = pid}, [] { return 42; });
      if (!exited) return 1;
      auto status = exited->wait();
      if (!status || !WIFEXITED(*status) || WEXITSTATUS(*status) != 42) return 2;
    }
    auto signalled = spawn({}, [] { return raise(SIGKILL); });
    if (!signalled) return 3;
    auto status = signalled->wait();
    return status && WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL ? 0 : 4;
  });
}

// Every process inside, even one that left its session and ignores every signal, holds the write end of a
// pipe: end of file says that all of them are gone.
TEST_P(Namespaces, KillTakesEverybodyAlong) {
  if (GetParam() && geteuid() != 0) GTEST_SKIP() << "not root";
  for (bool owner_dies : {false, true}) {
    int held[2];
    int ready[2];
    ASSERT_EQ(pipe(held), 0);
    ASSERT_EQ(pipe(ready), 0);
    pid_t owner = fork();
    if (owner == 0) {
      close(held[0]);
      if (!GetParam() && geteuid() == 0 && (setgid(ordinary) != 0 || setuid(ordinary) != 0)) _exit(90);
      sigset_t told;
      sigemptyset(&told);
      sigaddset(&told, SIGTERM);
      sigprocmask(SIG_BLOCK, &told, nullptr);
      auto contained = spawn(everything(), [&ready] {
        if (fork() == 0) {
          setsid();
          for (int number = 1; number < 32; ++number) signal(number, SIG_IGN);
          if (fork() == 0) (void)!write(ready[1], "r", 1);
          for (;;) pause();
        }
        for (;;) pause();
        return 0;
      });
      close(held[1]);
      if (!contained) (void)!write(ready[1], "x", 1);
      int number = 0;
      sigwait(&told, &number);
      contained->kill();
      for (;;) pause();
    }
    close(held[1]);
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    if (byte == 'r') {
      kill(owner, owner_dies ? SIGKILL : SIGTERM);
      EXPECT_EQ(read(held[0], &byte, 1), 0);
    }
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    for (int fd : {held[0], ready[0], ready[1]}) close(fd);
    if (byte == 'x') GTEST_SKIP() << "no namespaces here";
  }
}

TEST(NamespacesRefused, SaysWhatToDo) {
  // An ordinary user without a user namespace.
  expect_inside(false, {}, [] {
    auto contained = spawn({.network = true}, [] { return 0; });
    if (contained || contained.error().code != ErrorCode::unsupported) return 1;
    return contained.error().what.find("user namespace") != std::string::npos ? 0 : 2;
  });
  // The number of namespaces set to nothing, as an administrator would; the setting is the namespace's own.
  NamespacePlan plan{.user = true, .users = UserMap::root, .mount = true};
  expect_inside(false, plan, [] {
    std::ofstream("/proc/sys/user/max_net_namespaces") << "0" << std::flush;
    auto contained = spawn({.network = true}, [] { return 0; });
    if (contained || contained.error().code != ErrorCode::unsupported) return 1;
    return contained.error().what.find("max_user_namespaces") != std::string::npos ? 0 : 2;
  });
}

}  // namespace
}  // namespace shikake::cell
