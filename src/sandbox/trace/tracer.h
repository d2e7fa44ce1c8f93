// The one engine that owns ptrace.
//
//   auto tracer = Tracer::make({});
//   tracer->add(monitor);
//   auto program = tracer->program();              // compile once, before the child starts
//   pid_t child = …fork, in the child: program->install_and_wait(); exec…;
//   tracer->attach(child);
//   auto end = tracer->run(Deadline::after(60s));  // RunEnd::all_gone, deadline, …
//   tracer->kill_all();
//
// Only the calls that hooks asked for stop the guest, once (at the entry) unless a hook wants the return too.
// Every process and thread that the guest makes is traced from its first instruction: clone3 is answered with
// ENOSYS (libraries fall back to clone), CLONE_UNTRACED is taken off, io_uring (whose requests no filter
// sees) does not exist for guests. If the tracer dies, the kernel kills the guest.
//
// One thread must make, attach and run: ptrace and waitpid(2) belong to a thread. See ptrace(2), seccomp(2).
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "sandbox/trace/source.h"

namespace shikake::sandbox::trace {

struct TracerOptions {
  // A child of the calling thread that is no guest (a gateway, say) has ended: its wait status is handed on.
  std::function<void(pid_t, int status)> on_foreign_child = {};
  // The errno for a call that the guest's surroundings never let through, nothing for others: such a call is
  // shown to the hooks, then refused. For a cell with Refusals::trace this asks cell/refusals.h.
  std::function<std::optional<int>(const Call&)> refusal = {};
  // How often hooks hear on_tick and deadlines are looked at.
  std::chrono::milliseconds tick_interval{10};
  // Threads alive at once; past it the run ends with RunEnd::limit. A cell's cgroup bounds them earlier.
  size_t max_live_threads = 4096;
};

class Tracer final : public EventSource {
 public:
  // unsupported: this machine or this cell forbids tracing, and how to allow it.
  static Result<Tracer> make(TracerOptions options);
  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer() override;  // kill_all()

  void add(Hook& hook) override;
  // The filter for all hooks that were added; the same object each time.
  Result<FilterProgram> program() const;
  // Seizes a child that is in, or soon comes to, install_and_wait().
  Result<> attach(pid_t child);
  Result<RunEnd> run(const base::Deadline& deadline) override;
  // From another thread or a signal handler: run() comes back within a tick.
  void stop();
  void kill_all() override;

  // All threads alive, and a hold of one thread for what hooks do outside of a callback (a clock that wakes
  // sleepers): interrupts the thread, runs `work` when it has stopped, lets it go on. False: it is gone, or
  // does not stop within a second (an uninterruptible wait).
  std::vector<Tid> threads() const;
  Process* process_of(Tid tid);
  // Stopped as by SIGSTOP, until SIGCONT; or held by a hook.
  bool is_halted(Tid tid) const;
  bool with_stopped(Tid tid, const std::function<void(Thread&)>& work);

  // Access to a thread that a hook holds; null: it is gone, or runs. For the duration of a callback.
  Thread* held(Tid tid);
  // Lets such a thread go on, with a signal (0: none).
  void release(Tid tid, int signal);

  // What the engine counted, for reports and benchmarks.
  struct Counters {
    uint64_t stops = 0, calls = 0, returns = 0, signals = 0, processes = 0, threads = 0, executions = 0;
  };
  const Counters& counters() const;

 private:
  class Engine;
  explicit Tracer(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace shikake::sandbox::trace
