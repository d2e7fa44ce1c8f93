#include "sandbox/emulation/target.h"

#include <gtest/gtest.h>

#include "sandbox/emulation/foreign_calls.h"

namespace shikake::sandbox::emulation {
namespace {

// The first 20 bytes of an ELF file: class, byte order, machine.
std::vector<uint8_t> head(uint8_t bits, uint8_t order, uint16_t machine) {
  std::vector<uint8_t> bytes = {0x7f, 'E', 'L', 'F', bits, order, 1};
  bytes.resize(18);
  const auto low = static_cast<uint8_t>(machine), high = static_cast<uint8_t>(machine >> 8);
  bytes.push_back(order == 2 ? high : low);
  bytes.push_back(order == 2 ? low : high);
  return bytes;
}

TEST(Target, OfAnElfHead) {
  struct Row {
    const char* name;
    std::vector<uint8_t> bytes;
    std::optional<std::string_view> target;
  };
  const Row rows[] = {
      {"x86-64", head(2, 1, 62), "x86_64"},
      {"i386", head(1, 1, 3), "i386"},
      {"ARM", head(1, 1, 40), "arm"},
      {"AArch64", head(2, 1, 183), "aarch64"},
      {"MIPS", head(1, 2, 8), "mips"},
      {"MIPS, little-endian", head(1, 1, 8), "mipsel"},
      {"MIPS of 64 bits", head(2, 2, 8), "mips64"},
      {"ARM, big-endian", head(1, 2, 40), "armeb"},
      {"RISC-V", head(2, 1, 243), "riscv64"},
      {"PowerPC", head(1, 2, 20), "ppc"},
      {"SuperH", head(1, 1, 42), "sh4"},
      {"RISC-V, big-endian", head(2, 2, 243), std::nullopt},
      {"an instruction set of nobody's", head(2, 1, 60000), std::nullopt},
      {"a class that is none", head(9, 1, 40), std::nullopt},
      {"cut off", {0x7f, 'E', 'L', 'F', 1, 1}, std::nullopt},
      {"a script", {'#', '!', '/', 'b', 'i', 'n', '/', 's', 'h', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 40, 0}, std::nullopt},
      {"nothing", {}, std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(target_of(row.bytes), row.target) << row.name;
}

TEST(Target, EveryForeignOneHasLibrariesOfItsOwn) {
  for (const char* target : {"arm", "aarch64", "mips", "mipsel"}) {
    EXPECT_FALSE(is_own(target)) << target;
    EXPECT_TRUE(library_folder(target).starts_with("/usr/")) << target;
    EXPECT_FALSE(library_package(target).empty()) << target;
  }
  EXPECT_TRUE(is_own("x86_64"));
  EXPECT_EQ(library_folder("pdp11"), "");
  EXPECT_EQ(loader("i386"), "/lib/ld-linux.so.2");
  EXPECT_EQ(loader("mips"), "");  // of both byte orders: /lib/ld.so.1
  EXPECT_FALSE(find_emulator("pdp11"));
}

TEST(ForeignCalls, AreOfTheirOwnTable) {
  using trace::Sys;
  EXPECT_EQ(answered_call("arm", 26), Sys::ptrace);
  EXPECT_EQ(answered_call("aarch64", 117), Sys::ptrace);
  EXPECT_EQ(answered_call("mips", 4026), Sys::ptrace);
  EXPECT_EQ(answered_call("mipsel", 4026), Sys::ptrace);
  EXPECT_EQ(answered_call("x86_64", 101), Sys::ptrace);
  EXPECT_EQ(answered_call("mips", 26), std::nullopt);    // without the table's base
  EXPECT_EQ(answered_call("aarch64", 26), std::nullopt);  // another table's number
  EXPECT_EQ(answered_call("arm", -1), std::nullopt);
  EXPECT_EQ(answered_call("pdp11", 26), std::nullopt);
}

}  // namespace
}  // namespace shikake::sandbox::emulation
