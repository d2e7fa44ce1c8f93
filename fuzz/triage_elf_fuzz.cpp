// Any bytes behind an ELF identification: what is read of them lies inside of the file.
#include "triage/elf.h"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  // Inputs need not find the magic themselves; their first byte says whether the file goes on behind them.
  if (size == 0) return 0;
  std::string file =
      "\x7f"
      "ELF" +
      std::string(reinterpret_cast<const char*>(data + 1), size - 1);
  const uint64_t whole = file.size() + (data[0] & 1 ? uint64_t{data[0]} << 20 : 0);
  triage::Elf elf = triage::read_elf(base::as_bytes(file), whole);
  if (elf.overlay_offset + elf.overlay_size > whole) std::abort();
  if (elf.imports.size() > elf.import_count || elf.exports.size() > elf.export_count) std::abort();
  for (const auto& section : elf.sections) {
    if (section.entropy > 8000) std::abort();
  }
  if (triage::describe(elf).empty()) std::abort();
  return 0;
}
