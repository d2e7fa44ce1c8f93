#include <algorithm>
#include <array>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/functions.h"
#include "honeyclient/vbscript/operators.h"

namespace shikake::honeyclient::vbscript {

bool given(Arguments arguments, size_t index) {
  return index < arguments.size() && !arguments[index].value.is<Missing>();
}
int32_t long_or(Arguments arguments, size_t index, int32_t otherwise) {
  return given(arguments, index) ? long_of(arguments[index].value) : otherwise;
}

namespace {

// Windows-1252, 0x80 to 0x9F: what Chr and Asc mean by a byte
// (https://encoding.spec.whatwg.org/#windows-1252).
constexpr std::array<char16_t, 32> high_controls = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::u16string text(Arguments arguments, size_t index) {
  return text_of(arguments[index].value);
}
bool is_null(Arguments arguments, size_t index) {
  return arguments[index].value.is<Null>();
}
size_t length_of(Arguments arguments, size_t index) {
  int32_t length = long_of(arguments[index].value);
  if (length < 0) raise(Fault::invalid_call);
  return static_cast<size_t>(length);
}
bool ignores_case(Arguments arguments, size_t index) {
  int32_t how = long_or(arguments, index, 0);
  if (how != 0 && how != 1) raise(Fault::invalid_call);
  return how == 1;
}
// Strings hold bytes too, two a unit, the low one first: what LenB, MidB, ChrB … count.
std::string bytes_of(const std::u16string& text) {
  std::string bytes;
  for (char16_t unit : text) {
    bytes += static_cast<char>(unit & 0xFF);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}
std::u16string from_bytes(std::string_view bytes) {
  std::u16string text;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    auto low = static_cast<uint8_t>(bytes[i]);
    auto high = static_cast<uint8_t>(i + 1 < bytes.size() ? bytes[i + 1] : 0);
    text += static_cast<char16_t>(low | high << 8);
  }
  return text;
}

Value asc(Machine&, Arguments arguments) {
  std::u16string of = text(arguments, 0);
  if (of.empty()) raise(Fault::invalid_call);
  if (of[0] < 0x80 || (of[0] >= 0xA0 && of[0] <= 0xFF)) return static_cast<int16_t>(of[0]);
  for (size_t i = 0; i < high_controls.size(); ++i)
    if (high_controls[i] == of[0]) return static_cast<int16_t>(0x80 + i);
  return int16_t{'?'};
}
Value asc_w(Machine&, Arguments arguments) {
  std::u16string of = text(arguments, 0);
  if (of.empty()) raise(Fault::invalid_call);
  return static_cast<int16_t>(of[0]);
}
Value asc_b(Machine&, Arguments arguments) {
  std::u16string of = text(arguments, 0);
  if (of.empty()) raise(Fault::invalid_call);
  return static_cast<uint8_t>(of[0] & 0xFF);
}
Value chr(Machine&, Arguments arguments) {
  int32_t code = long_of(arguments[0].value);
  if (code < 0 || code > 255) raise(Fault::invalid_call);
  char16_t unit = code >= 0x80 && code < 0xA0 ? high_controls[static_cast<size_t>(code - 0x80)]
                                              : static_cast<char16_t>(code);
  return std::u16string(1, unit);
}
Value chr_w(Machine&, Arguments arguments) {
  int32_t code = long_of(arguments[0].value);
  if (code < -32768 || code > 65535) raise(Fault::invalid_call);
  return std::u16string(1, static_cast<char16_t>(code));
}
Value chr_b(Machine&, Arguments arguments) {
  return std::u16string(1, static_cast<char16_t>(byte_of(arguments[0].value)));
}

Value len(Machine&, Arguments arguments) {
  if (is_null(arguments, 0)) return Null{};
  return static_cast<int32_t>(text(arguments, 0).size());
}
Value len_b(Machine&, Arguments arguments) {
  if (is_null(arguments, 0)) return Null{};
  return static_cast<int32_t>(text(arguments, 0).size() * 2);
}
Value left(Machine&, Arguments arguments) {
  if (is_null(arguments, 0)) return Null{};
  return text(arguments, 0).substr(0, length_of(arguments, 1));
}
Value right(Machine&, Arguments arguments) {
  if (is_null(arguments, 0)) return Null{};
  std::u16string of = text(arguments, 0);
  size_t length = length_of(arguments, 1);
  return length >= of.size() ? of : of.substr(of.size() - length);
}
Value mid(Machine&, Arguments arguments) {
  if (is_null(arguments, 0)) return Null{};
  int32_t start = long_of(arguments[1].value);
  if (start < 1) raise(Fault::invalid_call);
  size_t length = given(arguments, 2) ? length_of(arguments, 2) : std::u16string::npos;
  // Not a copy of the whole for each unit of a long text.
  const Text* held = arguments[0].value.get<Text>();
  std::u16string made = held ? std::u16string() : text(arguments, 0);
  std::u16string_view of = held ? std::u16string_view(**held) : made;
  if (static_cast<size_t>(start) > of.size()) return u"";
  return of.substr(static_cast<size_t>(start) - 1, length);
}
Value left_b(Machine&, Arguments arguments) {
  return from_bytes(bytes_of(text(arguments, 0)).substr(0, length_of(arguments, 1)));
}
Value right_b(Machine&, Arguments arguments) {
  std::string bytes = bytes_of(text(arguments, 0));
  size_t length = std::min(length_of(arguments, 1), bytes.size());
  return from_bytes(std::string_view(bytes).substr(bytes.size() - length));
}
Value mid_b(Machine&, Arguments arguments) {
  int32_t start = long_of(arguments[1].value);
  if (start < 1) raise(Fault::invalid_call);
  size_t length = given(arguments, 2) ? length_of(arguments, 2) : std::string::npos;
  std::string bytes = bytes_of(text(arguments, 0));
  if (static_cast<size_t>(start) > bytes.size()) return u"";
  return from_bytes(std::string_view(bytes).substr(static_cast<size_t>(start) - 1, length));
}

Value lower(Machine&, Arguments arguments) {
  return is_null(arguments, 0) ? Value(Null{}) : Value(lower_case(text(arguments, 0)));
}
Value upper(Machine&, Arguments arguments) {
  return is_null(arguments, 0) ? Value(Null{}) : Value(upper_case(text(arguments, 0)));
}
Value trimmed(Arguments arguments, bool front, bool back) {
  if (is_null(arguments, 0)) return Null{};
  std::u16string of = text(arguments, 0);
  size_t start = front ? std::min(of.find_first_not_of(u' '), of.size()) : 0;
  size_t end = back ? of.find_last_not_of(u' ') + 1 : of.size();
  return start >= end ? Value(u"") : Value(of.substr(start, end - start));
}
Value trim(Machine&, Arguments arguments) {
  return trimmed(arguments, true, true);
}
Value trim_left(Machine&, Arguments arguments) {
  return trimmed(arguments, true, false);
}
Value trim_right(Machine&, Arguments arguments) {
  return trimmed(arguments, false, true);
}
Value space(Machine& machine, Arguments arguments) {
  size_t length = length_of(arguments, 0);
  machine.check_text(length);
  return std::u16string(length, u' ');
}
Value string(Machine& machine, Arguments arguments) {
  size_t length = length_of(arguments, 0);
  machine.check_text(length);
  char16_t unit = 0;
  if (arguments[1].value.is_text()) {
    std::u16string of = text(arguments, 1);
    if (of.empty()) raise(Fault::invalid_call);
    unit = of[0];
  } else {
    unit = static_cast<char16_t>(long_of(arguments[1].value) & 0xFF);
  }
  return std::u16string(length, unit);
}
Value reversed(Machine&, Arguments arguments) {
  std::u16string of = text(arguments, 0);
  std::reverse(of.begin(), of.end());
  return of;
}

// InStr([start,] text, wanted [, compare])
Value in_text(Machine&, Arguments arguments) {
  bool has_start = arguments.size() > 2;
  int32_t start = has_start ? long_of(arguments[0].value) : 1;
  size_t first = has_start ? 1 : 0;
  if (is_null(arguments, first) || is_null(arguments, first + 1)) return Null{};
  if (start < 1) raise(Fault::invalid_call);
  std::u16string of = text(arguments, first), wanted = text(arguments, first + 1);
  if (ignores_case(arguments, 3)) of = lower_case(of), wanted = lower_case(wanted);
  if (of.empty() || static_cast<size_t>(start) > of.size()) return int32_t{0};
  size_t found = of.find(wanted, static_cast<size_t>(start) - 1);
  return found == std::u16string::npos ? int32_t{0} : static_cast<int32_t>(found + 1);
}
Value in_text_b(Machine&, Arguments arguments) {
  bool has_start = arguments.size() > 2;
  int32_t start = has_start ? long_of(arguments[0].value) : 1;
  if (start < 1) raise(Fault::invalid_call);
  std::string of = bytes_of(text(arguments, has_start ? 1 : 0)),
              wanted = bytes_of(text(arguments, has_start ? 2 : 1));
  if (static_cast<size_t>(start) > of.size()) return int32_t{0};
  size_t found = of.find(wanted, static_cast<size_t>(start) - 1);
  return found == std::string::npos ? int32_t{0} : static_cast<int32_t>(found + 1);
}
// InStrRev(text, wanted [, start [, compare]])
Value in_text_backwards(Machine&, Arguments arguments) {
  if (is_null(arguments, 0) || is_null(arguments, 1)) return Null{};
  std::u16string of = text(arguments, 0), wanted = text(arguments, 1);
  int32_t start = long_or(arguments, 2, -1);
  if (start == 0 || start < -1) raise(Fault::invalid_call);
  if (ignores_case(arguments, 3)) of = lower_case(of), wanted = lower_case(wanted);
  size_t last = start == -1 ? of.size() : static_cast<size_t>(start);
  if (of.empty() || last > of.size() || wanted.size() > last) return int32_t{0};
  size_t found = of.rfind(wanted, last - wanted.size());
  return found == std::u16string::npos ? int32_t{0} : static_cast<int32_t>(found + 1);
}

// Replace(text, wanted, by [, start [, count [, compare]]])
Value replaced(Machine& machine, Arguments arguments) {
  std::u16string of = text(arguments, 0), wanted = text(arguments, 1), by = text(arguments, 2);
  int32_t start = long_or(arguments, 3, 1), count = long_or(arguments, 4, -1);
  if (start < 1 || count < -1) raise(Fault::invalid_call);
  if (static_cast<size_t>(start) > of.size()) return u"";
  of = of.substr(static_cast<size_t>(start) - 1);
  if (wanted.empty()) return of;
  bool ignoring = ignores_case(arguments, 5);
  std::u16string looked_at = ignoring ? lower_case(of) : of;
  if (ignoring) wanted = lower_case(wanted);
  std::u16string made;
  size_t at = 0;
  while (count != 0) {
    size_t found = looked_at.find(wanted, at);
    if (found == std::u16string::npos) break;
    made.append(of, at, found - at);
    made += by;
    machine.check_text(made.size());
    at = found + wanted.size();
    if (count > 0) --count;
  }
  made.append(of, at);
  return made;
}

Value compared(Machine&, Arguments arguments) {
  if (is_null(arguments, 0) || is_null(arguments, 1)) return Null{};
  return static_cast<int16_t>(
      compare_text(text(arguments, 0), text(arguments, 1), ignores_case(arguments, 2)));
}

// ECMA-262, B.2.1: what is kept as it is.
bool plain(char16_t unit) {
  return unit < 0x80 && ((unit | 0x20) >= 'a' && (unit | 0x20) <= 'z' ? true
                         : unit >= '0' && unit <= '9'
                             ? true
                             : std::u16string_view(u"@*_+-./").find(unit) != std::u16string_view::npos);
}
Value escaped(Machine& machine, Arguments arguments) {
  static constexpr char16_t digits[] = u"0123456789ABCDEF";
  std::u16string made;
  for (char16_t unit : text(arguments, 0)) {
    if (plain(unit)) {
      made += unit;
      continue;
    }
    made += unit > 0xFF ? u"%u" : u"%";
    for (int shift = unit > 0xFF ? 12 : 4; shift >= 0; shift -= 4) made += digits[(unit >> shift) & 15];
  }
  machine.check_text(made.size());
  return made;
}
Value unescaped(Machine& machine, Arguments arguments) {
  std::u16string of = text(arguments, 0), made;
  auto hex = [&of](size_t at, size_t count, char16_t& unit) {
    uint32_t value = 0;
    if (at + count > of.size()) return false;
    for (size_t i = at; i < at + count; ++i) {
      char16_t digit = of[i];
      uint32_t worth = digit >= '0' && digit <= '9'                     ? digit - '0'
                       : (digit | 0x20) >= 'a' && (digit | 0x20) <= 'f' ? (digit | 0x20) - 'a' + 10u
                                                                        : 99u;
      if (worth > 15) return false;
      value = value * 16 + worth;
    }
    unit = static_cast<char16_t>(value);
    return true;
  };
  for (size_t i = 0; i < of.size(); ++i) {
    char16_t unit = of[i];
    if (unit == '%' && i + 1 < of.size() && of[i + 1] == 'u' && hex(i + 2, 4, unit))
      i += 5;
    else if (unit == '%' && hex(i + 1, 2, unit))
      i += 2;
    made += unit;
  }
  machine.host.unescaped(made);
  return made;
}

constexpr std::array table = {
    Function{u"asc", 1, 1, asc},
    Function{u"ascb", 1, 1, asc_b},
    Function{u"ascw", 1, 1, asc_w},
    Function{u"chr", 1, 1, chr},
    Function{u"chrb", 1, 1, chr_b},
    Function{u"chrw", 1, 1, chr_w},
    Function{u"len", 1, 1, len},
    Function{u"lenb", 1, 1, len_b},
    Function{u"left", 2, 2, left},
    Function{u"leftb", 2, 2, left_b},
    Function{u"right", 2, 2, right},
    Function{u"rightb", 2, 2, right_b},
    Function{u"mid", 2, 3, mid},
    Function{u"midb", 2, 3, mid_b},
    Function{u"lcase", 1, 1, lower},
    Function{u"ucase", 1, 1, upper},
    Function{u"trim", 1, 1, trim},
    Function{u"ltrim", 1, 1, trim_left},
    Function{u"rtrim", 1, 1, trim_right},
    Function{u"space", 1, 1, space},
    Function{u"string", 2, 2, string},
    Function{u"strreverse", 1, 1, reversed},
    Function{u"instr", 2, 4, in_text},
    Function{u"instrb", 2, 4, in_text_b},
    Function{u"instrrev", 2, 4, in_text_backwards},
    Function{u"replace", 3, 6, replaced},
    Function{u"strcomp", 2, 3, compared},
    Function{u"escape", 1, 1, escaped},
    Function{u"unescape", 1, 1, unescaped},
};

}  // namespace

std::span<const Function> text_functions() {
  return table;
}

}  // namespace shikake::honeyclient::vbscript
