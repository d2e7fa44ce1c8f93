// How our plugins inside an emulator speak to the tracer outside: by a system call that no kernel has, which
// the run's filter stops at. A guest cannot make it: the emulator passes on no number that it does not know.
#pragma once

#include <array>
#include <cstdint>

namespace shikake::sandbox::emulation {

inline constexpr long bell = 0x5349;  // trace::FilterProgram::bell

enum class Ring : uint64_t {
  started = 1,   // the guest's first instruction is about to be translated
  answered = 2,  // Answered at the address given: a call that the emulator answered without the kernel
  taint = 3,     // a line of the taint plugin's events: address and length (taint/qemu/recorder.h)
  own_work = 4,  // 1: what follows is the plugin's doing, until 0. Nothing is let through for it: see is_own_work()
};

struct Answered {
  int64_t number;  // in the guest's table
  int64_t result;
  std::array<uint64_t, 6> arguments;
};

// A longer line is cut by whoever rings.
inline constexpr uint64_t max_line_bytes = 64 << 10;

}  // namespace shikake::sandbox::emulation
