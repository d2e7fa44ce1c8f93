#include "honeyclient/vbscript/error.h"

#include "honeyclient/vbscript/object.h"

namespace shikake::honeyclient::vbscript {

std::string_view describe(Fault fault) {
  switch (fault) {
    case Fault::invalid_call:
      return "Invalid procedure call or argument";
    case Fault::overflow:
      return "Overflow";
    case Fault::out_of_memory:
      return "Out of memory";
    case Fault::subscript_out_of_range:
      return "Subscript out of range";
    case Fault::array_fixed:
      return "This array is fixed or temporarily locked";
    case Fault::division_by_zero:
      return "Division by zero";
    case Fault::type_mismatch:
      return "Type mismatch";
    case Fault::out_of_string_space:
      return "Out of string space";
    case Fault::out_of_stack:
      return "Out of stack space";
    case Fault::not_defined:
      return "Sub or Function not defined";
    case Fault::object_not_set:
      return "Object variable not set";
    case Fault::loop_not_initialised:
      return "For loop not initialized";
    case Fault::invalid_null:
      return "Invalid use of Null";
    case Fault::object_required:
      return "Object required";
    case Fault::cannot_create_object:
      return "ActiveX component can't create object";
    case Fault::not_automation:
      return "Class doesn't support Automation";
    case Fault::no_such_member:
      return "Object doesn't support this property or method";
    case Fault::wrong_arguments:
      return "Wrong number of arguments or invalid property assignment";
    case Fault::not_a_collection:
      return "Object not a collection";
    case Fault::variable_undefined:
      return "Variable is undefined";
    case Fault::illegal_assignment:
      return "Illegal assignment";
    case Fault::syntax:
      return "Syntax error";
    case Fault::expected_identifier:
      return "Expected identifier";
    case Fault::name_redefined:
      return "Name redefined";
    case Fault::regexp_syntax:
      return "Syntax error in regular expression";
  }
  return "Unknown runtime error";
}

namespace {
std::u16string text_of(Fault fault) {
  std::string_view text = describe(fault);
  return std::u16string(text.begin(), text.end());
}
}  // namespace

void raise(Fault fault) {
  throw RuntimeError{static_cast<int32_t>(fault), text_of(fault)};
}

void raise(Fault fault, std::u16string_view what) {
  throw RuntimeError{static_cast<int32_t>(fault), text_of(fault) + u": '" + std::u16string(what) + u"'"};
}

std::vector<Value> Object::items() {
  raise(Fault::not_a_collection);
}

}  // namespace shikake::honeyclient::vbscript
