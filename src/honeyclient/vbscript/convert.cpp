#include "honeyclient/vbscript/convert.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "honeyclient/vbscript/error.h"
#include "honeyclient/vbscript/object.h"

namespace shikake::honeyclient::vbscript {

namespace {

std::u16string wide(std::string_view text) {
  return std::u16string(text.begin(), text.end());
}

std::u16string_view trimmed(std::u16string_view text) {
  while (!text.empty() && (text.front() <= ' ' || text.front() == 0xA0)) text.remove_prefix(1);
  while (!text.empty() && (text.back() <= ' ' || text.back() == 0xA0)) text.remove_suffix(1);
  return text;
}

const Value& default_of_reference(const Value& value, Value& held) {
  const ObjectRef* object = value.get<ObjectRef>();
  if (!object) return value;
  if (!*object) raise(Fault::object_not_set);
  held = (*object)->call({}, {});
  if (held.is_object()) raise(Fault::no_such_member);
  return held;
}

double in_range(double number, double low, double high) {
  double whole = rounded(number);
  if (!(whole >= low && whole <= high)) raise(Fault::overflow);
  return whole;
}

}  // namespace

std::u16string lower_case(std::u16string_view text) {
  std::u16string lowered(text);
  for (char16_t& unit : lowered)
    unit = unit < 0x80 ? static_cast<char16_t>(unit >= 'A' && unit <= 'Z' ? unit | 0x20 : unit)
                       : static_cast<char16_t>(u_tolower(unit));
  return lowered;
}

std::u16string upper_case(std::u16string_view text) {
  std::u16string raised(text);
  for (char16_t& unit : raised)
    unit = unit < 0x80 ? static_cast<char16_t>(unit >= 'a' && unit <= 'z' ? unit & ~0x20 : unit)
                       : static_cast<char16_t>(u_toupper(unit));
  return raised;
}

bool same_name(std::u16string_view a, std::u16string_view b) {
  return a.size() == b.size() && lower_case(a) == lower_case(b);
}

double rounded(double number) {
  return std::nearbyint(number);  // the rounding mode is never changed here: to nearest, ties to even
}

std::u16string number_text(double number) {
  if (std::isnan(number)) return u"-1.#IND";
  if (std::isinf(number)) return number < 0 ? u"-1.#INF" : u"1.#INF";
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.15g", number);
  std::string text = digits;
  size_t exponent = text.find('e');
  if (exponent == std::string::npos) return wide(text == "-0" ? "0" : text);
  // "%g" turns to exponents below 1E-4, the language below 1E-15 where the digits fit.
  int power = std::atoi(text.c_str() + exponent + 1);
  if (power < 0) {
    char plain[48];
    std::string mantissa = text.substr(0, exponent);
    size_t figures = mantissa.size() - (mantissa.find('.') != std::string::npos) - (mantissa[0] == '-');
    if (figures + static_cast<size_t>(-power) <= 15 + 1) {
      std::snprintf(plain, sizeof plain, "%.*f", static_cast<int>(figures) - 1 - power, number);
      return wide(plain);
    }
  }
  char sign = power < 0 ? '-' : '+';
  std::snprintf(digits, sizeof digits, "%sE%c%02d", text.substr(0, exponent).c_str(), sign, std::abs(power));
  return wide(digits);
}

std::u16string text_of(const Value& given) {
  Value held;
  const Value& value = default_of_reference(given, held);
  if (const Text* text = value.get<Text>()) return **text;
  if (value.is<Empty>()) return {};
  if (const bool* flag = value.get<bool>()) return *flag ? u"True" : u"False";
  if (const Date* date = value.get<Date>()) return date_text(*date);
  if (value.is<Null>()) raise(Fault::invalid_null);
  if (const float* single = value.get<float>()) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.7g", static_cast<double>(*single));
    return number_text(std::strtod(digits, nullptr));
  }
  return number_text(number_of(value));
}

