#include "taint/builder.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace shikake::taint {
namespace {

// An address that depends on more runs than this is described by its own bytes instead.
constexpr size_t max_leaves = 6;

uint64_t cut(uint64_t number, uint8_t lanes) {
  return lanes >= 8 ? number : number & ((uint64_t{1} << (8 * lanes)) - 1);
}

// Constants up to this size may be an answer or a state; larger ones are mostly addresses.
constexpr uint64_t largest_note = 0xffff;

bool is_note(uint64_t number, uint8_t lanes) {
  const uint64_t negated = cut(~number + 1, lanes);
  return number <= largest_note || negated <= largest_note;
}

bool is_register(Ref ref) { return ref >= first_register && ref < first_temporary; }

}  // namespace

Builder::Builder(const RegisterLayout& layout, RuleChoices choices) : layout_(layout), choices_(choices) {
  for (size_t i = 0; i < current_.size(); ++i) current_[i] = static_cast<Ref>(first_register + i);
}

void Builder::emit(Op op, size_t lanes, Ref to, Ref a, Ref b) {
  program_.code.push_back({op, static_cast<uint8_t>(lanes), to, a, b});
}

Ref Builder::temporary(size_t lanes) {
  if (next_temporary_ + lanes > first_temporary + max_temporaries) {
    overflowed_ = true;
    return first_temporary;
  }
  const Ref first = static_cast<Ref>(next_temporary_);
  // In eights: rules write eight places at once, as one store that a later load of any size can follow.
  next_temporary_ += (lanes + 7) / 8 * 8;
  return first;
}

void Builder::lane_leaves(Value& value) {
  value.leaves.clear();
  for (size_t i = 0; i < value.lanes; ++i) {
    const Ref ref = value.lane[i];
    if (ref == no_place) continue;
    if (!value.leaves.empty()) {
      auto& last = value.leaves.back();
      if (ref == last.first + last.lanes) {
        ++last.lanes;
        continue;
      }
      if (ref >= last.first && ref < last.first + last.lanes) continue;
    }
    value.leaves.push_back({ref, 1});
  }
}

void Builder::add_leaves(Value& to, const Value& from) {
  for (const auto& leaf : from.leaves)
    if (std::find(to.leaves.begin(), to.leaves.end(), leaf) == to.leaves.end()) to.leaves.push_back(leaf);
}

Value Builder::fresh(uint8_t lanes, Ref first) {
  Value value = nothing(lanes);
  for (size_t i = 0; i < lanes; ++i) value.lane[i] = static_cast<Ref>(first + i);
  lane_leaves(value);
  return value;
}

Value Builder::nothing(uint8_t lanes) {
  Value value;
  value.lanes = lanes;
  value.id = value.base = next_id_++;
  return value;
}

Value Builder::constant(uint8_t lanes, uint64_t number) {
  Value value = nothing(lanes);
  if (lanes <= 8) {
    value.constant = cut(number, lanes);
    value.made = is_note(*value.constant, lanes);
  }
  value.base = 0;
  value.offset = static_cast<int64_t>(number);
  return value;
}

Value Builder::rearranged(uint8_t lanes, const std::array<Ref, max_lanes>& places_of, const Value& from) {
  Value value = nothing(lanes);
  std::copy_n(places_of.begin(), lanes, value.lane.begin());
  lane_leaves(value);
  if (value.leaves.size() > from.leaves.size() && !from.leaves.empty()) value.leaves = from.leaves;
  value.made = from.made;
  return value;
}

Value Builder::get(size_t offset, uint8_t lanes) {
  const auto key = std::pair(offset, lanes);
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  Value value = nothing(lanes);
  for (size_t i = 0; i < lanes; ++i) {
    const bool tracked = offset + i < layout_.bytes && layout_.unit[offset + i] != RegisterLayout::no_unit;
    value.lane[i] = tracked ? current_[offset + i] : no_place;
  }
  lane_leaves(value);
  known_.emplace(key, value);
  return value;
}

