#include "range/range.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <thread>

#include "base/unique_fd.h"
#include "cell/namespaces.h"
#include "range/testing.h"

namespace shikake::range {
namespace {

constexpr uid_t ordinary = 65534;

constexpr const char* small_scenario = R"(
name = "small"
[[host]]
names = ["www.one.example", "one.example"]
addresses = ["203.0.113.10", "2001:db8::10"]
folder = "one"
[[host]]
names = ["two.example"]
addresses = ["203.0.113.10"]
  [[host.reply]]
  path = "/"
  body = "second host of the address"
[[host]]
names = ["three.example"]
addresses = ["198.51.100.3"]
http = [80, 8080]
https = [443]
  [[host.reply]]
  path = "/once"
  once = true
  body = "first"
  [[host.reply]]
  path = "/once"
  body = "later"
  [[host.reply]]
  path = "/cloak"
  when = {user_agent = "MSIE 6.0"}
  unless = {cookie = "seen"}
  body = "attack"
  [[host.reply]]
  path = "/cloak"
  body = "innocent"
  [[host.reply]]
  path = "/go"
  location = "http://two.example/"
  [[host.reply]]
  path = "/lies"
  body = "short"
  declared_length = 500
  [[host.reply]]
  path = "/cut"
  body = "0123456789"
  cut_after = 4
  [[host.reply]]
  path = "/trickle"
  body = "drop by drop"
  trickle_ms = 1
[[host]]
names = ["four.example", "*.four.example"]
addresses = ["198.51.100.3", "2001:db8::3"]
https = [443, 8443]
  [[host.reply]]
  path = "/"
  body = "four"
[[dns]]
name = "alias.example"
type = "CNAME"
value = "three.example"
)";

// A shell script in a range, run by a child so that users can change and descriptors stay apart.
class Ranges : public ::testing::TestWithParam<bool> {  // as root?
 protected:
  void SetUp() override {
    if (GetParam() && geteuid() != 0) GTEST_SKIP() << "not root";
    folder_.write("one/index.html", "<p>one</p>");
    folder_.write("one/a b.css", "p {}");
    folder_.write("one/sub/index.html", "<p>sub</p>");
    folder_.write("scenario.toml", small_scenario);
  }

  // Starts it; the script's standard output and error go to files.
  pid_t start(const std::string& script) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    if (!GetParam() && geteuid() == 0 && (setgid(ordinary) != 0 || setuid(ordinary) != 0)) _exit(90);
    auto scenario = Scenario::load(folder_.path() / "scenario.toml");
    if (!scenario) _exit(91);
    std::string redirected = "exec >" + (folder_.path() / "out").string() + " 2>" +
                             (folder_.path() / "err").string() + "\ncd " + folder_.path().string() + "\n" +
                             script;
    auto status = run(*scenario, {"/bin/sh", "-c", redirected}, {.log = (folder_.path() / "log").string()});
    if (status) _exit(*status);
    folder_.write("failure", status.error().message());
    _exit(status.error().code == ErrorCode::unsupported ? 92 : 93);
  }

  // Gives the exit status; skips where the machine forbids namespaces.
  int in_range(const std::string& script) {
    pid_t pid = start(script);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    return WEXITSTATUS(status);
  }

  std::string out() const { return folder_.read("out"); }
  std::string err() const { return folder_.read("err"); }
  std::string failure() const { return folder_.read("failure"); }

  TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Rows, Ranges, ::testing::Values(true, false),
                         [](const auto& row) { return row.param ? "root" : "ordinary_user"; });

#define IN_RANGE(script)                                          \
  do {                                                            \
    int in_range_status = in_range(script);                       \
    if (in_range_status == 92) GTEST_SKIP() << failure();         \
    ASSERT_EQ(in_range_status, 0) << failure() << err() << out(); \
  } while (false)

