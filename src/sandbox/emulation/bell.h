// How our plugins inside an emulator speak to the tracer outside: by a system call that no kernel has, which
// the run's filter stops at. A guest cannot make it: the emulator passes on no number that it does not know.
#pragma once

#include <array>
#include <cstdint>

#include "taint/bell.h"

namespace shikake::sandbox::emulation {

inline constexpr long bell = 0x5349;  // trace::FilterProgram::bell

enum class Ring : uint64_t {
  started = 1,   // the guest's first instruction is about to be translated
  answered = 2,  // Answered at the address given: a call that the emulator answered without the kernel
  // The taint plugin's: a line of its events; its own work, for which nothing is let through: see is_own_work(); the end
  // of a pair of sockets, over which the run's shared state comes.
  taint = static_cast<uint64_t>(taint::BellWord::event),
  own_work = static_cast<uint64_t>(taint::BellWord::own_work),
  state = static_cast<uint64_t>(taint::BellWord::state),
};

struct Answered {
  int64_t number;  // in the guest's table
  int64_t result;
  std::array<uint64_t, 6> arguments;
};

// A longer line is left out.
inline constexpr uint64_t max_line_bytes = 64 << 10;

}  // namespace shikake::sandbox::emulation
