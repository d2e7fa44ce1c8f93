// Guests that want the engine to hang, to lose them or to grow.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <thread>

#include "sandbox/trace/testing.h"

namespace shikake::sandbox::trace {
namespace {

using base::Deadline;
using namespace std::chrono_literals;

// Counts what lives and what it opens.
class Census : public Hook {
 public:
  std::vector<Interest> interests() const override {
    return {{.sys = Sys::openat}, {.sys = Sys::open}, {.sys = Sys::getppid}};
  }
  void on_process(Thread& thread) override {
    EXPECT_TRUE(alive.insert(thread.process().id.value).second);
    ++processes;
  }
  void on_thread(Thread&) override { ++threads; }
  void on_execution(Thread&, const Execution& execution) override {
    executed.push_back(execution.executable);
  }
  CallAction on_call(Thread& thread, const Call& call) override {
    if (call.sys != Sys::getppid)
      opened.insert(thread.read_string({call[call.sys == Sys::open ? 0 : 1]}).value_or("?"));
    ++calls;
    return {.want_return = true};
  }
  void on_return(Thread&, const Call&, int64_t) override { ++returns; }
  void on_process_end(const Process& process, const Ending& ending) override {
    EXPECT_EQ(alive.erase(process.id.value), 1u);
    if (process.id.value == 1) first = ending.status;
  }