TEST_P(Ranges, Web) {
  IN_RANGE(R"(
    curl -sS http://one.example/ http://www.one.example/index.html http://one.example/a%20b.css http://one.example/sub/
    echo; curl -sS http://two.example/
    echo; curl -sS http://two.example:80/nowhere -w '%{http_code}' -o page; cat page
    curl -sS -I http://one.example/ | tr -d '\r' | grep -i content
    curl -sS 'http://[2001:db8::10]/'
    echo; curl -sS http://203.0.113.10/ -H 'Host: two.example'
    echo; curl -sS http://one.example/sub -o /dev/null -w '%{http_code} %{redirect_url}'
    echo; curl -sS -L http://three.example:8080/go -w ' %{num_redirects}'
    echo; curl -sS --path-as-is http://one.example/../../../../etc/passwd -o /dev/null -w '%{http_code}'
    echo; curl -sS --path-as-is 'http://one.example/%2e%2e/scenario.toml' -o /dev/null -w '%{http_code}'
    echo; curl -sS http://one.example/ http://one.example/ -o page -o page -w '%{num_connects}'
    echo; curl -sS -H 'Cookie: a=1' -X POST -d 'name=value' http://three.example/ -o /dev/null -w '%{http_code}'
  )");
  EXPECT_EQ(out(),
            "<p>one</p><p>one</p>p {}<p>sub</p>\n"
            "second host of the address\n"
            "404<!DOCTYPE html>\n<title>Not Found</title>\n<h1>Not Found</h1>\n"
            "Content-Type: text/html; charset=utf-8\nContent-Length: 10\n"
            "<p>one</p>\n"
            "second host of the address\n"
            "301 http://one.example/sub/\n"
            "second host of the address 1\n"
            "404\n404\n10\n404");
}

TEST_P(Ranges, OncePerClientAndCloaking) {
  IN_RANGE(R"(
    for i in 1 2 3; do curl -sS http://three.example/once; echo; done
    curl -sS http://three.example/cloak; echo
    curl -sS http://three.example/cloak -A 'Mozilla/4.0 (compatible; MSIE 6.0)'; echo
    curl -sS http://three.example/cloak -A 'Mozilla/4.0 (compatible; MSIE 6.0)' -b 'seen=1'
  )");
  EXPECT_EQ(out(), "first\nlater\nlater\ninnocent\nattack\ninnocent");
}

TEST_P(Ranges, BadServers) {
  IN_RANGE(R"(
    curl -s http://three.example/lies; echo " $?"
    curl -s http://three.example/cut; echo " $?"
    curl -s http://three.example/trickle; echo " $?"
  )");
  EXPECT_EQ(out(), "short 18\n0123 18\ndrop by drop 0\n");  // 18: partial file
}

TEST_P(Ranges, Https) {
  IN_RANGE(R"sh(
    curl -sS https://three.example/cloak; echo
    env -i /usr/bin/curl -sS https://four.example/; echo
    curl -sS https://any.four.example:8443/; echo
    curl -sS https://198.51.100.3/ -H 'Host: four.example'; echo
    curl -sS https://four.example/ https://four.example/ -w ' %{num_connects} '; echo
    curl -s --resolve other.example:443:198.51.100.3 https://other.example/; echo $?
    curl -s --cacert /dev/null https://four.example/; echo $?
    curl -s http://four.example:443/; echo $?
    grep -c BEGIN "$SHIKAKE_RANGE_CA"
  )sh");
  // 60: the certificate is for other names; 77: nobody is trusted; 52: no answer to plain HTTP.
  EXPECT_EQ(out(), "innocent\nfour\nfour\nfour\nfour 1 four 0 \n60\n77\n52\n1\n");
  EXPECT_NE(folder_.read("log").find("\"port\":8443,\"tls\":true"), std::string::npos);
}

TEST_P(Ranges, Names) {
  IN_RANGE(R"(
    getent ahostsv4 one.example | grep -c STREAM
    getent ahostsv6 one.example | sed -n 's/ *STREAM.*//p'
    RES_OPTIONS=use-vc getent ahostsv4 alias.example | sed -n 's/ *STREAM.*//p'
    getent hosts nowhere.example || echo "none: $?"
    getent hosts example.com || echo "none: $?"
    getent ahostsv4 localhost | sed -n 's/ *STREAM.*//p' | sort -u
    curl -sS http://alias.example/cloak
  )");
  EXPECT_EQ(out(), "1\n2001:db8::10\n198.51.100.3\nnone: 2\nnone: 2\n127.0.0.1\ninnocent");
}

TEST_P(Ranges, Log) {
  IN_RANGE("curl -sS -A agent -e http://from.example/ -b c=1 -d four 'http://three.example:8080/once?q=1'");
  std::string log = folder_.read("log");
  for (const char* part :
       {"\"kind\":\"dns\"", "\"name\":\"three.example\",\"type\":1,\"rcode\":0,\"answers\":1",
        "\"kind\":\"http\",\"client\":\"192.0.2.2\",\"address\":\"198.51.100.3\",\"port\":8080,\"tls\":false,"
        "\"host\":\"three.example:8080\",\"method\":\"POST\",\"target\":\"/"
        "once?q=1\",\"user_agent\":\"agent\","
        "\"referrer\":\"http://from.example/\",\"cookie\":\"c=1\",\"request_bytes\":4,\"status\":200,"
        "\"response_bytes\":5}\n"}) {
    EXPECT_NE(log.find(part), std::string::npos) << part << "\n" << log;
  }
}

