// Signs that bytes which claim to be text are 32-bit x86 machine code that was made to run from anywhere.
// One cheap pass; what they accuse is only looked at more closely.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace shikake::triage {

enum class CodeSign : uint8_t {
  call_pop,       // calls the next instruction, or jumps to a call back: its own address on the stack
  float_state,    // saves the floating-point unit's state, with the address of an instruction in it
  process_data,   // reads the address of the process' environment block (FS:[30h])
  fixed_address,  // loads the address that a function of Windows has in one version of it
};

struct FoundSign {
  CodeSign sign;
  uint32_t offset;
};
inline constexpr size_t max_code_signs = 16;

// Functions that code calls where they lay in English Windows XP, whose libraries never moved: as published
// notes on that system's code and disassemblies of it have them, several for each row.
struct FixedAddress {
  uint32_t address;
  std::string_view module, function;  // without ".dll"
  uint8_t service_pack;
};
std::span<const FixedAddress> fixed_addresses();

std::vector<FoundSign> code_signs(base::ByteSpan bytes);

// Length of a sled at the beginning: one unit of one, two or four bytes over and over, which instructions
// slide along into what follows. 0 where it is shorter than 32 bytes.
size_t sled_bytes(base::ByteSpan bytes);

// Where to begin: at the first byte, at what follows a sled, at each sign and some bytes before it.
std::vector<uint32_t> code_beginnings(base::ByteSpan bytes, size_t most);

// What a text of UTF-16 units may hold, if it looks like machine code: the units' bytes, low ones first, or
// where no unit is above FFh a byte of each. A long sled is cut to its last part.
std::optional<std::string> code_in_text(std::u16string_view text);
// The same of bytes.
std::optional<std::string> code_in_bytes(base::ByteSpan bytes);

// What the literals of a script's source may hold, each run that looks like machine code when it is undone:
// escapes (%u9090, \u9090, \x90, %90; put together of several texts too) and lists of numbers (bytes, words
// or double words, by the largest). One pass.
std::vector<std::string> code_in_source(std::string_view source);

// Shorter than any code that does something by the name of a function.
inline constexpr size_t min_code_bytes = 32;
// What is looked through of a text: sprayed blocks are 64 KiB to 1 MiB, their code is at the end or the
// beginning.
inline constexpr size_t max_looked_through = size_t{1} << 20;

}  // namespace shikake::triage