// A stack pointer that moves by a labelled amount (room for a received string) is no received address: a label on it
// would be one on all that is ever loaded from the stack. One that is set to a labelled value is.
void Builder::keep_stack_pointer(Value& value) const {
  const auto place = static_cast<Ref>(first_register + layout_.stack_pointer);
  const bool from_itself = std::ranges::any_of(value.leaves, [&](const Value::Run& run) { return run.first == place; });
  if (!from_itself || value.lanes != layout_.word) return;
  for (size_t i = 0; i < value.lanes; ++i) value.lane[i] = static_cast<Ref>(place + i);
  value.leaves.clear();
  lane_leaves(value);
}

void Builder::put(size_t offset, const Value& given) {
  Value value = given;
  if (offset == layout_.stack_pointer) keep_stack_pointer(value);
  if (conditional_) {
    const Value before = get(offset, given.lanes);
    const Value either = lanewise(given, before);
    value = layout_.unpredicated[offset] ? either : elements(given.lanes, 1, {&either, &*conditional_});
  }
  std::erase_if(known_, [&](const auto& entry) {
    const auto& [start, lanes] = entry.first;
    return start < offset + value.lanes && offset < start + lanes;
  });
  for (size_t i = 0; i < value.lanes; ++i) {
    if (offset + i >= layout_.bytes || layout_.unit[offset + i] == RegisterLayout::no_unit) continue;
    current_[offset + i] = value.lane[i];
    made_[offset + i] = value.made;
  }
  known_.emplace(std::pair(offset, value.lanes), value);
}

Value Builder::load(uint8_t lanes, const Value& address) {
  const auto number = static_cast<Ref>(program_.memory.size());
  program_.memory.push_back({instruction_, lanes, false, false, false, address.base, address.offset});
  const Ref first = temporary(lanes);
  emit(Op::load, lanes, first, no_place, number);
  if (choices_.tables)
    for (const auto& leaf : address.leaves) emit(Op::address, lanes, first, leaf.first, leaf.lanes);
  return fresh(lanes, first);
}

void Builder::store(const Value& address, const Value& data) {
  const auto number = static_cast<Ref>(program_.memory.size());
  program_.memory.push_back(
      {instruction_, data.lanes, true, data.constant.has_value(), data.made, address.base, address.offset});
  emit(Op::store, data.lanes, no_place, contiguous(data), number);
}

std::vector<Ref> Builder::places(const Value& value) const {
  return {value.lane.begin(), value.lane.begin() + value.lanes};
}

Ref Builder::joined(std::vector<Ref> refs) {
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
  std::erase(refs, no_place);
  if (refs.empty()) return no_place;
  if (refs.size() == 1) return refs[0];
  const auto [found, is_new] = unions_.try_emplace(refs, no_place);
  if (!is_new) return found->second;
  Ref result = no_place;
  for (size_t i = 0; i < refs.size();) {
    size_t end = i + 1;
    while (end < refs.size() && refs[end] == refs[i] + (end - i) && end - i < max_lanes) ++end;
    Ref part = refs[i];
    if (end - i >= 2) {
      part = temporary(1);
      emit(Op::reduce, end - i, part, refs[i], no_place);
    }
    if (result == no_place) {
      result = part;
    } else {
      const Ref both = temporary(1);
      emit(Op::join, 1, both, result, part);
      result = both;
    }
    i = end;
  }
  unions_[refs] = result;
  return result;
}

Value Builder::all(uint8_t lanes, std::initializer_list<const Value*> operands) {
  return all(lanes, std::vector<const Value*>(operands));
}

Value Builder::all(uint8_t lanes, const std::vector<const Value*>& operands) {
  std::vector<Ref> refs;
  Value value = nothing(lanes);
  for (const Value* operand : operands) {
    const auto more = places(*operand);
    refs.insert(refs.end(), more.begin(), more.end());
    add_leaves(value, *operand);
  }
  std::fill_n(value.lane.begin(), lanes, joined(std::move(refs)));
  if (value.leaves.size() > max_leaves) lane_leaves(value);
  return value;
}