TEST_P(Ranges, EnvironmentAndFiles) {
  setenv("http_proxy", "http://proxy.invalid:3128", 1);
  setenv("ALL_PROXY", "http://proxy.invalid:3128", 1);
  IN_RANGE(R"sh(
    env | grep -i proxy
    echo "$SHIKAKE_RANGE $(id -u)"
    cat /etc/resolv.conf
    grep ^hosts: /etc/nsswitch.conf
    cat "$SHIKAKE_RANGE_PROFILE"
    ls /proc > mine
    grep -c '^[0-9]' mine
  )sh");
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  const uid_t user = GetParam() ? 0 : (geteuid() == 0 ? ordinary : geteuid());
  std::string expected =
      "1 " + std::to_string(user) +
      "\nnameserver 192.0.2.1\nhosts: files dns\n"
      "{\"scenario\":\"small\",\"networks\":[\"192.0.2.0/24\",\"198.51.100.0/24\",\"203.0.113.0/24\","
      "\"2001:db8::/32\"],\"client\":[\"192.0.2.2\",\"2001:db8::2\"],\"resolver\":[\"192.0.2.1\","
      "\"2001:db8::1\"],\"ca\":\"/etc/shikake-range/ca.pem\"}\n"
      // process 1, the shell and ls
      "3\n";
  EXPECT_EQ(out(), expected);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "mine"));  // the rest of the disk is the machine's
  EXPECT_FALSE(std::filesystem::exists("/etc/shikake-range"));
}

TEST_P(Ranges, ExitStatus) {
  IN_RANGE("true");
  EXPECT_EQ(in_range("exit 37"), 37);
  EXPECT_EQ(in_range("kill -9 $$"), 128 + SIGKILL);
  EXPECT_EQ(in_range("kill -PIPE $$"), 128 + SIGPIPE);
}

TEST_P(Ranges, SignalsReachTheCommand) {
  pid_t pid = start("trap 'echo stopped; exit 9' TERM; : > ready; while :; do sleep 0.01; done");
  for (int i = 0; i < 1000 && !std::filesystem::exists(folder_.path() / "ready"); ++i) {
    if (waitpid(pid, nullptr, WNOHANG) == pid) GTEST_SKIP() << failure();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(pid, SIGTERM);
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9) << status;
  EXPECT_EQ(out(), "stopped\n");
}

// A terminal gives Ctrl-C to every process of the foreground group: the command gets it once, and the
// range stays.
TEST_P(Ranges, ControlC) {
  int terminal = -1;
  pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid < 0) GTEST_SKIP() << "no pseudo-terminal here";
  if (pid == 0) {
    pid_t range =
        start("trap 'echo interrupted' INT; : > ready; while ! [ -e stop ]; do sleep 0.01; done; exit 5");
    signal(SIGINT, SIG_IGN);  // the one in between waits, as a shell does
    int status = 0;
    waitpid(range, &status, 0);
    _exit(WEXITSTATUS(status));
  }
  auto wait_for = [&](auto condition) {
    for (int i = 0; i < 1000 && !condition() && !std::filesystem::exists(folder_.path() / "failure"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  };
  wait_for([&] { return std::filesystem::exists(folder_.path() / "ready"); });
  EXPECT_EQ(write(terminal, "\x03", 1), 1);
  wait_for([&] { return !out().empty(); });
  folder_.write("stop", "");
  int status = 0;
  waitpid(pid, &status, 0);
  close(terminal);
  if (WEXITSTATUS(status) == 92) GTEST_SKIP() << failure();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5) << status;
  EXPECT_EQ(out(), "interrupted\n");
}

TEST_P(Ranges, StandardInput) {
  folder_.write("input", "from outside");
  int before = dup(0);
  int input = open((folder_.path() / "input").c_str(), O_RDONLY | O_CLOEXEC);
  dup2(input, 0);
  int status = in_range("cat");
  dup2(before, 0);
  close(before);
  close(input);
  if (status == 92) GTEST_SKIP() << failure();
  EXPECT_EQ(out(), "from outside");
}

// --- nothing leaves ---------------------------------------------------------------------------------

// A listener of the machine, of any family.
base::UniqueFd listener(const sockaddr* address, socklen_t size) {
  base::UniqueFd socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(bind(socket.get(), address, size), 0);
  EXPECT_EQ(listen(socket.get(), 5), 0);
  return socket;
}

