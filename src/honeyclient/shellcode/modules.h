// The libraries of Windows as shellcode finds them: images whose headers and export tables can be walked,
// with nothing behind the names but places that are recognised when they are called.
//
// PE format: https://learn.microsoft.com/windows/win32/debug/pe-format
// PEB, TEB: https://learn.microsoft.com/windows/win32/api/winternl/ns-winternl-peb
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "honeyclient/shellcode/stand_ins.h"

namespace shikake::honeyclient::shellcode {

struct Module32 {
  std::string name;  // "kernel32.dll"
  uint32_t base = 0;
  std::string image;  // whole
};

class Modules {
 public:
  Modules();

  const std::vector<Module32>& all() const { return modules_; }
  // By base name, with or without ".dll", in any case.
  const Module32* find(std::string_view name) const;
  const Module32* at(uint32_t base) const;

  struct Target {
    const StandIn* stand_in;
    uint32_t skipped;  // bytes of the function's beginning that the caller ran itself
  };
  // What is called when the program goes to `address`.
  std::optional<Target> target(uint32_t address) const;
  std::optional<uint32_t> address_of(std::string_view module, std::string_view function) const;

  // PEB_LDR_DATA, the three lists and their texts, to lie at loader_base.
  std::string loader_data() const;

 private:
  void add(std::string_view name, const std::vector<const StandIn*>& exports);
  std::vector<Module32> modules_;
  std::map<uint32_t, const StandIn*> by_address_;
};

// A function's beginning, as in the originals of that time: code that looks for hooks, or that runs these
// five bytes itself and goes on behind them, finds what it expects.
inline constexpr std::string_view function_beginning("\x8B\xFF\x55\x8B\xEC", 5);
inline constexpr uint32_t function_bytes = 16;

}  // namespace shikake::honeyclient::shellcode