Value Builder::lanewise(const Value& a, const Value& b) {
  Value value = nothing(a.lanes);
  size_t mixed = 0;
  for (size_t i = 0; i < a.lanes; ++i) {
    const Ref x = a.lane[i];
    const Ref y = b.lane[i];
    if (x == y || y == no_place) {
      value.lane[i] = x;
    } else if (x == no_place) {
      value.lane[i] = y;
    } else {
      ++mixed;
    }
  }
  if (mixed > 2) {
    const Ref first = temporary(a.lanes);
    const Ref x = contiguous(a);
    emit(Op::lanes, a.lanes, first, x, contiguous(b));
    for (size_t i = 0; i < a.lanes; ++i) value.lane[i] = static_cast<Ref>(first + i);
  } else if (mixed > 0) {
    for (size_t i = 0; i < a.lanes; ++i) value.lane[i] = joined({a.lane[i], b.lane[i]});
  }
  lane_leaves(value);
  return value;
}

Value Builder::prefix(const Value& a, const Value& b) {
  Value value = nothing(a.lanes);
  std::vector<Ref> distinct;
  for (const Value* operand : {&a, &b})
    for (size_t i = 0; i < operand->lanes; ++i)
      if (operand->lane[i] != no_place) distinct.push_back(operand->lane[i]);
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= 3) {
    std::vector<Ref> below;
    for (size_t i = 0; i < a.lanes; ++i) {
      below.push_back(a.lane[i]);
      if (i < b.lanes) below.push_back(b.lane[i]);
      value.lane[i] = joined(below);
    }
  } else {
    const Ref first = temporary(a.lanes);
    const Ref x = contiguous(a);
    emit(Op::prefix, a.lanes, first, x, contiguous(b));
    for (size_t i = 0; i < a.lanes; ++i) value.lane[i] = static_cast<Ref>(first + i);
  }
  value.made = true;
  add_leaves(value, a);
  add_leaves(value, b);
  if (value.leaves.size() > max_leaves) lane_leaves(value);
  return value;
}

Value Builder::elements(uint8_t lanes, uint8_t size, const std::vector<const Value*>& operands) {
  Value value = nothing(lanes);
  for (size_t first = 0; first < lanes; first += size) {
    std::vector<Ref> refs;
    for (const Value* operand : operands) {
      const bool apart = operand->lanes == lanes;
      const size_t from = apart ? first : 0;
      const size_t to = apart ? first + size : operand->lanes;
      refs.insert(refs.end(), operand->lane.begin() + from, operand->lane.begin() + to);
    }
    std::fill_n(value.lane.begin() + first, size, joined(std::move(refs)));
  }
  lane_leaves(value);
  return value;
}

Ref Builder::contiguous(const Value& value) {
  const Ref first = value.lane[0];
  bool run = true;
  bool zeros = first == no_place;
  for (size_t i = 1; i < value.lanes; ++i) {
    run = run && first != no_place && value.lane[i] == first + i;
    zeros = zeros && value.lane[i] == no_place;
  }
  if (zeros) return no_place;
  if (run) return first;
  const Ref copy = temporary(value.lanes);
  for (size_t i = 0; i < value.lanes;) {
    size_t end = i + 1;
    const Ref ref = value.lane[i];
    const bool same = end < value.lanes && value.lane[end] == ref;
    while (end < value.lanes &&
           value.lane[end] == (same ? ref : static_cast<Ref>(ref + (end - i))))
      ++end;
    const Op op = ref == no_place ? Op::clear : same ? Op::splat : Op::move;
    emit(op, end - i, static_cast<Ref>(copy + i), ref, no_place);
    i = end;
  }
  return copy;
}

void Builder::branch(const Value& condition, Address to) {
  const auto number = static_cast<Ref>(program_.exits.size());
  program_.exits.push_back({instruction_, false, to});
  const Ref ref = joined(places(condition));
  if (ref != no_place) emit(Op::branch, 1, no_place, ref, number);
}

