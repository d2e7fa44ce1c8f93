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
enum : uint32_t { kStore = 16 };
AccessKind kind(uint32_t info) { return {static_cast<uint8_t>(info & 15), (info & kStore) != 0}; }

constexpr Address kCode = 0x401000;
constexpr Address kInput = 0x7000, kOutput = 0x9000;

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
  Block& b = block(kCode, {0x0f, 0xb6, 0x07, 0x83, 0xf0, 0x5a, 0x89, 0x06}, {3, 3, 2});
  label(kInput, 7);
  thread_.enter(b);
  thread_.access(kInput, 0, 1);
  thread_.access(kOutput, 2, kStore | 4);
  thread_.flush();
  EXPECT_EQ(at(kOutput), (std::vector<Range>{{1, false, 7, 7}}));
  EXPECT_TRUE(at(kOutput + 1).empty());
}

TEST_F(EngineTest, ACleanBlockOverLabelledMemoryClearsIt) {
  Block& b = block(kCode, {0xc6, 0x06, 0x00}, {3});  // mov byte [rsi], 0
  label(kOutput, 1);
  thread_.enter(b);
  thread_.access(kOutput, 0, kStore | 1);
  thread_.flush();
  EXPECT_TRUE(at(kOutput).empty());
}

TEST_F(EngineTest, ATableLookUpCarriesItsIndex) {
  // movzx eax, byte [rdi]; mov dl, [rcx+rax]; mov [rsi], dl
  Block& b = block(kCode, {0x0f, 0xb6, 0x07, 0x8a, 0x14, 0x01, 0x88, 0x16}, {3, 3, 2});
  label(kInput, 3);
  thread_.enter(b);
  thread_.access(kInput, 0, 1);
  thread_.access(0xa000, 1, 1);
  thread_.access(kOutput, 2, kStore | 1);
  thread_.flush();
  EXPECT_EQ(at(kOutput), (std::vector<Range>{{1, false, 3, 3}}));
}

TEST_F(EngineTest, ABranchOnALabelIsADecision) {
  // cmp byte [rdi], 'E'; jne +5
  Block& b = block(kCode, {0x80, 0x3f, 'E', 0x75, 0x05}, {3, 2});
  Block& next = block(kCode + 5, {0x90}, {1});
  label(kInput, 0);
  thread_.enter(b);
  thread_.access(kInput, 0, 1);
  thread_.enter(next);
  ASSERT_EQ(recorded_.decisions.size(), 1u);
  EXPECT_EQ(recorded_.decisions[0].address, kCode + 3);
  EXPECT_EQ(recorded_.decisions[0].taken, kCode + 5);
  EXPECT_EQ(thread_.regions().size(), 1u);
}

TEST_F(EngineTest, AnInstructionWithoutARuleIsTold) {
  Block& b = block(kCode, {0x0f, 0x04}, {2});
  label(kInput, 0);
  thread_.enter(b);
  thread_.access(kInput, 0, 1);
  thread_.flush();
  EXPECT_EQ(recorded_.unknown, (std::vector<Address>{kCode}));
}

}  // namespace
}  // namespace shikake::taint
