// Child processes, the frames that they talk in, and the bodies of those frames.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <thread>

#include "base/child.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/wire.h"

namespace shikake::base {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s;  // for what happens at once on any machine

ChildOptions shell(const std::string& script) {
  ChildOptions options;
  options.path = "/bin/sh";
  options.arguments = {"-c", script};
  return options;
}

// What the script writes on descriptor 3.
std::string output_of(ChildOptions options) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  options.fds.push_back({write_end.get(), 3});
  auto child = Child::start(options);
  EXPECT_TRUE(child) << child.error().message();
  write_end.reset();
  std::string text;
  char buffer[512];
  for (ssize_t got; (got = ::read(read_end.get(), buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(got));
  EXPECT_TRUE(child->wait(Deadline::after(patience))->success());
  return text;
}

TEST(Child, EndsAreTyped) {
  using How = WaitStatus::How;
  struct Row {
    const char* script;
    WaitStatus status;
    const char* text;
  };
  for (const Row& row : {Row{"exit 0", {How::exited, 0}, "exited with status 0"},
                         Row{"exit 3", {How::exited, 3}, "exited with status 3"},
                         Row{"kill -9 $$", {How::killed, 9}, "was killed by signal 9 (Killed)"}}) {
    auto child = Child::start(shell(row.script));
    ASSERT_TRUE(child) << row.script;
    auto status = child->wait(Deadline::after(patience));
    ASSERT_TRUE(status) << row.script;
    EXPECT_EQ(*status, row.status) << row.script;
    EXPECT_EQ(status->describe(), row.text);
    EXPECT_EQ(*child->wait(Deadline::now()), row.status) << "asked again";
  }
}

TEST(Child, FailedExecIsOurErrorWithItsErrno) {
  ChildOptions options;
  options.path = "/nonexistent/program";
  auto child = Child::start(options);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ErrorCode::not_found);
  EXPECT_EQ(child.error().system_errno, ENOENT);
  EXPECT_EQ(child.error().where, "/nonexistent/program");
  options.path = "/dev/null";
  EXPECT_EQ(Child::start(options).error().system_errno, EACCES);
}

TEST(Child, SeesOnlyWhatItWasGiven) {
  int secret = ::fcntl(STDERR_FILENO, F_DUPFD, 200);  // deliberately not close-on-exec
  ASSERT_GE(secret, 200);
  std::string script = "for fd in 0 1 2 3 " + std::to_string(secret) +
                       "; do readlink /proc/self/fd/$fd || echo none; done >&3";
  ChildOptions options = shell(script);
  options.inherit_stderr = false;
  EXPECT_THAT(output_of(options),
              testing::MatchesRegex("/dev/null\n(/dev/null|pipe:.*)\n/dev/null\npipe:.*\nnone\n"));
  ::close(secret);
}

TEST(Child, MappingsMaySwapNumbers) {
  int first[2], second[2];
  ASSERT_EQ(::pipe2(first, O_CLOEXEC) | ::pipe2(second, O_CLOEXEC), 0);
  ChildOptions options = shell("echo to-" + std::to_string(second[1]) + " >&" + std::to_string(first[1]));
  options.fds = {{first[1], second[1]}, {second[1], first[1]}};
  auto child = Child::start(options);
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->wait(Deadline::after(patience))->success());
  char buffer[64];
  ssize_t got = ::read(second[0], buffer, sizeof buffer);
  EXPECT_EQ(std::string_view(buffer, static_cast<size_t>(got)), "to-" + std::to_string(second[1]) + "\n");
  for (int fd : {first[0], first[1], second[0], second[1]}) ::close(fd);
}

TEST(Child, EnvironmentIsWhatWasGiven) {
  ChildOptions options = shell("echo $NAME-$HOME >&3");
  options.environment = {"NAME=value"};
  EXPECT_EQ(output_of(options), "value-\n");
}

