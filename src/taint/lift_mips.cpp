// MIPS32 (release 2, o32), both byte orders, by a table of our own: VEX as Debian builds it decodes MIPS
// on MIPS hosts only. Encodings: MIPS Architecture For Programmers, volume II-A.
#include <algorithm>
#include <optional>

#include "taint/builder.h"
#include "taint/layout.h"
#include "taint/lift.h"

namespace shikake::taint {
namespace {

// The register file: 32 words, HI, LO, 32 halves of the floating-point unit, its conditions.
constexpr size_t offset_of_hi = 32 * 4, offset_of_lo = 33 * 4, offset_of_float = 34 * 4, offset_of_conditions = offset_of_float + 32 * 4;
constexpr size_t state_bytes = offset_of_conditions + 4;
constexpr unsigned result_register = 2, global_pointer = 28, stack_register = 29, return_register = 31;

RegisterLayout layout() {
  LayoutMaker m(state_bytes);
  m.registers(0, 4, 32);
  m.registers(offset_of_hi, 4, 2, 2);
  m.registers(offset_of_float, 4, 32, 2);
  m.registers(offset_of_conditions, 4, 1);
  m.undecided(global_pointer * 4, 16);
  m.undecided(offset_of_conditions, 4);
  return m.finish(stack_register * 4, result_register * 4, 4);
}

struct Fields {
  explicit Fields(uint32_t w)
      : opcode(w >> 26), rs(w >> 21 & 31), rt(w >> 16 & 31), rd(w >> 11 & 31), shift(w >> 6 & 31), function(w & 63),
        immediate(static_cast<int16_t>(w & 0xffff)), target(w & 0x3ffffff) {}
  unsigned opcode, rs, rt, rd, shift, function;
  int32_t immediate;
  uint32_t target;
};

// What an instruction does to the flow of control; its delay slot comes in between.
struct Jump {
  bool conditional = false, call = false, ret = false, indirect = false;
  std::optional<Address> target;
  explicit operator bool() const { return call || ret || indirect || target.has_value(); }
};

Jump jump_of(const Fields& f, Address address) {
  const Address relative = (address + 4 + static_cast<Address>(static_cast<int64_t>(f.immediate) * 4)) & 0xffffffff;
  Jump jump;
  switch (f.opcode) {
    case 0:
      if (f.function == 8) return f.rs == return_register ? Jump{.ret = true} : Jump{.indirect = true};
      if (f.function == 9) return Jump{.call = true, .indirect = true};
      return jump;
    case 1:
      if ((f.rt & 0xc) != 0 || (f.rt & ~0x13u) != 0) return jump;
      jump.target = relative;
      jump.call = (f.rt & 16) != 0;
      jump.conditional = !(f.rs == 0 && (f.rt & 1) != 0);
      return jump;
    case 2: case 3:
      jump.target = ((address + 4) & 0xf0000000) | f.target << 2;
      jump.call = f.opcode == 3;
      return jump;
    case 4: case 20:
      jump.target = relative;
      jump.conditional = f.rs != f.rt;
      return jump;
    case 5: case 6: case 7: case 21: case 22: case 23:
      jump.target = relative;
      jump.conditional = true;
      return jump;
    case 17:
      if (f.rs != 8) return jump;
      jump.target = relative;
      jump.conditional = true;
      return jump;
    default: return jump;
  }
}

class Walk {
 public:
  Walk(Builder& builder, bool big) : b_(builder), big_(big) {}
  // False: no rule.
  bool instruction(const Fields& f, Address address);

 private:
  Value get(unsigned r) { return r == 0 ? b_.constant(4, 0) : b_.get(r * 4u, 4); }
  void put(unsigned r, const Value& value) {
    if (r != 0) b_.put(r * 4u, value);
  }
  Value floating(unsigned r, uint8_t lanes) { return b_.get(offset_of_float + (lanes == 8 ? r & ~1u : r) * 4u, lanes); }
  void put_floating(unsigned r, const Value& value) { b_.put(offset_of_float + (value.lanes == 8 ? r & ~1u : r) * 4u, value); }
  Value turned(const Value& value) {
    if (!big_) return value;
    std::array<Ref, max_lanes> lane{};
    for (size_t i = 0; i < value.lanes; ++i) lane[i] = value.lane[value.lanes - 1u - i];
    Value result = b_.rearranged(value.lanes, lane, value);
    result.constant = value.constant;
    result.made = value.made;
    return result;
  }
  Value extended(const Value& value, bool sign) {
    std::array<Ref, max_lanes> lane{};
    for (size_t i = 0; i < 4; ++i)
      lane[i] = i < value.lanes ? value.lane[i] : sign ? value.lane[value.lanes - 1u] : no_place;
    return b_.rearranged(4, lane, value);
  }
  Value address(const Fields& f) {
    const Value base = get(f.rs);
    Value at = b_.prefix(base, b_.constant(4, static_cast<uint32_t>(f.immediate)));
    at.base = base.base;
    at.offset = base.offset + f.immediate;
    return at;
  }
  Value shifted(const Value& value, int bits, bool left, bool sign);
  Value masked(const Value& value, uint32_t mask);
  bool special(const Fields& f);
  bool special2(const Fields& f);
  bool special3(const Fields& f);
  bool immediate(const Fields& f);
  bool memory(const Fields& f);
  bool coprocessor(const Fields& f);
  void branch(const Fields& f, const Jump& jump);

