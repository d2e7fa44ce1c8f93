#include "sandbox/debug/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/display.h"
#include "sandbox/debug/prototypes.h"

namespace shikake::sandbox::debug {
namespace {

constexpr size_t shown_bytes = 200;  // of a string or buffer in a line
constexpr size_t unknown_arguments = 4;

std::string quoted(std::string_view bytes, bool cut) {
  std::string out = "\"";
  for (const char c : bytes) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  // Terminal escapes, control bytes and what is no UTF-8 become visible.
  return base::for_terminal(out, 4 * shown_bytes) + (cut ? "\"…" : "\"");
}

std::string read_bytes(trace::Thread& thread, uint64_t address, uint64_t size) {
  std::string bytes(size, '\0');
  bytes.resize(thread.read({address}, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
  return bytes;
}

std::string as_number(uint64_t value, bool narrow) {
  // Functions that give an int leave the upper half alone, so a small negative one is one in either width.
  const auto low = static_cast<int32_t>(value);
  if (narrow || value == (value & UINT32_MAX)) return fmt::format("{}", low);
  return fmt::format("{}", static_cast<int64_t>(value));
}

std::string as_argument(char kind, size_t index, trace::Thread& thread, const Frame& frame) {
  const uint64_t value = (*frame.arguments)[index];
  switch (kind) {
    case 's':
      return quoted_string(thread, value);
    case 'b': {
      const uint64_t size = index + 1 < frame.arguments->size() ? (*frame.arguments)[index + 1] : 0;
      const std::string bytes = read_bytes(thread, value, std::min<uint64_t>(size, shown_bytes));
      return quoted(bytes, bytes.size() < size);
    }
    case 'd':
      return as_number(value, frame.narrow);
    default:
      return value == 0 ? "null" : fmt::format("{:#x}", value);
  }
}

std::string as_result(char kind, trace::Thread& thread, const Frame& frame) {
  if (kind == 's') return quoted_string(thread, *frame.result);
  if (kind == 'd') return as_number(*frame.result, frame.narrow);
  return *frame.result == 0 && kind == 'p' ? "null" : fmt::format("{:#x}", *frame.result);
}

}  // namespace

std::string quoted_string(trace::Thread& thread, uint64_t address) {
  if (address == 0) return "null";
  const auto text = thread.read_string({address}, shown_bytes + 1);
  if (!text) return fmt::format("unreadable {:#x}", address);
  return quoted(std::string_view(*text).substr(0, shown_bytes), text->size() > shown_bytes);
}

std::string hex_dump(std::string_view bytes) {
  std::string hex, text;
  for (const char c : bytes) {
    hex += fmt::format("{:02x} ", static_cast<uint8_t>(c));
    text += c >= 0x20 && c < 0x7F ? c : '.';
  }
  return hex + "|" + text + "|";
}

std::string describe(const LogItem& item, trace::Thread& thread, const Frame& frame) {
  const std::string& name = item.operand.text;
  if (item.kind == LogItem::Kind::registers) return describe_registers(frame.registers);
  if (item.kind == LogItem::Kind::arguments) {
    const auto arguments =
        frame.arguments ? *frame.arguments : function_arguments(thread, frame.registers, frame.narrow);
    std::string out = "arguments";
    for (const uint64_t value : arguments) out += fmt::format(" {:#x}", value);
    return out;
  }
  const auto value = value_of(item.operand, thread, frame);
  if (!value) return name + " cannot be read";
  switch (item.kind) {
    case LogItem::Kind::string:
      return fmt::format("{} = {}", name, quoted_string(thread, *value));
    case LogItem::Kind::memory:
      return fmt::format("{} = {:#x}: {}", name, *value, hex_dump(read_bytes(thread, *value, item.size)));
    default:
      return fmt::format("{} = {:#x}", name, *value);
  }
}

std::string describe_call(std::string_view function, trace::Thread& thread, const Frame& frame) {
  const Prototype* prototype = find_prototype(function);
  std::string_view form = prototype ? prototype->form : "xxxx>x";
  const size_t arrow = form.find('>');
  std::string out(function);
  out += '(';
  for (size_t i = 0; i < std::min(arrow, unknown_arguments + 2); ++i)
    out += (i ? ", " : "") + as_argument(form[i], i, thread, frame);
  out += ')';
  if (frame.result && form[arrow + 1] != 'v') out += " = " + as_result(form[arrow + 1], thread, frame);
  return out;
}

}  // namespace shikake::sandbox::debug
