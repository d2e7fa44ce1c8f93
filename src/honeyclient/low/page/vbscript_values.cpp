#include "honeyclient/low/page/vbscript_values.h"

#include <js/Date.h>
#include <js/friend/ErrorMessages.h>

#include <cmath>

#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/vbscript/convert.h"

namespace shikake::honeyclient::low::page {

namespace {

using vbscript::Arguments;
using vbscript::Fault;
using vbscript::ObjectRef;
using vbscript::Value;

constexpr int32_t dispatch_exception = -2147352567;  // DISP_E_EXCEPTION: an object's own error
constexpr uint32_t max_items = 100'000;              // of a collection that is walked

// An object of the page or of JScript, as VBScript sees it.
class ScriptObject final : public vbscript::Object {
 public:
  ScriptObject(Window& window, JSObject* object) : window_(window), object_(window.page.cx, object) {}

  JSObject* object() const { return object_; }
  bool is_of_host() const override { return true; }
  std::u16string type_name() const override {
    return native_of(object_) && native_of(object_)->kind == Kind::component ? u"Object" : u"JScriptTypeInfo";
  }

  Value call(std::u16string_view given, Arguments arguments) override {
    JSContext* cx = window_.page.cx;
    JSAutoRealm realm(cx, window_.global());
    JS::RootedValue callee(cx, JS::ObjectValue(*object_)), self(cx, JS::UndefinedValue());
    if (!given.empty()) {
      std::u16string name = spelled_as_there(cx, object_, given);
      Positions::Within vbscript(window_.page.positions, vbscript_place(window_));
      if (!JS_GetUCProperty(cx, object_, name.data(), name.size(), &callee)) raise_pending(cx);
      self.setObject(*object_);
    } else if (!JS::IsCallable(object_) || (arguments.empty() && is_component_object(callee))) {
      return default_member(arguments);
    }
    const bool object_of_its_own = !given.empty() && arguments.empty() && is_component_object(callee);
    if (!callee.isObject() || !JS::IsCallable(&callee.toObject()) || object_of_its_own) {
      if (callee.isUndefined() && !arguments.empty()) vbscript::raise(Fault::no_such_member, given);
      Value value = to_vbscript(cx, window_, callee);
      // "form.elements(0)": the property's own default member.
      const ObjectRef* object = value.get<ObjectRef>();
      return object && *object && !arguments.empty() ? ObjectRef(*object)->call({}, arguments) : value;
    }
    JS::RootedValueVector values(cx);
    for (vbscript::Argument& argument : arguments) {
      JS::RootedValue value(cx);
      from_vbscript(cx, window_, argument.value, &value);
      if (!values.append(value)) vbscript::raise(Fault::out_of_memory);
    }
    JS::RootedValue result(cx);
    {
      Positions::Within vbscript(window_.page.positions, place_for(callee));
      if (!JS::Call(cx, self, callee, values, &result)) raise_pending(cx);
    }
    window_.loader->flush();
    return to_vbscript(cx, window_, result);
  }

  void put(std::u16string_view given, Arguments arguments, const Value& given_value, bool) override {
    JSContext* cx = window_.page.cx;
    JSAutoRealm realm(cx, window_.global());
    JS::RootedValue value(cx);
    from_vbscript(cx, window_, given_value, &value);
    JS::RootedObject target(cx, object_);
    std::u16string name(given);
    if (arguments.size() == 1 && (given.empty() || equals_ignoring_case(given, u"item"))) {
      if (component_put_item(cx, object_, vbscript::text_of(arguments[0].value), value)) return;
    }
    if (!arguments.empty()) {
      if (!given.empty()) {
        Value inner = call(given, {});
        const ObjectRef* object = inner.get<ObjectRef>();
        if (!object || !*object) vbscript::raise(Fault::object_required, given);
        return ObjectRef(*object)->put({}, arguments, given_value, true);
      }
      name = vbscript::text_of(arguments[0].value);
    }
    if (name.empty()) vbscript::raise(Fault::no_such_member);
    name = spelled_as_there(cx, target, name);
    Positions::Within vbscript(window_.page.positions, vbscript_place(window_));
    if (!JS_SetUCProperty(cx, target, name.data(), name.size(), value)) raise_pending(cx);
    window_.loader->flush();
  }