  Builder& b_;
  bool big_;
};

Value Walk::shifted(const Value& value, int bits, bool left, bool sign) {
  const int whole = bits / 8;
  const bool between = bits % 8 != 0;
  const auto at = [&](int i) -> Ref {
    if (i >= 0 && i < 4) return value.lane[static_cast<size_t>(i)];
    return i >= 4 && sign ? value.lane[3] : no_place;
  };
  std::array<Ref, max_lanes> lane{};
  for (int i = 0; i < 4; ++i) {
    const Ref main = left ? at(i - whole) : at(i + whole);
    const Ref neighbour = !between ? no_place : left ? at(i - whole - 1) : at(i + whole + 1);
    lane[static_cast<size_t>(i)] = b_.joined({main, neighbour});
  }
  return b_.rearranged(4, lane, value);
}

Value Walk::masked(const Value& value, uint32_t mask) {
  std::array<Ref, max_lanes> lane{};
  for (size_t i = 0; i < 4; ++i) lane[i] = (mask >> 8 * i & 0xff) == 0 ? no_place : value.lane[i];
  return b_.rearranged(4, lane, value);
}

bool Walk::special(const Fields& f) {
  const Value s = get(f.rs), t = get(f.rt);
  switch (f.function) {
    case 0: put(f.rd, shifted(t, static_cast<int>(f.shift), true, false)); return true;
    case 2: put(f.rd, (f.rs & 1) != 0 ? b_.all(4, {&t}) : shifted(t, static_cast<int>(f.shift), false, false)); return true;
    case 3: put(f.rd, shifted(t, static_cast<int>(f.shift), false, true)); return true;
    case 4: case 6: case 7: put(f.rd, b_.all(4, {&s, &t})); return true;
    case 10: case 11: {
      const Value old = get(f.rd);
      const Value test = b_.all(1, {&t});
      put(f.rd, b_.elements(4, 1, {&s, &old, &test}));
      return true;
    }
    case 12: b_.program().kind = JumpKind::system_call; return true;
    case 13: case 15: case 48: case 49: case 50: case 51: case 52: case 54: return true;
    case 16: put(f.rd, b_.get(offset_of_hi, 4)); return true;
    case 17: b_.put(offset_of_hi, s); return true;
    case 18: put(f.rd, b_.get(offset_of_lo, 4)); return true;
    case 19: b_.put(offset_of_lo, s); return true;
    case 24: case 25: case 26: case 27: {
      const Value both = b_.all(4, {&s, &t});
      b_.put(offset_of_lo, f.function < 26 ? b_.prefix(s, t) : both);
      b_.put(offset_of_hi, both);
      return true;
    }
    case 32: case 33: put(f.rd, f.rt == 0 ? s : f.rs == 0 ? t : b_.prefix(s, t)); return true;
    case 34: case 35: put(f.rd, f.rs == f.rt ? b_.constant(4, 0) : b_.prefix(s, t)); return true;
    case 36: put(f.rd, f.rs == 0 || f.rt == 0 ? b_.constant(4, 0) : b_.lanewise(s, t)); return true;
    case 37: put(f.rd, f.rt == 0 ? s : f.rs == 0 ? t : b_.lanewise(s, t)); return true;
    case 38: case 39: put(f.rd, f.function == 38 && f.rs == f.rt ? b_.constant(4, 0) : b_.lanewise(s, t)); return true;
    case 42: case 43: put(f.rd, extended(b_.all(1, {&s, &t}), false)); return true;
    default: return false;
  }
}

bool Walk::special2(const Fields& f) {
  const Value s = get(f.rs), t = get(f.rt);
  switch (f.function) {
    case 0: case 1: case 4: case 5: {
      const Value low = b_.get(offset_of_lo, 4), high = b_.get(offset_of_hi, 4);
      b_.put(offset_of_lo, b_.all(4, {&s, &t, &low}));
      b_.put(offset_of_hi, b_.all(4, {&s, &t, &low, &high}));
      return true;
    }
    case 2: put(f.rd, b_.prefix(s, t)); return true;
    case 32: case 33: put(f.rd, extended(b_.all(1, {&s}), false)); return true;
    default: return false;
  }
}

bool Walk::special3(const Fields& f) {
  const Value s = get(f.rs), t = get(f.rt);
  switch (f.function) {
    case 0: {
      const uint32_t mask = f.rd == 31 ? ~0u : (1u << (f.rd + 1)) - 1;
      put(f.rt, masked(shifted(s, static_cast<int>(f.shift), false, false), mask));
      return true;
    }
    case 4: put(f.rt, b_.lanewise(shifted(s, static_cast<int>(f.shift), true, false), t)); return true;
    case 32: {
      std::array<Ref, max_lanes> lane{};
      if (f.shift == 2) {
        for (size_t i = 0; i < 4; ++i) lane[i] = t.lane[i ^ 1];
        put(f.rd, b_.rearranged(4, lane, t));
        return true;
      }
      const size_t kept = f.shift == 16 ? 1 : 2;
      for (size_t i = 0; i < 4; ++i) lane[i] = t.lane[std::min(i, kept - 1)];
      put(f.rd, b_.rearranged(4, lane, t));
      return f.shift == 16 || f.shift == 24;
    }
    case 59: put(f.rt, b_.nothing(4)); return true;
    default: return false;
  }
}

bool Walk::immediate(const Fields& f) {
  const Value s = get(f.rs);
  const auto low = static_cast<uint32_t>(f.immediate) & 0xffff;
  switch (f.opcode) {
    case 8: case 9:
      if (f.rs == 0) put(f.rt, b_.constant(4, static_cast<uint32_t>(f.immediate)));
      else put(f.rt, address(f));
      return true;
    case 10: case 11: put(f.rt, extended(b_.all(1, {&s}), false)); return true;
    case 12: put(f.rt, masked(s, low)); return true;
    case 13:
      if (f.rs == 0) put(f.rt, b_.constant(4, low));
      else put(f.rt, s);
      return true;
    case 14: put(f.rt, s); return true;
    case 15: put(f.rt, b_.constant(4, low << 16)); return true;
    default: return false;
  }
}

bool Walk::memory(const Fields& f) {
  const Value at = address(f);
  const auto load = [&](uint8_t lanes) { return turned(b_.load(lanes, at)); };
  const auto low = [&](const Value& value, uint8_t lanes) {
    Value part = b_.rearranged(lanes, value.lane, value);
    part.made = value.made;
    if (value.constant) part.constant = *value.constant;
    return part;
  };
  switch (f.opcode) {
    case 32: put(f.rt, extended(load(1), true)); return true;
    case 33: put(f.rt, extended(load(2), true)); return true;
    case 34: case 38: {  // lwl, lwr: part of an aligned word into part of the register
      const Value word = load(4), old = get(f.rt);
      put(f.rt, b_.all(4, {&word, &old}));
      return true;
    }
    case 35: case 48: put(f.rt, load(4)); return true;
    case 36: put(f.rt, extended(load(1), false)); return true;
    case 37: put(f.rt, extended(load(2), false)); return true;
    case 40: b_.store(at, low(get(f.rt), 1)); return true;
    case 41: b_.store(at, turned(low(get(f.rt), 2))); return true;
    case 42: case 46: {  // swl, swr: one to four bytes, which the executor tells one by one
      const Value word = get(f.rt);
      const Value any = b_.all(1, {&word});
      for (int i = 0; i < 4; ++i) {
        Value apart = at;
        apart.base = b_.nothing(4).base;
        b_.store(apart, any);
      }
      return true;
    }
    case 43: b_.store(at, turned(get(f.rt))); return true;
    case 47: case 51: return true;
    case 49: put_floating(f.rt, load(4)); return true;
    case 53: put_floating(f.rt, load(8)); return true;
    case 56:
      b_.store(at, turned(get(f.rt)));
      put(f.rt, b_.nothing(4));
      return true;
    case 57: b_.store(at, turned(floating(f.rt, 4))); return true;
    case 61: b_.store(at, turned(floating(f.rt, 8))); return true;
    default: return false;
  }
}

bool Walk::coprocessor(const Fields& f) {
  switch (f.rs) {
    case 0: put(f.rt, floating(f.rd, 4)); return true;
    case 2: put(f.rt, b_.get(offset_of_conditions, 4)); return true;
    case 3: put(f.rt, floating(f.rd | 1, 4)); return true;
    case 4: put_floating(f.rd, get(f.rt)); return true;
    case 6: b_.put(offset_of_conditions, get(f.rt)); return true;
    case 7: put_floating(f.rd | 1, get(f.rt)); return true;
    case 16: case 17: case 20: case 21: {
      const Value s = floating(f.rd, 8), t = floating(f.rt, 8), old = floating(f.shift, 8);
      const Value conditions = b_.get(offset_of_conditions, 4);
      if (f.function >= 48) b_.put(offset_of_conditions, b_.all(4, {&s, &t, &conditions}));
      else if (f.function == 6) put_floating(f.shift, s);
      else put_floating(f.shift, b_.all(8, {&s, &t, &old}));
      return true;
    }
    default: return false;
  }
}

void Walk::branch(const Fields& f, const Jump& jump) {
  if (jump.conditional) {
    const Value s = get(f.rs), t = get(f.rt), conditions = b_.get(offset_of_conditions, 4);
    const bool two = f.opcode == 4 || f.opcode == 5 || f.opcode == 20 || f.opcode == 21;
    if (f.opcode == 17) b_.branch(b_.all(1, {&conditions}), *jump.target);
    else if (two) b_.branch(b_.all(1, {&s, &t}), *jump.target);
    else b_.branch(b_.all(1, {&s}), *jump.target);
  }
  if (jump.indirect || jump.ret) b_.target(get(f.rs));
  if (jump.call) put(f.opcode == 0 ? f.rd : return_register, b_.nothing(4));
}

bool Walk::instruction(const Fields& f, Address at) {
  if (const Jump jump = jump_of(f, at)) {
    branch(f, jump);
    return true;
  }
  switch (f.opcode) {
    case 0: return special(f);
    case 1: return true;  // traps, synci
    case 17: return coprocessor(f);
    case 28: return special2(f);
    case 31: return special3(f);
    default: return f.opcode < 16 ? immediate(f) : memory(f);
  }
}

class MipsLifter : public Lifter {
 public:
  MipsLifter(bool big, RuleChoices choices) : big_(big), choices_(choices), layout_(taint::layout()) {}

