// Where monitor, clock, emulated ptrace and debugger plug into the one engine.
//
//   class Listing : public Hook {
//     std::vector<Interest> interests() const override { return {{Sys::openat}}; }
//     CallAction on_call(Thread& thread, const Call& call) override { …read the path…; return {}; }
//   };
//   tracer.add(listing);
//
// All callbacks run on the tracing thread while the guest thread concerned is stopped. References last for
// the callback alone. A guest thread may die at any moment (SIGKILL): reads and writes then fail and mean
// nothing else; its ending is reported in its turn.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "sandbox/trace/event.h"
#include "sandbox/trace/filter.h"

namespace shikake::sandbox::trace {

using Registers = user_regs_struct;

// A guest thread that is stopped while a hook looks at it.
class Thread {
 public:
  virtual ~Thread() = default;

  virtual Tid tid() const = 0;
  virtual Process& process() = 0;

  // --- memory; addresses are the guest's
  // How many bytes could be read: fewer than asked where a page is missing.
  virtual size_t read(GuestAddress from, std::span<uint8_t> into) = 0;
  // Whole or not at all. `force` writes to read-only and executable pages too (breakpoints).
  virtual bool write(GuestAddress to, base::ByteSpan bytes, bool force = false) = 0;
  // Up to a NUL, or cut at max_bytes; nothing where the first byte cannot be read.
  std::optional<std::string> read_string(GuestAddress from, size_t max_bytes = 4096);
  template <class T>
  std::optional<T> read_value(GuestAddress from) {
    T value;
    if (read(from, {reinterpret_cast<uint8_t*>(&value), sizeof value}) != sizeof value) return std::nullopt;
    return value;
  }
  template <class T>
  bool write_value(GuestAddress to, const T& value, bool force = false) {
    return write(to, {reinterpret_cast<const uint8_t*>(&value), sizeof value}, force);
  }
  // A pointer of the size that the call's table has.
  std::optional<GuestAddress> read_pointer(const Call& call, GuestAddress from);

  // --- registers. unavailable: the thread is gone; unsupported: this source cannot.
  virtual Result<Registers> registers() = 0;
  virtual Result<> set_registers(const Registers& registers) = 0;

  // --- the call that it is in
  // At entry: the kernel does not run it; the guest sees `result` (a negative errno is a failure).
  virtual void skip_call(int64_t result) = 0;
  // At entry: the kernel sees another argument. Put it back at the return: the guest's registers keep it.
  virtual void set_argument(size_t index, uint64_t value) = 0;
  // At the return.
  virtual void set_result(int64_t result) = 0;

  // --- at any stop but a call's entry
  // Runs a call in the guest and gives its result (negative errno); registers are as before afterwards, and
  // hooks hear nothing of it. Arguments beyond those given are 0.
  // Scratch memory for its arguments: below the stack pointer, see scratch().
  virtual Result<int64_t> inject(Sys sys, std::span<const uint64_t> arguments) = 0;
  // Memory of at least 4 KiB below the stack that a call's arguments may be put in during this stop.
  virtual GuestAddress scratch() = 0;
  // One instruction, while other threads go on; done when it comes back. `unavailable`: it died;
  // `conflict`: a signal came first and is delivered on the way (try again at the next stop).
  virtual Result<> step() = 0;

  // A duplicate of one of its descriptors: same open file. Close it soon, it keeps sockets open.
  virtual Result<base::UniqueFd> duplicate_fd(int fd) = 0;
  // The file behind one of its descriptors, opened anew for reading (also when deleted).
  virtual Result<base::UniqueFd> reopen_fd(int fd) = 0;
  // The program that it runs, opened anew for reading (also when deleted).
  virtual Result<base::UniqueFd> open_program() = 0;
  // readlink of /proc/<thread>/<name>: "cwd", "exe", "fd/3"; "" when it is gone.
  virtual std::string link(const std::string& name) = 0;
  // It does not go on after this callback, nor after with_stopped(): until Tracer::release().
  virtual void hold() = 0;
  // From now on this thread's process stops before it ends (once), while memory and descriptors are there.
  virtual void want_exit_stop() = 0;
};

struct CallAction {
  bool want_return = false;  // on_return is called too
  bool keep = false;         // no guest's doing: hooks after this one do not hear of it
};

struct SignalAction {
  bool deliver = true;  // false: the guest never sees it
};

// Callbacks in the order in which hooks were added.
class Hook {
 public:
  virtual ~Hook() = default;

  // Asked once, before the first attach.
  virtual std::vector<Interest> interests() const { return {}; }
  virtual std::vector<Answer> answers() const { return {}; }

  virtual void on_process(Thread&) {}  // a new process, before its first instruction
  virtual void on_thread(Thread&) {}   // a further thread of a process, likewise
  // Before on_execution of all hooks: what they are told may be put right.
  virtual void before_execution(Thread&, Execution&) {}
  virtual void on_execution(Thread&, const Execution&) {}
  virtual CallAction on_call(Thread&, const Call&) { return {}; }
  virtual void on_return(Thread&, const Call&, int64_t /*result*/) {}
  // A signal is about to be delivered. SIGTRAP of breakpoints and steps comes here too.
  virtual SignalAction on_signal(Thread&, siginfo_t&) { return {}; }
  virtual void on_exit_stop(Thread&) {}  // see want_exit_stop()
  virtual void on_thread_end(Process&, Tid) {}
  virtual void on_process_end(const Process&, const Ending&) {}
  // About every tick_interval, and at least once after each such span; no thread is stopped.
  virtual void on_tick() {}
};

}  // namespace shikake::sandbox::trace