  std::vector<Value> items() override {
    JSContext* cx = window_.page.cx;
    JSAutoRealm realm(cx, window_.global());
    JS::RootedValue value(cx);
    uint32_t length = 0;
    if (!JS_GetProperty(cx, object_, "length", &value)) raise_pending(cx);
    if (!value.isNumber() || !JS::ToUint32(cx, value, &length)) vbscript::raise(Fault::not_a_collection);
    std::vector<Value> items;
    for (uint32_t i = 0; i < std::min(length, max_items); ++i) {
      if (!JS_GetElement(cx, object_, i, &value)) raise_pending(cx);
      items.push_back(to_vbscript(cx, window_, value));
    }
    return items;
  }

 private:
  // An item where there are arguments, else the object's text.
  Value default_member(Arguments arguments) {
    JSContext* cx = window_.page.cx;
    JS::RootedValue value(cx, JS::ObjectValue(*object_));
    if (arguments.size() == 1) {
      std::u16string name = vbscript::text_of(arguments[0].value);
      if (!JS_GetUCProperty(cx, object_, name.data(), name.size(), &value)) raise_pending(cx);
      return to_vbscript(cx, window_, value);
    }
    JSString* text = JS::ToString(cx, value);
    if (!text) raise_pending(cx);
    return to_text(cx, text);
  }
  // Script of the engine's has a place of its own.
  std::optional<Place> place_for(JS::HandleValue callee) const {
    // A component is callable and no function; converting it would ask it for its text.
    const bool is_function = callee.isObject() && JS_ObjectIsFunction(&callee.toObject());
    JSFunction* function = is_function ? JS_ValueToFunction(window_.page.cx, callee) : nullptr;
    bool scripted =
        function && JS_GetFunctionScript(window_.page.cx, JS::Rooted<JSFunction*>(window_.page.cx, function));
    return scripted ? std::nullopt : vbscript_place(window_);
  }

  Window& window_;
  JS::PersistentRootedObject object_;
};

// An object of VBScript's, as JScript sees it; with a member, that member as a function.
class VbObject final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::vbscript;
  VbObject(Window& the_window, ObjectRef the_object, std::u16string the_member)
      : Exotic(the_window, native_kind), object(std::move(the_object)), member(std::move(the_member)) {}

  bool overrides_prototype() override { return true; }
  bool callable() override { return true; }
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue value) override {
    if (!member.empty() || name == u"then" || name == u"toString" || name == u"valueOf" || name == u"toJSON")
      return false;
    if (object->is_method(name)) {
      value.setObject(*wrap_exotic(cx, *new VbObject(*window, object, std::u16string(name)), "(component)"));
      return true;
    }
    bool found = true;
    with_vbscript_errors(cx, [&] {
      try {
        from_vbscript(cx, *window, object->call(name, {}), value);
      } catch (const vbscript::RuntimeError& raised) {
        if (raised.number != static_cast<int32_t>(Fault::no_such_member)) throw;
        found = false;
      }
    });
    return found;
  }
  bool set(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    with_vbscript_errors(cx,
                         [&] { object->put(name, {}, to_vbscript(cx, *window, value), value.isObject()); });
    return true;
  }
  void call(JSContext* cx, const JS::CallArgs& args) override {
    with_vbscript_errors(cx, [&] {
      std::vector<vbscript::Argument> arguments;
      for (unsigned i = 0; i < args.length(); ++i)
        arguments.push_back({to_vbscript(cx, *window, args.get(i)), nullptr});
      from_vbscript(cx, *window, object->call(member, arguments), args.rval());
    });
  }

  const ObjectRef object;
  const std::u16string member;
};

void array_from_vbscript(JSContext* cx, Window& window, const vbscript::Array& array,
                         JS::MutableHandleValue out) {
  JS::RootedObject made(cx, JS::NewArrayObject(cx, 0));
  if (!made) vbscript::raise(Fault::out_of_memory);
  for (size_t i = 0; i < array.items.size(); ++i) {
    JS::RootedValue item(cx);
    from_vbscript(cx, window, array.items[i], &item);
    if (!JS_SetElement(cx, made, static_cast<uint32_t>(i), item)) raise_pending(cx);
  }
  out.setObject(*made);
}

}  // namespace