  std::set<uint32_t> alive;
  size_t processes = 0, threads = 0, calls = 0, returns = 0;
  std::vector<std::string> executed;
  std::set<std::string> opened;
  base::WaitStatus first{base::WaitStatus::How::killed, 0};
};

struct HostileRow {
  const char* name;
  int (*body)();
  RunEnd end = RunEnd::all_gone;
  std::optional<int> status = 0;  // exit status of the first process; none: it does not matter
  size_t least_processes = 1;
};

// Bounded, of one user: a guest's fork bomb must not be this machine's.
void bound_processes() {
  const rlimit few{400, 400};
  setrlimit(RLIMIT_NPROC, &few);
}

[[noreturn]] void open_and_exit(const char* name) {
  close(open(name, O_RDONLY));
  _exit(0);
}

constexpr HostileRow rows[] = {
    {"processes_that_die_at_once",
     [] {
       for (int i = 0; i < 200; ++i)
         if (fork() == 0) _exit(0);
       while (wait(nullptr) > 0) {}
       return 0;
     },
     RunEnd::all_gone, 0, 201},
    {"children_killed_before_they_run",
     [] {
       for (int i = 0; i < 200; ++i) {
         const pid_t child = fork();
         if (child == 0) pause();
         kill(child, SIGKILL);
       }
       while (wait(nullptr) > 0) {}
       return 0;
     },
     RunEnd::all_gone, 0, 201},
    {"parents_killed_while_they_fork",
     [] {
       for (int i = 0; i < 50; ++i) {
         const pid_t parent = fork();
         if (parent == 0) {
           for (int j = 0; j < 20; ++j)
             if (fork() == 0) _exit(0);
           _exit(0);
         }
         usleep(300);
         kill(parent, SIGKILL);
         waitpid(parent, nullptr, 0);
       }
       return 0;
     }},
    {"stopped_for_ever", [] { return raise(SIGSTOP); }, RunEnd::deadline, std::nullopt},
    {"stopped_and_continued",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         raise(SIGSTOP);
         _exit(5);
       }
       int status = 0;
       if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) return 1;
       kill(child, SIGCONT);
       return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5 ? 0 : 2;
     },
     RunEnd::all_gone, 0, 2},
    {"signal_storm",
     [] {
       signal(SIGUSR1, [](int) {});
       const pid_t target = getpid();
       const pid_t child = fork();
       if (child == 0) {
         for (int i = 0; i < 3000; ++i) kill(target, SIGUSR1);
         _exit(0);
       }
       for (int i = 0; i < 300; ++i) syscall(SYS_getppid);
       while (waitpid(child, nullptr, 0) < 0) {}
       return 0;
     },
     RunEnd::all_gone, 0, 2},
    {"exec_of_another_thread",
     [] {
       std::thread([] { execl("/bin/true", "true", nullptr); }).join();
       return 1;
     }},
    {"exec_while_threads_fork",
     [] {
       for (int i = 0; i < 4; ++i)
         std::thread([] {
           for (;;)
             if (fork() == 0) _exit(0);
         }).detach();
       usleep(3000);
       execl("/bin/true", "true", nullptr);
       return 1;
     }},
    {"untraced_clone",
     [] {
       const long child = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
       if (child == 0) open_and_exit("/untraced_clone");
       return waitpid(static_cast<pid_t>(child), nullptr, 0) == child ? 0 : 1;
     },
     RunEnd::all_gone, 0, 2},
    {"untraced_clone3",
     [] {
       clone_args arguments{};
       arguments.flags = CLONE_UNTRACED;
       arguments.exit_signal = SIGCHLD;
       return syscall(SYS_clone3, &arguments, sizeof arguments) == -1 && errno == ENOSYS ? 0 : 1;
     }},
    {"vfork",
     [] {
       const pid_t child = vfork();
       if (child == 0) {
         execl("/bin/true", "true", nullptr);
         _exit(9);
       }
       int status = 0;
       return waitpid(child, &status, 0) == child ? status : 1;
     },
     RunEnd::all_gone, 0, 2},
    {"orphans_outlive_their_maker",
     [] {
       if (fork() == 0) {
         if (fork() == 0) {
           usleep(50'000);
           open_and_exit("/orphans_outlive_their_maker");
         }
         _exit(0);
       }
       return 0;
     },
     RunEnd::all_gone, 0, 3},
    {"its_own_filter_wants_a_tracer",  // as without one: ENOSYS, and nothing is lost
     [] {
       const auto program = FilterProgram::compile({{.sys = Sys::getppid}}, {});
       const auto& code = program->instructions();
       std::vector<uint64_t> other = code;
       // The same filter with another's mark: SECCOMP_RET_TRACE with data 1.
       for (uint64_t& step : other)
         if (step >> 32 == (SECCOMP_RET_TRACE | FilterProgram::mark))
           step = (step & 0xffffffff) | (uint64_t{SECCOMP_RET_TRACE | 1} << 32);
       struct {
         unsigned short length;
         const uint64_t* code;
       } header{static_cast<unsigned short>(other.size()), other.data()};
       if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &header) != 0) return 1;
       return syscall(SYS_getppid) == -1 && errno == ENOSYS ? 0 : 2;
     }},
    {"knocks_like_a_child_of_ours",
     [] { return syscall(FilterProgram::knock) == -1 && errno == ENOSYS ? 0 : 1; }},
    {"a_path_without_an_end",
     [] {
       // The last bytes before an unmapped page.
       openat(AT_FDCWD, reinterpret_cast<const char*>(8), O_RDONLY);
       return syscall(SYS_openat, AT_FDCWD, 0, O_RDONLY) == -1 && errno == EFAULT ? 0 : 1;
     }},
    {"fork_bomb",
     [] {
       // The bound does not hold for root, and counts every process of a user: one that no other test is.
       if (setuid(200'000 + static_cast<uid_t>(getpid())) != 0 && geteuid() == 0) return 0;
       bound_processes();
       for (;;) fork();
     },
     RunEnd::deadline, std::nullopt, 8},
    {"kills_its_own_group",
     [] {
       setpgid(0, 0);
       for (int i = 0; i < 20; ++i)
         if (fork() == 0) pause();
       kill(0, SIGKILL);
       return 1;
     },
     RunEnd::all_gone, std::nullopt, 21},
};

class Hostile : public ::testing::TestWithParam<HostileRow> {};

TEST_P(Hostile, NeitherHangsNorEscapes) {
  const HostileRow& row = GetParam();
  Census census;
  auto tracer = Tracer::make({});
  tracer->add(census);
  auto child = start_guest(*tracer, row.body, {.before = [] { return setpgid(0, 0) == 0; }});
  ASSERT_TRUE(child) << child.error().message();
  const auto time = row.end == RunEnd::deadline ? 1000ms : 30000ms;
  auto end = tracer->run(Deadline::after(time));
  ASSERT_TRUE(end) << end.error().message();
  EXPECT_EQ(*end, row.end) << name(*end);
  tracer->kill_all();

  EXPECT_TRUE(census.alive.empty()) << census.alive.size() << " processes were not seen to end";
  EXPECT_GE(census.processes, row.least_processes);
  EXPECT_EQ(tracer->threads().size(), 0u);
  if (row.status) {
    EXPECT_EQ(census.first, (base::WaitStatus{base::WaitStatus::How::exited, *row.status}));
  }
  // Whoever opens a file of its own name was traced when it did.
  const std::string_view opener(row.name);
  if (opener == "untraced_clone" || opener == "orphans_outlive_their_maker") {
    EXPECT_THAT(census.opened, ::testing::Contains("/" + std::string(opener)));
  }
}
INSTANTIATE_TEST_SUITE_P(Tracer, Hostile, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Tracer, MoreThreadsThanAllowedEndTheRun) {
  Census census;
  auto tracer = Tracer::make({.max_live_threads = 16});
  tracer->add(census);
  auto child = start_guest(*tracer, [] {
    for (int i = 0; i < 64; ++i)
      if (fork() == 0) pause();
    pause();
    return 0;
  });
  ASSERT_TRUE(child);
  EXPECT_EQ(tracer->run(Deadline::after(20s)), RunEnd::limit);
  tracer->kill_all();
  EXPECT_TRUE(census.alive.empty());
}

TEST(Tracer, AStrangersChildIsHandedOn) {
  Census census;
  std::vector<std::pair<pid_t, int>> foreign;
  auto tracer =
      Tracer::make({.on_foreign_child = [&](pid_t pid, int status) { foreign.emplace_back(pid, status); }});
  tracer->add(census);
  const pid_t stranger = fork();
  if (stranger == 0) _exit(7);
  ASSERT_TRUE(start_guest(*tracer, std::vector<std::string>{"/bin/sleep", "0.2"}));
  EXPECT_EQ(tracer->run(Deadline::after(20s)), RunEnd::all_gone);
  ASSERT_EQ(foreign.size(), 1u);
  EXPECT_EQ(foreign[0].first, stranger);
  EXPECT_EQ(WEXITSTATUS(foreign[0].second), 7);
}

TEST(Tracer, GuestsDieWithTheTracer) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    auto tracer = Tracer::make({});
    Census census;
    tracer->add(census);
    auto guest = start_guest(*tracer, std::vector<std::string>{"/bin/sleep", "1000"});
    const pid_t pid = guest ? *guest : -1;
    if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    (void)tracer->run(Deadline::never());
    _exit(0);
  }
  pid_t guest = -1;
  ASSERT_EQ(read(ends[0], &guest, sizeof guest), static_cast<ssize_t>(sizeof guest));
  ASSERT_GT(guest, 0);
  usleep(50'000);
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    // A zombie may be left to whoever adopts it; it runs no more.
    FILE* stat = fopen(("/proc/" + std::to_string(guest) + "/stat").c_str(), "re");
    char state = 'Z';
    if (stat && fscanf(stat, "%*d %*s %c", &state) != 1) state = 'Z';
    if (stat) fclose(stat);
    gone = state == 'Z' || state == 'X';
    usleep(10'000);
  }
  EXPECT_TRUE(gone);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace shikake::sandbox::trace
