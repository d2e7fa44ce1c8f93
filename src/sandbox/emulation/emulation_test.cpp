#include "sandbox/emulation/emulation.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/fd_passing.h"
#include "sandbox/emulation/bell.h"
#include "sandbox/trace/testing.h"

namespace shikake::sandbox::emulation {
namespace {

using trace::Sys;
using namespace std::chrono_literals;

// Says of a native guest that an emulator runs it: what a program that broke out of one is.
class Inside : public trace::Hook {
 public:
  explicit Inside(bool started = true) : started_(started) {}
  void on_process(trace::Thread& thread) override {
    thread.process().emulated.by = "x86_64";
    thread.process().emulated.started = started_;
  }

 private:
  bool started_;
};

// How the guest ended.
class Ending : public trace::Hook {
 public:
  explicit Ending(base::WaitStatus& status) : status_(status) {}
  void on_process_end(const trace::Process&, const trace::Ending& ending) override { status_ = ending.status; }

 private:
  base::WaitStatus& status_;
};

// A hook behind the emulation: what the monitor would hear.
class Listening : public trace::Hook {
 public:
  std::vector<trace::Interest> interests() const override {
    std::vector<trace::Interest> all;
    for (const Sys sys : {Sys::openat, Sys::connect, Sys::unlink, Sys::memfd_create, Sys::mmap, Sys::process_vm_readv, Sys::kill})
      all.push_back({.sys = sys});
    return all;
  }
  trace::CallAction on_call(trace::Thread&, const trace::Call& call) override {
    heard.insert(call.sys);
    return {};
  }
  std::set<Sys> heard;
};

void ring(Ring what, uint64_t value) { ::syscall(bell, static_cast<uint64_t>(what), value); }
void begin() { ring(Ring::own_work, 1); }
int look(const char* path, int flags = O_RDONLY) {
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600));
}

struct Row {
  const char* name;
  std::function<int()> body;
  std::set<Sys> heard;
  bool remarked = false;
};

TEST(OwnWork, HidesNothingButALookAtOnesOwnMappings) {
  static const auto call_on_somebody = [] {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(::socket(AF_INET, SOCK_DGRAM, 0), reinterpret_cast<sockaddr*>(&to), sizeof to);
  };
  static const auto read_memory_of = [](pid_t pid) {
    char byte = 0;
    iovec local{&byte, 1}, remote{&byte, 1};
    ::process_vm_readv(pid, &local, 1, &remote, 1, 0);
  };
  const Row rows[] = {
      {"its mappings", [] { return begin(), look("/proc/self/maps"), 0; }, {}},
      {"its mappings, by number", [] { return begin(), look(("/proc/" + std::to_string(getpid()) + "/maps").c_str()), 0; }, {}},
      {"its own memory", [] { return begin(), read_memory_of(getpid()), 0; }, {}},
      {"memory", [] { return begin(), ::syscall(SYS_mmap, 0, 4096, 3, 0x22, -1, 0), 0; }, {Sys::mmap}},
      {"a program", [] { return begin(), look("/bin/true"), 0; }, {Sys::openat}},
      {"its mappings without the bell", [] { return look("/proc/self/maps"), 0; }, {Sys::openat}},
      {"its mappings, after the end", [] { return begin(), ring(Ring::own_work, 0), look("/proc/self/maps"), 0; }, {Sys::openat}},
      {"its mappings, to write", [] { return begin(), look("/proc/self/maps", O_RDWR), 0; }, {Sys::openat}, true},
      {"a new file", [] { return begin(), look("/nowhere/new", O_WRONLY | O_CREAT), 0; }, {Sys::openat}, true},
      {"a connection", [] { return begin(), call_on_somebody(), 0; }, {Sys::connect}, true},
      {"a file removed", [] { return begin(), ::unlink("/nowhere/file"), 0; }, {Sys::unlink}, true},
      {"a program in memory", [] { return begin(), ::syscall(SYS_memfd_create, "x", 0), 0; }, {Sys::memfd_create}, true},
      {"a signal", [] { return begin(), ::kill(getpid(), 0), 0; }, {Sys::kill}, true},
      {"another's memory", [] { return begin(), read_memory_of(1), 0; }, {Sys::process_vm_readv}, true},
      {"its mappings, after something else",
       [] { return begin(), ::unlink("/nowhere/file"), look("/proc/self/maps"), 0; }, {Sys::unlink, Sys::openat}, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Inside inside;
    Emulation emulation({.folder = "/nowhere/emulators"}, {});
    Listening listening;
    auto tracer = trace::Tracer::make({});
    ASSERT_TRUE(tracer) << tracer.error().message();
    tracer->add(inside);
    tracer->add(emulation);
    tracer->add(listening);
    auto child = trace::start_guest(*tracer, row.body);
    ASSERT_TRUE(child) << child.error().message();
    auto end = tracer->run(base::Deadline::after(60s));
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_EQ(listening.heard, row.heard);
    EXPECT_EQ(emulation.remarks().size(), row.remarked ? 1U : 0U) << testing::PrintToString(emulation.remarks());
  }
}

// The descriptor that is asked for by way of a pair of sockets; -1 where none comes.
int asked_for() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) return -1;
  if (::syscall(bell, static_cast<uint64_t>(Ring::state), ends[1]) != 0) return -1;
  auto passed = gateway::receive_with_fd(ends[0], base::Deadline::after(60s));
  return passed ? passed->fd.release() : -1;
}

