// Any file that a guest maps: its symbols are read in the supervisor, so they must be read safely.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sandbox/debug/memory_map.h"
#include "sandbox/debug/modules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake::sandbox::debug;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const ImageSymbols symbols = ImageSymbols::parse(bytes);
  if (!std::is_sorted(symbols.functions.begin(), symbols.functions.end(),
                      [](const auto& a, const auto& b) { return a.address < b.address; }))
    std::abort();
  for (const auto& [name, index] : symbols.by_name) {
    if (index >= symbols.functions.size() || symbols.functions[index].name != name) std::abort();
  }
  for (const Mapping& mapping : parse_memory_map(bytes)) {
    if (mapping.end < mapping.begin) std::abort();
  }
  return 0;
}
