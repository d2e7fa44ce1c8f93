// Machine code of rule programs against their interpreter: random programs on random labels, run by one
// thread that compiles and one that does not, must leave the same labels everywhere.
#include "taint/native.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "taint/engine.h"
#include "taint/plan.h"

namespace shikake::taint {
namespace {

struct Decisions : Listener {
  void decided(Thread&, const Decision& decision) override { all.push_back({decision.address, decision.label}); }
  void without_rule(Address, std::span<const uint8_t>) override {}
  std::vector<std::pair<Address, Label>> all;
};

AccessKind kind(uint32_t info) { return {static_cast<uint8_t>(info & 0xff), (info & 0x100) != 0}; }

constexpr Address code_at = 0x401000;
constexpr Address data_at = 0x20000;
constexpr size_t data_bytes = 3 * page_bytes;  // the last page never holds labels
constexpr size_t registers_used = 6;
constexpr size_t first_offset = 16;  // of rax in the guest state of x86-64

// A random program over the first general registers: straight-line, as Builder makes them.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Program make() {
    Program program;
    const size_t rules = 3 + pick(9);
    for (size_t n = 0; n < rules; ++n) rule(program);
    const size_t puts = 1 + pick(3);
    const size_t first_unit = pick(registers_used);
    for (size_t n = 0; n < puts; ++n) {  // each register once, as Builder does
      const auto unit = static_cast<Ref>((first_unit + n) % registers_used);
      const uint8_t lanes = size();
      const Op op = std::array{Op::put_move, Op::put_splat, Op::put_clear}[pick(3)];
      program.code.push_back({op, lanes, reg(unit), value(lanes), unit});
      program.writes |= Units{1} << unit;
      if (lanes < 8) program.writes_partly |= Units{1} << unit;
    }
    program.code.push_back({Op::end, 0, 0, 0, 0});
    program.reads = (Units{1} << registers_used) - 1;
    return program;
  }

  size_t pick(size_t below) { return random_() % below; }
  uint8_t size() { return std::array<uint8_t, 4>{1, 2, 4, 8}[pick(4)]; }
  static Ref reg(size_t unit) { return static_cast<Ref>(first_register + first_offset + 8 * unit); }

