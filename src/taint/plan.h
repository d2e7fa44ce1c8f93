// What a rule program comes to when each run of labels that it reads is one label throughout: every label
// that it writes is then the union of a few of those read, known by number, and all that lies between is
// gone. Labels nearly always come so (a received word in registers, a character widened to a register), and
// whether they do is checked before anything is written (native.h); a program that meets others is
// interpreted.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "taint/state.h"
#include "taint/variant.h"

namespace shikake::taint {

// A set of inputs, a bit each: the union of their labels.
using Inputs = uint64_t;
inline constexpr size_t max_inputs = 64;
// Register labels are handled in fours.
inline constexpr size_t quad_lanes = 4;

struct Plan {
  // Four labels of registers, from `first` on: `lanes` times one label, then nothing.
  struct Quad {
    Ref first;
    uint8_t lanes;        // 0, 1, 2 or 4
    bool as_before;       // all as the four before it, which are one input with them
    uint8_t input;        // its number, if lanes are not 0
  };
  // A read of memory, all of one label.
  struct Load {
    uint16_t access;      // number in Program::memory
    uint8_t lanes;
    uint8_t input;
    std::vector<uint16_t> apart;  // writes before it that must not overlap
  };
  struct Store {
    uint16_t access;
    std::vector<Inputs> lanes;
  };
  struct Decision {
    const Instruction* rule;
    Inputs inputs;
  };
  // Written registers: what each label becomes; `whole` where all four are known.
  struct Written {
    Ref first;
    bool whole;
    std::array<std::optional<Inputs>, quad_lanes> lanes;
  };
  std::vector<Quad> quads;
  std::vector<Load> loads;
  std::vector<Store> stores;
  std::vector<Decision> decisions;
  std::vector<Written> written;
};

// Nothing when the program has no such form: too many inputs, labels of another pattern in its registers now,
// or reads that overlap its own writes in part.
std::optional<Plan> plan(const Program& program, const Variant& variant, const RegisterLayout& layout,
                         const ThreadState& state);

}  // namespace shikake::taint
