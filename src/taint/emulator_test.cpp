#include "taint/emulator.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

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

// A whole header: 64 bytes, or 52 of them.
std::vector<uint8_t> whole(uint8_t bits, uint8_t order, uint16_t machine) {
  const auto begin = head(machine, order == 2, bits == 2);
  std::vector<uint8_t> bytes(begin.begin(), begin.end());
  bytes[EI_VERSION] = EV_CURRENT;
  bytes.resize(64);
  const size_t at = bits == 2 ? 52 : 40;  // e_ehsize, e_phentsize behind it
  const size_t low = order == 2 ? 1 : 0;
  bytes[16 + low] = 2;  // e_type: an executable
  bytes[at + low] = bits == 2 ? 64 : 52;
  bytes[at + 2 + low] = bits == 2 ? 56 : 32;
  return bytes;
}

TEST(Emulator, GoesByWhatTheKernelLooksAt) {
  struct Row {
    const char* name;
    std::vector<uint8_t> right;
    Architecture architecture;
  };
  const Row rows[] = {{"x86-64", whole(2, 1, 62), Architecture::x86_64},   {"i386", whole(1, 1, 3), Architecture::i386},
                      {"ARM", whole(1, 1, 40), Architecture::arm},         {"AArch64", whole(2, 1, 183), Architecture::aarch64},
                      {"MIPS", whole(1, 2, 8), Architecture::mips},        {"MIPS, little-endian", whole(1, 1, 8), Architecture::mipsel}};
  for (const Row& row : rows) {
    EXPECT_TRUE(is_executable(row.architecture, row.right)) << row.name;
    std::vector<uint8_t> same = row.right;
    EXPECT_FALSE(put_header_right(row.architecture, same)) << row.name;
    const size_t size_at = row.right[4] == 2 ? 52 : 40;
    for (const size_t at : {size_t{4}, size_t{5}, size_t{6}, size_at, size_at + 1}) {
      std::vector<uint8_t> odd = row.right;
      odd[at] ^= 0x5a;
      EXPECT_EQ(started_as(odd), row.architecture) << row.name << ", byte " << at;
      EXPECT_TRUE(put_header_right(row.architecture, odd)) << row.name << ", byte " << at;
      EXPECT_EQ(odd, row.right) << row.name << ", byte " << at;
    }
    std::vector<uint8_t> other = row.right;
    other[4] = 0;
    other[size_at + 2] ^= 0x5a;  // of no program header that this one has
    other[size_at + 3] ^= 0x5a;
    EXPECT_EQ(started_as(other), std::nullopt) << row.name;
  }
  std::vector<uint8_t> cut = whole(2, 1, EM_X86_64);
  cut.resize(53);
  EXPECT_FALSE(put_header_right(Architecture::x86_64, cut));
  EXPECT_FALSE(is_executable(Architecture::x86_64, {}));
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
