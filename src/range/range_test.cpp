#include "range/range.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

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

TEST_P(Ranges, WebByAddress) {
  IN_RANGE("curl -sS http://203.0.113.10/ -H 'Host: one.example'; curl -sS 'http://[2001:db8::10]/'");
  EXPECT_EQ(out(), "<p>one</p><p>one</p>");
}

}  // namespace
}  // namespace shikake::range
