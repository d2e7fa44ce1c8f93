#include "triage/machine_code.h"

#include <algorithm>

#include "base/ascii.h"

namespace shikake::triage {
namespace {

constexpr size_t min_sled_bytes = 32;
constexpr size_t kept_sled_bytes = 64;
// Bytes before a sign that belong to the same code: clearing registers, making room on the stack.
constexpr uint32_t max_before_sign = 12;

uint32_t word(base::ByteSpan bytes, size_t at) {
  return bytes[at] | uint32_t{bytes[at + 1]} << 8 | uint32_t{bytes[at + 2]} << 16 |
         uint32_t{bytes[at + 3]} << 24;
}

bool is_pop(uint8_t byte) {
  return byte >= 0x58 && byte <= 0x5F && byte != 0x5C;
}

// A call to between `low` and `high`, at `at`.
bool calls_into(base::ByteSpan bytes, size_t at, int64_t low, int64_t high) {
  if (at + 5 > bytes.size() || bytes[at] != 0xE8) return false;
  const int64_t target = static_cast<int64_t>(at) + 5 + static_cast<int32_t>(word(bytes, at + 1));
  return target >= low && target < high;
}

// Intel SDM volume 2: E8 call, EB and E9 jmp, D9 /6 fnstenv, 64 FS.
bool is_call_pop(base::ByteSpan bytes, size_t i) {
  const size_t left = bytes.size() - i;
  const auto here = static_cast<int64_t>(i);
  if (bytes[i] == 0xE8 && left >= 6) {
    const uint32_t distance = word(bytes, i + 1);
    if (distance == 0 && is_pop(bytes[i + 5])) return true;
    // Into its own last byte: FF C0… and a pop.
    if (distance == 0xFFFF'FFFF && left >= 7 && bytes[i + 5] >= 0xC0 && bytes[i + 5] < 0xD0 &&
        is_pop(bytes[i + 6]))
      return true;
    return false;
  }
  if (bytes[i] == 0xEB && left >= 7 && bytes[i + 1] < 0x80) {
    const size_t target = i + 2 + bytes[i + 1];
    return calls_into(bytes, target, here + 2, static_cast<int64_t>(target));
  }
  if (bytes[i] == 0xE9 && left >= 10) {
    const uint32_t distance = word(bytes, i + 1);
    const size_t target = i + 5 + distance;
    return distance < 0x1000 && calls_into(bytes, target, here + 5, static_cast<int64_t>(target));
  }
  return false;
}

bool is_float_state(base::ByteSpan bytes, size_t i) {
  constexpr uint8_t store[] = {0xD9, 0x74, 0x24, 0xF4};
  return bytes.size() - i >= sizeof store &&
         std::equal(std::begin(store), std::end(store), bytes.begin() + static_cast<ptrdiff_t>(i));
}

bool is_process_data(base::ByteSpan bytes, size_t i) {
  const size_t left = bytes.size() - i;
  if (bytes[i] == 0x64 && left >= 6 && bytes[i + 1] == 0xA1) return word(bytes, i + 2) == 0x30;
  if (bytes[i] == 0x64 && left >= 7 && bytes[i + 1] == 0x8B) {
    const uint8_t operand = bytes[i + 2];
    if ((operand & 0xC7) == 0x05) return word(bytes, i + 3) == 0x30;  // an address
    // A register and 30h; registers cleared just before. What follows uses it: another load.
    if ((operand & 0xC0) == 0x40 && (operand & 7) != 4 && bytes[i + 3] == 0x30)
      return bytes[i + 4] == 0x8B || bytes[i + 5] == 0x8B || bytes[i + 4] == 0x85;
  }
  // 30h in a register: push 30h, pop; or mov.
  if (bytes[i] == 0x6A && left >= 6 && bytes[i + 1] == 0x30 && is_pop(bytes[i + 2]))
    return bytes[i + 3] == 0x64 && bytes[i + 4] == 0x8B;
  return bytes[i] >= 0xB0 && bytes[i] <= 0xB3 && left >= 5 && bytes[i + 1] == 0x30 && bytes[i + 2] == 0x64 &&
         bytes[i + 3] == 0x8B;
}

constexpr FixedAddress fixed[] = {
    {0x7C80'1D77, "kernel32", "LoadLibraryA", 2},
    {0x7C80'ADA0, "kernel32", "GetProcAddress", 2},
    {0x7C80'C058, "kernel32", "ExitThread", 2},
    {0x7C81'CDDA, "kernel32", "ExitProcess", 2},
    {0x7C86'136D, "kernel32", "WinExec", 2},
    {0x7C80'1A28, "kernel32", "CreateFileA", 3},
    {0x7C80'1AD4, "kernel32", "VirtualProtect", 3},
    {0x7C80'1D7B, "kernel32", "LoadLibraryA", 3},
    {0x7C80'236B, "kernel32", "CreateProcessA", 3},
    {0x7C80'2446, "kernel32", "Sleep", 3},
    {0x7C80'2530, "kernel32", "WaitForSingleObject", 3},
    {0x7C80'9AF1, "kernel32", "VirtualAlloc", 3},
    {0x7C80'AE40, "kernel32", "GetProcAddress", 3},
    {0x7C80'B741, "kernel32", "GetModuleHandleA", 3},
    {0x7C81'06D7, "kernel32", "CreateThread", 3},
    {0x7C81'CAFA, "kernel32", "ExitProcess", 3},
    {0x7C86'23AD, "kernel32", "WinExec", 3},
};

// mov register, address; push address; call or jump through a register follow, or a return.
bool is_fixed_address(base::ByteSpan bytes, size_t i) {
  if (bytes.size() - i < 5 || bytes[i + 4] != 0x7C) return false;
  return std::ranges::find(fixed, word(bytes, i + 1), &FixedAddress::address) != std::end(fixed);
}

std::optional<std::string> cut(base::ByteSpan bytes) {
  if (bytes.size() < min_code_bytes) return std::nullopt;
  const size_t sled = sled_bytes(bytes);
  if (sled > kept_sled_bytes) bytes = bytes.subspan(sled - kept_sled_bytes);
  if (bytes.size() < min_code_bytes || code_signs(bytes).empty()) return std::nullopt;
  return std::string(base::as_text(bytes));
}

bool is_name(char c) {
  return base::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         c == '.';
}

std::optional<uint32_t> hex_number(std::string_view text, size_t begin, size_t digits) {
  if (begin + digits > text.size()) return std::nullopt;
  uint32_t value = 0;
  for (char c : text.substr(begin, digits)) {
    const int digit = base::hex_digit(c);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<uint32_t>(digit);
  }
  return value;
}

// %u9090, \u9090, \x90, %90: a unit or a byte. True: `at` stands behind it.
bool append_escape(std::string_view text, size_t& at, std::string& out) {
  if (at + 2 > text.size()) return false;
  const bool wide = text[at + 1] == 'u', marked = wide || text[at + 1] == 'x';
  if (text[at] == '\\' && !marked) return false;
  const size_t begin = marked ? at + 2 : at + 1, digits = wide ? 4 : 2;
  const auto value = hex_number(text, begin, digits);
  if (!value) return false;
  out += static_cast<char>(*value);
  if (wide) out += static_cast<char>(*value >> 8);
  at = begin + digits;
  return true;
}

// A list of numbers, as it is read.
class Numbers {
 public:
  bool append(std::string_view text, size_t& at) {
    uint64_t value = 0;
    size_t end = at;
    if (text.substr(at, 2) == "0x" || text.substr(at, 2) == "0X")
      for (end += 2; end < text.size() && base::hex_digit(text[end]) >= 0 && end < at + 12; ++end)
        value = value * 16 + static_cast<uint64_t>(base::hex_digit(text[end]));
    else
      for (; end < text.size() && base::is_digit(text[end]) && end < at + 12; ++end)
        value = value * 10 + static_cast<uint64_t>(text[end] - '0');
    if (value > UINT32_MAX || (end < text.size() && is_name(text[end]))) return false;
    at = end;
    if (values_.size() < max_looked_through / 4) values_.push_back(static_cast<uint32_t>(value));
    largest_ = std::max(largest_, values_.back());
    return true;
  }
  bool empty() const { return values_.empty(); }
  void clear() {
    values_.clear();
    largest_ = 0;
  }
  std::string bytes() const {
    const unsigned width = largest_ <= 0xFF ? 1 : largest_ <= 0xFFFF ? 2 : 4;
    std::string out;
    if (width * values_.size() < min_code_bytes) return out;
    for (uint32_t value : values_)
      for (unsigned i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i));
    return out;
  }

 private:
  std::vector<uint32_t> values_;
  uint32_t largest_ = 0;
};

}  // namespace

std::span<const FixedAddress> fixed_addresses() {
  return fixed;
}

std::vector<FoundSign> code_signs(base::ByteSpan bytes) {
  std::vector<FoundSign> found;
  for (size_t i = 0; i < bytes.size() && found.size() < max_code_signs; ++i) {
    const auto offset = static_cast<uint32_t>(i);
    switch (bytes[i]) {
      case 0xE8:
      case 0xEB:
      case 0xE9:
        if (is_call_pop(bytes, i)) found.push_back({CodeSign::call_pop, offset});
        break;
      case 0xD9:
        if (is_float_state(bytes, i)) found.push_back({CodeSign::float_state, offset});
        break;
      case 0x64:
      case 0x6A:
      case 0xB0:
      case 0xB1:
      case 0xB2:
      case 0xB3:
        if (is_process_data(bytes, i)) found.push_back({CodeSign::process_data, offset});
        break;
      case 0x68:
      case 0xB8:
      case 0xB9:
      case 0xBA:
      case 0xBB:
      case 0xBD:
      case 0xBE:
      case 0xBF:
        if (is_fixed_address(bytes, i)) found.push_back({CodeSign::fixed_address, offset});
        break;
      default:
        break;
    }
  }
  return found;
}

size_t sled_bytes(base::ByteSpan bytes) {
  size_t longest = 0;
  for (size_t unit : {1, 2, 4}) {
    size_t i = unit;
    while (i < bytes.size() && bytes[i] == bytes[i - unit]) ++i;
    longest = std::max(longest, i);
  }
  return longest >= min_sled_bytes && longest <= bytes.size() ? longest : 0;
}

std::vector<uint32_t> code_beginnings(base::ByteSpan bytes, size_t most) {
  std::vector<uint32_t> out;
  auto add = [&](uint32_t offset) {
    if (out.size() < most && offset < bytes.size() && std::ranges::find(out, offset) == out.end())
      out.push_back(offset);
  };
  add(0);
  add(static_cast<uint32_t>(sled_bytes(bytes)));
  const std::vector<FoundSign> signs = code_signs(bytes);
  // The floating-point instruction whose address is saved stands two bytes before, or more.
  for (const FoundSign& sign : signs)
    add(sign.offset >= 2 && sign.sign != CodeSign::call_pop ? sign.offset - 2 : sign.offset);
  for (uint32_t before = 0; before <= max_before_sign; ++before)
    for (const FoundSign& sign : signs)
      if (sign.offset >= before) add(sign.offset - before);
  return out;
}

std::optional<std::string> code_in_bytes(base::ByteSpan bytes) {
  return cut(bytes.first(std::min(bytes.size(), max_looked_through)));
}

std::vector<std::string> code_in_source(std::string_view source) {
  std::vector<std::string> found;
  constexpr size_t most = 16;
  auto take = [&](std::string_view bytes) {
    if (bytes.size() >= min_code_bytes && found.size() < most)
      if (auto code = code_in_bytes(base::as_bytes(bytes))) found.push_back(std::move(*code));
  };
  std::string escaped;
  Numbers numbers;
  for (size_t at = 0; at < source.size();) {
    const char c = source[at];
    if (c == '%' || c == '\\') {
      if (append_escape(source, at, escaped)) continue;
    } else if (base::is_digit(c) && !(at > 0 && is_name(source[at - 1])) && numbers.append(source, at)) {
      continue;
    }
    // Texts are put together: "%u9090" + "%u9090".
    if (!escaped.empty() && std::string_view("\"'+ \t\r\n").find(c) == std::string_view::npos) {
      take(escaped);
      escaped.clear();
    }
    if (!numbers.empty() && std::string_view(", \t\r\n").find(c) == std::string_view::npos) {
      take(numbers.bytes());
      numbers.clear();
    }
    ++at;
  }
  take(escaped);
  take(numbers.bytes());
  return found;
}

std::optional<std::string> code_in_text(std::u16string_view text) {
  text = text.substr(0, max_looked_through / 2);
  if (2 * text.size() < min_code_bytes) return std::nullopt;
  const bool narrow = std::ranges::all_of(text, [](char16_t unit) { return unit <= 0xFF; });
  std::string bytes;
  bytes.reserve(2 * text.size());
  for (char16_t unit : text) {
    bytes += static_cast<char>(unit);
    if (!narrow) bytes += static_cast<char>(unit >> 8);
  }
  return cut(base::as_bytes(bytes));
}

}  // namespace shikake::triage
