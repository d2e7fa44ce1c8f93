// What an oracle that takes its accesses from the rules cannot see, and what only Thumb does: accesses told in the
// executor's order, instructions outside of any IT, flags that an operation leaves as they were.
extern "C" {
#include <valgrind/libvex_guest_arm.h>
}

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

#include "taint/engine.h"
#include "taint/testing.h"

namespace shikake::taint {
namespace {

using testing::is_store;
using testing::Recorded;

constexpr Address code_at = 0x10000, stack_at = 0x40000;

class Thumb : public ::testing::Test {
 protected:
  Block& block(std::vector<uint8_t> bytes, std::vector<uint8_t> lengths) {
    block_ = std::make_unique<Block>();
    block_->address = code_at;
    block_->bytes = std::move(bytes);
    block_->code = {code_at, block_->bytes, 0, std::move(lengths), true};
    return *block_;
  }
  // Register or flag word at an offset of the guest state gets the label of a received byte of its own.
  void label(size_t offset, uint32_t byte) { thread_.set_register(offset, 4, thread_.labels().source(1, byte)); }
  std::vector<Range> ranges(Label label) {
    const auto all = thread_.labels().ranges(label);
    return {all.begin(), all.end()};
  }
  static std::vector<Range> only(uint32_t byte) { return {{1, false, byte, byte}}; }

  std::unique_ptr<LabelArena> arena_ = std::make_unique<LabelArena>();
  std::atomic<uint32_t> counter_ = 0;
  Recorded recorded_;
  Engine engine_{Architecture::arm, *arena_, counter_, recorded_,
                 testing::no_code, testing::kind};
  Thread thread_{engine_};
  std::unique_ptr<Block> block_;
};

TEST_F(Thumb, SavedRegistersLieUpwards) {
  Block& b = block({0x2d, 0xe9, 0xf0, 0x41}, {4});  // stmdb sp!, {r4-r8, lr}
  label(offsetof(VexGuestARMState, guest_R4), 10);
  label(offsetof(VexGuestARMState, guest_R8), 20);
  thread_.enter(b);
  for (Address i = 0; i < 6; ++i) thread_.access(stack_at + 4 * i, 0, is_store | 4);
  thread_.flush();
  EXPECT_EQ(ranges(engine_.shadow().get(stack_at)), only(10));
  EXPECT_EQ(ranges(engine_.shadow().get(stack_at + 16)), only(20));
  EXPECT_TRUE(ranges(engine_.shadow().get(stack_at + 20)).empty());
}

TEST_F(Thumb, WhatNoItGuardsTakesTheOldValuesPlace) {
  Block& b = block({0x0b, 0x48, 0x78, 0x44}, {2, 2});  // ldr r0, [pc, #44]; add r0, pc
  label(offsetof(VexGuestARMState, guest_R0), 1);
  thread_.enter(b);
  thread_.access(code_at + 48, 0, 4);
  thread_.flush();
  EXPECT_EQ(*thread_.registers(offsetof(VexGuestARMState, guest_R0)), 0);
}

TEST_F(Thumb, WhatAnItGuardsKeepsIt) {
  Block& b = block({0x18, 0xbf, 0x01, 0x24}, {2, 2});  // it ne; movne r4, #1
  label(offsetof(VexGuestARMState, guest_R4), 1);
  thread_.enter(b);
  thread_.flush();
  EXPECT_EQ(ranges(*thread_.registers(offsetof(VexGuestARMState, guest_R4))), only(1));
}

TEST_F(Thumb, FlagsThatAnOperationLeavesDecideNothing) {
  struct Row {
    const char* name;
    size_t labelled;
    uint8_t branch;  // its condition
    bool decides;
  };
  constexpr size_t overflow = offsetof(VexGuestARMState, guest_CC_NDEP), tested = offsetof(VexGuestARMState, guest_R5);
  const Row rows[] = {{"not equal, old overflow", overflow, 0xd1, false},
                      {"minus, old overflow", overflow, 0xd4, false},
                      {"overflow, old overflow", overflow, 0xd6, true},
                      {"greater, old overflow", overflow, 0xdc, true},
                      {"not equal, the tested register", tested, 0xd1, true},
                      {"greater, the tested register", tested, 0xdc, true}};
  for (const Row& row : rows) {
    recorded_.decisions.clear();
    Block& b = block({0x15, 0xf0, 0x40, 0x06, 0x29, row.branch}, {4, 2});  // ands r6, r5, #64; b<condition>
    thread_.restore_registers(std::vector<Label>(register_bytes));
    // `ands` keeps the overflow flag that an addition left.
    thread_.set_register(row.labelled, 4, thread_.labels().source(1, 1));
    thread_.enter(b);
    thread_.flush();
    EXPECT_EQ(!recorded_.decisions.empty(), row.decides) << row.name;
  }
}

}  // namespace
}  // namespace shikake::taint
