#include "honeyclient/vbscript/operators.h"

#include <cmath>
#include <limits>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/error.h"
#include "honeyclient/vbscript/object.h"

namespace shikake::honeyclient::vbscript {

namespace {

// Objects stand for their default member.
const Value& plain(const Value& value, Value& held) {
  const ObjectRef* object = value.get<ObjectRef>();
  if (object) {
    if (!*object) raise(Fault::object_not_set);
    held = (*object)->call({}, {});
    if (held.is_object()) raise(Fault::no_such_member);
    return held;
  }
  if (value.is<ArrayRef>()) raise(Fault::type_mismatch);
  return value;
}

// How wide a number's type is: the result of arithmetic has the wider operand's.
int width(const Value& value) {
  switch (type_number(value)) {
    case 17:
      return 1;  // Byte
    case 0:
    case 2:
    case 11:
      return 2;
    case 3:
      return 3;
    case 4:
      return 4;
    case 5:
    case 8:
      return 5;  // text counts as a Double
    case 7:
      return 6;
    case 6:
      return 7;
    default:
      return 5;
  }
}

Value narrowed(double result, int width_of) {
  if (std::isinf(result) || std::isnan(result)) raise(Fault::overflow);
  switch (width_of) {
    case 1:
      if (result >= 0 && result <= 255) return static_cast<uint8_t>(result);
      [[fallthrough]];
    case 2:
    case 3:
      if (width_of < 3 && result >= -32768 && result <= 32767) return static_cast<int16_t>(result);
      if (result >= -2147483648.0 && result <= 2147483647.0) return static_cast<int32_t>(result);
      return result;
    case 4:
      return static_cast<float>(result);
    case 6:
      return Date{result};
    case 7:
      return Currency{static_cast<int64_t>(std::llround(result * 10000.0))};
    default:
      return result;
  }
}

Value arithmetic(Operator op, const Value& left, const Value& right) {
  double a = number_of(left), b = number_of(right);
  int wide = std::max(width(left), width(right));
  switch (op) {
    case Operator::add:
      return narrowed(a + b, wide);
    case Operator::subtract:
      return narrowed(a - b, left.is<Date>() && right.is<Date>() ? 5 : wide);
    case Operator::multiply:
      return narrowed(a * b, wide == 6 ? 5 : wide);
    case Operator::divide:
      if (b == 0) raise(a == 0 ? Fault::overflow : Fault::division_by_zero);
      return narrowed(a / b, 5);
    default: {
      double power = std::pow(a, b);
      if (std::isnan(power)) raise(Fault::invalid_call);
      return narrowed(power, 5);
    }
  }
}

Value whole(Operator op, const Value& left, const Value& right) {
  int64_t a = long_of(left), b = long_of(right);
  if (b == 0) raise(Fault::division_by_zero);
  int64_t result = op == Operator::modulo ? a % b : a / b;
  return narrowed(static_cast<double>(result), std::min(3, std::max(width(left), width(right))));
}

// And, Or … work on the bits; of two Booleans the result is one.
Value bits(Operator op, const Value& left, const Value& right) {
  bool left_null = left.is<Null>(), right_null = right.is<Null>();
  if (left_null || right_null) {
    const Value& known = left_null ? right : left;
    if (left_null && right_null) return Null{};
    int32_t value = long_of(known);
    bool decided = (op == Operator::and_ && value == 0) || (op == Operator::or_ && value == -1) ||
                   (op == Operator::imp && ((left_null && value == -1) || (right_null && value == 0)));
    if (!decided) return Null{};
    int16_t result = op == Operator::and_ ? 0 : -1;
    return known.is<bool>() ? Value(result != 0) : Value(result);
  }
  int32_t a = long_of(left), b = long_of(right), result = 0;
  switch (op) {
    case Operator::and_:
      result = a & b;
      break;
    case Operator::or_:
      result = a | b;
      break;
    case Operator::xor_:
      result = a ^ b;
      break;
    case Operator::eqv:
      result = ~(a ^ b);
      break;
    default:
      result = ~a | b;
      break;
  }
  if (left.is<bool>() && right.is<bool>()) return result != 0;
  if (std::max(width(left), width(right)) <= 2) return static_cast<int16_t>(result);
  return result;
}

Value concatenation(const Value& left, const Value& right) {
  if (left.is<Null>() && right.is<Null>()) return Null{};
  std::u16string text = left.is<Null>() ? std::u16string() : text_of(left);
  if (!right.is<Null>()) {
    if (const Text* more = right.get<Text>())
      text += **more;
    else
      text += text_of(right);
  }
  if (text.size() > max_text_units) raise(Fault::out_of_string_space);
  return text;
}

bool verdict(Operator op, int order) {
  switch (op) {
    case Operator::equal:
      return order == 0;
    case Operator::unequal:
      return order != 0;
    case Operator::less:
      return order < 0;
    case Operator::greater:
      return order > 0;
    case Operator::less_equal:
      return order <= 0;
    default:
      return order >= 0;
  }
}
int order_of(double a, double b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// https://learn.microsoft.com/previous-versions/: "Comparison Operators (VBScript)", and E. Lippert, "Hard
// types and soft types", for text against numbers.
Value comparison(Operator op, const Value& left, const Value& right, Literal literal) {
  if (left.is<Null>() || right.is<Null>()) return Null{};
  const Text* a = left.get<Text>();
  const Text* b = right.get<Text>();
  if (a && b) return verdict(op, compare_text(**a, **b, false));
  if ((a && right.is<Empty>()) || (b && left.is<Empty>())) {
    int order = a ? ((*a)->empty() ? 0 : 1) : ((*b)->empty() ? 0 : -1);
    return verdict(op, order);
  }
  if (a || b) {
    bool text_literal = a ? literal.left : literal.right;
    bool number_literal = a ? literal.right : literal.left;
    if (number_literal) return verdict(op, order_of(number_of(left), number_of(right)));
    if (text_literal) return verdict(op, compare_text(text_of(left), text_of(right), false));
    return verdict(op, a ? 1 : -1);
  }
  return verdict(op, order_of(number_of(left), number_of(right)));
}

}  // namespace

int compare_text(std::u16string_view a, std::u16string_view b, bool ignore_case) {
  int order = ignore_case ? lower_case(a).compare(lower_case(b)) : a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

Value negated(const Value& given) {
  Value held;
  const Value& value = plain(given, held);
  if (value.is<Null>()) return Null{};
  return narrowed(-number_of(value), width(value) == 1 ? 2 : width(value));
}

Value complement(const Value& given) {
  Value held;
  const Value& value = plain(given, held);
  if (value.is<Null>()) return Null{};
  if (const bool* flag = value.get<bool>()) return !*flag;
  if (const uint8_t* byte = value.get<uint8_t>()) return static_cast<uint8_t>(~*byte);
  int32_t result = ~long_of(value);
  if (width(value) <= 2) return static_cast<int16_t>(result);
  return result;
}

Value combine(Operator op, const Value& given_left, const Value& given_right, Literal literal) {
  if (op == Operator::is) {
    const ObjectRef* a = given_left.get<ObjectRef>();
    const ObjectRef* b = given_right.get<ObjectRef>();
    if (!a || !b) raise(Fault::object_required);
    return *a == *b;
  }
  Value left_held, right_held;
  const Value& left = plain(given_left, left_held);
  const Value& right = plain(given_right, right_held);
  switch (op) {
    case Operator::concatenate:
      return concatenation(left, right);
    case Operator::equal:
    case Operator::unequal:
    case Operator::less:
    case Operator::greater:
    case Operator::less_equal:
    case Operator::greater_equal:
      return comparison(op, left, right, literal);
    case Operator::and_:
    case Operator::or_:
    case Operator::xor_:
    case Operator::eqv:
    case Operator::imp:
      return bits(op, left, right);
    default:
      break;
  }
  if (left.is<Null>() || right.is<Null>()) return Null{};
  if (op == Operator::add && left.is_text() && right.is_text()) return concatenation(left, right);
  if (op == Operator::add && ((left.is_text() && right.is<Empty>()) || (left.is<Empty>() && right.is_text())))
    return concatenation(left, right);
  if (op == Operator::modulo || op == Operator::integer_divide) return whole(op, left, right);
  return arithmetic(op, left, right);
}

}  // namespace shikake::honeyclient::vbscript
