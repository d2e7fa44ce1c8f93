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

// Where a header has its own size (e_ehsize) and that of a program header (e_phentsize), and what they are
// (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html).
struct Layout {
  size_t header_size_at, part_size_at;
  uint8_t header_size, part_size;
};
constexpr Layout layouts[] = {{40, 42, 52, 32}, {52, 54, 64, 56}};  // of 32 and 64 bits
constexpr size_t type_at = 16, machine_at = 18;                     // e_type, e_machine: in both

const Layout& layout_of(const Machine& machine) { return layouts[machine.width == ELFCLASS64 ? 1 : 0]; }

int number_at(const Machine& machine, std::span<const uint8_t> head, size_t at) {
  return machine.order == ELFDATA2MSB ? head[at] << 8 | head[at + 1] : head[at + 1] << 8 | head[at];
}

const Machine& machine_of(Architecture architecture) {
  return *std::ranges::find(machines, architecture, &Machine::architecture);
}

}  // namespace

std::optional<Architecture> started_as(std::span<const uint8_t> head) {
  if (const auto said = architecture_of(head)) return said;
  if (head.size() < elf_head_bytes || !std::equal(head.begin(), head.begin() + SELFMAG, ELFMAG)) return std::nullopt;
  for (const Machine& machine : machines) {
    const Layout& layout = layout_of(machine);
    if (number_at(machine, head, machine_at) == machine.number && head.size() >= layout.part_size_at + 2 &&
        number_at(machine, head, layout.part_size_at) == layout.part_size)
      return machine.architecture;
  }
  return std::nullopt;
}

bool put_header_right(Architecture architecture, std::span<uint8_t> head) {
  const Machine& machine = machine_of(architecture);
  const Layout& layout = layout_of(machine);
  if (head.size() < layout.header_size_at + 2) return false;
  const std::vector<uint8_t> before(head.begin(), head.end());
  head[EI_CLASS] = machine.width;
  head[EI_DATA] = machine.order;
  head[EI_VERSION] = EV_CURRENT;
  const bool big = machine.order == ELFDATA2MSB;
  head[layout.header_size_at + (big ? 1 : 0)] = layout.header_size;
  head[layout.header_size_at + (big ? 0 : 1)] = 0;
  return !std::ranges::equal(before, head);
}

bool is_executable(Architecture architecture, std::span<const uint8_t> head) {
  if (head.size() < type_at + 2) return false;
  const int type = number_at(machine_of(architecture), head, type_at);
  return type == ET_EXEC || type == ET_DYN;
}

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
