// Regions: what is made under a decision is marked when it ends, and machine code, which passes over
// decisions that change nothing, leaves the same as the interpreter.
#include "taint/region.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "taint/engine.h"

namespace shikake::taint {
namespace {

// --- the list of made stores
// ---------------------------------------------------------------------------------

std::vector<Address> closed(MadeStores& stores, MadeStores::Region region, Label label) {
  std::vector<Address> all;
  stores.close(region, label, [&](const Stored& stored) { all.push_back(stored.address); });
  std::sort(all.begin(), all.end());
  return all;
}

TEST(MadeStores, WhatIsMadeInsideIsTheOuterRegionsToo) {
  MadeStores stores;
  stores.note({0x100, 4}, 1);
  stores.note({0x200, 4}, 2);
  stores.note({0x100, 4}, 2);
  EXPECT_EQ(closed(stores, 2, 7), (std::vector<Address>{0x100, 0x200}));
  stores.note({0x300, 4}, 1);
  EXPECT_EQ(closed(stores, 1, 8), (std::vector<Address>{0x100, 0x200, 0x300}));
  EXPECT_FALSE(stores.any(1));
}

TEST(MadeStores, ALabelIsPutOnceUnlessThePlaceIsMadeAnew) {
  MadeStores stores;
  stores.note({0x100, 4}, 2);
  stores.note({0x200, 4}, 2);
  EXPECT_EQ(closed(stores, 2, 7).size(), 2u);
  stores.note({0x200, 4}, 1);
  EXPECT_EQ(closed(stores, 1, 7), (std::vector<Address>{0x200}));
}

TEST(MadeStores, TheLastSixteenPlacesAreKept) {
  MadeStores stores;
  for (Address at = 1; at <= 20; ++at) {
    stores.note({at << 32 | 0x10, 8}, 1);  // the same low halves
    stores.note({at << 32 | 0x10, 8}, 1);
  }
  std::vector<Address> expected;
  for (Address at = 5; at <= 20; ++at) expected.push_back(at << 32 | 0x10);
  EXPECT_EQ(closed(stores, 1, 3), expected);
}

// --- machine code and interpreter
// ----------------------------------------------------------------------------

struct Told : Listener {
  void decided(Thread&, const Decision& decision) override {
    EXPECT_TRUE(all.emplace(decision.address, decision.label, decision.taken).second) << "told twice";
  }
  void without_rule(Address, std::span<const uint8_t>) override {}
  std::set<std::tuple<Address, Label, Address>> all;  // place, label, way
};

AccessKind kind(uint32_t info) {
  return {static_cast<uint8_t>(info & 0xff), (info & 0x100) != 0};
}

constexpr size_t blocks = 6, registers_used = 4;
constexpr Address code_at = 0x401000, block_bytes = 16, data_at = 0x20000;
constexpr size_t first_offset = 16;  // of rax in the guest state of x86-64
Ref place(size_t unit) {
  return static_cast<Ref>(first_register + first_offset + 8 * unit);
}
Address start(size_t block) {
  return code_at + block * block_bytes;
}

// Loads or stores a little, decides on what it has, and goes on to one of two.
Program make(std::mt19937_64& random, size_t number) {
  const auto pick = [&](size_t below) { return random() % below; };
  Program program;
  const auto a = pick(registers_used), b = pick(registers_used), to = pick(registers_used);
  const Ref made = first_temporary;
  if (pick(2) == 0) {
    program.memory.push_back({0, 4, false, false, false, 1, 0});
    program.code.push_back({Op::load, 4, made, no_place, 0});
  } else {
    program.code.push_back({Op::lanes, 4, made, place(a), place(b)});
  }
  program.code.push_back({Op::reduce, 4, made + 8, made, no_place});
  program.code.push_back({Op::join, 1, made + 16, made + 8, place(a)});
  if (pick(2) == 0) {
    const auto at = static_cast<uint16_t>(program.memory.size());
    program.memory.push_back({0, 4, true, false, true, 2, 0});
    program.code.push_back({Op::store, 4, no_place, pick(2) == 0 ? no_place : place(b), at});
    program.marked_stores.push_back(at);
  }
  // A few call, return, or jump where a label says.
  const bool jumps = pick(8) == 0;
  if (pick(4) != 0 || jumps) program.code.push_back({jumps ? Op::target : Op::branch, 1, no_place, made + 16, 0});
  program.kind = std::array{JumpKind::call, JumpKind::ret, JumpKind::next, JumpKind::next, JumpKind::next, JumpKind::next}[pick(6)];
  program.indirect_exit = jumps;
  const Op put = std::array{Op::put_move, Op::put_splat, Op::put_clear}[pick(3)];
  program.code.push_back({put, 4, place(to), made, static_cast<Ref>(to)});
  program.code.push_back({Op::put_clear, 4, static_cast<Ref>(place(to) + 4), no_place, static_cast<Ref>(to)});
  program.code.push_back({Op::end, 0, 0, 0, 0});
  program.reads = (Units{1} << registers_used) - 1;
  program.writes = Units{1} << to;
  if (pick(2) == 0) program.made = program.writes;
  program.exits.push_back({0, jumps, start(pick(blocks))});
  program.successors = {start((number + 1) % blocks), program.exits[0].target};
  return program;
}

class Side {
 public:
  Side(LabelArena& arena, uint64_t seed, bool native)
      : engine(
            Architecture::x86_64, arena, counter_, told,
            [](Address, std::span<uint8_t>) { return size_t{0}; }, kind),
        thread(std::make_unique<Thread>(engine)) {
    if (!native) thread->interpret_only();
    std::mt19937_64 random(seed);
    for (size_t i = 0; i < blocks; ++i) {
      programs_[i] = make(random, i);
      Block& block = blocks_[i];
      block.address = start(i);
      block.last = block.address + block_bytes;
      block.bytes.assign(block_bytes, 0x90);
      block.code.lengths = {static_cast<uint8_t>(block_bytes)};
      block.program.store(&programs_[i]);
      block.touched.store(programs_[i].reads);
      Site& site = block.sites.emplace_back();
      site.address = block.address + 4;
      site.indirect = programs_[i].exits[0].indirect;
      site.region_known = true;
      // At the function's end, at the beginning of a block, or in the middle of one.
      const Address ends[] = {0, start(random() % blocks), start(random() % blocks),
                              start(random() % blocks) + 8};
      site.region_end = ends[random() % 4];
    }
  }
  const Program& program(size_t i) const { return programs_[i]; }
  void run(size_t i, std::span<const Address> addresses) {
    thread->enter(blocks_[i]);
    for (size_t n = 0; n < addresses.size(); ++n)
      thread->access(addresses[n], 0, 4 | (programs_[i].memory[n].store ? 0x100u : 0u));
  }