std::optional<double> parse_number(std::u16string_view given) {
  std::u16string_view text = trimmed(given);
  if (text.empty()) return std::nullopt;
  if (text.size() > 1 && text[0] == '&') {
    bool hexadecimal = (text[1] | 0x20) == 'h';
    std::u16string_view digits = text.substr(hexadecimal || (text[1] | 0x20) == 'o' ? 2 : 1);
    uint64_t number = 0;
    if (digits.empty() || digits.size() > 11) return std::nullopt;
    for (char16_t unit : digits) {
      int digit = unit >= '0' && unit <= '9'                     ? unit - '0'
                  : (unit | 0x20) >= 'a' && (unit | 0x20) <= 'f' ? (unit | 0x20) - 'a' + 10
                                                                 : 99;
      if (digit >= (hexadecimal ? 16 : 8)) return std::nullopt;
      number = number * (hexadecimal ? 16 : 8) + static_cast<uint64_t>(digit);
    }
    if (number > 0xFFFFFFFF) return std::nullopt;
    return number <= 0xFFFF ? static_cast<int16_t>(number) : static_cast<int32_t>(number);
  }
  std::string plain;
  bool negative = false, seen_digit = false, seen_point = false, seen_exponent = false, bracketed = false;
  if (text.front() == '(' && text.back() == ')') {
    bracketed = true;
    text = trimmed(text.substr(1, text.size() - 2));
  }
  for (size_t i = 0; i < text.size(); ++i) {
    char16_t unit = text[i];
    if (unit >= '0' && unit <= '9') {
      seen_digit = true;
      plain += static_cast<char>(unit);
    } else if ((unit == '-' || unit == '+') && (plain.empty() || plain.back() == 'e')) {
      if (plain.empty())
        negative = unit == '-';
      else
        plain += static_cast<char>(unit);
    } else if (unit == '.' && !seen_point && !seen_exponent) {
      seen_point = true;
      plain += '.';
    } else if ((unit | 0x20) == 'e' && seen_digit && !seen_exponent && i + 1 < text.size()) {
      seen_exponent = true;
      plain += 'e';
    } else if ((unit == ',' && seen_digit && !seen_point) || (unit == '$' && plain.empty())) {
      continue;
    } else {
      return std::nullopt;
    }
  }
  if (!seen_digit || plain.back() == 'e' || plain.back() == '-' || plain.back() == '+') return std::nullopt;
  double number = std::strtod(plain.c_str(), nullptr);
  if (std::isinf(number)) return std::nullopt;
  return negative != bracketed ? -number : number;
}

double number_of(const Value& given) {
  Value held;
  const Value& value = default_of_reference(given, held);
  if (const int16_t* number = value.get<int16_t>()) return *number;
  if (const int32_t* number = value.get<int32_t>()) return *number;
  if (const double* number = value.get<double>()) return *number;
  if (value.is<Empty>()) return 0;
  if (const bool* flag = value.get<bool>()) return *flag ? -1 : 0;
  if (const uint8_t* number = value.get<uint8_t>()) return *number;
  if (const float* number = value.get<float>()) return *number;
  if (const Currency* amount = value.get<Currency>())
    return static_cast<double>(amount->ten_thousandths) / 10000.0;
  if (const Date* date = value.get<Date>()) return date->days;
  if (value.is<Null>()) raise(Fault::invalid_null);
  if (const Text* text = value.get<Text>()) {
    if (std::optional<double> number = parse_number(**text)) return *number;
    raise(Fault::type_mismatch, (*text)->substr(0, 100));
  }
  raise(Fault::type_mismatch);
}

bool boolean_of(const Value& given) {
  Value held;
  const Value& value = default_of_reference(given, held);
  if (const bool* flag = value.get<bool>()) return *flag;
  if (const Text* text = value.get<Text>()) {
    if (same_name(**text, u"true")) return true;
    if (same_name(**text, u"false")) return false;
  }
  return number_of(value) != 0;
}

int32_t long_of(const Value& value) {
  if (const int16_t* number = value.get<int16_t>()) return *number;
  if (const int32_t* number = value.get<int32_t>()) return *number;
  return static_cast<int32_t>(in_range(number_of(value), -2147483648.0, 2147483647.0));
}
int16_t integer_of(const Value& value) {
  return static_cast<int16_t>(in_range(number_of(value), -32768, 32767));
}
uint8_t byte_of(const Value& value) {
  return static_cast<uint8_t>(in_range(number_of(value), 0, 255));
}
Currency currency_of(const Value& value) {
  return {
      static_cast<int64_t>(in_range(number_of(value) * 10000.0, -9.2233720368547e18, 9.2233720368547e18))};
}

Date date_of(const Value& given) {
  Value held;
  const Value& value = default_of_reference(given, held);
  if (const Date* date = value.get<Date>()) return *date;
  if (const Text* text = value.get<Text>()) {
    if (std::optional<Date> date = parse_date(**text)) return *date;
    if (std::optional<double> number = parse_number(**text)) return {*number};
    raise(Fault::type_mismatch, (*text)->substr(0, 100));
  }
  double days = number_of(value);
  // 0100-01-01 to 9999-12-31: what a DATE may say.
  if (!(days > -657435.0 && days < 2958466.0)) raise(Fault::overflow);
  return {days};
}

Value whole_number(double number) {
  if (number >= -32768 && number <= 32767) return static_cast<int16_t>(number);
  if (number >= -2147483648.0 && number <= 2147483647.0) return static_cast<int32_t>(number);
  return number;
}

std::u16string_view type_name(const Value& value) {
  static constexpr std::u16string_view names[] = {
      u"Empty",  u"Null",     u"Boolean", u"Byte",   u"Integer",   u"Long",    u"Single",
      u"Double", u"Currency", u"Date",    u"String", u"Variant()", u"Nothing", u"Error"};
  return names[value.held().index()];
}

int16_t type_number(const Value& value) {
  static constexpr int16_t numbers[] = {0, 1, 11, 17, 2, 3, 4, 5, 6, 7, 8, 8192 + 12, 9, 10};
  return numbers[value.held().index()];
}

}  // namespace shikake::honeyclient::vbscript
