// Types, objects, the person at the screen, and the engine itself.
#include <array>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/functions.h"

namespace shikake::honeyclient::vbscript {

namespace {

Value is_empty(Machine&, Arguments arguments) {
  return arguments[0].value.is<Empty>();
}
Value is_null(Machine&, Arguments arguments) {
  return arguments[0].value.is<Null>();
}
Value is_object(Machine&, Arguments arguments) {
  return arguments[0].value.is_object();
}
Value is_numeric(Machine&, Arguments arguments) {
  const Value& value = arguments[0].value;
  if (const Text* text = value.get<Text>()) return parse_number(**text).has_value();
  return value.is_number() || value.is<Empty>();
}
Value is_date(Machine&, Arguments arguments) {
  const Value& value = arguments[0].value;
  if (const Text* text = value.get<Text>()) return parse_date(**text).has_value();
  return value.is<Date>();
}
Value name_of_type(Machine&, Arguments arguments) {
  const ObjectRef* object = arguments[0].value.get<ObjectRef>();
  if (object && *object) return (*object)->type_name();
  return type_name(arguments[0].value);
}
Value number_of_type(Machine&, Arguments arguments) {
  return type_number(arguments[0].value);
}

Value create_object(Machine& machine, Arguments arguments) {
  std::u16string name = text_of(arguments[0].value);
  if (same_name(name, u"VBScript.RegExp")) return make_regular_expression();
  ObjectRef made = machine.host.create_object(name);
  if (!made) raise(Fault::cannot_create_object, name.substr(0, 100));
  return made;
}
Value get_object(Machine& machine, Arguments arguments) {
  std::u16string path = given(arguments, 0) ? text_of(arguments[0].value) : u"";
  std::u16string type = given(arguments, 1) ? text_of(arguments[1].value) : u"";
  ObjectRef found = machine.host.get_object(path, type);
  if (!found) raise(Fault::cannot_create_object, path.substr(0, 100));
  return found;
}
Value get_reference(Machine& machine, Arguments arguments) {
  std::u16string name = text_of(arguments[0].value);
  ObjectRef found = machine.procedure_object(name);
  if (!found) raise(Fault::invalid_call, name.substr(0, 100));
  return found;
}
Value evaluate(Machine& machine, Arguments arguments) {
  if (!arguments[0].value.is_text()) return arguments[0].value;
  return machine.evaluate_here(text_of(arguments[0].value));
}

Value message_box(Machine& machine, Arguments arguments) {
  std::u16string title = given(arguments, 2) ? text_of(arguments[2].value) : u"";
  std::u16string prompt = arguments[0].value.is<Null>() ? u"" : text_of(arguments[0].value);
  return static_cast<int16_t>(machine.host.message_box(prompt, long_or(arguments, 1, 0), title));
}
Value input_box(Machine& machine, Arguments arguments) {
  auto text = [&](size_t index) { return given(arguments, index) ? text_of(arguments[index].value) : u""; };
  return machine.host.input_box(text(0), text(1), text(2));
}

Value engine(Machine&, Arguments) {
  return u"VBScript";
}
Value engine_major(Machine&, Arguments) {
  return int32_t{5};
}
Value engine_minor(Machine&, Arguments) {
  return int32_t{8};
}
Value engine_build(Machine&, Arguments) {
  return int32_t{16384};
}
Value locale(Machine&, Arguments) {
  return int32_t{1033};
}

constexpr std::array table = {
    Function{u"isempty", 1, 1, is_empty},
    Function{u"isnull", 1, 1, is_null},
    Function{u"isobject", 1, 1, is_object},
    Function{u"isnumeric", 1, 1, is_numeric},
    Function{u"isdate", 1, 1, is_date},
    Function{u"typename", 1, 1, name_of_type},
    Function{u"vartype", 1, 1, number_of_type},
    Function{u"createobject", 1, 2, create_object},
    Function{u"getobject", 0, 2, get_object},
    Function{u"getref", 1, 1, get_reference},
    Function{u"eval", 1, 1, evaluate},
    Function{u"msgbox", 1, 5, message_box},
    Function{u"inputbox", 1, 7, input_box},
    Function{u"scriptengine", 0, 0, engine},
    Function{u"scriptenginemajorversion", 0, 0, engine_major},
    Function{u"scriptengineminorversion", 0, 0, engine_minor},
    Function{u"scriptenginebuildversion", 0, 0, engine_build},
    Function{u"getlocale", 0, 0, locale},
    Function{u"setlocale", 0, 1, locale},
};

// Err: what the last error was, and Raise.
class ErrorObject final : public Object {
 public:
  explicit ErrorObject(Machine& machine) : machine_(machine) {}
  std::u16string type_name() const override { return u"Object"; }

  Value call(std::u16string_view given_name, Arguments arguments) override {
    std::u16string name = lower_case(given_name);
    const ErrorState& error = machine_.error;
    if (name.empty() || name == u"number") return error.number;
    if (name == u"description") return error.description;
    if (name == u"source") return error.source;
    if (name == u"helpfile" || name == u"helpcontext") return u"";
    if (name == u"clear") {
      machine_.error = {};
      return {};
    }
    if (name == u"raise") {
      if (arguments.empty()) raise(Fault::wrong_arguments, u"Raise");
      RuntimeError raised{long_of(arguments[0].value), u"Unknown runtime error"};
      if (given(arguments, 1)) raised.source = text_of(arguments[1].value);
      if (given(arguments, 2)) raised.description = text_of(arguments[2].value);
      throw raised;
    }
    raise(Fault::no_such_member, given_name);
  }
  void put(std::u16string_view given_name, Arguments, const Value& value, bool) override {
    std::u16string name = lower_case(given_name);
    if (name.empty() || name == u"number")
      machine_.error.number = long_of(value);
    else if (name == u"description")
      machine_.error.description = text_of(value);
    else if (name == u"source")
      machine_.error.source = text_of(value);
  }

 private:
  Machine& machine_;
};

}  // namespace

std::span<const Function> object_functions() {
  return table;
}

ObjectRef make_error_object(Machine& machine) {
  return std::make_shared<ErrorObject>(machine);
}

}  // namespace shikake::honeyclient::vbscript