  size_t interpreted() const {
    size_t all = 0;
    for (const Block& block : blocks_)
      for (const auto& variant : block.variants) all += variant->interpreted.load();
    return all;
  }

  Told told;
  std::atomic<uint32_t> counter_ = 0;
  Engine engine;
  std::unique_ptr<Thread> thread;

 private:
  std::array<Program, blocks> programs_;
  std::array<Block, blocks> blocks_;
};

void expect_same(Side& a, Side& b) {
  for (size_t k = 0; k < 8 * registers_used; ++k)
    ASSERT_EQ(*a.thread->registers(first_offset + k), *b.thread->registers(first_offset + k))
        << "register byte " << k;
  for (Address at = data_at; at < data_at + 128; ++at)
    ASSERT_EQ(a.engine.shadow().get(at), b.engine.shadow().get(at)) << "address " << at;
  ASSERT_EQ(a.thread->regions().size(), b.thread->regions().size());
  for (size_t i = 0; i < a.thread->regions().size(); ++i) {
    const Region &one = a.thread->regions()[i], &other = b.thread->regions()[i];
    ASSERT_EQ(std::tie(one.site, one.label, one.end, one.made, one.depth),
              std::tie(other.site, other.label, other.end, other.made, other.depth));
  }
}

TEST(Regions, MachineCodePassesOverWhatChangesNothing) {
  auto arena = std::make_unique<LabelArena>();
  Labels table(*arena);
  const std::array<Label, 3> labels = {0, table.source(1, 10), table.source(1, 20)};
  size_t decisions = 0, regions = 0, interpreted = 0, in_machine_code = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Side native(*arena, seed, true), plain(*arena, seed, false);
    std::mt19937_64 random(seed * 31);
    size_t at = 0;
    for (int step = 0; step < 3000; ++step) {
      if (step % 40 == 0) {
        const size_t unit = random() % registers_used, lanes = std::array<size_t, 3>{0, 4, 8}[random() % 3];
        const Label label = labels[random() % labels.size()];
        const Address where = data_at + random() % 8 * 16;
        for (Side* side : {&native, &plain}) {
          for (size_t k = 0; k < 8; ++k)
            side->thread->set_register(first_offset + 8 * unit + k, 1, k < lanes ? label : Label{0});
          for (size_t k = 0; k < 4; ++k) side->engine.shadow().set(where + k, label);
        }
      }
      std::vector<Address> addresses;
      for (size_t n = 0; n < native.program(at).memory.size(); ++n)
        addresses.push_back(data_at + random() % 8 * 16);
      native.run(at, addresses);
      plain.run(at, addresses);
      const Program& program = native.program(at);
      at = (program.successors[random() % 2] - code_at) / block_bytes;
      regions += plain.thread->regions().size();
      ASSERT_NO_FATAL_FAILURE(expect_same(native, plain)) << "step " << step;
    }
    native.thread->flush();
    plain.thread->flush();
    expect_same(native, plain);
    EXPECT_EQ(native.told.all, plain.told.all);
    decisions += plain.told.all.size();
    interpreted += native.interpreted();
    in_machine_code += plain.interpreted() - native.interpreted();
  }
  EXPECT_GT(decisions, 300u);
  EXPECT_GT(regions, 30000u);
  EXPECT_GT(in_machine_code, 2 * interpreted);
}

}  // namespace
}  // namespace shikake::taint
