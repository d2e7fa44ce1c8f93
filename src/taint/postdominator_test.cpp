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

// Memory begins with a page, and may end anywhere.
CodeReader reader_of(const std::vector<uint8_t>& code) {
  constexpr Address begin = start & ~Address{page_bytes - 1};
  std::vector<uint8_t> memory(start - begin + code.size());
  std::copy(code.begin(), code.end(), memory.begin() + (start - begin));
  return [memory](Address at, std::span<uint8_t> to) -> size_t {
    if (at < begin || at >= begin + memory.size()) return 0;
    const size_t offset = at - begin;
    const size_t count = std::min(to.size(), memory.size() - offset);
    std::memcpy(to.data(), memory.data() + offset, count);
    return count;
  };
}

// exit() and its like come before another function, which is none of the path's.
TEST(Postdominator, ASurveyEndsWhereACallDoesNotComeBack) {
  struct Case {
    const char* name;
    Architecture architecture;
    bool thumb;
    std::vector<uint8_t> code;
    unsigned branches;
  };
  const Case cases[] = {
      // bl; nop; push {r4, lr}; beq; pop {r4, pc}: and without the push
      {"Thumb", Architecture::arm, true, {0x00, 0xf0, 0x80, 0xf8, 0x00, 0xbf, 0x10, 0xb5, 0xfd, 0xd0, 0x10, 0xbd}, 0},
      {"Thumb, a call that comes back", Architecture::arm, true, {0x00, 0xf0, 0x80, 0xf8, 0x00, 0xbf, 0x00, 0xbf, 0xfd, 0xd0, 0x10, 0xbd}, 1},
      // bl; push.w {r4-r8, lr}; beq; pop {r4, pc}
      {"Thumb, many registers", Architecture::arm, true, {0x00, 0xf0, 0x80, 0xf8, 0x2d, 0xe9, 0xf0, 0x41, 0xfd, 0xd0, 0x10, 0xbd}, 0},
      // bl; push {r4, lr}; beq; pop {r4, pc}
      {"ARM", Architecture::arm, false, {0x20, 0, 0, 0xeb, 0x10, 0x40, 0x2d, 0xe9, 0xfd, 0xff, 0xff, 0x0a, 0x10, 0x80, 0xbd, 0xe8}, 0},
      {"ARM, registers without the return address", Architecture::arm, false,
       {0x20, 0, 0, 0xeb, 0x10, 0x00, 0x2d, 0xe9, 0xfd, 0xff, 0xff, 0x0a, 0x10, 0x80, 0xbd, 0xe8}, 1},
      // ldr r0, [1008]; bl; nop; (1008) what reads as beq; pop {r4, pc}: and without the ldr
      {"Thumb, a constant behind", Architecture::arm, true, {0x01, 0x48, 0x00, 0xf0, 0x80, 0xf8, 0x00, 0xbf, 0xfd, 0xd0, 0x10, 0xbd}, 0},
      {"Thumb, no constant behind", Architecture::arm, true, {0x00, 0xbf, 0x00, 0xf0, 0x80, 0xf8, 0x00, 0xbf, 0xfd, 0xd0, 0x10, 0xbd}, 1},
      {"Thumb, a constant by a long instruction", Architecture::arm, true,
       {0xdf, 0xf8, 0x04, 0x00, 0x00, 0xf0, 0x80, 0xf8, 0xfd, 0xd0, 0x10, 0xbd}, 0},
      {"ARM, a constant behind", Architecture::arm, false, {0, 0, 0x9f, 0xe5, 0x20, 0, 0, 0xeb, 0xfd, 0xff, 0xff, 0x0a, 0x10, 0x80, 0xbd, 0xe8}, 0},
      // jal; nop; (nop;) addiu sp, sp, -32; bnez v0; nop; jr ra; nop
      {"MIPS", Architecture::mips, false,
       {0x0c, 0, 0x04, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0x27, 0xbd, 0xff, 0xe0, 0x14, 0x40, 0xff, 0xfe, 0, 0, 0, 0, 0x03, 0xe0, 0, 8, 0, 0, 0, 0}, 0},
      {"MIPS, the stack raised again", Architecture::mips, false,
       {0x0c, 0, 0x04, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0x27, 0xbd, 0x00, 0x20, 0x14, 0x40, 0xff, 0xfe, 0, 0, 0, 0, 0x03, 0xe0, 0, 8, 0, 0, 0, 0}, 1},
      {"MIPS little-endian", Architecture::mipsel, false,
       {0x40, 0x04, 0, 0x0c, 0, 0, 0, 0, 0xe0, 0xff, 0xbd, 0x27, 0xfe, 0xff, 0x40, 0x14, 0, 0, 0, 0, 8, 0, 0xe0, 0x03, 0, 0, 0, 0}, 0},
  };
  for (const Case& one : cases) {
    const auto lifter = make_lifter(one.architecture);
    const Survey found = survey(*lifter, reader_of(one.code), start, 0, one.thumb);
    EXPECT_EQ(found.branches, one.branches) << one.name;
    EXPECT_EQ(found.calls, 1U) << one.name;
  }
}

