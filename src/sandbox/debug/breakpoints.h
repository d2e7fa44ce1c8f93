// Breakpoints in running processes.
//
// Each x86 thread has four debug registers. Three hold breakpoints, which no read of memory shows; the fourth
// waits for a function's return. What finds no room there becomes an int3 in the code, which a program that
// reads its own code can see: `visible()` counts those in the program itself. Intel SDM volume 3,
// chapter 18.2 (debug registers); ptrace(2), PTRACE_POKEUSER; kernel's hw_breakpoint.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::debug {

class Breakpoints {
 public:
  // A new process, likewise stopped: the same breakpoints as its maker's, whose memory it has.
  void begin_process(trace::Thread& thread);
  // A further thread of a process.
  void begin_thread(trace::Thread& thread);
  // An exec: the process has new memory, and debug registers are empty.
  void forget(trace::ProcessId process);
  void end_thread(trace::Tid tid);

  // Into a debug register where `hidden` is asked for, one is free and the process has one thread; else an
  // int3. False where the address can't be written. Twice at one address is once.
  bool insert(trace::Thread& thread, uint64_t address, bool hidden);
  // Software ones are taken out of the code; hardware ones of this thread's registers, others go on to stop.
  void remove(trace::Thread& thread, uint64_t address);

  // The thread stops once at `address` (which must not be 0), in its fourth register; 0: nowhere. False where
  // the kernel gives no debug registers.
  bool await_return(trace::Thread& thread, uint64_t address);

  struct Hit {
    uint64_t address = 0;
    bool breakpoint = false;    // one that was inserted
    bool return_watch = false;  // neither: one that was removed meanwhile
  };
  // Whether a SIGTRAP is ours. The instruction pointer then stands at the address.
  std::optional<Hit> hit(trace::Thread& thread, const siginfo_t& info);
  // Past a breakpoint whose actions are done: a software one's instruction is run. Its signal must not be
  // delivered.
  void step_over(trace::Thread& thread, uint64_t address);

  size_t visible() const { return visible_; }  // int3 that were written, of the whole run

 private:
  static constexpr size_t hardware_slots = 3;
  static constexpr size_t return_slot = 3;

  struct Process {
    std::map<uint64_t, uint8_t> software;             // address to the byte that stood there
    std::set<uint64_t> removed;                       // threads may have run into them already
    std::array<uint64_t, hardware_slots> hardware{};  // 0: free
  };
  bool write_slot(trace::Thread& thread, size_t slot, uint64_t address);
  Process& of(trace::Thread& thread) { return processes_[thread.process().id.value]; }
  bool emulate(trace::Thread& thread, uint64_t address, uint8_t first);

  std::unordered_map<uint32_t, Process> processes_;
  std::unordered_map<trace::Tid, uint64_t> returns_;
  size_t visible_ = 0;
};

}  // namespace shikake::sandbox::debug
