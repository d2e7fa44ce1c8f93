// The engine without an emulator: a few x86-64 instructions, their accesses told by hand.
#include "taint/engine.h"

#include <gtest/gtest.h>

#include <memory>

namespace shikake::taint {
namespace {

struct Recorded : Listener {
  void decided(Thread&, const Decision& decision) override { decisions.push_back(decision); }
  void without_rule(Address address, std::span<const uint8_t>) override { unknown.push_back(address); }
  std::vector<Decision> decisions;
  std::vector<Address> unknown;
};

// What an access is, in this test's words.
enum : uint32_t { is_store = 16 };
AccessKind kind(uint32_t info) { return {static_cast<uint8_t>(info & 15), (info & is_store) != 0}; }

constexpr Address code_at = 0x401000;
constexpr Address input_at = 0x7000, output_at = 0x9000;

class EngineTest : public testing::Test {
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
                 [](Address, std::span<uint8_t>) { return size_t{0}; }, kind};
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
