// The functions of Windows that shellcode calls: a row each. Nothing of them happens; what they were asked
// for is noted, and the answer is what lets the program go on.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace shikake::honeyclient::shellcode {

class Process;

struct StandIn {
  std::string_view module;  // without ".dll"
  std::string_view name;
  // A letter an argument: a text (ANSI), w text (wide), n number or handle, p pointer. Begins with "!" where
  // the caller takes the arguments off the stack.
  std::string_view arguments;
  // What it answers (EAX); `arguments` are the numbers on the stack. Nothing: it answers `answer`.
  uint32_t (*act)(Process&, std::span<const uint32_t> arguments) = nullptr;
  uint32_t answer = 1;

  bool caller_cleans() const { return arguments.starts_with("!"); }
  std::string_view letters() const { return caller_cleans() ? arguments.substr(1) : arguments; }
};

// Grouped by module, kernel32 and ntdll among them.
std::span<const StandIn> stand_ins();

}  // namespace shikake::honeyclient::shellcode
