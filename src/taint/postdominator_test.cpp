// Where paths meet, in code of each kind of encoding.
#include "taint/postdominator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace shikake::taint {
namespace {

struct Row {
  const char* name;
  Architecture architecture;
  bool thumb;
  std::vector<uint8_t> code;  // at 0x1000
  Address first, second;      // where the decision may go
  Address meets;
};

constexpr Address start = 0x1000;
constexpr size_t before = 64;  // of bytes that say nothing, for those who look back

std::vector<Row> rows() {
  return {
      // je +2; inc eax; (meets) nop; ret
      {"a test that skips one instruction", Architecture::x86_64, false, {0x74, 0x02, 0xff, 0xc0, 0x90, 0xc3}, 0x1004,
       0x1002, 0x1004},
      {"paths that both return", Architecture::x86_64, false, {0x74, 0x01, 0xc3, 0xc3}, 0x1003, 0x1002, 0},
      // je 1007; …; (1007) nop; jmp 1010; (100a) call; nop up to 1010, where a function begins, or a loop
      {"an arm that ends in exit", Architecture::x86_64, false,
       {0x74, 0x05, 0xe8, 0x39, 0, 0, 0, 0x90, 0xeb, 0x06, 0xe8, 0x31, 0, 0, 0, 0x90, 0x55, 0xc3}, 0x1007, 0x100a, 0x1007},
      {"an arm that ends in a call before a loop", Architecture::x86_64, false,
       {0x74, 0x05, 0xe8, 0x39, 0, 0, 0, 0x90, 0xeb, 0x06, 0xe8, 0x31, 0, 0, 0, 0x90, 0xff, 0xc0, 0xc3}, 0x1007, 0x100a, 0x1010},
      // beq 100a; movs r0,#1; movs r1,#2; b 100c; movs r0,#3; (meets) pop {r4, pc}
      {"Thumb: two arms, left by a return", Architecture::arm, true,
       {0x03, 0xd0, 0x01, 0x20, 0x02, 0x21, 0x01, 0xe0, 0x00, 0xbf, 0x03, 0x20, 0x10, 0xbd}, 0x100a, 0x1002, 0x100c},
      // b.eq 1008; mov w0,#1; (meets) ret
      {"AArch64: one arm", Architecture::aarch64, false, {0x40, 0, 0, 0x54, 0x20, 0, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6},
       0x1008, 0x1004, 0x1008},
  };
}

TEST(Postdominator, IsWherePathsMeet) {
  for (const Row& row : rows()) {
    const auto lifter = make_lifter(row.architecture);
    std::vector<uint8_t> memory(before + row.code.size());
    std::copy(row.code.begin(), row.code.end(), memory.begin() + before);
    const CodeReader reader = [&](Address at, std::span<uint8_t> to) -> size_t {
      if (at < start - before || at >= start - before + memory.size()) return 0;
      const size_t offset = at - (start - before);
      const size_t count = std::min(to.size(), memory.size() - offset);
      std::memcpy(to.data(), memory.data() + offset, count);
      return count;
    };
    const Address successors[] = {row.first, row.second};
    EXPECT_EQ(immediate_postdominator(*lifter, reader, successors, row.thumb), row.meets) << row.name;
  }
}

}  // namespace
}  // namespace shikake::taint
