// Inside of the tracer: its tables of tasks, and the one place that waits.
#pragma once

#include <sys/ptrace.h>

#include <atomic>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sandbox/trace/tracee.h"
#include "sandbox/trace/tracer.h"
#include "sandbox/trace/wait_status.h"

namespace shikake::sandbox::trace {

class Tracer::Engine final : public Tracee::Host {
 public:
  explicit Engine(TracerOptions given) : options(std::move(given)) {}

  Result<> attach(pid_t child);
  Result<RunEnd> run(const base::Deadline& deadline);
  void kill_all();
  bool with_stopped(Tid tid, const std::function<void(Thread&)>& work);
  Tracee* find(pid_t tid);
  // What a wait said about one task: handled, and the task goes on. It may be gone afterwards.
  void dispatch(pid_t tid, WaitStatus status);

  std::optional<WaitStatus> wait_for(pid_t tid, std::chrono::milliseconds patience) override;
  void handle(Tracee& tracee, WaitStatus status) override;
  void defer(pid_t tid, WaitStatus status) override { deferred_.emplace_back(tid, status); }

  TracerOptions options;
  std::vector<Hook*> hooks;
  Counters counters;
  std::atomic<bool> stop_wanted{false};
  std::unordered_map<pid_t, std::unique_ptr<Tracee>> tracees;     // by thread id
  std::unordered_map<pid_t, std::unique_ptr<Process>> processes;  // by process id, with a live thread

 private:
  void on_call_entry(Tracee& tracee);
  void on_syscall(Tracee& tracee);
  void on_fork(Tracee& tracee, WaitStatus status);
  void on_exec(Tracee& tracee);
  void on_signal(Tracee& tracee, int signal);
  void on_unknown(pid_t tid, WaitStatus status);
  void on_ended(Tracee& tracee, WaitStatus status);
  void returned(Tracee& tracee, int64_t result);

  Process& make_process(pid_t pid, ProcessId parent);
  Tracee& make_tracee(pid_t tid, Process& process, bool is_thread);
  void adopt(pid_t tid, Process& parent, bool is_thread);
  void begin(Tracee& tracee);
  void adopt_orphans();
  void catch_up();
  void tick();

  using SteadyClock = std::chrono::steady_clock;
  struct Orphan {
    WaitStatus status;
    SteadyClock::time_point seen;
  };
  std::unordered_map<pid_t, Orphan> orphans_;  // stopped before their maker was heard of
  std::deque<std::pair<pid_t, WaitStatus>> early_ends_;
  std::deque<std::pair<pid_t, WaitStatus>> deferred_;
  int depth_ = 0;  // callbacks that are under way: no tracee may go away under them
  uint32_t last_process_ = 0;
  SteadyClock::time_point last_tick_{};
};

}  // namespace shikake::sandbox::trace
