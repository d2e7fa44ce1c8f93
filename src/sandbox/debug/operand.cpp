#include "sandbox/debug/operand.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/checked.h"

namespace shikake::sandbox::debug {
namespace {

using trace::GuestAddress;
using trace::Registers;

struct RegisterRow {
  std::string_view name;
  unsigned long long Registers::*field;
};

constexpr RegisterRow registers_by_name[] = {
    {"rax", &Registers::rax}, {"rbx", &Registers::rbx}, {"rcx", &Registers::rcx},
    {"rdx", &Registers::rdx}, {"rsi", &Registers::rsi}, {"rdi", &Registers::rdi},
    {"rbp", &Registers::rbp}, {"rsp", &Registers::rsp}, {"r8", &Registers::r8},
    {"r9", &Registers::r9},   {"r10", &Registers::r10}, {"r11", &Registers::r11},
    {"r12", &Registers::r12}, {"r13", &Registers::r13}, {"r14", &Registers::r14},
    {"r15", &Registers::r15}, {"rip", &Registers::rip}, {"eflags", &Registers::eflags},
};

std::optional<uint64_t> parse_number(std::string_view text) {
  if (text.starts_with("0x")) return base::parse_integer<uint64_t>(text.substr(2), 16);
  return base::parse_integer<uint64_t>(text);
}

bool parse_base(std::string_view text, Operand& out) {
  for (size_t i = 0; i < std::size(registers_by_name); ++i) {
    if (registers_by_name[i].name != text) continue;
    out.base = Operand::Base::register_;
    out.index = static_cast<uint8_t>(i);
    return true;
  }
  if (text == "result") {
    out.base = Operand::Base::result;
    return true;
  }
  if (text.size() == 4 && text.starts_with("arg") && text[3] >= '1' && text[3] <= '6') {
    out.base = Operand::Base::argument;
    out.index = static_cast<uint8_t>(text[3] - '1');
    return true;
  }
  const auto number = parse_number(text);
  if (number) out.number = *number;
  return number.has_value();
}

uint64_t read_pointer(trace::Thread& thread, uint64_t at, bool narrow, bool& readable) {
  if (narrow) {
    const auto value = thread.read_value<uint32_t>(GuestAddress{at});
    readable = value.has_value();
    return value.value_or(0);
  }
  const auto value = thread.read_value<uint64_t>(GuestAddress{at});
  readable = value.has_value();
  return value.value_or(0);
}

}  // namespace

Result<Operand> parse_operand(std::string_view text) {
  Operand out;
  out.text = text;
  std::string_view rest = text;
  if (rest.starts_with('*')) {
    out.pointed_at = true;
    rest.remove_prefix(1);
  }
  const size_t sign = rest.find_first_of("+-", 1);
  if (sign != rest.npos) {
    const auto offset = parse_number(rest.substr(sign + 1));
    if (!offset || *offset > INT32_MAX) {
      return fail(Module::sandbox, ErrorCode::invalid_input,
                  fmt::format("\"{}\" has no number behind its sign", text));
    }
    out.offset = rest[sign] == '-' ? -static_cast<int64_t>(*offset) : static_cast<int64_t>(*offset);
    rest = rest.substr(0, sign);
  }
  if (!parse_base(rest, out)) {
    return fail(Module::sandbox, ErrorCode::invalid_input,
                fmt::format("\"{}\" is no register, arg1 to arg6, result or number", text));
  }
  return out;
}

bool is_narrow(const Registers& registers) {
  constexpr uint64_t user_code_segment_32 = 0x23;  // the kernel's __USER32_CS
  return registers.cs == user_code_segment_32;
}

std::array<uint64_t, 6> function_arguments(trace::Thread& thread, const Registers& registers, bool narrow) {
  // System V ABI: x86-64 3.2.3 (registers), i386 (the stack, above the return address).
  if (!narrow)
    return {registers.rdi, registers.rsi, registers.rdx, registers.rcx, registers.r8, registers.r9};
  std::array<uint64_t, 6> out{};
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = thread.read_value<uint32_t>(GuestAddress{registers.rsp + 4 * (i + 1)}).value_or(0);
  return out;
}

std::optional<uint64_t> value_of(const Operand& operand, trace::Thread& thread, const Frame& frame) {
  uint64_t value = 0;
  switch (operand.base) {
    case Operand::Base::register_:
      value = frame.registers.*registers_by_name[operand.index].field;
      break;
    case Operand::Base::argument:
      value = frame.arguments ? (*frame.arguments)[operand.index]
                              : function_arguments(thread, frame.registers, frame.narrow)[operand.index];
      break;
    case Operand::Base::result:
      if (!frame.result) return std::nullopt;
      value = *frame.result;
      break;
    case Operand::Base::number:
      value = operand.number;
      break;
  }
  value += static_cast<uint64_t>(operand.offset);
  if (frame.narrow) value &= UINT32_MAX;
  if (!operand.pointed_at) return value;
  bool readable = false;
  value = read_pointer(thread, value, frame.narrow, readable);
  return readable ? std::optional(value) : std::nullopt;
}

std::string describe_registers(const Registers& registers) {
  std::string out;
  for (const RegisterRow& row : registers_by_name)
    out += fmt::format("{}{}={:#x}", out.empty() ? "" : " ", row.name, registers.*row.field);
  return out;
}

}  // namespace shikake::sandbox::debug
