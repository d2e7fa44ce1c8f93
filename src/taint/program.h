// The rule program of one block of guest code: how labels move through it, with everything else left
// out. Made once a block by a lifter (lift_vex, lift_mips) through Builder; run by Engine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "taint/shadow.h"

namespace shikake::taint {

// A place in a thread's label file: a flat array of labels, one a byte.
//     0 …                zeros: lanes that depend on nothing
//     first_register …       the guest's registers, laid out as the lifter says
//     first_temporary …     what a program computes on the way
using Ref = uint16_t;
inline constexpr Ref no_place = 0;
inline constexpr size_t max_lanes = 32;  // bytes of the widest value: a 256-bit register
inline constexpr Ref first_register = 64;
inline constexpr size_t register_bytes = 1984;
inline constexpr Ref first_temporary = first_register + register_bytes;
inline constexpr size_t label_file_size = 16384;
// A block that needs more gets the rules of its first instructions (builder.h, lift_what_fits).
inline constexpr size_t max_temporaries = label_file_size - first_temporary - max_lanes;

enum class Op : uint8_t {
  end,
  move,     // to[i] = a[i]
  clear,    // to[i] = 0
  splat,    // to[i] = a
  join,     // to = a ∪ b
  lanes,    // to[i] = a[i] ∪ b[i]
  prefix,   // to[i] = a[0..i] ∪ b[0..i]: carries move upwards
  reduce,   // to = a[0..lanes)
  load,     // to[i] = memory op number b, byte i
  address,  // to[i] ∪= b labels from a on: the value was chosen by a labelled address
  store,    // memory op number b, byte i = a[i]
  branch,   // a decision at exit number b on label a
  target,   // a jump to an address with labels a[0..lanes), at exit number b
  // Register writes, at a program's end; b is the register's unit:
  put_move,
  put_clear,
  put_splat,
  put_wide,  // a[0..lanes), then nothing up to eight bytes
};

struct Instruction {
  Op op;
  uint8_t lanes;
  Ref to;
  Ref a;
  Ref b;
};
static_assert(sizeof(Instruction) == 8);

// One access to memory that the rules expect, in program order.
struct MemoryOp {
  uint16_t instruction;  // number in the block
  uint16_t size;         // bytes
  bool store;
  bool constant;     // stores a number known at translation time
  bool made;         // stores what this block made: a small constant or a sum, not a copy
  uint32_t base;     // the same for addresses that differ by a constant only
  int64_t offset;    // that constant
};

enum class JumpKind : uint8_t { next, call, ret, system_call, other };

// Where the block may be left, and on what it depends.
struct Exit {
  uint16_t instruction = 0;
  bool indirect = false;
  Address target = 0;  // unless indirect
};

// Registers in units of one bit, to see quickly whether a block could touch a label. Several registers
// may share a unit.
using Units = uint64_t;

struct alignas(64) Program {
  Units reads = 0;
  Units writes = 0;
  Units made = 0;                       // registers that a decision marks: see MemoryOp::made
  JumpKind kind = JumpKind::next;
  bool indirect_exit = false;
  std::vector<uint16_t> marked_stores;  // numbers in `memory`
  Units writes_partly = 0;  // of `writes`: units that keep some of their bytes
  std::vector<Instruction> code;
  std::vector<MemoryOp> memory;
  std::vector<Exit> exits;
  // Addresses that may follow inside the same function; a call's is its return address.
  std::vector<Address> successors;
  // Instructions that no rule describes: they are reported, and move no label.
  std::vector<uint16_t> without_rule;
};

// A guest architecture's registers as lifters and engine share them.
struct RegisterLayout {
  size_t bytes = 0;
  std::array<uint8_t, register_bytes> unit{};   // bit number of each register byte; no_unit: not tracked
  static constexpr uint8_t no_unit = 0xff;
  // The bytes of each unit: one run, from the first byte to the last.
  struct Extent {
    uint16_t first = 0;
    uint16_t bytes = 0;
  };
  std::array<Extent, 64> extent{};
  // Bytes that a decision never marks: stack and frame pointer, flags, return address.
  std::array<bool, register_bytes> undecided{};
  // Bytes that a predicate never marks when an instruction that it guards writes them: a label on the stack
  // pointer would be one on all that is ever loaded from the stack.
  std::array<bool, register_bytes> unpredicated{};
  size_t stack_pointer = 0;
  size_t result = 0;      // system call result
  size_t word = 8;        // bytes of a register
  bool calls_push = false;  // a call's last store is its return address, where the stack then ends
};

}  // namespace shikake::taint
