#include "taint/emulator.h"

#include <elf.h>

#include <algorithm>

#include "base/ascii.h"

namespace shikake::taint {
namespace {

struct Machine {
  Architecture architecture;
  uint16_t number;        // e_machine
  uint8_t width, order;   // ELFCLASS…, ELFDATA…
};
constexpr Machine machines[] = {
    {Architecture::x86_64, EM_X86_64, ELFCLASS64, ELFDATA2LSB}, {Architecture::i386, EM_386, ELFCLASS32, ELFDATA2LSB},
    {Architecture::arm, EM_ARM, ELFCLASS32, ELFDATA2LSB},       {Architecture::aarch64, EM_AARCH64, ELFCLASS64, ELFDATA2LSB},
    {Architecture::mips, EM_MIPS, ELFCLASS32, ELFDATA2MSB},     {Architecture::mipsel, EM_MIPS, ELFCLASS32, ELFDATA2LSB},
};

}  // namespace

std::optional<Architecture> architecture_of(std::span<const uint8_t> head) {
  if (head.size() < elf_head_bytes || !std::equal(head.begin(), head.begin() + SELFMAG, ELFMAG)) return std::nullopt;
  const bool big = head[EI_DATA] == ELFDATA2MSB;
  const int number = big ? head[18] << 8 | head[19] : head[19] << 8 | head[18];
  for (const Machine& machine : machines)
    if (machine.number == number && machine.width == head[EI_CLASS] && machine.order == head[EI_DATA]) return machine.architecture;
  return std::nullopt;
}

std::vector<std::string> interpreter_of(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  constexpr std::string_view blanks = " \t";
  std::string_view line = base::trimmed(head.substr(2, head.find('\n') - 2), blanks);
  const size_t end = std::min(line.find_first_of(blanks), line.size());
  if (end == 0) return {};
  std::vector<std::string> words{std::string(line.substr(0, end))};
  line = base::trimmed(line.substr(end), blanks);
  if (!line.empty()) words.emplace_back(line);
  return words;
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
