#include "triage/elf_packer.h"

#include <elf.h>

#include <algorithm>

#include <fmt/format.h>

namespace shikake::triage {
namespace {

// Machine code stays under 6800 and text under 5500; deflate, LZMA and ciphers give more than 7500 as soon as
// there are some KiB of them.
constexpr Entropy packed_entropy = 7200;
constexpr uint64_t enough_for_entropy = 1024;  // so few bytes can't take 256 values evenly
// A loader that finds the rest by dlsym() needs hardly more than dlopen, dlsym and memory.
constexpr uint32_t few_imports = 4;
// UPX writes its mark behind the headers and before the end (src/stub headers: l_info, PackHeader).
constexpr size_t upx_head_bytes = 4096, upx_tail_bytes = 512;

bool holds(base::ByteSpan bytes, std::string_view text) {
  return base::as_text(bytes).find(text) != std::string_view::npos;
}

std::string upx(base::ByteSpan bytes) {
  const bool marked = holds(bytes.first(std::min(bytes.size(), upx_head_bytes)), "UPX!") ||
                      holds(bytes.last(std::min(bytes.size(), upx_tail_bytes)), "UPX!");
  if (!marked) return "";
  constexpr std::string_view id = "$Id: UPX ";
  std::string_view text = base::as_text(bytes);
  size_t at = text.find(id);
  if (at == text.npos) return "UPX";
  std::string_view version = text.substr(at + id.size(), 8);
  version = version.substr(0, version.find_first_not_of("0123456789."));
  return fmt::format("UPX {}", version);
}

}  // namespace

void find_packer(base::ByteSpan bytes, Elf& elf) {
  elf.packer = upx(bytes);
  const bool runs = elf.type == ET_EXEC || elf.is_pie;
  if (!runs) return;
  const ElfSegment* entered = nullptr;
  bool dense_code = false;
  for (const ElfSegment& segment : elf.segments) {
    if (segment.type != PT_LOAD) continue;
    if (elf.entry >= segment.address && elf.entry - segment.address < segment.memory_size) entered = &segment;
    const bool dense = segment.entropy >= packed_entropy && segment.file_size >= enough_for_entropy;
    if (dense) {
      dense_code = dense_code || (segment.flags & PF_X) != 0;
      elf.packed_hints.push_back(fmt::format("a loaded segment has an entropy of {:.2f} bits per byte",
                                             static_cast<double>(segment.entropy) / 1000));
    }
    if ((segment.flags & PF_W) && (segment.flags & PF_X))
      elf.packed_hints.push_back("a segment is writable and executable");
    if ((segment.flags & PF_X) && segment.file_size == 0 && segment.memory_size > 0)
      elf.packed_hints.push_back("an executable segment has no bytes in the file");
  }
  if (!entered) {
    elf.packed_hints.push_back("the entry point lies in no segment");
  } else if (entered->flags & PF_W) {
    elf.packed_hints.push_back("the entry point lies in writable memory");
  } else if (!(entered->flags & PF_X)) {
    elf.packed_hints.push_back("the entry point lies in memory that is not executable");
  }
  if (elf.sections.empty()) elf.packed_hints.push_back("it has no section headers");
  if (!elf.is_static && elf.import_count <= few_imports && dense_code)
    elf.packed_hints.push_back(fmt::format("it imports only {} functions", elf.import_count));
  if (elf.overlay_size >= enough_for_entropy && elf.overlay_entropy >= packed_entropy) {
    elf.packed_hints.push_back(
        fmt::format("{} bytes with an entropy of {:.2f} bits per byte stand behind its end", elf.overlay_size,
                    static_cast<double>(elf.overlay_entropy) / 1000));
  }
}

}  // namespace shikake::triage
