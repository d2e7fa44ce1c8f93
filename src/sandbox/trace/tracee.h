// One traced thread, as ptrace gives it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "sandbox/trace/hooks.h"
#include "sandbox/trace/wait_status.h"

namespace shikake::sandbox::trace {

class Tracee final : public Thread {
 public:
  // Where in its life it stands still. `mid_call`: inside of fork or exec, before its return.
  enum class At : uint8_t { running, call_entry, call_return, mid_call, event, signal, group_stop };

  // What a tracee needs of the engine while it waits for a stop of its own.
  class Host {
   public:
    virtual ~Host() = default;
    // The next stop of this task; nothing when the patience is over.
    virtual std::optional<WaitStatus> wait_for(pid_t tid, std::chrono::milliseconds patience) = 0;
    // A stop's meaning to tables and hooks, without letting the tracee go on.
    virtual void handle(Tracee& tracee, WaitStatus status) = 0;
    // An ending that came while a hook looks at the tracee: for later.
    virtual void defer(pid_t tid, WaitStatus status) = 0;
  };
  Tracee(Tid tid, Process& process, Host& host) : tid_(tid), process_(&process), host_(host) {}

  Tid tid() const override { return tid_; }
  Process& process() override { return *process_; }
  size_t read(GuestAddress from, std::span<uint8_t> into) override;
  bool write(GuestAddress to, base::ByteSpan bytes, bool force) override;
  Result<Registers> registers() override;
  Result<> set_registers(const Registers& registers) override;
  void skip_call(int64_t result) override;
  void set_argument(size_t index, uint64_t value) override;
  void set_result(int64_t result) override;
  Result<int64_t> inject(Sys sys, std::span<const uint64_t> arguments) override;
  GuestAddress scratch() override;
  Result<> step() override;
  Result<base::UniqueFd> duplicate_fd(int fd) override;
  Result<base::UniqueFd> reopen_fd(int fd) override;
  Result<base::UniqueFd> open_program() override;
  std::string link(const std::string& name) override;
  void hold() override { held = true; }
  void want_exit_stop() override;

  // --- for the engine
  void stopped(At at);
  // Lets it go on: until the return where a call's is awaited, with a signal if any. Gone is no error.
  void resume();
  void listen();
  // After an interrupt of ours: a call that gave up for it (epoll_wait does, where others are restarted) is
  // made again. The guest would see EINTR without a signal.
  void begin_again();
  long request(long what, void* address, void* data) const;
  // Reads the call at a call_entry or syscall stop.
  bool load_call();

  At at = At::running;
  Call call;                 // the one being made, or made last
  uint16_t filter_data = 0;  // what the filter handed over with the stop
  bool awaits_return = false;
  bool skipped = false;  // the kernel does not run the call
  bool awaits_first_stop = false;
  bool knocking = false;  // attached, still in install_and_wait()
  bool is_thread = false;
  bool exit_stop_wanted = false;
  bool interrupted = false;  // by us: the call it was in has to begin again
  int signal = 0;            // to deliver when resumed
  int passed_signal = 0;     // hooks have seen this one already: it comes again
  bool held = false;         // by a hook
  bool listening = false;    // in a group stop: still until SIGCONT
  bool ended = false;

 private:
  bool flush();
  // Goes on to the next return of a call, keeping signals for later. False: it ended.
  bool run_to_return();
  // From a call's return back to the stop that an interrupt makes. False: it ended.
  bool interrupt_again();
  std::optional<uint64_t> call_instruction(const Registers& now, bool narrow);

  Tid tid_;
  Process* process_;
  Host& host_;
  std::optional<Registers> registers_;  // read at this stop
  bool dirty_ = false;
};

}  // namespace shikake::sandbox::trace
