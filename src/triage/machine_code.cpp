#include "triage/machine_code.h"

#include <algorithm>

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
