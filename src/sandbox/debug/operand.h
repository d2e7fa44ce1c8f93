// What a script's actions look at: registers, arguments, results, numbers, and memory behind them.
//
//   operand := ['*'] base [('+' | '-') number]        '*': the pointer-sized value at that address
//   base    := register | 'arg1' … 'arg6' | 'result' | number
//
// Registers by their 64-bit names (rax, …, r15, rip) for programs of either width.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::debug {

struct Operand {
  enum class Base : uint8_t { register_, argument, result, number };
  Base base = Base::number;
  uint8_t index = 0;    // of the register (operand.cpp's table) or argument, from 0
  uint64_t number = 0;  // of a number
  int64_t offset = 0;
  bool pointed_at = false;
  std::string text;  // as it was written
};

// invalid_input: what is wrong with it.
Result<Operand> parse_operand(std::string_view text);

// What operands are taken from: a function's entry or end, or a system call.
struct Frame {
  trace::Registers registers{};
  bool narrow = false;  // a 32-bit process
  std::optional<std::array<uint64_t, 6>> arguments =
      {};  // of a system call, or kept since a function's entry
  std::optional<uint64_t> result = {};
};

// Arguments of a function about to begin (registers, or the stack where narrow). Those that can't be read are
// 0.
std::array<uint64_t, 6> function_arguments(trace::Thread& thread, const trace::Registers& registers,
                                           bool narrow);

// Nothing where memory can't be read, or where there is no such thing (a result before the end).
std::optional<uint64_t> value_of(const Operand& operand, trace::Thread& thread, const Frame& frame);

// "rax=0x… rbx=0x… …", sixteen registers, instruction pointer and flags.
std::string describe_registers(const trace::Registers& registers);

bool is_narrow(const trace::Registers& registers);

}  // namespace shikake::sandbox::debug
