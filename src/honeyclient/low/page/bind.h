// Between the script engine and the emulated browser: native calls, wrapped objects, strings.
//
// A native is a function of a Call. Where the engine has an exception pending, code here throws Thrown
// and native<> turns that back into the engine's convention; nothing is ever thrown through the engine.
//
// Wrapped objects (Native) live as long as their page: a worker's process has one page, and its memory is
// bounded from outside. So no wrapper dangles and identity (a === b) is free.
#pragma once

#include <jsapi.h>
#include <jsfriendapi.h>

#include <js/Array.h>
#include <js/CallAndConstruct.h>
#include <js/Conversions.h>
#include <js/Object.h>
#include <js/Promise.h>
#include <js/PropertyAndElement.h>
#include <js/PropertySpec.h>
#include <js/RootingAPI.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "html/dom.h"

namespace shikake::honeyclient::low::page {

class Page;
class Native;
class Window;

struct Thrown {};  // the exception itself is pending at the context

// --- text ------------------------------------------------------------------------------------------

std::u16string to_text(JSContext* cx, JSString* string);       // throws Thrown: out of memory
std::u16string to_text(JSContext* cx, JS::HandleValue value);  // ToString: may run script
JSString* to_string(JSContext* cx, std::u16string_view text);
std::string utf8(std::u16string_view text);
std::u16string wide(std::string_view text);      // ill-formed parts become U+FFFD
std::u16string lower(std::u16string_view text);  // ASCII
std::u16string upper(std::u16string_view text);
std::u16string_view trim(std::u16string_view text);                       // ASCII whitespace
bool equals_ignoring_case(std::u16string_view a, std::u16string_view b);  // ASCII

// --- wrapped objects ---------------------------------------------------------------------------------

// One kind a class: what a cast of Native checks.
enum class Kind : uint8_t {
  node,
  window,
  remote_window,
  event,
  location,
  history,
  navigator,
  plugin_list,
  storage,
  style,
  dataset,
  attribute_map,
  class_list,
  collection,
  xhr,
  cross_request,
  event_source,
  request,
  headers,
  response,
  url,
  url_parameters,
  form_data,
  blob,
  component,
  bytes,
  vbscript,
  observer,
  encoder,
  socket,
  worker,
  port,
  reader,
  enumerator,
  exception,
  mutation,
  clipboard_item,
  registry,
  range,
  selection,
  walker,
  key,
  readable,
  stream_reader,
  stream_controller,
  writable,
  writer,
  sink_controller,
  transform,
  transform_controller,
  signal,
  aborter,
  media_query,
  watcher,
  watched,
  brands,
  permission,
  plain,
};

struct Listener {
  std::u16string type;
  JS::Heap<JSObject*> callback;  // null: the `on…` handler stands here
  bool capture = false, once = false, removed = false;
  const Native* signal = nullptr;  // that removes it
};

// The `on…` handler of one event: set by script, or the source of a content attribute, compiled when
// first needed.
struct Handler {
  std::u16string type;
  JS::Heap<JS::Value> value;
  std::optional<std::u16string> source;
};

class Native {
 public:
  Native(Window& the_window, Kind the_kind);
  // For the window itself, whose page is not yet known here.
  Native(Kind the_kind, Window& itself) : window(&itself), kind(the_kind) {}
  virtual ~Native() = default;
  virtual void trace(JSTracer* tracer);

  Window* window;  // whose realm the wrapper is of
  const Kind kind;
  JS::Heap<JSObject*> wrapper;
  std::deque<Listener> listeners;  // references stay valid while handlers add more
  std::deque<Handler> handlers;
};

// The object behind a value, or nullptr.
Native* native_of(JS::HandleValue value);
Native* native_of(JSObject* object);
template <class T>
T* native_as(JS::HandleValue value) {
  Native* native = native_of(value);
  return native && native->kind == T::native_kind ? static_cast<T*>(native) : nullptr;
}

// Makes the wrapper of a new Native, with the prototype of this interface in its window's realm.
JSObject* wrap_native(JSContext* cx, Native& native, std::string_view interface);
void adopt_wrapper(Native& native, JSObject* wrapper);  // made otherwise: a proxy, a global

// --- calls -------------------------------------------------------------------------------------------

class Call {
 public:
  Call(JSContext* context, unsigned argc, JS::Value* vp);

  JSContext* cx;
  JS::CallArgs args;
  Window& window;  // of the function that was called
  Page& page;

  unsigned count() const { return args.length(); }
  bool given(unsigned i) const { return args.get(i).isUndefined() == false; }
  bool is_null(unsigned i) const { return args.get(i).isNullOrUndefined(); }
  JS::HandleValue at(unsigned i) const { return args.get(i); }
  std::u16string text(unsigned i) const { return to_text(cx, args.get(i)); }
  std::u16string text_or(unsigned i, std::u16string_view otherwise) const {
    return given(i) ? text(i) : std::u16string(otherwise);
  }
  std::string text8(unsigned i) const { return utf8(text(i)); }
  bool flag(unsigned i) const { return JS::ToBoolean(args.get(i)); }
  double number(unsigned i) const;
  int32_t integer(unsigned i) const;
  JSObject* object(unsigned i) const { return args.get(i).isObject() ? &args.get(i).toObject() : nullptr; }
  JSObject* callable(unsigned i) const;  // nullptr where it is none
  html::Node* node(unsigned i) const;    // nullptr where it is none
  html::Node& need_node(unsigned i) const;

