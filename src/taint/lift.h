// From guest code to rule programs. One lifter an architecture; none is safe to use from two threads at
// once (VEX keeps its state in statics), so callers hold a lock.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "taint/program.h"

namespace shikake::taint {

enum class Architecture : uint8_t { x86_64, i386, arm, aarch64, mips, mipsel };

// The name as qemu-user and GNU triplets begin with it ("aarch64"); nothing when unknown.
std::optional<Architecture> architecture(std::string_view name);
std::string_view name(Architecture architecture);

// What rules say, where that can be chosen.
struct RuleChoices {
  // What is loaded depends on the address that it is loaded from: received bytes that pick out of a table give
  // received bytes (base64 decoded by a table of 256). Without, a load gives what lies in memory alone.
  bool tables = true;
};

struct Code {
  Address address = 0;
  // The block's bytes, preceded by `before` bytes of what lies before it in the same page (Thumb's IT
  // blocks are found by looking back).
  std::span<const uint8_t> bytes;
  size_t before = 0;
  // Length of each instruction; their sum is the block's.
  std::vector<uint8_t> lengths;
  bool thumb = false;
};

// One instruction as control flow sees it.
struct Step {
  size_t length = 0;  // 0: not an instruction
  // Addresses that may follow inside the same function (after a call: where it returns to).
  std::vector<Address> successors;
  bool call = false;
  bool leaves = false;  // may leave the function: a return, a jump to where nobody knows
  bool ends = false;    // never goes on: a call that does not come back
};

class Lifter {
 public:
  virtual ~Lifter() = default;
  virtual Architecture architecture() const = 0;
  virtual const RegisterLayout& layout() const = 0;
  // Never fails: what cannot be decoded becomes an instruction without a rule.
  virtual Program lift(const Code& code) = 0;
  // `before`: bytes of `bytes` that lie before the instruction, as in Code.
  virtual Step step(std::span<const uint8_t> bytes, size_t before, Address address, bool thumb) = 0;
  // Bytes before an instruction that decoding may look at.
  static constexpr size_t look_back = 32;
};

std::unique_ptr<Lifter> make_lifter(Architecture architecture, RuleChoices choices = {});
std::unique_ptr<Lifter> make_vex_lifter(Architecture architecture, RuleChoices choices);
std::unique_ptr<Lifter> make_mips_lifter(bool big_endian, RuleChoices choices);

}  // namespace shikake::taint
