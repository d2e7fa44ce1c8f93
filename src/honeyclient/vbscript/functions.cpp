// The names of all built-in functions and constants; what they do stands in functions_*.cpp.
#include "honeyclient/vbscript/functions.h"

#include <algorithm>
#include <array>

namespace shikake::honeyclient::vbscript {

namespace {

constexpr std::array tables = {&text_functions, &number_functions, &date_functions, &array_functions,
                               &object_functions};

struct Constant {
  std::u16string_view name;
  int32_t value;
};
// "VBScript Constants".
constexpr std::array numbers = {
    Constant{u"vbbinarycompare", 0},
    Constant{u"vbtextcompare", 1},
    Constant{u"vbsunday", 1},
    Constant{u"vbmonday", 2},
    Constant{u"vbtuesday", 3},
    Constant{u"vbwednesday", 4},
    Constant{u"vbthursday", 5},
    Constant{u"vbfriday", 6},
    Constant{u"vbsaturday", 7},
    Constant{u"vbusesystem", 0},
    Constant{u"vbusesystemdayofweek", 0},
    Constant{u"vbfirstjan1", 1},
    Constant{u"vbfirstfourdays", 2},
    Constant{u"vbfirstfullweek", 3},
    Constant{u"vbgeneraldate", 0},
    Constant{u"vblongdate", 1},
    Constant{u"vbshortdate", 2},
    Constant{u"vblongtime", 3},
    Constant{u"vbshorttime", 4},
    Constant{u"vbobjecterror", -2147221504},
    Constant{u"vbokonly", 0},
    Constant{u"vbokcancel", 1},
    Constant{u"vbabortretryignore", 2},
    Constant{u"vbyesnocancel", 3},
    Constant{u"vbyesno", 4},
    Constant{u"vbretrycancel", 5},
    Constant{u"vbcritical", 16},
    Constant{u"vbquestion", 32},
    Constant{u"vbexclamation", 48},
    Constant{u"vbinformation", 64},
    Constant{u"vbdefaultbutton1", 0},
    Constant{u"vbdefaultbutton2", 256},
    Constant{u"vbdefaultbutton3", 512},
    Constant{u"vbapplicationmodal", 0},
    Constant{u"vbsystemmodal", 4096},
    Constant{u"vbok", 1},
    Constant{u"vbcancel", 2},
    Constant{u"vbabort", 3},
    Constant{u"vbretry", 4},
    Constant{u"vbignore", 5},
    Constant{u"vbyes", 6},
    Constant{u"vbno", 7},
    Constant{u"vbempty", 0},
    Constant{u"vbnull", 1},
    Constant{u"vbinteger", 2},
    Constant{u"vblong", 3},
    Constant{u"vbsingle", 4},
    Constant{u"vbdouble", 5},
    Constant{u"vbcurrency", 6},
    Constant{u"vbdate", 7},
    Constant{u"vbstring", 8},
    Constant{u"vbobject", 9},
    Constant{u"vberror", 10},
    Constant{u"vbboolean", 11},
    Constant{u"vbvariant", 12},
    Constant{u"vbdataobject", 13},
    Constant{u"vbdecimal", 14},
    Constant{u"vbbyte", 17},
    Constant{u"vbarray", 8192},
    Constant{u"vbblack", 0},
    Constant{u"vbred", 0xFF},
    Constant{u"vbgreen", 0xFF00},
    Constant{u"vbyellow", 0xFFFF},
    Constant{u"vbblue", 0xFF0000},
    Constant{u"vbmagenta", 0xFF00FF},
    Constant{u"vbcyan", 0xFFFF00},
    Constant{u"vbwhite", 0xFFFFFF},
    Constant{u"vbtrue", -1},
    Constant{u"vbfalse", 0},
    Constant{u"vbusedefault", -2},
};
struct TextConstant {
  std::u16string_view name, value;
};
constexpr std::array texts = {
    TextConstant{u"vbcr", u"\r"},
    TextConstant{u"vblf", u"\n"},
    TextConstant{u"vbcrlf", u"\r\n"},
    TextConstant{u"vbnewline", u"\r\n"},
    TextConstant{u"vbformfeed", u"\f"},
    TextConstant{u"vbtab", u"\t"},
    TextConstant{u"vbverticaltab", u"\v"},
    TextConstant{u"vbnullstring", u""},
    TextConstant{u"vbnullchar", std::u16string_view(u"\0", 1)},
};

}  // namespace

const Function* find_function(std::u16string_view lowered) {
  for (auto table : tables)
    for (const Function& function : table())
      if (function.name == lowered) return &function;
  return nullptr;
}

std::optional<Value> find_constant(std::u16string_view lowered) {
  if (!lowered.starts_with(u"vb")) return std::nullopt;
  for (const Constant& one : numbers)
    if (one.name == lowered) return Value(one.value);
  for (const TextConstant& one : texts)
    if (one.name == lowered) return Value(one.value);
  return std::nullopt;
}

}  // namespace shikake::honeyclient::vbscript