TEST(Child, WaitHeedsItsDeadlineAndEndKills) {
  auto child = Child::start(shell("exec sleep 1000"));
  ASSERT_TRUE(child);
  pid_t pid = child->pid();
  EXPECT_EQ(child->wait(Deadline::after(10ms)).error().code, ErrorCode::timeout);
  child->end();
  EXPECT_EQ(*child->wait(Deadline::now()), (WaitStatus{WaitStatus::How::killed, SIGKILL}));
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Child, DiesWithItsParent) {
  // A parent in between that starts a child, tells its pid and is killed.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // so that the orphan comes to us
  pid_t between = ::fork();
  if (between == 0) {
    auto child = Child::start(shell("exec sleep 1000"));
    pid_t pid = child ? child->pid() : -1;
    if (::write(ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::pause();
  }
  pid_t orphan = -1;
  ASSERT_EQ(::read(ends[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  ASSERT_GT(orphan, 0);
  ::kill(between, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(between, &status, 0), between);
  ASSERT_EQ(::waitpid(orphan, &status, 0), orphan);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  for (int fd : ends) ::close(fd);
}

TEST(Child, MissingSiblingSaysSo) {
  auto missing = find_sibling_executable("no-such-program");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, testing::HasSubstr("no-such-program"));
}

constexpr uint32_t bound = 1 << 20;

struct Ends {
  FrameChannel a, b;
};
Ends channel(uint32_t max_body = bound) {
  auto pair = FrameChannel::make_pair(max_body);
  return {std::move(pair->first), std::move(pair->second)};
}

TEST(Frame, RoundTripsInOrder) {
  auto [a, b] = channel();
  for (uint8_t type = 0; type < 100; ++type)
    ASSERT_TRUE(a.send(type, std::string(type, 'x'), Deadline::now()));
  for (uint8_t type = 0; type < 100; ++type) {
    auto frame = b.receive(Deadline::now());
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->type, type);
    EXPECT_EQ(frame->body, std::string(type, 'x'));
  }
  EXPECT_EQ(b.receive(Deadline::now()).error().code, ErrorCode::timeout);
}

TEST(Frame, BothEndsMaySendMoreThanASocketHolds) {
  auto [a, b] = channel();
  std::string large(bound, 'x');
  std::thread other([&b = b, &large] {
    EXPECT_TRUE(b.send(1, large, Deadline::after(patience)));
    EXPECT_EQ(b.receive(Deadline::after(patience))->body, large);
  });
  EXPECT_TRUE(a.send(2, large, Deadline::after(patience)));
  EXPECT_EQ(a.receive(Deadline::after(patience))->body, large);
  other.join();
}

TEST(Frame, PartialFrameSurvivesATimeout) {
  auto [a, b] = channel();
  std::string frame = {'\x03', 0, 0, 0, '\x07', 'a', 'b', 'c'};
  for (char byte : frame) {
    EXPECT_EQ(b.receive(Deadline::now()).error().code, ErrorCode::timeout);
    ASSERT_EQ(::send(a.fd(), &byte, 1, 0), 1);
  }
  EXPECT_EQ(b.receive(Deadline::now())->body, "abc");
}

TEST(Frame, HostilePeers) {
  struct Row {
    const char* name;
    std::string sent;
    ErrorCode code;
    const char* says;
  };
  using namespace std::string_literals;
  for (const Row& row :
       {Row{"closes", ""s, ErrorCode::unavailable, "closed its channel"},
        Row{"closes_in_header", "\x01\x00"s, ErrorCode::unavailable, "middle of a message"},
        Row{"closes_in_body", "\x04\x00\x00\x00\x01xyz"s, ErrorCode::unavailable, "middle of a message"},
        Row{"one_too_large", "\x11\x00\x00\x00\x01"s, ErrorCode::limit, "17 bytes; its bound is 16"},
        Row{"huge", "\xFF\xFF\xFF\xFF\x01"s, ErrorCode::limit, "4294967295 bytes"}}) {
    auto [a, b] = channel(16);
    ASSERT_EQ(::send(a.fd(), row.sent.data(), row.sent.size(), 0), static_cast<ssize_t>(row.sent.size()));
    { FrameChannel gone = std::move(a); }
    auto frame = b.receive(Deadline::after(patience));
    ASSERT_FALSE(frame) << row.name;
    EXPECT_EQ(frame.error().code, row.code) << row.name;
    EXPECT_THAT(frame.error().what, testing::HasSubstr(row.says)) << row.name;
  }
}

TEST(Frame, SendErrors) {
  auto [a, b] = channel(16);
  EXPECT_EQ(a.send(1, std::string(17, 'x'), Deadline::now()).error().code, ErrorCode::limit);
  { FrameChannel gone = std::move(b); }
  EXPECT_EQ(a.send(1, "x", Deadline::now()).error().code, ErrorCode::unavailable);
  auto [c, d] = channel();
  Result<void> sent;
  for (int i = 0; i < 100 && sent; ++i) sent = c.send(1, std::string(bound, 'x'), Deadline::after(1ms));
  EXPECT_EQ(sent.error().code, ErrorCode::timeout);
}

enum class Colour : uint8_t { red, green };
constexpr Colour wire_last(Colour) {
  return Colour::green;
}

struct Inner {
  int64_t number = 0;
  std::optional<std::string> text;
  bool operator==(const Inner&) const = default;
  static void wire(auto& codec, auto& self) { codec(self.number, self.text); }
};
struct Outer {
  uint16_t id = 0;
  bool flag = false;
  Colour colour{};
  std::string name;
  std::vector<Inner> list;
  std::chrono::microseconds span{};
  bool operator==(const Outer&) const = default;
  static void wire(auto& codec, auto& self) {
    codec(self.id, self.flag, self.colour, self.name, self.list, self.span);
  }
};
const Outer sample{513, true, Colour::green, std::string("a\0b", 3), {{-1, "x"}, {5, std::nullopt}}, 7us};

TEST(Wire, Layout) {
  using namespace std::string_literals;
  EXPECT_EQ(to_wire(sample),
            "\x01\x02"s
            "\x01"
            "\x01"
            "\x03\0\0\0a\0b"s
            "\x02\0\0\0"s
            "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x01\0\0\0x"s
            "\x05\0\0\0\0\0\0\0\0"s
            "\x07\0\0\0\0\0\0\0"s);
  EXPECT_EQ(*from_wire<Outer>(to_wire(sample)), sample);
}

TEST(Wire, EveryTruncationAndAnExtraByteAreRefused) {
  std::string body = to_wire(sample);
  for (size_t size = 0; size < body.size(); ++size) {
    std::vector<char> exact(body.begin(), body.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(from_wire<Outer>({exact.data(), exact.size()})) << size;
  }
  EXPECT_FALSE(from_wire<Outer>(body + "x"));
}

TEST(Wire, EveryChangedByteIsReadInBounds) {
  std::string body = to_wire(sample);
  for (size_t at = 0; at < body.size(); ++at) {
    for (int value : {0, 1, 2, 0x7F, 0xFF}) {
      std::string changed = body;
      changed[at] = static_cast<char>(value);
      auto read = from_wire<Outer>(changed);
      if (read) {
        EXPECT_EQ(to_wire(*read), changed) << "byte " << at;  // accepted means understood whole
      }
    }
  }
}

TEST(Wire, ATimeThatNoDateCanBeWrittenOfIsRefused) {
  for (const char* text : {"0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"}) {
    const TimePoint time = *from_rfc3339(text);
    auto read = from_wire<TimePoint>(to_wire(time));
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(to_rfc3339(*read), text);
  }
  for (const TimePoint time :
       {*from_rfc3339("0001-01-01") - Duration(1), *from_rfc3339("9999-12-31T23:59:59.999999Z") + Duration(1),
        TimePoint::min(), TimePoint::max()})
    EXPECT_FALSE(from_wire<TimePoint>(to_wire(time))) << to_micros(time);
}

TEST(Wire, AHugeCountAllocatesNothing) {
  std::string body = "\xFF\xFF\xFF\xFF";
  EXPECT_FALSE(from_wire<std::vector<Inner>>(body));
  EXPECT_FALSE(from_wire<std::string>(body));
}

}  // namespace
}  // namespace shikake::base
