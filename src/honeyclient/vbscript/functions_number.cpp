#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/functions.h"
#include "honeyclient/vbscript/operators.h"

namespace shikake::honeyclient::vbscript {

namespace {

double number(Arguments arguments, size_t index) {
  return number_of(arguments[index].value);
}
bool is_null(Arguments arguments) {
  return arguments[0].value.is<Null>();
}

Value absolute(Machine&, Arguments arguments) {
  if (is_null(arguments)) return Null{};
  double value = number(arguments, 0);
  return value < 0                      ? negated(arguments[0].value)
         : arguments[0].value.is_text() ? Value(value)
                                        : arguments[0].value;
}
// Int rounds down, Fix towards zero; whole types stay what they are.
Value down(Machine&, Arguments arguments) {
  if (is_null(arguments)) return Null{};
  const Value& value = arguments[0].value;
  return value.is<double>() || value.is_text() || value.is<float>() || value.is<Currency>()
             ? Value(std::floor(number(arguments, 0)))
         : value.is<Date>() ? Value(Date{std::floor(number(arguments, 0))})
                            : whole_number(number(arguments, 0));
}
Value towards_zero(Machine&, Arguments arguments) {
  if (is_null(arguments)) return Null{};
  const Value& value = arguments[0].value;
  return value.is<double>() || value.is_text() || value.is<float>() || value.is<Currency>()
             ? Value(std::trunc(number(arguments, 0)))
         : value.is<Date>() ? Value(Date{std::trunc(number(arguments, 0))})
                            : whole_number(number(arguments, 0));
}
Value sign(Machine&, Arguments arguments) {
  double value = number(arguments, 0);
  return static_cast<int16_t>(value > 0 ? 1 : value < 0 ? -1 : 0);
}
Value rounded_to(Machine&, Arguments arguments) {
  int32_t places = long_or(arguments, 1, 0);
  if (places < 0 || places > 22) raise(Fault::invalid_call);
  double scale = std::pow(10.0, places);
  double scaled = number(arguments, 0) * scale;
  return std::isfinite(scaled) ? rounded(scaled) / scale : number(arguments, 0);
}
template <double (*Function)(double)>
Value of_double(Machine&, Arguments arguments) {
  double result = Function(number(arguments, 0));
  if (std::isnan(result)) raise(Fault::invalid_call);
  if (std::isinf(result)) raise(Fault::overflow);
  return result;
}
double natural_logarithm(double value) {
  return value > 0 ? std::log(value) : std::nan("");
}
double square_root(double value) {
  return value >= 0 ? std::sqrt(value) : std::nan("");
}

Value in_base(Arguments arguments, const char* format) {
  if (is_null(arguments)) return Null{};
  int32_t value = long_of(arguments[0].value);
  auto bits = static_cast<uint32_t>(value);
  if (value < 0 && value >= -32768 && !arguments[0].value.is<int32_t>()) bits &= 0xFFFF;
  char digits[16];
  std::snprintf(digits, sizeof digits, format, bits);
  std::string text = digits;
  return std::u16string(text.begin(), text.end());
}
Value hexadecimal(Machine&, Arguments arguments) {
  return in_base(arguments, "%X");
}
Value octal(Machine&, Arguments arguments) {
  return in_base(arguments, "%o");
}

// The generator of "INFO: How Visual Basic Generates Pseudo-Random Numbers for the RND Function" (KB 231847).
Value random(Machine& machine, Arguments arguments) {
  auto state = static_cast<uint32_t>(machine.random_state);
  float wish = given(arguments, 0) ? static_cast<float>(number(arguments, 0)) : 1.0F;
  if (wish < 0) {
    uint32_t bits = 0;
    std::memcpy(&bits, &wish, sizeof bits);
    state = (bits + (bits >> 24)) & 0xFFFFFF;
  }
  if (wish != 0) state = static_cast<uint32_t>((uint64_t{state} * 0x43FD43FD + 0xC39EC3) & 0xFFFFFF);
  machine.random_state = state;
  return static_cast<float>(state) / 16777216.0F;
}

Value to_boolean(Machine&, Arguments arguments) {
  return boolean_of(arguments[0].value);
}
Value to_byte(Machine&, Arguments arguments) {
  return byte_of(arguments[0].value);
}
Value to_currency(Machine&, Arguments arguments) {
  return currency_of(arguments[0].value);
}
Value to_date(Machine&, Arguments arguments) {
  return date_of(arguments[0].value);
}
Value to_double(Machine&, Arguments arguments) {
  return number_of(arguments[0].value);
}
Value to_integer(Machine&, Arguments arguments) {
  return integer_of(arguments[0].value);
}
Value to_long(Machine&, Arguments arguments) {
  return long_of(arguments[0].value);
}
Value to_single(Machine&, Arguments arguments) {
  return static_cast<float>(number_of(arguments[0].value));
}
Value to_text(Machine&, Arguments arguments) {
  return text_of(arguments[0].value);
}

Value colour(Machine&, Arguments arguments) {
  int32_t value = 0;
  for (size_t i = 0; i < 3; ++i) {
    int32_t part = long_of(arguments[i].value);
    if (part < 0) raise(Fault::invalid_call);
    value |= std::min(part, 255) << (8 * i);
  }
  return value;
}

// FormatNumber and its like (value, digits, leading digit, parentheses, groups), en-US.
std::u16string formatted(Arguments arguments, double value, const char* before, const char* after) {
  int32_t digits = long_or(arguments, 1, -1);
  if (digits < -1 || digits > 255) raise(Fault::invalid_call);
  bool leading = long_or(arguments, 2, -2) != 0, brackets = long_or(arguments, 3, -2) == -1;
  bool groups = long_or(arguments, 4, -2) != 0;
  char plain[640];
  std::snprintf(plain, sizeof plain, "%.*f", digits < 0 ? 2 : digits, std::fabs(value));
  std::string text = plain;
  size_t point = std::min(text.find('.'), text.size());
  if (groups)
    for (size_t i = point; i > 3; i -= 3) text.insert(i - 3, 1, ',');
  if (!leading && text.starts_with("0.")) text.erase(0, 1);
  std::string whole = value >= 0 ? "" : brackets ? "(" : "-";
  whole += before;
  whole += text;
  whole += after;
  if (value < 0 && brackets) whole += ')';
  return std::u16string(whole.begin(), whole.end());
}
Value format_number(Machine&, Arguments arguments) {
  return formatted(arguments, number(arguments, 0), "", "");
}
Value format_percent(Machine&, Arguments arguments) {
  return formatted(arguments, number(arguments, 0) * 100, "", "%");
}
Value format_currency(Machine&, Arguments arguments) {
  return formatted(arguments, number(arguments, 0), "$", "");
}

constexpr std::array table = {
    Function{u"abs", 1, 1, absolute},
    Function{u"int", 1, 1, down},
    Function{u"fix", 1, 1, towards_zero},
    Function{u"sgn", 1, 1, sign},
    Function{u"round", 1, 2, rounded_to},
    Function{u"sqr", 1, 1, of_double<square_root>},
    Function{u"exp", 1, 1, of_double<std::exp>},
    Function{u"log", 1, 1, of_double<natural_logarithm>},
    Function{u"sin", 1, 1, of_double<std::sin>},
    Function{u"cos", 1, 1, of_double<std::cos>},
    Function{u"tan", 1, 1, of_double<std::tan>},
    Function{u"atn", 1, 1, of_double<std::atan>},
    Function{u"hex", 1, 1, hexadecimal},
    Function{u"oct", 1, 1, octal},
    Function{u"rnd", 0, 1, random},
    Function{u"cbool", 1, 1, to_boolean},
    Function{u"cbyte", 1, 1, to_byte},
    Function{u"ccur", 1, 1, to_currency},
    Function{u"cdate", 1, 1, to_date},
    Function{u"cdbl", 1, 1, to_double},
    Function{u"cint", 1, 1, to_integer},
    Function{u"clng", 1, 1, to_long},
    Function{u"csng", 1, 1, to_single},
    Function{u"cstr", 1, 1, to_text},
    Function{u"rgb", 3, 3, colour},
    Function{u"formatnumber", 1, 5, format_number},
    Function{u"formatpercent", 1, 5, format_percent},
    Function{u"formatcurrency", 1, 5, format_currency},
};

}  // namespace

std::span<const Function> number_functions() {
  return table;
}

}  // namespace shikake::honeyclient::vbscript