TEST(State, IsHandedToAnEmulatorThatStartsAndToNobodyElse) {
  struct State {
    const char* name;
    bool there, started, comes;
  };
  const State rows[] = {{"an emulator that starts", true, false, true},
                        {"a guest that broke out", true, true, false},
                        {"a run without", false, false, false}};
  for (const State& row : rows) {
    SCOPED_TRACE(row.name);
    auto state = std::make_shared<const base::UniqueFd>(::memfd_create("state", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(state->get(), 12345), 0);
    Inside inside(row.started);
    Emulation emulation({.folder = "/nowhere/emulators", .state = row.there ? state : nullptr}, {});
    auto tracer = trace::Tracer::make({});
    ASSERT_TRUE(tracer) << tracer.error().message();
    base::WaitStatus ending;
    Ending last(ending);
    tracer->add(inside);
    tracer->add(emulation);
    tracer->add(last);
    auto child = trace::start_guest(*tracer, [] {
      const int fd = asked_for();
      return fd < 0 ? 1 : ::lseek(fd, 0, SEEK_END) == 12345 ? 0 : 2;
    });
    ASSERT_TRUE(child) << child.error().message();
    ASSERT_TRUE(tracer->run(base::Deadline::after(60s)));
    EXPECT_EQ(ending, (base::WaitStatus{base::WaitStatus::How::exited, row.comes ? 0 : 1}));
  }
}

TEST(OwnWork, DoesNotKeepAnExecFromItsEmulator) {
  for (const bool under_the_bell : {false, true}) {
    Inside inside;
    Emulation emulation({.folder = "/nowhere/emulators", .own = true}, {});
    auto tracer = trace::Tracer::make({});
    ASSERT_TRUE(tracer) << tracer.error().message();
    tracer->add(inside);
    tracer->add(emulation);
    auto child = trace::start_guest(*tracer, [&] {
      if (under_the_bell) begin();
      char name[] = "/bin/true";
      char* arguments[] = {name, nullptr};
      return ::execve(name, arguments, nullptr);
    });
    ASSERT_TRUE(child) << child.error().message();
    ASSERT_TRUE(tracer->run(base::Deadline::after(60s)));
    // This run has no emulators: an exec that is looked at says so.
    EXPECT_THAT(emulation.remarks(), testing::Contains(testing::HasSubstr("whose emulator this run does not have"))) << under_the_bell;
  }
}

}  // namespace
}  // namespace shikake::sandbox::emulation
