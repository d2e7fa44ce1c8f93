// The rules of i386, ARM, AArch64 and MIPS against the processors that QEMU emulates: the harness
// (tests/taint/oracle/harness.c, built by each architecture's compiler) prints which output bytes changed when
// a bit of the input did; each such flow must be in the rules. The share of the rules' flows that no flip
// confirms is printed.
extern "C" {
#include <valgrind/libvex_guest_arm.h>
#include <valgrind/libvex_guest_arm64.h>
#include <valgrind/libvex_guest_x86.h>
}
#include <gtest/gtest.h>

#include <unistd.h>

#include <bitset>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "taint/engine.h"

namespace shikake::taint {
namespace {

// The harness's state: registers at 0, 8, 16, 24, flags at 32, vectors at 48, 64, 80, memory at 96.
constexpr size_t state_size = 128, flags_at = 32, vectors_at = 48, memory_at = 96;
using Dependence = std::array<std::bitset<state_size>, state_size>;  // [output][input]

struct Target {
  Architecture architecture;
  const char* compiler;
  size_t word;
  std::array<size_t, 4> registers;  // offsets in the guest state
  size_t vectors;                   // 0: not tried
  size_t flags, flags_bytes, flags_input;
  bool big_endian = false;
};

const Target targets[] = {
    {Architecture::i386, "i686-linux-gnu-gcc", 4,
     {offsetof(VexGuestX86State, guest_EAX), offsetof(VexGuestX86State, guest_EBX), offsetof(VexGuestX86State, guest_ECX),
      offsetof(VexGuestX86State, guest_EDX)},
     offsetof(VexGuestX86State, guest_XMM0), offsetof(VexGuestX86State, guest_CC_OP), 16,
     offsetof(VexGuestX86State, guest_CC_DEP1)},
    {Architecture::arm, "arm-linux-gnueabihf-gcc -marm -mfpu=neon", 4,
     {offsetof(VexGuestARMState, guest_R1), offsetof(VexGuestARMState, guest_R2), offsetof(VexGuestARMState, guest_R3),
      offsetof(VexGuestARMState, guest_R4)},
     offsetof(VexGuestARMState, guest_D0), offsetof(VexGuestARMState, guest_CC_OP), 16,
     offsetof(VexGuestARMState, guest_CC_DEP1)},
    {Architecture::aarch64, "aarch64-linux-gnu-gcc", 8,
     {offsetof(VexGuestARM64State, guest_X1), offsetof(VexGuestARM64State, guest_X2), offsetof(VexGuestARM64State, guest_X3),
      offsetof(VexGuestARM64State, guest_X4)},
     offsetof(VexGuestARM64State, guest_Q0), offsetof(VexGuestARM64State, guest_CC_OP), 32,
     offsetof(VexGuestARM64State, guest_CC_DEP1)},
    // MIPS has no flags; LO and HI lie in their place.
    {Architecture::mips, "mips-linux-gnu-gcc -march=mips32r2", 4, {8 * 4, 9 * 4, 10 * 4, 11 * 4}, 0, 0, 0, 0, true},
    {Architecture::mipsel, "mipsel-linux-gnu-gcc -march=mips32r2", 4, {8 * 4, 9 * 4, 10 * 4, 11 * 4}, 0, 0, 0, 0},
};
constexpr size_t mips_hi = 32 * 4, mips_lo = 33 * 4;

struct Place {
  size_t state, guest, bytes;
};

std::vector<Place> places(const Target& t) {
  std::vector<Place> all;
  for (size_t i = 0; i < 4; ++i) all.push_back({8 * i, t.registers[i], t.word});
  for (size_t i = 0; t.vectors != 0 && i < 3; ++i) all.push_back({vectors_at + 16 * i, t.vectors + 16 * i, 16});
  if (t.flags_bytes == 0) {
    all.push_back({flags_at, mips_lo, 4});
    all.push_back({flags_at + 4, mips_hi, 4});
  }
  return all;
}

AccessKind kind(uint32_t info) { return {static_cast<uint8_t>(info & 0xff), (info & 0x100) != 0}; }

struct Quiet : Listener {
  void decided(Thread&, const Decision&) override {}
  void without_rule(Address, std::span<const uint8_t>) override { unknown = true; }
  bool unknown = false;
};

// What QEMU makes of an instruction's accesses, by their offsets. MIPS's lwl and lwr read the whole aligned
// word; swl and swr write their bytes one by one.
std::vector<Access> accesses(const Target& t, std::string_view text, const Program& program) {
  constexpr uint32_t store = 0x100;
  std::vector<Access> all;
  if (text.starts_with("swl") || text.starts_with("swr")) {
    const auto at = static_cast<Address>(program.memory.at(0).offset);
    const bool upwards = text.starts_with("swl") == t.big_endian;
    for (Address byte = at; byte / 4 == at / 4; byte = upwards ? byte + 1 : byte - 1) all.push_back({byte, 0, 1 | store});
    return all;
  }
  for (const MemoryOp& op : program.memory) {
    auto at = static_cast<Address>(op.offset);
    if (text.starts_with("lwl") || text.starts_with("lwr")) at &= ~Address{3};
    all.push_back({at, 0, op.size | (op.store ? store : 0u)});
  }
  return all;
}

// One input byte is labelled at a time: a label holds a few ranges only, and merged ones would hide a rule that
// forgets the bytes between.
bool by_rules(const Target& t, std::string_view text, const std::vector<uint8_t>& code, LabelArena& arena, Dependence& found) {
  Quiet quiet;
  std::atomic<uint32_t> counter = 0;
  Engine engine(t.architecture, arena, counter, quiet, [](Address, std::span<uint8_t>) { return size_t{0}; }, kind);
  auto thread = std::make_unique<Thread>(engine);
  constexpr Address memory = 0x20000;
  constexpr size_t memory_bytes = 32;
  const Label label = thread->labels().source(1, 0);
  const std::vector<Label> clean = thread->save_registers();
  // Labels lie from the lowest byte of a register upwards.
  const auto state_byte = [&](const Place& place, size_t i) {
    return place.state + (t.big_endian ? place.bytes - 1 - i : i);
  };
  Block block;
  block.address = 0x401000;
  block.bytes = code;
  block.code.address = block.address;
  block.code.lengths = {static_cast<uint8_t>(code.size())};
  const Program& program = engine.program(block);
  const std::vector<Access> made = accesses(t, text, program);
  const auto run = [&](size_t input) {
    thread->enter(block);
    for (const Access& access : made) thread->access(memory + access.address, 0, access.info);
    thread->flush();
    const auto note = [&](size_t output, Label got) {
      if (got != 0) found[output].set(input);
    };
    for (const Place& place : places(t))
      for (size_t i = 0; i < place.bytes; ++i) note(state_byte(place, i), *thread->registers(place.guest + i));
    for (size_t i = 0; i < t.flags_bytes; ++i) note(flags_at, *thread->registers(t.flags + i));
    for (size_t i = 0; i < memory_bytes; ++i) note(memory_at + i, engine.shadow().get(memory + i));
    thread->restore_registers(clean);
    engine.shadow().clear(memory, memory_bytes);
  };
  for (const Place& place : places(t))
    for (size_t i = 0; i < place.bytes; ++i) {
      thread->set_register(place.guest + i, 1, label);
      run(state_byte(place, i));
    }
  if (t.flags_bytes != 0) {
    thread->set_register(t.flags_input, t.word, label);
    run(flags_at);
  }
  for (size_t i = 0; i < memory_bytes; ++i) {
    engine.shadow().set(memory + i, label);
    run(memory_at + i);
  }
  return !quiet.unknown;
}

std::vector<uint8_t> from_hex(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

// What the harness prints; nothing when it could not be built or run.
std::string observe(const Target& t) {
  char folder[] = "/tmp/shikake-oracle-XXXXXX";
  if (mkdtemp(folder) == nullptr) return {};
  const std::string program = std::string(folder) + "/harness";
  const std::string line = std::string(t.compiler) + " -O1 -static -w " SHIKAKE_SOURCE_DIR "/tests/taint/oracle/harness.c -o " +
                           program + " 2>/dev/null && qemu-" + std::string(name(t.architecture)) + " " + program;
  std::string text;
  if (FILE* pipe = popen(line.c_str(), "r")) {
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, pipe)) > 0;) text.append(part, got);
    if (pclose(pipe) != 0) text.clear();
  }
  unlink(program.c_str());
  rmdir(folder);
  return text;
}