void raise_pending(JSContext* cx) {
  JS::RootedValue exception(cx);
  if (!JS_GetPendingException(cx, &exception)) throw vbscript::Stopped{};
  JS_ClearPendingException(cx);
  std::u16string message = u"Exception occurred.";
  if (exception.isObject()) {
    JS::RootedObject object(cx, &exception.toObject());
    JS::RootedValue text(cx);
    if (JS_GetProperty(cx, object, "message", &text) && text.isString())
      message = to_text(cx, text.toString());
    JS_ClearPendingException(cx);
  } else if (exception.isString()) {
    message = to_text(cx, exception.toString());
  }
  throw vbscript::RuntimeError{dispatch_exception, std::move(message), u"Microsoft JScript runtime error"};
}

void with_vbscript_errors(JSContext* cx, const std::function<void()>& body) {
  try {
    body();
  } catch (const vbscript::RuntimeError& raised) {
    JS_ReportErrorUTF8(cx, "%s", utf8(raised.description).c_str());
    throw Thrown{};
  } catch (const vbscript::Stopped&) {
    JS_ClearPendingException(cx);  // without one, the engine stops for good
    throw Thrown{};
  }
}

Value to_vbscript(JSContext* cx, Window& window, JS::HandleValue value) {
  if (value.isUndefined()) return vbscript::Empty{};
  if (value.isNull()) return vbscript::Null{};
  if (value.isBoolean()) return value.toBoolean();
  if (value.isInt32()) return value.toInt32();
  if (value.isDouble()) return value.toDouble();
  if (value.isString()) return to_text(cx, value.toString());
  if (!value.isObject()) return vbscript::Empty{};
  if (VbObject* ours = native_as<VbObject>(value); ours && ours->member.empty()) return ours->object;
  return script_object(window, &value.toObject());
}

ObjectRef script_object(Window& window, JSObject* object) {
  return std::make_shared<ScriptObject>(window, object);
}

void from_vbscript(JSContext* cx, Window& window, const Value& value, JS::MutableHandleValue out) {
  out.setUndefined();
  if (value.is<vbscript::Null>()) {
    out.setNull();
  } else if (const bool* flag = value.get<bool>()) {
    out.setBoolean(*flag);
  } else if (const vbscript::Text* text = value.get<vbscript::Text>()) {
    out.setString(to_string(cx, **text));
  } else if (const vbscript::Date* date = value.get<vbscript::Date>()) {
    out.setString(to_string(cx, vbscript::date_text(*date)));
  } else if (const vbscript::ArrayRef* array = value.get<vbscript::ArrayRef>()) {
    array_from_vbscript(cx, window, **array, out);
  } else if (const ObjectRef* object = value.get<ObjectRef>()) {
    if (!*object)
      out.setNull();
    else if ((*object)->is_of_host())
      out.setObject(*static_cast<ScriptObject&>(**object).object());
    else
      out.setObject(*wrap_exotic(cx, *new VbObject(window, *object, u""), "(component)"));
  } else if (value.is_number()) {
    out.setNumber(vbscript::number_of(value));
  }
}

std::u16string spelled_as_there(JSContext* cx, JS::HandleObject object, std::u16string_view given) {
  std::u16string name(given), wanted = lower(given);
  // Components have every name; theirs are reported as they are written.
  if (Native* native = native_of(object); native && native->kind == Kind::component) return name;
  // "Location" is the window's location, not the interface of that name.
  for (const std::u16string* one : {&wanted, &name}) {
    bool found = false;
    if (!JS_HasUCProperty(cx, object, one->data(), one->size(), &found)) raise_pending(cx);
    if (found) return *one;
  }
  for (JS::RootedObject holder(cx, object); holder;) {
    JS::RootedIdVector keys(cx);
    if (!js::GetPropertyKeys(cx, holder, JSITER_OWNONLY | JSITER_HIDDEN, &keys)) raise_pending(cx);
    for (size_t i = 0; i < keys.length(); ++i) {
      if (!keys[i].isString() || JS_GetStringLength(keys[i].toString()) != name.size()) continue;
      std::u16string key = to_text(cx, keys[i].toString());
      if (lower(key) == wanted) return key;
    }
    JS::RootedObject next(cx);
    if (!JS_GetPrototype(cx, holder, &next)) raise_pending(cx);
    holder = next;
  }
  return name;
}

}  // namespace shikake::honeyclient::low::page