  Architecture architecture() const override { return big_ ? Architecture::mips : Architecture::mipsel; }
  const RegisterLayout& layout() const override { return layout_; }

  Program lift(const Code& code) override {
    return lift_what_fits(code, layout_, choices_, [&](Builder& builder, size_t count) { walk_over(code, builder, count); });
  }

  void walk_over(const Code& code, Builder& builder, size_t count) {
    Walk walk(builder, big_);
    Program& program = builder.program();
    const Address end = code.address + 4 * code.lengths.size();
    program.successors.assign(1, end);
    for (size_t i = 0; i < count && !builder.overflowed(); ++i) {
      builder.begin_instruction(static_cast<uint16_t>(i));
      const Address address = code.address + 4 * i;
      const Fields fields(word(code.bytes.subspan(code.before + 4 * i)));
      if (!walk.instruction(fields, address)) builder.without_rule();
      if (Jump jump = jump_of(fields, address)) {
        if (i > 0 && keeps_return(word(code.bytes.subspan(code.before + 4 * (i - 1))))) jump.call = false;
        leave(program, jump, end);
      }
    }
  }

  Step step(std::span<const uint8_t> bytes, size_t before, Address address, bool) override {
    Step step;
    if (bytes.size() < before + 4) return step;
    step.length = 4;
    const Jump jump = jump_of(Fields(word(bytes.subspan(before))), address);
    if (!jump) {
      step.successors.push_back(address + 4);
      return step;
    }
    step.call = jump.call;
    if (jump.call || jump.conditional) step.successors.push_back(address + 8);  // behind the delay slot
    if (!jump.call && jump.target) step.successors.push_back(*jump.target);
    step.leaves = !jump.call && (jump.ret || jump.indirect);
    return step;
  }

 private:
  // A lazy binding stub (move t7, ra; jalr t9) jumps to the resolver for good: it returns to the stub's
  // caller, by the address kept in t7.
  static bool keeps_return(uint32_t before) { return before == 0x03e07825 || before == 0x03e07821; }

  static void leave(Program& program, const Jump& jump, Address end) {
    program.kind = jump.call ? JumpKind::call : jump.ret ? JumpKind::ret : JumpKind::next;
    program.indirect_exit = jump.indirect && !jump.call;
    program.successors.clear();
    if (jump.call || jump.conditional) program.successors.push_back(end);
    if (!jump.call && jump.target) program.successors.push_back(*jump.target);
  }
  uint32_t word(std::span<const uint8_t> b) const {
    return big_ ? uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3]
                : uint32_t{b[3]} << 24 | uint32_t{b[2]} << 16 | uint32_t{b[1]} << 8 | b[0];
  }

  bool big_;
  RuleChoices choices_;
  RegisterLayout layout_;
};

}  // namespace

std::unique_ptr<Lifter> make_mips_lifter(bool big_endian, RuleChoices choices) {
  return std::make_unique<MipsLifter>(big_endian, choices);
}

}  // namespace shikake::taint
