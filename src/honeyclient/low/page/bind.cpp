#include "honeyclient/low/page/bind.h"

#include <js/Exception.h>
#include <js/Proxy.h>
#include <js/String.h>

#include <exception>
#include <new>

#include "honeyclient/low/page/exception.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/named_access.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"
#include "html/text.h"

namespace shikake::honeyclient::low::page {

// --- text ------------------------------------------------------------------------------------------

std::u16string to_text(JSContext* cx, JSString* string) {
  JSLinearString* linear = string ? JS_EnsureLinearString(cx, string) : nullptr;
  if (!linear) throw Thrown{};
  JS::AutoCheckCannotGC no_gc;
  size_t length = JS::GetLinearStringLength(linear);
  if (JS::LinearStringHasLatin1Chars(linear)) {
    const JS::Latin1Char* text = JS::GetLatin1LinearStringChars(no_gc, linear);
    return std::u16string(text, text + length);
  }
  return std::u16string(JS::GetTwoByteLinearStringChars(no_gc, linear), length);
}

std::u16string to_text(JSContext* cx, JS::HandleValue value) {
  return to_text(cx, must(JS::ToString(cx, value)));
}

JSString* to_string(JSContext* cx, std::u16string_view text) {
  return must(JS_NewUCStringCopyN(cx, text.data(), text.size()));
}

std::string utf8(std::u16string_view text) {
  return html::to_utf8(text);
}
std::u16string wide(std::string_view text) {
  return html::from_utf8(text);
}

std::u16string lower(std::u16string_view text) {
  std::u16string out(text);
  for (char16_t& c : out)
    if (c >= u'A' && c <= u'Z') c = static_cast<char16_t>(c + 32);
  return out;
}

std::u16string upper(std::u16string_view text) {
  std::u16string out(text);
  for (char16_t& c : out)
    if (c >= u'a' && c <= u'z') c = static_cast<char16_t>(c - 32);
  return out;
}

std::u16string_view trim(std::u16string_view text) {
  constexpr std::u16string_view blank = u" \t\n\f\r";
  size_t first = text.find_first_not_of(blank);
  if (first == std::u16string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

bool equals_ignoring_case(std::u16string_view a, std::u16string_view b) {
  return a.size() == b.size() && lower(a) == lower(b);
}

// --- wrapped objects ---------------------------------------------------------------------------------

namespace {

constexpr JSClass native_class = {"Object", JSCLASS_HAS_RESERVED_SLOTS(1)};

}  // namespace

Native::Native(Window& the_window, Kind the_kind) : window(&the_window), kind(the_kind) {
  the_window.page.own(*this);
}

void Native::trace(JSTracer* tracer) {
  JS::TraceEdge(tracer, &wrapper, "wrapper");
  for (Listener& listener : listeners) JS::TraceEdge(tracer, &listener.callback, "listener");
  for (Handler& handler : handlers) JS::TraceEdge(tracer, &handler.value, "handler");
}

Native* native_of(JSObject* object) {
  if (!object) return nullptr;
  const JSClass* type = JS::GetClass(object);
  if (js::IsProxy(object)) {
    if (js::GetProxyHandler(object)->family() != exotic_family()) return nullptr;
    return static_cast<Native*>(js::GetProxyPrivate(object).toPrivate());
  }
  if (type != &native_class && type != named_class() && type != global_class()) return nullptr;
  return JS::GetMaybePtrFromReservedSlot<Native>(object, type == global_class() ? global_native_slot : 0);
}

Native* native_of(JS::HandleValue value) {
  return value.isObject() ? native_of(&value.toObject()) : nullptr;
}

void adopt_wrapper(Native& native, JSObject* wrapper) {
  native.wrapper = wrapper;
}

JSObject* wrap_native(JSContext* cx, Native& native, std::string_view interface) {
  JSAutoRealm realm(cx, native.window->global());
  JS::RootedObject prototype(cx, must(interface_prototype(cx, *native.window, interface)));
  bool named =
      interface == "HTMLDocument" || interface == "HTMLFormElement" || interface == "HTMLObjectElement";
  const JSClass* type = named ? named_class() : &native_class;
  JSObject* wrapper = must(JS_NewObjectWithGivenProto(cx, type, prototype));
  JS::SetReservedSlot(wrapper, 0, JS::PrivateValue(&native));
  native.wrapper = wrapper;
  return wrapper;
}

// --- calls -------------------------------------------------------------------------------------------

namespace {

Window& window_of_callee(JSContext* cx, const JS::CallArgs& args) {
  Native* native = native_of(JS::GetNonCCWObjectGlobal(&args.callee()));
  if (!native) throw_type_error(cx, "Illegal invocation");
  return *static_cast<Window*>(native);
}

}  // namespace

Call::Call(JSContext* context, unsigned argc, JS::Value* vp)
    : cx(context),
      args(JS::CallArgsFromVp(argc, vp)),
      window(window_of_callee(context, args)),
      page(window.page) {
  if (page.out_of_time()) throw Thrown{};  // natives may loop without the engine's own check
}

double Call::number(unsigned i) const {
  double value;
  must(JS::ToNumber(cx, args.get(i), &value));
  return value;
}

int32_t Call::integer(unsigned i) const {
  int32_t value;
  must(JS::ToInt32(cx, args.get(i), &value));
  return value;
}

JSObject* Call::callable(unsigned i) const {
  JSObject* found = object(i);
  return found && JS::IsCallable(found) ? found : nullptr;
}

html::Node* Call::node(unsigned i) const {
  NodeNative* found = native_as<NodeNative>(args.get(i));
  return found ? &found->node : nullptr;
}

html::Node& Call::need_node(unsigned i) const {
  html::Node* found = node(i);
  if (!found) type_error("parameter is not of type 'Node'.");
  return *found;
}

Window& Call::self_window() const {
  if (args.thisv().isNullOrUndefined()) return window;
  return self<Window>();
}

html::Node& Call::self_node() const {
  return self<NodeNative>().node;
}

html::Element& Call::self_element() const {
  html::Element* element = self_node().as_element();
  if (!element) type_error("Illegal invocation");
  return *element;
}

void Call::give(html::Node* node) const {
  if (node)
    args.rval().setObject(*wrap(cx, window, *node));
  else
    args.rval().setNull();
}

void Call::type_error(const char* message) const {
  throw_type_error(cx, message);
}

void Call::dom_error(std::string_view name, std::string_view message) const {
  throw_dom_error(cx, window, name, message);
}

void throw_type_error(JSContext* cx, const char* message) {
  JS_ReportErrorNumberASCII(
      cx,
      [](void*, unsigned) -> const JSErrorFormatString* {
        static const JSErrorFormatString format = {"SHIKAKE_TYPE_ERROR", "{0}", 1, JSEXN_TYPEERR};
        return &format;
      },
      nullptr, 0, message);
  throw Thrown{};
}

void throw_range_error(JSContext* cx, const char* message) {
  JS_ReportErrorNumberASCII(
      cx,
      [](void*, unsigned) -> const JSErrorFormatString* {
        static const JSErrorFormatString format = {"SHIKAKE_RANGE_ERROR", "{0}", 1, JSEXN_RANGEERR};
        return &format;
      },
      nullptr, 0, message);
  throw Thrown{};
}

void throw_dom_error(JSContext* cx, Window& window, std::string_view name, std::string_view message) {
  JS::RootedValue exception(cx, JS::ObjectValue(*make_dom_exception(cx, window, name, message)));
  JS_SetPendingException(cx, exception);
  throw Thrown{};
}

bool guarded(JSContext* cx, const std::function<void()>& body) {
  try {
    body();
    return true;
  } catch (...) {
    pass_on(cx);
    return false;
  }
}

void pass_on(JSContext* cx) {
  try {
    try {
      throw;
    } catch (const Thrown&) {
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& flaw) {
      JSObject* global = JS::CurrentGlobalOrNull(cx);
      if (Native* native = global ? native_of(global) : nullptr) native->window->page.flaw(flaw.what());
      JS_ReportErrorASCII(cx, "Unspecified error.");
    }
  } catch (const std::bad_alloc&) {
    JS_ReportOutOfMemory(cx);
  }
}

}  // namespace shikake::honeyclient::low::page
