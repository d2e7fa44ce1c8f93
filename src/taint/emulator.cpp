#include "taint/emulator.h"

#include <elf.h>

#include <algorithm>

namespace shikake::taint {

std::optional<Architecture> architecture_of(std::span<const uint8_t> head) {
  if (head.size() < elf_head_bytes || !std::equal(head.begin(), head.begin() + SELFMAG, ELFMAG)) return std::nullopt;
  const bool big = head[EI_DATA] == ELFDATA2MSB;
  const bool wide = head[EI_CLASS] == ELFCLASS64;
  const unsigned machine = big ? unsigned{head[18]} << 8 | head[19] : unsigned{head[19]} << 8 | head[18];
  if (machine == EM_MIPS && !wide) return big ? Architecture::mips : Architecture::mipsel;
  if (big) return std::nullopt;
  switch (machine) {
    case EM_X86_64: return wide ? std::optional(Architecture::x86_64) : std::nullopt;
    case EM_386: return Architecture::i386;
    case EM_ARM: return Architecture::arm;
    case EM_AARCH64: return Architecture::aarch64;
    default: return std::nullopt;
  }
}

std::string emulator_name(Architecture architecture) { return "qemu-" + std::string(name(architecture)); }

std::vector<std::string> emulator_options(Architecture architecture) {
  // VEX knows no SSE4 and AVX in 32-bit mode; the C library takes what the processor offers.
  if (architecture == Architecture::i386) return {"-cpu", "n270"};
  // No executor's plugin sees the accesses of scalable vectors, and VEX does not know them.
  if (architecture == Architecture::aarch64) return {"-cpu", "max,sve=off,sme=off"};
  return {};
}

}  // namespace shikake::taint