  template <class T>
  T& self() const {
    T* found = native_as<T>(args.thisv());
    if (!found) type_error("Illegal invocation");
    return *found;
  }
  Window& self_window() const;  // `this`, or the called function's where it is undefined
  html::Node& self_node() const;
  html::Element& self_element() const;

  void give() const { args.rval().setUndefined(); }
  void give(bool value) const { args.rval().setBoolean(value); }
  void give(int32_t value) const { args.rval().setInt32(value); }
  void give(uint32_t value) const { args.rval().setNumber(value); }
  void give(double value) const { args.rval().setNumber(value); }
  void give(JSObject* object) const { args.rval().setObjectOrNull(object); }
  void give(std::u16string_view text) const { args.rval().setString(to_string(cx, text)); }
  void give(std::string_view text) const { give(std::u16string_view(wide(text))); }
  void give(const char*) const = delete;
  void give(html::Node* node) const;
  void give(JS::HandleValue value) const { args.rval().set(value); }
  void give_null() const { args.rval().setNull(); }

  [[noreturn]] void type_error(const char* message) const;
  [[noreturn]] void dom_error(std::string_view name, std::string_view message) const;
};

[[noreturn]] void throw_type_error(JSContext* cx, const char* message);
[[noreturn]] void throw_range_error(JSContext* cx, const char* message);
[[noreturn]] void throw_dom_error(JSContext* cx, Window& window, std::string_view name,
                                  std::string_view message);

// Fails as the engine's convention has it; gives the C++ side's exception back to it.
bool guarded(JSContext* cx, const std::function<void()>& body);
inline void must(bool ok) {
  if (!ok) throw Thrown{};
}
template <class T>
T* must(T* pointer) {
  if (!pointer) throw Thrown{};
  return pointer;
}

// In a handler of what C++ code under the engine threw: leaves what the engine expects, an exception of the
// script's. Where a flaw of ours threw, the page goes on with that, and the record says so (Page::flaw).
void pass_on(JSContext* cx);

template <void (*Function)(Call&)>
bool native(JSContext* cx, unsigned argc, JS::Value* vp) {
  try {
    Call call(cx, argc, vp);
    Function(call);
    return true;
  } catch (...) {
    pass_on(cx);
    return false;
  }
}

// --- interfaces ----------------------------------------------------------------------------------------

// How a property mirrors a content attribute.
enum class Reflect : uint8_t { text, url, flag, number, lower_text };
struct Reflected {
  const char* property;
  const char* attribute;
  Reflect how;
};

struct Constant {
  const char* name;
  int32_t value;
};

// Which personas have it.
enum Engines : uint8_t {
  on_trident = 1,
  on_gecko = 2,
  on_blink = 4,
  on_webkit = 8,
  on_edge = 16,
  on_all = 31,
  on_modern = on_all & ~on_trident
};

struct Interface {
  std::string_view name;
  std::string_view parent;  // "": Object
  const JSFunctionSpec* methods = nullptr;
  const JSPropertySpec* properties = nullptr;
  std::span<const Reflected> reflected = {};
  std::span<const Constant> constants = {};
  JSNative construct = nullptr;  // nullptr: "Illegal constructor"
  unsigned construct_arguments = 0;
  const JSFunctionSpec* statics = nullptr;
  std::span<const char* const> handlers = {};  // `on…` properties
  uint8_t engines = on_all;
  // Mixins: what several interfaces share, and what only one engine has.
  const JSFunctionSpec* mixin_methods = nullptr;
  const JSPropertySpec* mixin_properties = nullptr;
  const JSPropertySpec* trident_properties = nullptr;
};

// One row an interface; every file of an interface adds its rows (interfaces.cpp lists the files).
std::span<const std::span<const Interface>> interface_tables();
const Interface* find_interface(std::string_view name);

// In the window's realm; made when first asked for. nullptr: out of memory (an exception is pending).
JSObject* interface_prototype(JSContext* cx, Window& window, std::string_view name);
JSObject* interface_constructor(JSContext* cx, Window& window, const Interface& interface);
void define_handlers(JSContext* cx, JS::HandleObject object, std::span<const char* const> events);

}  // namespace shikake::honeyclient::low::page

#define SHIKAKE_METHOD(name, function, arguments) \
  JS_FN(name, (::shikake::honeyclient::low::page::native<function>), arguments, JSPROP_ENUMERATE)
#define SHIKAKE_GETTER(name, getter) \
  JS_PSG(name, (::shikake::honeyclient::low::page::native<getter>), JSPROP_ENUMERATE)
#define SHIKAKE_PROPERTY(name, getter, setter)                       \
  JS_PSGS(name, (::shikake::honeyclient::low::page::native<getter>), \
          (::shikake::honeyclient::low::page::native<setter>), JSPROP_ENUMERATE)
