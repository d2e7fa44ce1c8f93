// Any text as a debugger's script: refused with a line, or a script within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sandbox/debug/script.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake::sandbox::debug;
  auto script = parse_script({reinterpret_cast<const char*>(data), size});
  if (!script) {
    if (script.error().what.empty() || !script.error().line) std::abort();
    return 0;
  }
  if (script->breaks.size() + script->calls.size() + script->traced.size() > max_script_rows) std::abort();
  for (const Break& row : script->breaks) {
    if (row.at.text.empty() || row.actions.count == 0) std::abort();
    for (const LogItem& item : row.actions.log) {
      if (item.size > max_logged_memory) std::abort();
    }
  }
  return 0;
}
