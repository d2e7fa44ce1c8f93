// What each of VEX's operations does to bytes, told from its name (VEX has over a thousand; the names
// are regular): libvex_ir.h describes them.
#pragma once

#include <cstdint>
#include <string_view>

namespace shikake::taint {

enum class Movement : uint8_t {
  all,          // every byte of the result may depend on every byte of the operands
  widen_zero,   // low bytes, then nothing
  widen_sign,   // low bytes, then copies of the highest one
  low,          // the operand's low bytes
  part,         // `size` bytes of the operand from byte `size` * `index` on
  concatenate,  // operands are high to low parts
  set_low,      // first operand with its low bytes replaced by the second
  lanewise,     // byte by byte: or, xor, not
  mask,         // and
  either,       // or
  prefix,       // sums: bytes depend on lower ones
  shift_left, shift_right, shift_sign,
  shift_bytes_left, shift_bytes_right,  // vectors, by bits
  elements,     // elements of `size` bytes apart
  low_element,  // lowest element computed, the others as in the first operand
  interleave_low, interleave_high, interleave_even, interleave_odd, cat_even, cat_odd,
  narrow,       // each element of `size` bytes gives one of half that size
  widen,        // each element of `size` bytes gives one of twice that size
  permute,      // byte i is chosen by the second operand's byte i
  top_bits,     // one bit a byte
  duplicate,    // lowest element everywhere
  get_element, set_element,
  reverse,      // order of elements of `size` bytes reversed inside `group` bytes
  slice,        // bytes of both, from a byte number on
};

struct Movement_of {
  Movement movement = Movement::all;
  uint8_t size = 0;
  uint8_t index = 0;
  uint8_t group = 0;
};

// `name` without "Iop_", as ppIROp prints it.
Movement_of movement_of(std::string_view name);

}  // namespace shikake::taint