TEST_P(Ranges, OnlyItsOwnInterfaces) {
  IN_RANGE(R"(
    sed -n 's/^ *\([a-z0-9]*\):.*/\1/p' /proc/net/dev | sort
    # Destination and gateway of each route, in hexadecimal, low byte first.
    awk 'NR > 1 { print $1, $2, $3 }' /proc/net/route | sort
    cat /proc/net/fib_trie | awk '/32 host LOCAL/ { print last } { last = $2 }' | sort -u
  )");
  EXPECT_EQ(out(), "eth0\nlo\neth0 00000000 010200C0\neth0 010200C0 00000000\n127.0.0.1\n192.0.2.2\n");
}

TEST_P(Ranges, MachineIsOutOfReach) {
  sockaddr_in loopback{};
  loopback.sin_family = AF_INET;
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto tcp = listener(reinterpret_cast<sockaddr*>(&loopback), sizeof loopback);
  socklen_t size = sizeof loopback;
  getsockname(tcp.get(), reinterpret_cast<sockaddr*>(&loopback), &size);
  sockaddr_un hidden{};
  hidden.sun_family = AF_UNIX;
  std::string name = "shikake-range-test-" + std::to_string(getpid());
  name.copy(hidden.sun_path + 1, sizeof hidden.sun_path - 2);  // the abstract namespace: a zero byte first
  auto abstract = listener(reinterpret_cast<sockaddr*>(&hidden),
                           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
  const std::string port = std::to_string(ntohs(loopback.sin_port));

  // The probes work where nothing is in the way: connected, and no answer from a listener that is silent.
  auto probe = [](const std::string& arguments) {
    int status = std::system(("curl -s --max-time 1 " + arguments).c_str());
    return WEXITSTATUS(status);
  };
  constexpr int timed_out = 28;
  ASSERT_EQ(probe("http://127.0.0.1:" + port + "/"), timed_out);
  ASSERT_EQ(probe("--abstract-unix-socket " + name + " http://x/"), timed_out);

  // Inside: 7, could not connect. And so for addresses of the Internet, of private networks and of the
  // documentation ranges that no host has.
  IN_RANGE("for to in 'http://127.0.0.1:" + port + "/' '--abstract-unix-socket " + name + R"( http://x/' \
        http://192.0.2.1:)" +
           port + R"(/ http://8.8.8.8/ http://10.0.0.1/ http://169.254.169.254/ \
        http://203.0.113.77/ 'http://[2001:4860:4860::8888]/' 'http://[2001:db8::77]/' http://203.0.113.10:81/; do
      curl -s --max-time 20 $to; echo $?
    done)");
  EXPECT_EQ(out(), "7\n7\n7\n7\n7\n7\n7\n7\n7\n7\n");
}

TEST_P(Ranges, NoInheritedDescriptors) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM, 0));  // of the machine's network, and not close-on-exec
  IN_RANGE("ls -l /proc/$$/fd; echo");
  EXPECT_NE(out().find("/err"), std::string::npos) << out();  // its standard error, so the list is one
  EXPECT_EQ(out().find("socket:"), std::string::npos) << out();
}

// --- nothing stays ----------------------------------------------------------------------------------

size_t pinned_namespaces() {
  std::ifstream mounts("/proc/self/mountinfo");
  size_t count = 0;
  for (std::string line; std::getline(mounts, line);) count += line.find(" nsfs ") != line.npos;
  return count;
}

