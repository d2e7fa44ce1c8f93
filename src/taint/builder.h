// Builds a Program from a lifter's walk over a block: values are lists of label places, so moves,
// widening, shuffles and byte shifts cost nothing at run time, and what nobody uses is dropped.
#pragma once

#include <algorithm>
#include <bitset>
#include <map>
#include <optional>
#include <vector>

#include "taint/lift.h"
#include "taint/program.h"

namespace shikake::taint {

// A guest value as the rules see it.
struct Value {
  uint8_t lanes = 0;
  std::array<Ref, max_lanes> lane{};  // no_place: depends on nothing
  std::optional<uint64_t> constant;   // known number, values up to 8 bytes
  // A small constant or a sum, not a copy: what a program writes to note a decision (an answer, a state,
  // a count), where a copied pointer notes nothing.
  bool made = false;
  uint32_t id = 0;                    // equal for values known to be the same number
  // As an address: the same base and another offset lie a known distance apart.
  uint32_t base = 0;
  int64_t offset = 0;
  // What an address made of this value depends on: runs of places (kept apart from lanes, so that an
  // address costs no rules for its arithmetic).
  struct Run {
    Ref first;
    uint8_t lanes;
    bool operator==(const Run&) const = default;
  };
  std::vector<Run> leaves;
};

class Builder {
 public:
  explicit Builder(const RegisterLayout& layout, RuleChoices choices = {});

  // What follows belongs to the block's instruction of this number.
  void begin_instruction(uint16_t number) { instruction_ = number; conditional_.reset(); }
  // Register writes of the instruction from here on happen only if `condition` says so.
  void conditional(const Value& condition) { conditional_ = condition; }

  Value constant(uint8_t lanes, uint64_t number);
  Value nothing(uint8_t lanes);
  Value get(size_t offset, uint8_t lanes);
  void put(size_t offset, const Value& value);
  Value load(uint8_t lanes, const Value& address);
  void store(const Value& address, const Value& data);

  // Every byte of the result may depend on every byte of the operands.
  Value all(uint8_t lanes, std::initializer_list<const Value*> operands);
  Value all(uint8_t lanes, const std::vector<const Value*>& operands);
  // Byte i depends on bytes i (and, and so on); same lanes in all.
  Value lanewise(const Value& a, const Value& b);
  // Byte i depends on bytes 0 to i (sums and products).
  Value prefix(const Value& a, const Value& b);
  // Elements of `size` bytes are computed apart; operands with other lane counts reach all elements.
  Value elements(uint8_t lanes, uint8_t size, const std::vector<const Value*>& operands);
  // A new number with the given places.
  Value rearranged(uint8_t lanes, const std::array<Ref, max_lanes>& places, const Value& from);
  // The union of some places, as one place.
  Ref joined(std::vector<Ref> places);

  void branch(const Value& condition, Address target);
  void target(const Value& address);
  void without_rule();

  // More places were asked for than there are: the rules are of no use from this instruction on.
  bool overflowed() const { return overflowed_; }
  uint16_t instruction() const { return instruction_; }
  Program& program() { return program_; }
  // Ends the program: registers written, dead rules dropped.
  Program finish();

 private:
  Ref temporary(size_t lanes);
  Ref contiguous(const Value& value);
  Value fresh(uint8_t lanes, Ref first);
  void emit(Op op, size_t lanes, Ref to, Ref a, Ref b);
  void add_leaves(Value& to, const Value& from);
  static void lane_leaves(Value& value);
  void order_memory();
  void keep_stack_pointer(Value& value) const;
  void write_registers();
  void drop_unused();
  void note_units();
  std::vector<Ref> places(const Value& value) const;

  struct Move {
    Op op;
    uint8_t lanes;
    Ref to;
    Ref a;
  };
  std::vector<Move> register_moves() const;

  const RegisterLayout& layout_;
  const RuleChoices choices_;
  Program program_;
  std::array<Ref, register_bytes> current_;
  std::bitset<register_bytes> made_;
  std::map<std::pair<size_t, uint8_t>, Value> known_;  // GETs and PUTs still standing
  std::map<std::vector<Ref>, Ref> unions_;
  std::optional<Value> conditional_;
  size_t next_temporary_ = first_temporary;
  uint32_t next_id_ = 1;
  uint16_t instruction_ = 0;
  bool overflowed_ = false;
};

// The rules of a block, made by `walk(builder, count)` over its first `count` instructions. A block whose rules need
// more places than there are gets those of the instructions that fit; the others are said to have none.
template <class Walk>
Program lift_what_fits(const Code& code, const RegisterLayout& layout, RuleChoices choices, const Walk& walk) {
  for (size_t count = code.lengths.size();;) {
    Builder builder(layout, choices);
    walk(builder, count);
    const bool fits = !builder.overflowed();
    const size_t reached = builder.instruction();
    for (size_t i = count; fits && i < code.lengths.size(); ++i) {
      builder.begin_instruction(static_cast<uint16_t>(i));
      builder.without_rule();
    }
    Program program = builder.finish();
    if (fits && !builder.overflowed()) return program;
    count = fits ? count - 1 : std::min(reached, count - 1);
  }
}

}  // namespace shikake::taint
