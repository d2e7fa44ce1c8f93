// Calls of VEX's own helpers, register files with an index, compare and swap, and bit tests.
extern "C" {
#include <valgrind/libvex_guest_amd64.h>
#include <valgrind/libvex_guest_x86.h>
}

#include <algorithm>
#include <string_view>

#include "taint/vex_walk.h"

namespace shikake::taint {

// The lazily computed flags: only what the condition asks for.
Value Walk::call(const IRExpr* e) {
  std::vector<Value> arguments;
  for (IRExpr** p = e->Iex.CCall.args; *p != nullptr; ++p) {
    if (is_IRExpr_VECRET_or_GSPTR(*p)) continue;
    arguments.push_back(expression(*p));
  }
  const uint8_t lanes = lanes_of(e->Iex.CCall.retty);
  std::vector<const Value*> used;
  for (const Value& argument : arguments) used.push_back(&argument);
  const std::string_view name = e->Iex.CCall.cee->name;
  const bool amd64 = name == "amd64g_calculate_condition";
  if ((amd64 || name == "x86g_calculate_condition") && arguments[0].constant && arguments[1].constant) {
    // NDEP holds the carry that inc and dec leave alone: of no effect on z, s, p, o, l and le. The
    // operations' numbers are VEX's own (guest_amd64_defs.h, guest_x86_defs.h).
    const uint64_t condition = *arguments[0].constant & ~uint64_t{1};
    const uint64_t operation_number = *arguments[1].constant;
    const bool inc_dec = amd64 ? operation_number >= 21 && operation_number <= 28
                               : operation_number >= 16 && operation_number <= 21;
    const bool carry = condition == 2 || condition == 6;
    if (inc_dec && !carry) used.pop_back();
  }
  if (name == "armg_calculate_condition" && arguments[0].constant) {
    // (condition << 4 | operation, result, carry, overflow) for those that leave some of the flags as they were.
    const uint64_t condition = *arguments[0].constant >> 5, operation_number = *arguments[0].constant & 15;
    constexpr uint64_t logic = 5, multiply = 6;  // guest_arm_defs.h
    constexpr uint64_t equal = 0, higher_same = 1, negative = 2, overflow = 3, higher = 4;
    const bool sign_or_zero = condition == equal || condition == negative;
    if (operation_number == multiply && sign_or_zero) used.resize(2);
    if (operation_number == logic) {
      if (sign_or_zero) used.resize(2);
      else if (condition == higher_same) used = {&arguments[2]};
      else if (condition == overflow) used = {&arguments[3]};
      else if (condition == higher) used.resize(3);
      else used = {&arguments[1], &arguments[3]};
    }
  }
  return b_.all(lanes, used);
}

Value Walk::indexed(const IRRegArray* array, const IRExpr* index) {
  // The x87 stack: which register is meant is not known, so it is any.
  Value value = b_.nothing(lanes_of(array->elemTy));
  const Value chosen = expression(index);
  for (Int i = 0; i < array->nElems; ++i) {
    const Value one = b_.get(static_cast<size_t>(array->base) + static_cast<size_t>(i) * value.lanes, value.lanes);
    value = b_.elements(value.lanes, 1, {&value, &one});
  }
  return b_.elements(value.lanes, 1, {&value, &chosen});
}

void Walk::put_indexed(const IRPutI& put) {
  const Value data = expression(put.data);
  for (Int i = 0; i < put.descr->nElems; ++i) {
    const size_t offset = static_cast<size_t>(put.descr->base) + static_cast<size_t>(i) * data.lanes;
    const Value before = b_.get(offset, data.lanes);
    b_.put(offset, b_.lanewise(data, before));
  }
}

void Walk::dirty(const IRDirty& d) {
  std::vector<Value> inputs;
  for (IRExpr** p = d.args; *p != nullptr; ++p)
    if (!is_IRExpr_VECRET_or_GSPTR(*p)) inputs.push_back(expression(*p));
  inputs.push_back(expression(d.guard));
  const auto each_state = [&](bool reading, const auto& act) {
    for (Int i = 0; i < d.nFxState; ++i) {
      const auto& fx = d.fxState[i];
      const bool wanted = reading ? fx.fx != Ifx_Write : fx.fx != Ifx_Read;
      for (unsigned repeat = 0; wanted && repeat < 1u + fx.nRepeats; ++repeat) {
        size_t offset = fx.offset + repeat * fx.repeatLen;
        for (size_t left = fx.size; left > 0;) {
          const auto part = static_cast<uint8_t>(std::min<size_t>(left, max_lanes));
          act(offset, part);
          offset += part;
          left -= part;
        }
      }
    }
  };
  each_state(true, [&](size_t offset, uint8_t part) { inputs.push_back(b_.get(offset, part)); });
  const Value address = d.mFx == Ifx_None ? Value{} : expression(d.mAddr);
  const auto each_part = [&](const auto& act) {
    for (Int done = 0; done < d.mSize; done += static_cast<Int>(max_lanes)) {
      Value at = address;
      at.offset += done;
      act(at, static_cast<uint8_t>(std::min<Int>(d.mSize - done, max_lanes)));
    }
  };
  if (d.mFx == Ifx_Read || d.mFx == Ifx_Modify)
    each_part([&](const Value& at, uint8_t part) { inputs.push_back(b_.load(part, at)); });
  std::vector<const Value*> all;
  for (const Value& input : inputs) all.push_back(&input);
  if (d.tmp != IRTemp_INVALID)
    temporaries_[d.tmp] = b_.all(lanes_of(typeOfIRTemp(block_->tyenv, d.tmp)), all);
  each_state(false, [&](size_t offset, uint8_t part) { b_.put(offset, b_.all(part, all)); });
  if (d.mFx == Ifx_Write || d.mFx == Ifx_Modify)
    each_part([&](const Value& at, uint8_t part) { b_.store(at, b_.all(part, all)); });
}

void Walk::compare_and_swap(const IRCAS& cas) {
  const Value address = expression(cas.addr);
  const auto one = [&](IRTemp old, const IRExpr* data_expression, const IRExpr* expected_expression, int64_t plus) {
    const Value data = expression(data_expression);
    const Value expected = expression(expected_expression);
    Value at = address;
    at.offset += plus;
    const Value before = b_.load(data.lanes, at);
    temporaries_[old] = before;
    const Value equal = b_.all(1, {&before, &expected});
    b_.store(at, b_.elements(data.lanes, 1, {&data, &before, &equal}));
  };
  one(cas.oldLo, cas.dataLo, cas.expdLo, 0);
  if (cas.oldHi != IRTemp_INVALID)
    one(cas.oldHi, cas.dataHi, cas.expdHi, lanes_of(typeOfIRTemp(block_->tyenv, cas.oldLo)));
}

void Walk::linked(const IRStmt& s) {
  const auto& llsc = s.Ist.LLSC;
  const Value address = expression(llsc.addr);
  if (llsc.storedata == nullptr) {
    temporaries_[llsc.result] = loaded(typeOfIRTemp(block_->tyenv, llsc.result), address);
    return;
  }
  b_.store(address, expression(llsc.storedata));
  temporaries_[llsc.result] = b_.nothing(1);
}

bool bit_test(Builder& builder, Architecture architecture, std::span<const uint8_t> bytes) {
  const bool wide = architecture == Architecture::x86_64;
  if (!wide && architecture != Architecture::i386) return false;
  size_t at = 0;
  uint8_t size = 4, rex = 0;
  if (at < bytes.size() && bytes[at] == 0x66) size = 2, ++at;
  if (wide && at < bytes.size() && (bytes[at] & 0xf0) == 0x40) rex = bytes[at++];
  if ((rex & 8) != 0) size = 8;
  if (bytes.size() < at + 3 || bytes[at] != 0x0f || bytes[at + 2] < 0xc0) return false;
  const uint8_t operation = bytes[at + 1];
  if (operation != 0xa3 && operation != 0xab && operation != 0xb3 && operation != 0xbb) return false;
  const uint8_t word = wide ? 8 : 4;
  const size_t base = wide ? offsetof(VexGuestAMD64State, guest_RAX) : offsetof(VexGuestX86State, guest_EAX);
  const size_t flags = wide ? offsetof(VexGuestAMD64State, guest_CC_OP) : offsetof(VexGuestX86State, guest_CC_OP);
  const size_t target = (bytes[at + 2] & 7u) + ((rex & 1) != 0 ? 8u : 0u);
  const size_t index = (bytes[at + 2] >> 3 & 7u) + ((rex & 4) != 0 ? 8u : 0u);
  const Value bits = builder.get(base + target * word, size);
  const Value chosen = builder.get(base + index * word, size);
  const Value both = builder.all(size, {&bits, &chosen});
  // The other flags stay: the new thunk holds what the old one did, and the bit.
  std::vector<Value> old;
  std::vector<const Value*> parts{&both};
  for (size_t i = 0; i < 4; ++i) old.push_back(builder.get(flags + i * word, word));
  for (const Value& one : old) parts.push_back(&one);
  const Value thunk = builder.all(word, parts);
  builder.put(flags, builder.nothing(word));
  builder.put(flags + word, thunk);
  builder.put(flags + 2u * word, builder.nothing(word));
  builder.put(flags + 3u * word, builder.nothing(word));
  if (operation == 0xa3) return true;
  builder.put(base + target * word, both);
  if (wide && size == 4) builder.put(base + target * word + 4, builder.nothing(4));
  return true;
}

}  // namespace shikake::taint