 private:
  Ref value(size_t lanes) {
    if (!temporaries_.empty() && pick(3) != 0) {
      const auto& [ref, have] = temporaries_[pick(temporaries_.size())];
      if (have >= lanes) return ref;
    }
    return pick(8) == 0 ? no_place : reg(pick(registers_used));
  }
  Ref fresh(uint8_t lanes) {
    const auto ref = static_cast<Ref>(first_temporary + 8 * temporaries_.size());
    temporaries_.emplace_back(ref, lanes);
    return ref;
  }
  void access(Program& program, uint8_t lanes, bool store) {
    program.memory.push_back({0, lanes, store, false, false, static_cast<uint32_t>(1 + pick(3)), 0});
  }
  void rule(Program& program) {
    const uint8_t lanes = size();
    const auto number = static_cast<Ref>(program.memory.size());
    switch (pick(7)) {
      case 0:
        access(program, lanes, false);
        program.code.push_back({Op::load, lanes, fresh(lanes), no_place, number});
        if (pick(2) == 0)
          program.code.push_back({Op::address, lanes, temporaries_.back().first, reg(pick(registers_used)), 8});
        break;
      case 1:
        program.code.push_back({Op::store, lanes, no_place, value(lanes), number});
        access(program, lanes, true);
        break;
      case 2: {
        const Ref a = value(lanes), b = value(lanes);
        program.code.push_back({pick(2) == 0 ? Op::lanes : Op::prefix, lanes, fresh(lanes), a, b});
        break;
      }
      case 3: {
        const Ref a = value(lanes);
        program.code.push_back({Op::reduce, lanes, fresh(1), a, no_place});
        break;
      }
      case 4: {
        const Ref a = value(1), b = value(1);
        program.code.push_back({Op::join, 1, fresh(1), a, b});
        break;
      }
      case 5:
        if (program.exits.size() == 2) break;  // as a block that is left in its middle
        program.code.push_back({Op::branch, 1, no_place, value(1), static_cast<Ref>(program.exits.size())});
        program.exits.push_back({0, false, code_at + 0x100});
        break;
      default: {
        const Ref a = value(lanes);
        program.code.push_back({pick(2) == 0 ? Op::move : Op::splat, lanes, fresh(lanes), a, no_place});
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<std::pair<Ref, uint8_t>> temporaries_;
};

struct Side {
  explicit Side(LabelArena& arena, Program given, bool native)
      : engine(Architecture::x86_64, arena, counter, decisions, [](Address, std::span<uint8_t>) { return size_t{0}; }, kind),
        thread(std::make_unique<Thread>(engine)), program(std::move(given)) {
    if (!native) thread->interpret_only();
    block.address = code_at;
    block.last = block.address + 1;
    block.bytes = {0x90};
    block.code.lengths = {1};
    block.program.store(&program);
    block.touched.store(program.reads | program.writes);
    after.address = after.last = code_at + 0x200;
    after.program.store(&nothing);
    after.touched.store(0);
    for (size_t exit = 0; exit < program.exits.size(); ++exit) block.sites.emplace_back().address = code_at + exit;
  }
  // How often rules were interpreted, of all that had some to run; and for how many patterns there is machine code.
  size_t interpreted() const {
    size_t all = 0;
    for (const auto& variant : block.variants) all += variant->interpreted.load();
    return all;
  }
  size_t compiled() const {
    size_t all = 0;
    for (const auto& variant : block.variants) all += variant->patterns.load();
    return all;
  }
  void run(std::span<const Address> addresses) {
    thread->enter(block);
    for (size_t i = 0; i < addresses.size(); ++i)
      thread->access(addresses[i], 0, program.memory[i].size | (program.memory[i].store ? 0x100u : 0u));
    thread->enter(after);
  }
  Decisions decisions;
  std::atomic<uint32_t> counter = 0;
  Engine engine;
  std::unique_ptr<Thread> thread;
  Program program, nothing;
  Block block, after;
};

// Registers mostly hold one label, in patterns that real ones have; now and then a mixture.
void fill(Maker& random, Side& a, Side& b, std::span<const Label> labels) {
  for (size_t unit = 0; unit < registers_used; ++unit) {
    const Label label = labels[random.pick(labels.size())];
    const size_t lanes = std::array<size_t, 5>{0, 1, 4, 8, 8}[random.pick(5)];
    for (size_t k = 0; k < 8; ++k) {
      const Label one = random.pick(60) == 0 ? labels[random.pick(labels.size())] : k < lanes ? label : Label{0};
      for (Side* side : {&a, &b}) side->thread->set_register(first_offset + 8 * unit + k, 1, one);
    }
  }
  for (size_t n = 0; n < 40; ++n) {
    const Address at = data_at + random.pick(data_bytes - page_bytes - 16);
    const std::vector<Label> run(1 + random.pick(16), labels[random.pick(labels.size())]);
    for (Side* side : {&a, &b}) side->engine.shadow().write(at, run.size(), run.data());
  }
}

TEST(Native, LeavesTheSameLabelsAsTheInterpreter) {
  auto arena = std::make_unique<LabelArena>();
  Labels table(*arena);
  std::vector<Label> labels{0};
  for (uint32_t i = 0; i < 6; ++i) labels.push_back(table.source(1, i * 10));
  size_t in_machine_code = 0, compiled = 0, decided = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    Maker maker(seed);
    const Program program = maker.make();
    Side native(*arena, program, true), plain(*arena, program, false);
    // Machine code is made of what is interpreted again and again: long stretches between new patterns.
    for (int round = 0; round < 160; ++round) {
      if (round % 40 == 0 || round % 40 == 35) fill(maker, native, plain, labels);
      std::map<uint32_t, Address> bases;
      std::vector<Address> addresses;
      for (const MemoryOp& op : program.memory) {
        // Near to each other, so that they overlap now and then, and near the ends of pages.
        const Address near = data_at + maker.pick(3) * page_bytes + (maker.pick(2) == 0 ? 0x200 : page_bytes - 8);
        addresses.push_back(bases.try_emplace(op.base, near + maker.pick(24)).first->second);
      }
      native.run(addresses);
      plain.run(addresses);
      for (size_t k = 0; k < 8 * registers_used; ++k)
        ASSERT_EQ(*native.thread->registers(first_offset + k), *plain.thread->registers(first_offset + k))
            << "register byte " << k << ", round " << round;
      for (Address at = data_at; round % 4 == 3 && at < data_at + data_bytes + 64; ++at)
        ASSERT_EQ(native.engine.shadow().get(at), plain.engine.shadow().get(at)) << "address " << at << ", round " << round;
      ASSERT_EQ(native.decisions.all, plain.decisions.all) << "round " << round;
    }
    in_machine_code += plain.interpreted() - native.interpreted();
    compiled += native.compiled();
    decided += native.decisions.all.size();
  }
  // What is compared is machine code, and it decides.
  EXPECT_GT(in_machine_code, 2000U);
  EXPECT_GT(compiled, 100U);
  EXPECT_GT(decided, 100U);
}

TEST(Native, MostProgramsHaveMachineCode) {
  auto arena = std::make_unique<LabelArena>();
  Decisions decisions;
  std::atomic<uint32_t> counter = 0;
  Engine engine(Architecture::x86_64, *arena, counter, decisions, [](Address, std::span<uint8_t>) { return size_t{0}; }, kind);
  auto state = std::make_unique<ThreadState>();
  size_t planned = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const Program program = Maker(seed).make();
    const auto variant = specialise(program, ~Units{0}, engine.layout());
    planned += plan(program, *variant, engine.layout(), *state).has_value();
  }
  EXPECT_GT(planned, 60u);
}

}  // namespace
}  // namespace shikake::taint
