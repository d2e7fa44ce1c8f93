// Expressions: what a value's labels are, given its operands'.
#include <algorithm>
#include <array>
#include <unordered_map>

#include "taint/vex_walk.h"

namespace shikake::taint {

std::string* captured_text = nullptr;

uint8_t lanes_of(IRType type) {
  if (type == Ity_I1) return 1;
  return static_cast<uint8_t>(sizeofIRType(type));
}

const Operation& operation(IROp op) {
  static std::unordered_map<unsigned, Operation> known;
  const auto [found, is_new] = known.try_emplace(op);
  if (is_new) {
    std::string text;
    captured_text = &text;
    ppIROp(op);
    captured_text = nullptr;
    IRType result, a, b, c, d;
    typeOfPrimop(op, &result, &a, &b, &c, &d);
    if (text.starts_with("Iop_")) text.erase(0, 4);
    found->second = {movement_of(text), lanes_of(result)};
  }
  return found->second;
}

Value Walk::expression(const IRExpr* e) {
  switch (e->tag) {
    case Iex_RdTmp: return temporaries_[e->Iex.RdTmp.tmp];
    case Iex_Const: {
      const IRConst* c = e->Iex.Const.con;
      const uint8_t lanes = lanes_of(typeOfIRConst(c));
      return is_number(c) ? b_.constant(lanes, number_of(c)) : b_.nothing(lanes);
    }
    case Iex_Get: return b_.get(static_cast<size_t>(e->Iex.Get.offset), lanes_of(e->Iex.Get.ty));
    case Iex_GetI: return indexed(e->Iex.GetI.descr, e->Iex.GetI.ix);
    case Iex_Unop: return unary(e->Iex.Unop.op, expression(e->Iex.Unop.arg));
    case Iex_Binop:
      return apply(e->Iex.Binop.op, {expression(e->Iex.Binop.arg1), expression(e->Iex.Binop.arg2)});
    case Iex_Triop: {
      const IRTriop* t = e->Iex.Triop.details;
      return apply(t->op, {expression(t->arg1), expression(t->arg2), expression(t->arg3)});
    }
    case Iex_Qop: {
      const IRQop* q = e->Iex.Qop.details;
      return apply(q->op, {expression(q->arg1), expression(q->arg2), expression(q->arg3), expression(q->arg4)});
    }
    case Iex_Load: return loaded(e->Iex.Load.ty, expression(e->Iex.Load.addr));
    case Iex_ITE: {
      if (const auto known = known_number(*block_, e->Iex.ITE.cond))
        return expression(*known != 0 ? e->Iex.ITE.iftrue : e->Iex.ITE.iffalse);
      const Value condition = expression(e->Iex.ITE.cond);
      const Value yes = expression(e->Iex.ITE.iftrue);
      const Value no = expression(e->Iex.ITE.iffalse);
      return b_.elements(yes.lanes, 1, {&yes, &no, &condition});
    }
    case Iex_CCall: return call(e);
    default: return b_.nothing(8);
  }
}

Value Walk::unary(IROp op, const Value& a) {
  const auto key = std::pair<unsigned, uint32_t>(op, a.id);
  if (const auto found = unary_.find(key); found != unary_.end()) return found->second;
  Value result = apply(op, {a});
  unary_.emplace(key, result);
  return result;
}

Value Walk::fold_and_mask(const Value& a, const Value& b, bool is_and) {
  // A constant hides bytes: 0 in an and, all ones in an or.
  const Value& number = a.constant ? a : b;
  const Value& other = a.constant ? b : a;
  if (!number.constant) return b_.lanewise(a, b);
  if (other.constant)
    return b_.constant(a.lanes, is_and ? *a.constant & *b.constant : *a.constant | *b.constant);
  std::array<Ref, max_lanes> lane{};
  for (size_t i = 0; i < other.lanes; ++i) {
    const auto byte = static_cast<uint8_t>(*number.constant >> (8 * i));
    lane[i] = byte == (is_and ? 0 : 0xff) ? no_place : other.lane[i];
  }
  return b_.rearranged(other.lanes, lane, other);
}

Value Walk::shift(Movement movement, const Value& a, const Value& amount) {
  if (!amount.constant) return b_.all(a.lanes, {&a, &amount});
  if (a.constant && movement == Movement::shift_right)
    return b_.constant(a.lanes, *amount.constant < 64 ? *a.constant >> *amount.constant : 0);
  if (a.constant && movement == Movement::shift_left)
    return b_.constant(a.lanes, *amount.constant < 64 ? *a.constant << *amount.constant : 0);
  const auto bits = static_cast<int>(std::min<uint64_t>(*amount.constant, 255));
  const int whole = bits / 8;
  const bool between = bits % 8 != 0;
  const int lanes = a.lanes;
  const auto at = [&](int i) -> Ref {
    if (i >= 0 && i < lanes) return a.lane[static_cast<size_t>(i)];
    return i >= lanes && movement == Movement::shift_sign ? a.lane[static_cast<size_t>(lanes - 1)] : no_place;
  };
  std::array<Ref, max_lanes> lane{};
  for (int i = 0; i < lanes; ++i) {
    const bool left = movement == Movement::shift_left;
    const Ref main = left ? at(i - whole) : at(i + whole);
    const Ref neighbour = !between ? no_place : left ? at(i - whole - 1) : at(i + whole + 1);
    lane[static_cast<size_t>(i)] = b_.joined({main, neighbour});
  }
  return b_.rearranged(a.lanes, lane, a);
}

Value Walk::vector_move(const Movement_of& m, uint8_t lanes, const std::vector<Value>& v) {
  const Value& a = v[0];
  const size_t size = m.size;
  const size_t count = size == 0 ? 0 : lanes / size;  // elements of the result
  std::array<Ref, max_lanes> to{};
  const auto element = [&](size_t index, const Value& from, size_t from_index) {
    for (size_t i = 0; i < size; ++i) to[index * size + i] = from.lane[from_index * size + i];
  };
  switch (m.movement) {
    case Movement::interleave_low:
    case Movement::interleave_high: {
      const size_t start = m.movement == Movement::interleave_high ? count / 2 : 0;
      for (size_t i = 0; i < count / 2; ++i) {
        element(2 * i, v[1], start + i);
        element(2 * i + 1, a, start + i);
      }
      break;
    }
    case Movement::interleave_even:
    case Movement::interleave_odd: {
      const size_t odd = m.movement == Movement::interleave_odd ? 1 : 0;
      for (size_t i = 0; i < count / 2; ++i) {
        element(2 * i, v[1], 2 * i + odd);
        element(2 * i + 1, a, 2 * i + odd);
      }
      break;
    }
    case Movement::cat_even:
    case Movement::cat_odd: {
      const size_t odd = m.movement == Movement::cat_odd ? 1 : 0;
      for (size_t i = 0; i < count / 2; ++i) {
        element(i, v[1], 2 * i + odd);
        element(count / 2 + i, a, 2 * i + odd);
      }
      break;
    }
    case Movement::duplicate:
      for (size_t i = 0; i < count; ++i) element(i, a, 0);
      break;
    case Movement::get_element: {
      const size_t index = v[1].constant.value_or(0);
      for (size_t i = 0; i < lanes && i < size; ++i) to[i] = a.lane[index * size + i];
      break;
    }
    case Movement::set_element: {
      const size_t index = v[1].constant.value_or(0);
      for (size_t i = 0; i < lanes; ++i) to[i] = a.lane[i];
      for (size_t i = 0; i < size; ++i) to[index * size + i] = v[2].lane[i];
      break;
    }
    case Movement::reverse:
      for (size_t i = 0; i < count; ++i) {
        const size_t per_group = m.group / size;
        const size_t base = i / per_group * per_group;
        element(i, a, base + per_group - 1 - i % per_group);
      }
      break;
    default: break;
  }
  const Value both = v.size() > 1 ? b_.all(1, {&v[0], &v[1]}) : a;
  return b_.rearranged(lanes, to, both);
}

// Bytes that only change place.
Value Walk::move(const Operation& o, const std::vector<Value>& v) {
  const Movement_of& m = o.movement;
  const uint8_t lanes = o.lanes;
  const Value& a = v[0];
  std::array<Ref, max_lanes> to{};
  switch (m.movement) {
    case Movement::part:
      for (size_t i = 0; i < m.size && i < lanes; ++i) to[i] = a.lane[m.size * m.index + i];
      return b_.rearranged(lanes, to, a);
    case Movement::concatenate: {
      size_t at = 0;
      for (size_t k = v.size(); k-- > 0;)
        for (size_t i = 0; i < v[k].lanes && at < lanes; ++i) to[at++] = v[k].lane[i];
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    }
    case Movement::set_low:
      for (size_t i = 0; i < lanes; ++i) to[i] = i < v[1].lanes ? v[1].lane[i] : a.lane[i];
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    case Movement::slice: {
      const size_t from = *v[2].constant;
      for (size_t i = 0; i < lanes; ++i)
        to[i] = from + i < lanes ? v[1].lane[from + i] : from + i < 2u * lanes ? a.lane[from + i - lanes] : no_place;
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    }
    default: {
      const bool sign = m.movement == Movement::widen_sign;
      const uint8_t kept = std::min(lanes, a.lanes);
      if (a.constant && !sign) return b_.constant(lanes, *a.constant);
      for (size_t i = 0; i < lanes; ++i) to[i] = i < kept ? a.lane[i] : sign ? a.lane[kept - 1] : no_place;
      return b_.rearranged(lanes, to, a);
    }
  }
}

// Sums and products: carries move upwards. An address that is a sum keeps its base.
Value Walk::sum(IROp op, uint8_t lanes, const std::vector<Value>& v) {
  const Value& a = v[0];
  if (v.size() == 1) return b_.prefix(a, b_.constant(a.lanes, 0));
  const bool add = op == Iop_Add64 || op == Iop_Add32;
  const bool subtract = op == Iop_Sub64 || op == Iop_Sub32;
  if (a.id == v[1].id && (subtract || op == Iop_Sub16 || op == Iop_Sub8)) return b_.constant(lanes, 0);
  if ((add || subtract) && a.constant && v[1].constant)
    return b_.constant(lanes, subtract ? *a.constant - *v[1].constant : *a.constant + *v[1].constant);
  Value result = b_.prefix(a, v[1]);
  if (!add && !subtract) return result;
  const auto by = [&](const Value& number) {
    const auto n = lanes == 4 ? static_cast<int64_t>(static_cast<int32_t>(*number.constant))
                              : static_cast<int64_t>(*number.constant);
    return subtract ? -n : n;
  };
  if (v[1].constant) result.base = a.base, result.offset = a.offset + by(v[1]);
  else if (a.constant && add) result.base = v[1].base, result.offset = v[1].offset + by(a);
  return result;
}

// Elements that change their size: every byte of one may depend on every byte that it was made from.
Value Walk::resize_elements(const Operation& o, const std::vector<Value>& v) {
  const Movement_of& m = o.movement;
  const uint8_t lanes = o.lanes;
  const Value& a = v[0];
  std::array<Ref, max_lanes> to{};
  const auto joined = [&](const Value& from, size_t first, size_t count) {
    const size_t end = std::min<size_t>(first + count, from.lanes);
    return b_.joined({from.lane.begin() + static_cast<std::ptrdiff_t>(first), from.lane.begin() + static_cast<std::ptrdiff_t>(end)});
  };
  if (m.movement == Movement::top_bits) {
    for (size_t i = 0; i < lanes; ++i) to[i] = joined(a, 8 * i, 8);
    return b_.rearranged(lanes, to, a);
  }
  if (m.movement == Movement::widen) {
    for (size_t i = 0; i < lanes / (2u * m.size); ++i)
      std::fill_n(to.begin() + i * 2 * m.size, 2 * m.size, joined(a, i * m.size, m.size));
    return b_.rearranged(lanes, to, a);
  }
  // Narrowed, (high, low): each element gives half as many bytes.
  const size_t half = m.size / 2u;
  const size_t per = a.lanes / m.size;
  for (size_t i = 0; i < lanes / half; ++i) {
    const Value& from = v.size() == 2 ? (i < per ? v[1] : a) : a;
    std::fill_n(to.begin() + i * half, half, joined(from, i % per * m.size, m.size));
  }
  return b_.rearranged(lanes, to, b_.nothing(lanes));
}

Value Walk::apply(IROp op, const std::vector<Value>& v) {
  const Operation& o = operation(op);
  const uint8_t lanes = o.lanes;
  const Movement_of& m = o.movement;
  const Value& a = v[0];
  std::vector<const Value*> operands;
  for (const Value& value : v) operands.push_back(&value);
  const bool same = v.size() == 2 && a.id == v[1].id;
  switch (m.movement) {
    case Movement::widen_zero: case Movement::low: case Movement::widen_sign: case Movement::part:
    case Movement::concatenate: case Movement::set_low: return move(o, v);
    case Movement::slice: return v[2].constant ? move(o, v) : b_.all(lanes, operands);
    case Movement::lanewise:
      if (same) return lanes <= 8 ? b_.constant(lanes, 0) : b_.nothing(lanes);
      return v.size() == 1 ? b_.rearranged(lanes, a.lane, a) : b_.lanewise(a, v[1]);
    case Movement::mask:
    case Movement::either: return fold_and_mask(a, v[1], m.movement == Movement::mask);
    case Movement::prefix: return sum(op, lanes, v);
    case Movement::shift_left:
    case Movement::shift_right:
    case Movement::shift_sign: return shift(m.movement, a, v[1]);
    case Movement::shift_bytes_left: return shift(Movement::shift_left, a, v[1]);
    case Movement::shift_bytes_right: return shift(Movement::shift_right, a, v[1]);
    case Movement::elements:
      if (same && (op == Iop_CmpEQ8x16 || op == Iop_CmpEQ16x8 || op == Iop_CmpEQ32x4 || op == Iop_CmpEQ8x32))
        return b_.nothing(lanes);
      return b_.elements(lanes, m.size, operands);
    case Movement::low_element: {
      const Value low = b_.elements(lanes, m.size, operands);
      // With a rounding mode in front, the second operand gives the upper elements.
      std::array<Ref, max_lanes> to = a.lanes == lanes ? a.lane : v[1].lane;
      std::copy_n(low.lane.begin(), m.size, to.begin());
      return b_.rearranged(lanes, to, b_.nothing(lanes));
    }
    case Movement::narrow: case Movement::widen: case Movement::top_bits: return resize_elements(o, v);
    case Movement::permute: {
      const Value any = b_.all(1, {&a});
      return b_.elements(lanes, 1, {&v[1], &any});
    }
    case Movement::interleave_low: case Movement::interleave_high: case Movement::interleave_even:
    case Movement::interleave_odd: case Movement::cat_even: case Movement::cat_odd:
    case Movement::duplicate: case Movement::reverse: return vector_move(m, lanes, v);
    case Movement::get_element: case Movement::set_element:
      if (v[1].constant) return vector_move(m, lanes, v);
      break;
    case Movement::all: break;
  }
  return b_.all(lanes, operands);
}

}  // namespace shikake::taint
