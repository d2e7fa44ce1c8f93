// Go's runtime moves its threads of work between the kernel's threads: what a goroutine decided must not stay with the
// thread that it was decided on. A goroutine is known by the runtime's register for it (Go's ABI documents; none on
// i386, which keeps it in thread storage), and by what that register points to: the bounds of the stack in use, which
// no other program has there.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "taint/engine.h"
#include "taint/fork_mutex.h"

namespace shikake::taint::qemu {

class Goroutines {
 public:
  // A register of the calling thread's guest, by GDB's number; a word of the guest's memory.
  using Register = std::function<std::optional<uint64_t>(int)>;
  using Word = std::function<Address(Address)>;
  Goroutines(Architecture architecture, size_t word_bytes, Register read_register, Word word);

  // The calling thread's goroutine made this decision.
  void decided(uint32_t decision);
  // It is interrupted by a signal, after which it may go on elsewhere; or makes a system call. `open`: of the thread's.
  void interrupted(std::span<const Region> open);
  void calls(std::span<const Region> open);
  // The decisions that what the calling thread does depends on: its own, but for those of other goroutines, and those
  // that its goroutine brought from other threads.
  std::vector<uint32_t> within(std::span<const Region> open);

 private:
  struct Goroutine {
    Address number;  // where the runtime keeps it
    uint64_t depth;  // bytes of its stack in use
  };
  struct Made {
    Address by;
    uint64_t depth;
  };
  std::optional<Goroutine> running() const;
  // `depth`: of the stack; what was decided deeper in it, in functions that have returned since, is forgotten.
  void keep(Address goroutine, uint64_t depth, std::span<const Region> open);

  const Architecture architecture_;
  const size_t word_bytes_;
  const Register register_;
  const Word word_;
  std::atomic<bool> any_ = false;
  ForkMutex lock_;
  std::unordered_map<uint32_t, Made> made_;                           // by decision
  std::unordered_map<Address, std::map<uint32_t, uint64_t>> brought_;  // by goroutine: decisions, and their depth
};

}  // namespace shikake::taint::qemu
