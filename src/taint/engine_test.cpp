// The engine without an emulator: a few x86-64 instructions, their accesses told by hand.
#include "taint/engine.h"

#include <gtest/gtest.h>

#include <memory>

#include "taint/testing.h"

namespace shikake::taint {
namespace {

using testing::is_store;
using testing::Recorded;

constexpr Address code_at = 0x401000;
constexpr Address input_at = 0x7000, output_at = 0x9000;

class EngineTest : public ::testing::Test {
 protected:
  Block& block(Address address, std::vector<uint8_t> bytes, std::vector<uint8_t> lengths) {
    blocks_.push_back(std::make_unique<Block>());
    Block& b = *blocks_.back();
    b.address = address;
    b.bytes = std::move(bytes);
    b.code = {address, b.bytes, 0, std::move(lengths), false};
    return b;
  }
  std::vector<Range> at(Address address) {
    const auto ranges = thread_.labels().ranges(engine_.shadow().get(address));
    return {ranges.begin(), ranges.end()};
  }
  void label(Address address, uint32_t offset) {
    engine_.shadow().set(address, thread_.labels().source(1, offset));
  }

  std::unique_ptr<LabelArena> arena_ = std::make_unique<LabelArena>();
  std::atomic<uint32_t> counter_ = 0;
  Recorded recorded_;
  Engine engine_{Architecture::x86_64, *arena_, counter_, recorded_,
                 testing::no_code, testing::kind};
  Thread thread_{engine_};
  std::vector<std::unique_ptr<Block>> blocks_;
};

TEST_F(EngineTest, BytesMoveThroughRegistersToMemory) {
  // movzx eax, byte [rdi]; xor eax, 0x5a; mov [rsi], eax
  Block& b = block(code_at, {0x0f, 0xb6, 0x07, 0x83, 0xf0, 0x5a, 0x89, 0x06}, {3, 3, 2});
  label(input_at, 7);
  thread_.enter(b);
  thread_.access(input_at, 0, 1);
  thread_.access(output_at, 2, is_store | 4);
  thread_.flush();
  EXPECT_EQ(at(output_at), (std::vector<Range>{{1, false, 7, 7}}));
  EXPECT_TRUE(at(output_at + 1).empty());
}

TEST_F(EngineTest, ACleanBlockOverLabelledMemoryClearsIt) {
  Block& b = block(code_at, {0xc6, 0x06, 0x00}, {3});  // mov byte [rsi], 0
  label(output_at, 1);
  thread_.enter(b);
  thread_.access(output_at, 0, is_store | 1);
  thread_.flush();
  EXPECT_TRUE(at(output_at).empty());
}

TEST_F(EngineTest, ATableLookUpCarriesItsIndex) {
  // movzx eax, byte [rdi]; mov dl, [rcx+rax]; mov [rsi], dl
  Block& b = block(code_at, {0x0f, 0xb6, 0x07, 0x8a, 0x14, 0x01, 0x88, 0x16}, {3, 3, 2});
  label(input_at, 3);
  thread_.enter(b);
  thread_.access(input_at, 0, 1);
  thread_.access(0xa000, 1, 1);
  thread_.access(output_at, 2, is_store | 1);
  thread_.flush();
  EXPECT_EQ(at(output_at), (std::vector<Range>{{1, false, 3, 3}}));
}

// Where the labels of a table are not wanted: an entry has those that lie in memory, whatever chose it.
TEST(RuleChoices, ATableLookUpGivesWhatLiesInTheTableAlone) {
  struct Row {
    const char* name;
    Architecture architecture;
    std::vector<uint8_t> bytes;  // loads a byte, loads an entry by it, stores the entry
    std::vector<uint8_t> lengths;
  };
  const std::vector<Row> rows = {
      {"x86-64: movzx eax, byte [rdi]; mov dl, [rcx+rax]; mov [rsi], dl", Architecture::x86_64,
       {0x0f, 0xb6, 0x07, 0x8a, 0x14, 0x01, 0x88, 0x16}, {3, 3, 2}},
      {"ARM: ldrb r0, [r1]; ldrb r2, [r3, r0]; strb r2, [r4]", Architecture::arm,
       {0x00, 0x00, 0xd1, 0xe5, 0x00, 0x20, 0xd3, 0xe7, 0x00, 0x20, 0xc4, 0xe5}, {4, 4, 4}},
      {"MIPS: lbu v0, 0(a0); addu v0, v0, a1; lbu v0, 0(v0); sb v0, 0(a2)", Architecture::mips,
       {0x90, 0x82, 0, 0, 0x00, 0x45, 0x10, 0x21, 0x90, 0x42, 0, 0, 0xa0, 0xc2, 0, 0}, {4, 4, 4, 4}},
  };
  constexpr Address table_at = 0xa000;
  for (const Row& row : rows)
    for (const bool tables : {true, false})
      for (const bool entry_labelled : {false, true}) {
        SCOPED_TRACE(row.name);
        const auto arena = std::make_unique<LabelArena>();
        std::atomic<uint32_t> counter = 0;
        Recorded recorded;
        Engine engine(row.architecture, *arena, counter, recorded, testing::no_code, testing::kind, {.tables = tables});
        Thread thread(engine);
        Block block;
        block.address = code_at;
        block.bytes = row.bytes;
        block.code = {code_at, block.bytes, 0, row.lengths, false};
        engine.shadow().set(input_at, thread.labels().source(1, 3));
        if (entry_labelled) engine.shadow().set(table_at, thread.labels().source(2, 9));
        const auto last = static_cast<uint32_t>(row.lengths.size() - 1);
        thread.enter(block);
        thread.access(input_at, 0, 1);
        thread.access(table_at, last - 1, 1);
        thread.access(output_at, last, is_store | 1);
        thread.flush();
        std::vector<Range> expected;
        if (tables) expected.push_back({1, false, 3, 3});
        if (entry_labelled) expected.push_back({2, false, 9, 9});
        const auto ranges = thread.labels().ranges(engine.shadow().get(output_at));
        EXPECT_EQ(std::vector<Range>(ranges.begin(), ranges.end()), expected);
        EXPECT_TRUE(recorded.unknown.empty());
      }
}

TEST_F(EngineTest, ABranchOnALabelIsADecision) {
  // cmp byte [rdi], 'E'; jne +5
  Block& b = block(code_at, {0x80, 0x3f, 'E', 0x75, 0x05}, {3, 2});
  Block& next = block(code_at + 5, {0x90}, {1});
  label(input_at, 0);
  thread_.enter(b);
  thread_.access(input_at, 0, 1);
  thread_.enter(next);
  ASSERT_EQ(recorded_.decisions.size(), 1u);
  EXPECT_EQ(recorded_.decisions[0].address, code_at + 3);
  EXPECT_EQ(recorded_.decisions[0].taken, code_at + 5);
  EXPECT_EQ(thread_.regions().size(), 1u);
}

TEST_F(EngineTest, WithAsManyRegionsAsThereMayBeTheLastDecisionStillCounts) {
  label(input_at, 0);
  for (size_t i = 0; i < max_regions + 50; ++i) {
    // cmp byte [rdi], 'E'; jne +5: each at an address of its own, so none is another turn of one before
    thread_.enter(block(code_at + 16 * i, {0x80, 0x3f, 'E', 0x75, 0x05}, {3, 2}));
    thread_.access(input_at, 0, 1);
  }
  thread_.enter(block(code_at + 16 * (max_regions + 50), {0x90}, {1}));
  ASSERT_EQ(recorded_.decisions.size(), max_regions + 50);
  EXPECT_EQ(thread_.regions().size(), max_regions);
  EXPECT_EQ(thread_.regions().back().decision, recorded_.decisions.back().number);
}

TEST_F(EngineTest, WhatABlocksRulesHaveNoPlaceForIsTold) {
  std::vector<uint8_t> bytes;
  std::vector<uint8_t> lengths;
  constexpr size_t additions = 2000;
  for (size_t i = 0; i < additions; ++i) {  // paddb xmm0, xmm1
    bytes.insert(bytes.end(), {0x66, 0x0f, 0xfc, 0xc1});
    lengths.push_back(4);
  }
  label(input_at, 0);
  Block& b = block(code_at, bytes, lengths);
  const Program& program = engine_.program(b);
  ASSERT_FALSE(recorded_.unknown.empty());
  // From one instruction on, all of them; and the rules of those before it are whole.
  const size_t ruled = additions - recorded_.unknown.size();
  EXPECT_GT(ruled, 50U);
  for (size_t i = 0; i < recorded_.unknown.size(); ++i) EXPECT_EQ(recorded_.unknown[i], code_at + 4 * (ruled + i));
  EXPECT_EQ(program.without_rule.size(), recorded_.unknown.size());
}

TEST_F(EngineTest, AnInstructionWithoutARuleIsTold) {
  Block& b = block(code_at, {0x0f, 0x04}, {2});
  label(input_at, 0);
  thread_.enter(b);
  thread_.access(input_at, 0, 1);
  thread_.flush();
  EXPECT_EQ(recorded_.unknown, (std::vector<Address>{code_at}));
}

}  // namespace
}  // namespace shikake::taint
