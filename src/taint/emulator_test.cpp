#include "taint/emulator.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <array>

namespace shikake::taint {
namespace {

std::array<uint8_t, elf_head_bytes> head(unsigned machine, bool big, bool wide) {
  std::array<uint8_t, elf_head_bytes> h{0x7f, 'E', 'L', 'F'};
  h[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
  h[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
  h[big ? 19 : 18] = static_cast<uint8_t>(machine);
  h[big ? 18 : 19] = static_cast<uint8_t>(machine >> 8);
  return h;
}

TEST(Emulator, IsChosenByTheProgramsHead) {
  struct Row {
    const char* name;
    unsigned machine;
    bool big, wide;
    std::optional<Architecture> expected;
  };
  const Row rows[] = {
      {"x86-64", EM_X86_64, false, true, Architecture::x86_64},
      {"x32 is not followed", EM_X86_64, false, false, std::nullopt},
      {"i386", EM_386, false, false, Architecture::i386},
      {"ARM", EM_ARM, false, false, Architecture::arm},
      {"big-endian ARM is not followed", EM_ARM, true, false, std::nullopt},
      {"AArch64", EM_AARCH64, false, true, Architecture::aarch64},
      {"MIPS", EM_MIPS, true, false, Architecture::mips},
      {"MIPS little-endian", EM_MIPS, false, false, Architecture::mipsel},
      {"MIPS64 is not followed", EM_MIPS, true, true, std::nullopt},
      {"RISC-V is not followed", EM_RISCV, false, true, std::nullopt},
  };
  for (const Row& row : rows)
    EXPECT_EQ(architecture_of(head(row.machine, row.big, row.wide)), row.expected) << row.name;
  EXPECT_EQ(architecture_of(std::array<uint8_t, 4>{0x7f, 'E', 'L', 'F'}), std::nullopt) << "cut short";
  EXPECT_EQ(architecture_of(std::array<uint8_t, 32>{'#', '!'}), std::nullopt) << "a script";
}

TEST(Emulator, OfAScriptIsItsInterpreters) {
  struct Row {
    const char* head;
    std::vector<std::string> words;
  };
  const Row rows[] = {
      {"#!/bin/sh\necho", {"/bin/sh"}},
      {"#!/bin/sh", {"/bin/sh"}},
      {"#! \t/usr/bin/env  python3 -B \t\nx", {"/usr/bin/env", "python3 -B"}},  // one argument, blanks and all
      {"#!\n/bin/sh", {}},
      {"#!", {}},
      {"#", {}},
      {" #!/bin/sh\n", {}},
      {"", {}},
  };
  for (const Row& row : rows) EXPECT_EQ(interpreter_of(row.head), row.words) << row.head;
}

}  // namespace
}  // namespace shikake::taint