void Builder::target(const Value& address) {
  const auto number = static_cast<Ref>(program_.exits.size());
  program_.exits.push_back({instruction_, true, 0});
  const Ref ref = joined(places(address));
  if (ref != no_place) emit(Op::target, 1, no_place, ref, number);
}

void Builder::without_rule() {
  if (program_.without_rule.empty() || program_.without_rule.back() != instruction_)
    program_.without_rule.push_back(instruction_);
}

std::vector<Builder::Move> Builder::register_moves() const {
  std::vector<Move> moves;
  for (size_t i = 0; i < layout_.bytes;) {
    const auto self = [&](size_t at) { return current_[at] == first_register + at; };
    if (self(i)) {
      ++i;
      continue;
    }
    const Ref ref = current_[i];
    size_t end = i + 1;
    const bool same = end < layout_.bytes && current_[end] == ref && made_[end] == made_[i] &&
                      layout_.unit[end] == layout_.unit[i];
    while (end < layout_.bytes && end - i < max_lanes && !self(end) && made_[end] == made_[i] &&
           layout_.unit[end] == layout_.unit[i] &&
           current_[end] == (same ? ref : static_cast<Ref>(ref + (end - i))))
      ++end;
    const Op op = ref == no_place ? Op::clear : same ? Op::splat : Op::move;
    if (op == Op::move && ref == no_place) end = i + 1;
    moves.push_back({op, static_cast<uint8_t>(end - i), static_cast<Ref>(first_register + i), ref});
    i = end;
  }
  return moves;
}

// All registers are written at the end, "at once": a move whose source another move overwrites goes
// first, and a circle is cut by a copy.
void Builder::write_registers() {
  std::vector<Move> moves = register_moves();
  for (const Move& move : moves) {
    const size_t offset = move.to - size_t{first_register};
    if (made_[offset] && !layout_.undecided[offset]) program_.made |= Units{1} << layout_.unit[offset];
  }
  const auto reads = [](const Move& move, const Move& other) {
    if (move.op == Op::clear || !is_register(move.a)) return false;
    const size_t width = move.op == Op::splat ? 1 : move.lanes;
    return move.a < other.to + other.lanes && other.to < move.a + width;
  };
  while (!moves.empty()) {
    size_t chosen = moves.size();
    for (size_t i = 0; i < moves.size() && chosen == moves.size(); ++i) {
      bool free = true;
      for (size_t j = 0; j < moves.size(); ++j) free = free && (i == j || !reads(moves[j], moves[i]));
      if (free) chosen = i;
    }
    if (chosen == moves.size()) {
      // Keep what the first one overwrites for those that still read it.
      for (size_t j = 1; j < moves.size(); ++j) {
        if (!reads(moves[j], moves[0])) continue;
        const size_t width = moves[j].op == Op::splat ? 1 : moves[j].lanes;
        const Ref copy = temporary(width);
        emit(Op::move, width, copy, moves[j].a, no_place);
        moves[j].a = copy;
      }
      chosen = 0;
    }
    const Move move = moves[chosen];
    moves.erase(moves.begin() + static_cast<std::ptrdiff_t>(chosen));
    const Op op = move.op == Op::move ? Op::put_move : move.op == Op::clear ? Op::put_clear : Op::put_splat;
    emit(op, move.lanes, move.to, move.a, layout_.unit[move.to - first_register]);
  }
}

namespace {

struct Uses {
  size_t a = 0;
  size_t b = 0;
};
// How many places an instruction reads from its operands on.
Uses uses(const Instruction& i) {
  switch (i.op) {
    case Op::move: case Op::put_move: case Op::put_wide: case Op::store: case Op::reduce: return {i.lanes, 0};
    case Op::splat: case Op::put_splat: case Op::branch: case Op::target: return {1, 0};
    case Op::join: return {1, 1};
    case Op::lanes: case Op::prefix: return {i.lanes, i.lanes};
    case Op::address: return {i.b, 0};
    case Op::end: case Op::clear: case Op::put_clear: case Op::load: return {0, 0};
  }
  return {};
}
size_t defines(const Instruction& i) {
  switch (i.op) {
    case Op::join: case Op::reduce: return 1;
    case Op::store: case Op::branch: case Op::target: case Op::end: return 0;
    default: return i.lanes;
  }
}

}  // namespace