// Everything that runs inside, daemons too, holds the write end of a pipe as its standard input.
TEST_P(Ranges, KilledWithoutMercyLeavesNothing) {
  const size_t pinned = pinned_namespaces();
  const std::string resolvers = folder_.read("/etc/resolv.conf");
  for (int number : {SIGKILL, 0}) {  // 0: the command ends, its daemons do not
    int held[2];
    ASSERT_EQ(pipe2(held, O_CLOEXEC), 0);
    base::UniqueFd read_end(held[0]);
    int input = dup(0);
    dup2(held[1], 0);
    close(held[1]);
    std::filesystem::remove(folder_.path() / "ready");
    std::string daemon = "setsid sh -c 'trap \"\" HUP INT TERM; : > ready; sleep 1000; sleep 1000' <&0 &\n";
    pid_t pid = start(daemon + "while ! [ -e ready ]; do sleep 0.01; done; " +
                      (number == SIGKILL ? "sleep 1000; sleep 1000" : "exit 3"));
    dup2(input, 0);
    close(input);
    for (int i = 0; i < 1000 && !std::filesystem::exists(folder_.path() / "ready"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (number == SIGKILL) kill(pid, number);
    char byte;
    EXPECT_EQ(read(read_end.get(), &byte, 1), 0);  // end of file: all of them are gone
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 92) GTEST_SKIP() << failure();
    EXPECT_TRUE(number == SIGKILL ? WIFSIGNALED(status) : WEXITSTATUS(status) == 3) << status;
  }
  EXPECT_EQ(pinned_namespaces(), pinned);
  EXPECT_EQ(folder_.read("/etc/resolv.conf"), resolvers);
}

TEST_P(Ranges, TwoAtOnce) {
  IN_RANGE("true");
  pid_t first = start("while ! [ -e go ]; do sleep 0.01; done; curl -sS http://one.example/ > first");
  int status = in_range("curl -sS http://one.example/ > second; : > go");
  EXPECT_EQ(status, 0) << err();
  waitpid(first, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder_.read("first") + folder_.read("second"), "<p>one</p><p>one</p>");
}

// --- what goes wrong --------------------------------------------------------------------------------

TEST_P(Ranges, NoSuchCommand) {
  IN_RANGE("true");
  auto scenario = Scenario::load(folder_.path() / "scenario.toml");
  ASSERT_TRUE(scenario);
  auto status = run(*scenario, {"no-such-command-of-anyone"});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::not_found);
  EXPECT_NE(status.error().what.find("no-such-command-of-anyone"), std::string::npos);
  auto nothing = run(*scenario, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::invalid_usage);
}

// An ordinary user where user namespaces are switched off, which the test's own may do for itself.
TEST(Range, ForbiddenSaysWhatToDo) {
  TemporaryFolder folder;
  pid_t pid = fork();
  if (pid == 0) {
    if (geteuid() == 0 && (setgid(ordinary) != 0 || setuid(ordinary) != 0)) _exit(90);
    auto inside = cell::spawn({.user = true}, [&folder] {
      std::ofstream("/proc/sys/user/max_user_namespaces") << "0" << std::flush;
      auto status = run({}, {"true"});
      folder.write("failure", status ? "it ran" : status.error().message());
      return status || status.error().code != ErrorCode::unsupported;
    });
    if (!inside) _exit(92);
    auto status = inside->wait();
    _exit(status && WIFEXITED(*status) ? WEXITSTATUS(*status) : 94);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WEXITSTATUS(status) == 92) GTEST_SKIP() << "no user namespaces here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_NE(folder.read("failure").find("as root: sysctl user.max_user_namespaces="), std::string::npos)
      << folder.read("failure");
}

TEST(Range, LogThatCannotBeWritten) {
  TemporaryFolder folder;
  auto status = run({}, {"true"}, {.log = (folder.path() / "no" / "log").string()});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message().find("log"), std::string::npos);
}

// As on a minimal root that somebody changed into: "/" is no mount point there, and the kernel gives no
// user namespaces. Built in a mount namespace of its own, so that nothing of it stays.
TEST(Range, RootInAChroot) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  TemporaryFolder folder;
  folder.write("scenario.toml",
               "name='x'\n[[host]]\nnames='a.example'\naddresses='192.0.2.9'\n"
               "[[host.reply]]\npath='/'\nbody='here'\n");
  auto scenario = Scenario::load(folder.path() / "scenario.toml");
  ASSERT_TRUE(scenario);
  pid_t pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      _exit(92);
    auto root = folder.path() / "root";
    std::filesystem::create_directories(root / "tmp");
    for (const char* name : {"usr", "etc", "proc", "bin", "sbin", "lib", "lib64", "dev"}) {
      std::filesystem::path from = std::filesystem::path("/") / name;
      if (std::filesystem::is_symlink(from)) {
        std::filesystem::copy_symlink(from, root / name);
      } else if (std::filesystem::is_directory(from)) {
        std::filesystem::create_directory(root / name);
        if (mount(from.c_str(), (root / name).c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) _exit(92);
      }
    }
    if (chroot(root.c_str()) != 0 || chdir("/tmp") != 0) _exit(92);
    auto status = run(*scenario,
                      {"/bin/sh", "-c", "[ -e /usr ] && ! [ -e /root ] && curl -sS http://a.example/ > got"});
    if (!status) {
      std::ofstream("/tmp/failure") << status.error().message();
      _exit(93);
    }
    _exit(*status);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 92) GTEST_SKIP() << "no mounts here";
  EXPECT_EQ(WEXITSTATUS(status), 0) << folder.read("root/tmp/failure");
  EXPECT_EQ(folder.read("root/tmp/got"), "here");
}

}  // namespace
}  // namespace shikake::range
