#include <algorithm>
#include <array>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/functions.h"

namespace shikake::honeyclient::vbscript {

namespace {

const Array& array_at(Arguments arguments, size_t index) {
  const ArrayRef* array = arguments[index].value.get<ArrayRef>();
  if (!array) raise(Fault::type_mismatch);
  return **array;
}

Value array_of(Machine&, Arguments arguments) {
  std::vector<Value> items;
  for (const Argument& argument : arguments) items.push_back(argument.value);
  return make_array(std::move(items));
}

int32_t bound(Arguments arguments, bool upper) {
  const Array& array = array_at(arguments, 0);
  int32_t dimension = long_or(arguments, 1, 1);
  if (dimension < 1 || static_cast<size_t>(dimension) > array.bounds.size())
    raise(Fault::subscript_out_of_range);
  return upper ? array.bounds[static_cast<size_t>(dimension - 1)] : 0;
}
Value lower_bound(Machine&, Arguments arguments) {
  return bound(arguments, false);
}
Value upper_bound(Machine&, Arguments arguments) {
  return bound(arguments, true);
}

Value join(Machine& machine, Arguments arguments) {
  std::u16string between = given(arguments, 1) ? text_of(arguments[1].value) : u" ";
  std::u16string made;
  const Array& array = array_at(arguments, 0);
  if (array.bounds.size() > 1) raise(Fault::type_mismatch);
  for (size_t i = 0; i < array.items.size(); ++i) {
    if (i > 0) made += between;
    made += text_of(array.items[i]);
    machine.check_text(made.size());
  }
  return made;
}

// Split(text [, by [, count [, compare]]])
Value split(Machine& machine, Arguments arguments) {
  std::u16string text = text_of(arguments[0].value);
  std::u16string by = given(arguments, 1) ? text_of(arguments[1].value) : u" ";
  int32_t count = long_or(arguments, 2, -1);
  if (count < -1) raise(Fault::invalid_call);
  bool ignoring = long_or(arguments, 3, 0) == 1;
  std::u16string looked_at = ignoring ? lower_case(text) : text;
  if (ignoring) by = lower_case(by);
  std::vector<Value> parts;
  size_t at = 0;
  while (!text.empty() && count != 0) {
    size_t found = by.empty() || static_cast<int32_t>(parts.size()) + 1 == count ? std::u16string::npos
                                                                                 : looked_at.find(by, at);
    if (parts.size() >= max_array_items) raise(Fault::out_of_memory);
    machine.step();
    if (found == std::u16string::npos) {
      parts.push_back(text.substr(at));
      break;
    }
    parts.push_back(text.substr(at, found - at));
    at = found + by.size();
  }
  return make_array(std::move(parts));
}

// Filter(texts, wanted [, include [, compare]])
Value filter(Machine&, Arguments arguments) {
  std::u16string wanted = text_of(arguments[1].value);
  bool include = !given(arguments, 2) || boolean_of(arguments[2].value);
  bool ignoring = long_or(arguments, 3, 0) == 1;
  if (ignoring) wanted = lower_case(wanted);
  std::vector<Value> kept;
  for (const Value& item : array_at(arguments, 0).items) {
    std::u16string text = text_of(item);
    bool found = (ignoring ? lower_case(text) : text).find(wanted) != std::u16string::npos;
    if (found == include) kept.push_back(std::move(text));
  }
  return make_array(std::move(kept));
}

Value is_array(Machine&, Arguments arguments) {
  return arguments[0].value.is<ArrayRef>();
}

constexpr std::array table = {
    Function{u"array", 0, 255, array_of},   Function{u"lbound", 1, 2, lower_bound},
    Function{u"ubound", 1, 2, upper_bound}, Function{u"join", 1, 2, join},
    Function{u"split", 1, 4, split},        Function{u"filter", 2, 4, filter},
    Function{u"isarray", 1, 1, is_array},
};

}  // namespace

std::span<const Function> array_functions() {
  return table;
}

}  // namespace shikake::honeyclient::vbscript