void Builder::drop_unused() {
  std::bitset<label_file_size> needed;
  std::vector<Instruction> kept;
  kept.reserve(program_.code.size() + 1);
  for (size_t n = program_.code.size(); n-- > 0;) {
    const Instruction& i = program_.code[n];
    const size_t defined = defines(i);
    bool used = defined == 0 || is_register(i.to);
    for (size_t k = 0; k < defined && !used; ++k) used = needed[i.to + k];
    if (!used) continue;
    const Uses u = uses(i);
    for (size_t k = 0; k < u.a; ++k) needed.set(i.a + k);
    for (size_t k = 0; k < u.b; ++k) needed.set(i.b + k);
    kept.push_back(i);
  }
  std::reverse(kept.begin(), kept.end());
  kept.push_back({Op::end, 0, 0, 0, 0});
  program_.code = std::move(kept);
}

void Builder::note_units() {
  const auto units = [&](Ref first, size_t lanes) {
    Units found = 0;
    for (size_t k = 0; k < lanes; ++k) {
      if (!is_register(static_cast<Ref>(first + k))) continue;
      const uint8_t unit = layout_.unit[first + k - first_register];
      if (unit != RegisterLayout::no_unit) found |= Units{1} << unit;
    }
    return found;
  };
  for (const Instruction& i : program_.code) {
    const Uses u = uses(i);
    program_.reads |= units(i.a, u.a) | units(i.b, u.b);
    program_.writes |= units(i.to, defines(i));
  }
  std::array<size_t, 64> written{};
  for (const Instruction& i : program_.code)
    if (i.op == Op::put_move || i.op == Op::put_clear || i.op == Op::put_splat) written[i.b] += i.lanes;
  for (size_t unit = 0; unit < written.size(); ++unit)
    if (written[unit] != 0 && written[unit] < layout_.extent[unit].bytes) program_.writes_partly |= Units{1} << unit;
}

// An instruction that moves several registers (ldm, stm) touches memory upwards, whatever order its rules were
// made in.
void Builder::order_memory() {
  std::vector<MemoryOp>& memory = program_.memory;
  std::vector<Ref> number(memory.size());
  std::iota(number.begin(), number.end(), Ref{0});
  const auto together = [&](Ref a, Ref b) {
    return memory[a].instruction == memory[b].instruction && memory[a].store == memory[b].store &&
           memory[a].base == memory[b].base && memory[a].size == memory[b].size;
  };
  for (auto first = number.begin(); first != number.end();) {
    const auto end = std::find_if_not(first, number.end(), [&](Ref n) { return together(*first, n); });
    std::stable_sort(first, end, [&](Ref a, Ref b) { return memory[a].offset < memory[b].offset; });
    first = end;
  }
  if (std::is_sorted(number.begin(), number.end())) return;
  const std::vector<MemoryOp> before = memory;
  std::vector<Ref> now(memory.size());
  for (size_t i = 0; i < number.size(); ++i) {
    memory[i] = before[number[i]];
    now[number[i]] = static_cast<Ref>(i);
  }
  for (Instruction& i : program_.code)
    if (i.op == Op::load || i.op == Op::store) i.b = now[i.b];
}

Program Builder::finish() {
  order_memory();
  for (size_t i = 0; i < program_.memory.size(); ++i) {
    const MemoryOp& op = program_.memory[i];
    // A call's pushed return address is no choice of the program's.
    const bool pushed = program_.kind == JumpKind::call && op.constant && i + 1 == program_.memory.size();
    if (op.store && op.made && !pushed) program_.marked_stores.push_back(static_cast<uint16_t>(i));
  }
  write_registers();
  drop_unused();
  note_units();
  return std::move(program_);
}

}  // namespace shikake::taint