class OracleCross : public testing::TestWithParam<Target> {};

TEST_P(OracleCross, NoFlowThatAFlippedBitShowsIsMissed) {
  const Target& t = GetParam();
  const std::string text = observe(t);
  if (text.empty()) GTEST_SKIP() << "needs " << t.compiler << " and qemu-" << name(t.architecture);
  auto arena = std::make_unique<LabelArena>();
  std::istringstream lines(text);
  size_t instructions = 0, claimed = 0, confirmed = 0, missed = 0;
  for (std::string line; std::getline(lines, line); ++instructions) {
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    ASSERT_NE(second, std::string::npos);
    SCOPED_TRACE(line.substr(0, first));
    const std::vector<uint8_t> sets = from_hex(line.substr(second + 1));
    ASSERT_EQ(sets.size(), state_size * state_size / 8);
    Dependence ruled;
    if (!by_rules(t, line.substr(0, first), from_hex(line.substr(first + 1, second - first - 1)), *arena, ruled)) {
      ADD_FAILURE() << "no rule";
      continue;
    }
    for (size_t o = 0; o < state_size; ++o) {
      std::bitset<state_size> observed;
      for (size_t i = 0; i < state_size; ++i)
        if ((sets[o * state_size / 8 + i / 8] >> i % 8 & 1) != 0) observed.set(i);
      claimed += ruled[o].count();
      confirmed += (ruled[o] & observed).count();
      const auto lost = observed & ~ruled[o];
      missed += lost.count();
      for (size_t i = 0; i < state_size; ++i)
        if (lost[i]) ADD_FAILURE() << "output byte " << o << " depends on input byte " << i;
    }
  }
  std::printf("%s: %zu instructions, %zu flows by rules, %.1f %% of them unconfirmed, %zu missed\n",
              std::string(name(t.architecture)).c_str(), instructions, claimed,
              100.0 * static_cast<double>(claimed - confirmed) / static_cast<double>(std::max<size_t>(claimed, 1)), missed);
  EXPECT_GT(instructions, 50u);
}

std::string name_of(const testing::TestParamInfo<Target>& target) {
  return std::string(name(target.param.architecture));
}
INSTANTIATE_TEST_SUITE_P(Architectures, OracleCross, testing::ValuesIn(targets), name_of);

}  // namespace
}  // namespace shikake::taint
