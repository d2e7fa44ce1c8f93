// Decisions follow the runtime's threads of work from one of the kernel's threads to another.
#include "taint/qemu/goroutines.h"

#include <gtest/gtest.h>

#include <map>

namespace shikake::taint::qemu {
namespace {

constexpr Address first = 0xc000000000, second = 0xc000001000;  // goroutines

class GoroutinesTest : public ::testing::Test {
 protected:
  GoroutinesTest() {
    memory_ = {{first, 0x10000},      {first + 8, 0x12000}, {second, 0x12000},
               {second + 8, 0x14000}, {0x11800, 0x10000},   {0x11808, 0x12000},  // saved registers on a stack
               {0x20000, 0x10f00},    {0x20008, 0x11100}};                       // too little for a stack
  }
  // The calling thread runs `goroutine`, with so many bytes of its stack in use.
  void run(Address goroutine, uint64_t depth) {
    registers_ = {{14, goroutine}, {7, memory_[goroutine + 8] - depth}};
  }
  static std::vector<Region> open(std::initializer_list<uint32_t> decisions) {
    std::vector<Region> all;
    for (const uint32_t decision : decisions) {
      Region region = no_region;
      region.decision = decision;
      all.push_back(region);
    }
    return all;
  }

  using All = std::vector<uint32_t>;
  std::map<int, uint64_t> registers_;
  std::map<Address, Address> memory_;
  Goroutines goroutines_{Architecture::x86_64, 8,
                         [this](int number) {
                           return registers_.contains(number) ? std::optional(registers_[number])
                                                              : std::nullopt;
                         },
                         [this](Address at) { return memory_.contains(at) ? memory_[at] : 0; }};
};

TEST_F(GoroutinesTest, ADecisionGoesWhereItsGoroutineGoes) {
  run(first, 0x200);
  goroutines_.decided(1);
  goroutines_.interrupted(open({1}));
  // Another thread goes on with it, deeper in its stack; the first thread runs another one.
  run(first, 0x300);
  EXPECT_EQ(goroutines_.within({}), (All{1}));
  run(second, 0x300);
  EXPECT_EQ(goroutines_.within(open({1})), (All{}));
  run(first, 0x300);
  EXPECT_EQ(goroutines_.within(open({1})), (All{1})) << "back again, and told once";
}

TEST_F(GoroutinesTest, WhatFunctionsDecidedThatReturnedIsForgotten) {
  run(first, 0x200);
  goroutines_.decided(1);
  run(first, 0x400);
  goroutines_.decided(2);
  goroutines_.calls(open({1, 2}));
  EXPECT_EQ(goroutines_.within({}), (All{1, 2}));
  run(first, 0x300);
  EXPECT_EQ(goroutines_.within({}), (All{1}));
  goroutines_.calls({});
  run(first, 0x500);
  EXPECT_EQ(goroutines_.within({}), (All{1}));
}

TEST_F(GoroutinesTest, AStackMayMove) {
  run(first, 0x200);
  goroutines_.decided(1);
  goroutines_.calls(open({1}));
  memory_[first] = 0x50000;
  memory_[first + 8] = 0x58000;
  run(first, 0x280);
  EXPECT_EQ(goroutines_.within({}), (All{1}));
}

TEST_F(GoroutinesTest, OtherProgramsHaveNone) {
  struct Row {
    const char* name;
    std::map<int, uint64_t> registers;
  };
  const Row rows[] = {{"no such register", {}},
                      {"it points to nothing", {{14, 0}, {7, 0x11000}}},
                      {"it points elsewhere", {{14, 0x5000}, {7, 0x11000}}},
                      {"another stack is in use", {{14, first}, {7, 0x30000}}},
                      {"it points into the stack", {{14, 0x11800}, {7, 0x11000}}},
                      {"the stack is too small", {{14, 0x20000}, {7, 0x11000}}},
                      {"it is no address of a word", {{14, first + 1}, {7, 0x11000}}}};
  for (const Row& row : rows) {
    registers_ = row.registers;
    goroutines_.decided(1);
    goroutines_.calls(open({1}));
    EXPECT_EQ(goroutines_.within({}), (All{})) << row.name;
    EXPECT_EQ(goroutines_.within(open({1, 1})), (All{1, 1})) << row.name;
  }
}

}  // namespace
}  // namespace shikake::taint::qemu