// What an action's own function does is the path's; what that one ends with is a call.
TEST(Postdominator, ASurveyLooksIntoOneFunctionThatAJumpGoesTo) {
  struct Case {
    const char* name;
    Architecture architecture;
    std::vector<uint8_t> code;
    unsigned branches, calls;
  };
  const Case cases[] = {
      // jmp 1003; ret; (1003) push rbx; je 1003; jmp 1009; ret; (1009) push rbx; je 1009; je 1009; ret
      {"x86-64", Architecture::x86_64, {0xeb, 0x01, 0xc3, 0x53, 0x74, 0xfd, 0xeb, 0x01, 0xc3, 0x53, 0x74, 0xfd, 0x74, 0xfb, 0xc3}, 1, 1},
      // the last one's push a nop: it belongs to the one before
      {"x86-64, one alone", Architecture::x86_64, {0xeb, 0x01, 0xc3, 0x53, 0x74, 0xfd, 0xeb, 0x01, 0xc3, 0x90, 0x74, 0xfd, 0x74, 0xfb, 0xc3}, 3, 0},
      // push says nothing on i386
      {"i386", Architecture::i386, {0xeb, 0x01, 0xc3, 0x53, 0x74, 0xfd, 0xeb, 0x01, 0xc3, 0x53, 0x74, 0xfd, 0x74, 0xfb, 0xc3}, 3, 0},
      // b 1008; nop; (1008) stp x29, x30, [sp, #-16]!; b.eq 1008; b 1018; nop; (1018) stp …; b.eq 1018; ret
      {"AArch64", Architecture::aarch64,
       {0x02, 0, 0, 0x14, 0x1f, 0x20, 0x03, 0xd5, 0xfd, 0x7b, 0xbf, 0xa9, 0xe0, 0xff, 0xff, 0x54, 0x02, 0, 0, 0x14, 0x1f, 0x20, 0x03, 0xd5,
        0xfd, 0x7b, 0xbf, 0xa9, 0xe0, 0xff, 0xff, 0x54, 0xc0, 0x03, 0x5f, 0xd6}, 1, 1},
      // b 1008; nop; (1008) mov r3, r0; push {r4, lr}; beq 1008; pop {r4, lr}; b 1020; nop; (1020) mov r7, #10; beq 1020; bx lr
      {"ARM, the return address taken back", Architecture::arm,
       {0, 0, 0, 0xea, 0, 0, 0xa0, 0xe1, 0, 0x30, 0xa0, 0xe1, 0x10, 0x40, 0x2d, 0xe9, 0xfc, 0xff, 0xff, 0x0a, 0x10, 0x40, 0xbd, 0xe8,
        0, 0, 0, 0xea, 0, 0, 0xa0, 0xe1, 0x0a, 0x70, 0xa0, 0xe3, 0xfd, 0xff, 0xff, 0x0a, 0x1e, 0xff, 0x2f, 0xe1}, 1, 1},
      // the same, with pop {r4}
      {"ARM, one alone", Architecture::arm,
       {0, 0, 0, 0xea, 0, 0, 0xa0, 0xe1, 0, 0x30, 0xa0, 0xe1, 0x10, 0x40, 0x2d, 0xe9, 0xfc, 0xff, 0xff, 0x0a, 0x10, 0, 0xbd, 0xe8,
        0, 0, 0, 0xea, 0, 0, 0xa0, 0xe1, 0x0a, 0x70, 0xa0, 0xe3, 0xfd, 0xff, 0xff, 0x0a, 0x1e, 0xff, 0x2f, 0xe1}, 2, 0},
  };
  for (const Case& one : cases) {
    const auto lifter = make_lifter(one.architecture);
    const Survey found = survey(*lifter, reader_of(one.code), start, 0, false);
    EXPECT_EQ(found.branches, one.branches) << one.name;
    EXPECT_EQ(found.calls, one.calls) << one.name;
  }
}

TEST(Postdominator, IsWherePathsMeet) {
  for (const Row& row : rows()) {
    const auto lifter = make_lifter(row.architecture);
    const CodeReader reader = reader_of(row.code);
    const Address successors[] = {row.first, row.second};
    EXPECT_EQ(immediate_postdominator(*lifter, reader, successors, row.thumb), row.meets) << row.name;
  }
}

// In an emulator each look is a system call, at which the tracer stops the program: thousands of them a question made a
// run of curl last ten times as long.
TEST(Postdominator, APageOfCodeIsReadOnce) {
  std::vector<uint8_t> code(3000, 0x90);
  code.push_back(0xc3);
  const CodeReader memory = reader_of(code);
  size_t looks = 0;
  const CodeReader counted = [&](Address at, std::span<uint8_t> to) { return ++looks, memory(at, to); };
  const auto lifter = make_lifter(Architecture::x86_64);
  const Address successors[] = {start, start + 1};
  EXPECT_EQ(immediate_postdominator(*lifter, counted, successors, false), start + 1);
  EXPECT_EQ(looks, 1u);
}

}  // namespace
}  // namespace shikake::taint
