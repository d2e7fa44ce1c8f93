// What a debugger is told to do: docs/debugger.md.
//
//   [[break]]                                  [[call]]
//   at = "libc!connect"                        name = "getuid"
//   log = ["registers", "memory arg2 16"]      when = "after"
//                                              result = 0
//   [[trace]]
//   functions = ["getenv", "strcmp"]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sandbox/debug/operand.h"

namespace shikake::sandbox::debug {

// Where code is: of the forms
//   name                 a function of the program, else of the first library that has it
//   module!name          a function of a module: "program", or a library by the beginning of its file's name
//   module+0x1139        an address as the module's file counts it
//   0x401139             an address in the process
struct Location {
  std::string module;  // "" any
  std::string symbol;  // "" an address
  uint64_t address = 0;
  std::string text;  // as it was written
};
Result<Location> parse_location(std::string_view text);

enum class When : uint8_t { entry, end };  // of a function; for system calls: before and after

struct LogItem {
  enum class Kind : uint8_t { registers, arguments, value, string, memory };
  Kind kind = Kind::registers;
  Operand operand = {};
  uint64_t size = 0;  // of memory
};

struct DumpItem {
  Operand address, size;
};

struct Actions {
  std::vector<LogItem> log;
  std::vector<DumpItem> dump;
  std::optional<int64_t> result;  // at the entry: the function or call is not run, this is what it gives
  bool stop = false;              // the run ends here
  uint64_t count = 0;             // taken at most so many times
};

struct Break {
  Location at;
  When when = When::entry;
  Actions actions;
};

struct CallBreak {
  std::string name;  // the kernel's
  When when = When::entry;
  Actions actions;
};

struct Script {
  std::vector<Break> breaks;
  std::vector<CallBreak> calls;
  std::vector<Location> traced;  // functions whose every call is logged, with arguments and result
};

inline constexpr uint64_t default_count = 1000;      // of a breakpoint without a count of its own
inline constexpr uint64_t max_logged_memory = 4096;  // bytes
inline constexpr uint64_t max_dumped_memory = uint64_t{16} << 20;
inline constexpr size_t max_script_rows = 1000;

// TOML. invalid_input names what is wrong, with its line.
Result<Script> parse_script(std::string_view text);

}  // namespace shikake::sandbox::debug
