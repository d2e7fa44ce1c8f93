// The ptrace that guests try themselves. A thread has one tracer, and that is us: so a guest's own requests
// are answered here, as the kernel would.
//
// Emulated, on a process' first thread: PTRACE_TRACEME (once; a second one fails, as programs test),
// PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_DETACH, PTRACE_KILL,
// PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_PEEKTEXT, -DATA, -USER (registers), PTRACE_POKETEXT, -DATA,
// PTRACE_GETSIGINFO, PTRACE_SETOPTIONS (accepted; makes no events), and the stops of traced processes in
// wait4 and waitpid: signals, the SIGTRAP after an exec. Other requests give EIO: PTRACE_SYSCALL, register
// sets, threads other than the first; waitid tells of endings only. 32-bit tables: TRACEME, ATTACH, SEIZE,
// CONT, DETACH.
//
// TracerPid in /proc/*/status tells the emulated tracer, or 0.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "sandbox/monitor/notes.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::monitor {

class EmulatedPtrace final : public trace::Hook {
 public:
  // Both are borrowed; `notes` may be null.
  EmulatedPtrace(trace::Tracer& tracer, Notes* notes) : tracer_(tracer), notes_(notes) {}

  std::vector<trace::Interest> interests() const override;
  void on_process(trace::Thread& thread) override;
  void on_execution(trace::Thread& thread, const trace::Execution& execution) override;
  trace::CallAction on_call(trace::Thread& thread, const trace::Call& call) override;
  void on_return(trace::Thread& thread, const trace::Call& call, int64_t result) override;
  trace::SignalAction on_signal(trace::Thread& thread, siginfo_t& info) override;
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override;
  void on_tick() override;

 private:
  struct Traced {
    trace::ProcessId tracer;
    bool held = false;
    bool stops_at_exec = true;       // not after PTRACE_SEIZE
    std::optional<int> status = {};  // to be told to the tracer's next wait
    siginfo_t info{};
  };
  struct Guest {
    trace::Tid tid;  // first thread
    pid_t inner = 0;
    std::string executable;
  };

  int64_t request(trace::Thread& thread, const trace::Call& call);
  int64_t begin(trace::Thread& thread, const trace::Call& call, trace::ProcessId target);
  int64_t on_stopped(trace::Thread& target, Traced& traced, const trace::Call& call, trace::Thread& tracer);
  int64_t go_on(trace::ProcessId target, Traced& traced, const trace::Call& call);
  int64_t step(trace::ProcessId target, Traced& traced);
  void stop(trace::Thread& thread, Traced& traced, int signal, const siginfo_t& info);
  void watch_waits(trace::Thread& tracer);
  std::optional<trace::ProcessId> find(pid_t inner) const;
  std::optional<pid_t> take_status(trace::Thread& tracer, const trace::Call& call);
  void hide_tracer(trace::Thread& thread, const trace::Call& call, int64_t result);

  trace::Tracer& tracer_;
  Notes* notes_;
  std::unordered_map<trace::ProcessId, Guest> guests_;
  std::map<trace::ProcessId, Traced> traced_;
  std::unordered_set<trace::ProcessId> watched_;  // their waits stop
  std::unordered_set<trace::ProcessId> to_watch_;
  std::unordered_map<trace::Tid, trace::Call> waiting_;
};

}  // namespace shikake::sandbox::monitor
