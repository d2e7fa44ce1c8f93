#include "sandbox/monitor/emulated_ptrace.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "sandbox/monitor/testing.h"

namespace shikake::sandbox::monitor {
namespace {

using base::Deadline;
using namespace std::chrono_literals;

class Last : public trace::Hook {
 public:
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override {
    if (process.id.value == 1) first = ending.status;
  }
  base::WaitStatus first{base::WaitStatus::How::killed, 0};
};

volatile long word = 7;

int tracer_pid() {
  FILE* file = fopen("/proc/self/status", "re");
  char line[256];
  int pid = -1;
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "TracerPid: %d", &pid) == 1) break;
  if (file) fclose(file);
  return pid;
}

bool stopped_by(pid_t child, int signal) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == signal;
}
int exit_status(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Row {
  const char* name;
  int (*body)();  // 0, or the number of what went wrong
};

constexpr Row rows[] = {
    {"nobody_traces", [] { return tracer_pid(); }},
    {"traced_once",
     [] {
       if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return 1;
       if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != -1 || errno != EPERM) return 2;
       // Nobody waits for its stops: it has none.
       raise(SIGCONT);
       return 0;
     }},
    {"stranger",
     [] {
       if (ptrace(PTRACE_ATTACH, 4194401, nullptr, nullptr) != -1 || errno != ESRCH) return 1;
       return ptrace(PTRACE_CONT, getpid(), nullptr, nullptr) == -1 && errno == ESRCH ? 0 : 2;
     }},
    {"child_that_asks",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(90);
         if (tracer_pid() != getppid()) _exit(91);
         raise(SIGSTOP);
         _exit(static_cast<int>(word));
       }
       if (!stopped_by(child, SIGSTOP)) return 1;
       user_regs_struct registers{};
       if (ptrace(PTRACE_GETREGS, child, nullptr, &registers) != 0 || registers.rip == 0) return 2;
       errno = 0;
       if (ptrace(PTRACE_PEEKDATA, child, &word, nullptr) != 7 || errno != 0) return 3;
       if (ptrace(PTRACE_POKEDATA, child, &word, 42) != 0) return 4;
       if (ptrace(PTRACE_CONT, child, nullptr, nullptr) != 0) return 5;
       const int status = exit_status(child);
       return status == 42 ? 0 : status;
     }},
    {"steps",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
         raise(SIGSTOP);
         _exit(3);
       }
       if (!stopped_by(child, SIGSTOP)) return 1;
       user_regs_struct before{}, after{};
       ptrace(PTRACE_GETREGS, child, nullptr, &before);
       for (int i = 0; i < 5; ++i)
         if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 || !stopped_by(child, SIGTRAP)) return 2;
       ptrace(PTRACE_GETREGS, child, nullptr, &after);
       if (before.rip == after.rip) return 3;
       ptrace(PTRACE_DETACH, child, nullptr, nullptr);
       return exit_status(child) == 3 ? 0 : 4;
     }},
    {"signals_pass_its_tracer",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
         signal(SIGUSR1, [](int) { word = 9; });
         raise(SIGUSR1);  // the tracer swallows it
         if (word != 7) _exit(80);
         raise(SIGUSR1);  // and lets this one pass
         _exit(static_cast<int>(word));
       }
       if (!stopped_by(child, SIGUSR1)) return 1;
       ptrace(PTRACE_CONT, child, nullptr, nullptr);
       if (!stopped_by(child, SIGUSR1)) return 2;
       ptrace(PTRACE_CONT, child, nullptr, SIGUSR1);
       const int status = exit_status(child);
       return status == 9 ? 0 : status;
     }},
    {"program_of_a_child",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
         execl("/bin/true", "true", nullptr);
         _exit(99);
       }
       if (!stopped_by(child, SIGTRAP)) return 1;
       ptrace(PTRACE_CONT, child, nullptr, nullptr);
       return exit_status(child);
     }},
    {"child_attaches_to_its_parent",
     [] {
       const pid_t child = fork();
       if (child == 0) {
         const pid_t parent = getppid();
         if (ptrace(PTRACE_ATTACH, parent, nullptr, nullptr) != 0) _exit(1);
         if (!stopped_by(parent, SIGSTOP)) _exit(2);
         if (ptrace(PTRACE_DETACH, parent, nullptr, nullptr) != 0) _exit(3);
         _exit(0);
       }
       return exit_status(child);
     }},
};

class EmulatedPtraceTest : public ::testing::TestWithParam<Row> {};

TEST_P(EmulatedPtraceTest, AnswersAsTheKernelDoes) {
  const auto body = GetParam().body;
  // What the kernel itself answers, where nobody traces: the oracle. Skipped for what only emulation changes.
  const pid_t alone = fork();
  if (alone == 0) _exit(std::strcmp(GetParam().name, "traced_once") == 0 ? 0 : body());
  EXPECT_EQ(exit_status(alone), 0) << "the kernel itself";

  RememberingSink sink;
  Monitor monitor({}, sink);
  auto tracer = trace::Tracer::make({});
  EmulatedPtrace emulated(*tracer, &monitor);
  Last last;
  tracer->add(monitor);
  tracer->add(emulated);
  tracer->add(last);
  auto child = trace::start_guest(*tracer, body);
  ASSERT_TRUE(child) << child.error().message();
  auto end = tracer->run(Deadline::after(15s));
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, trace::RunEnd::all_gone);
  tracer->kill_all();
  EXPECT_TRUE(last.first.success()) << last.first.describe();
}
INSTANTIATE_TEST_SUITE_P(Monitor, EmulatedPtraceTest, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace shikake::sandbox::monitor
