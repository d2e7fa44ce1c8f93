#include "honeyclient/low/page/disguise.h"

#include <algorithm>

#include <js/Id.h>

#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

bool says(const Persona& persona, std::string_view word) {
  return persona.user_agent.find(word) != std::string::npos;
}

}  // namespace

bool has_touch(const Persona& persona) {
  return says(persona, "iPhone") || says(persona, "iPad") || says(persona, "Android");
}

// iPhones since the X have three; Android phones of 412 pixels mostly 2.625 (1080 of them), older ones two.
double pixel_ratio(const Persona& persona) {
  if (says(persona, "iPhone")) return 3;
  if (!has_touch(persona)) return 1;
  constexpr uint32_t wide_phone = 400;
  return persona.screen_width > wide_phone ? 2.625 : 2;
}

bool lists_methods_first(const Persona& persona) {
  return persona.engine == Engine::gecko;
}

// --- errors -----------------------------------------------------------------------------------------------

namespace {

struct Frame {
  std::u16string_view function;  // empty: the script itself, or a function without a name
  std::u16string place;          // "url:line:column"; of an eval's text what the others have alike, "line:column"
  std::u16string eval_in;        // of an eval's text: "url:line" of what evaluated it
};

// The engine's own lines are "function@url:line:column", one a frame. It makes up names for functions that have none
// ("a/b<"), which no other does, and says of an eval's text "url line 3 > eval".
Frame frame_of(std::u16string_view line) {
  const size_t at = line.find(u'@');
  Frame frame;
  frame.function = line.substr(0, at);
  if (frame.function.ends_with(u'<') || frame.function.find(u'/') != frame.function.npos) frame.function = {};
  std::u16string_view place = line.substr(at + 1);
  const size_t inside = place.rfind(u" > "), before = place.find(u" line ");
  if (inside == place.npos || before == place.npos) {
    frame.place = place;
    return frame;
  }
  const std::u16string_view number = place.substr(before + 6, place.find(u' ', before + 6) - before - 6);
  frame.eval_in.append(place.substr(0, before)).append(u":").append(number);
  frame.place = place.substr(std::min(place.find(u':', inside), place.size() - 1) + 1);
  return frame;
}

std::vector<Frame> frames_of(std::u16string_view stack) {
  std::vector<Frame> all;
  while (!stack.empty()) {
    const std::u16string_view line = stack.substr(0, stack.find(u'\n'));
    stack.remove_prefix(std::min(stack.size(), line.size() + 1));
    if (line.find(u'@') != line.npos) all.push_back(frame_of(line));
  }
  return all;
}

// "TypeError: …\n    at f (http://…:1:2)\n    at http://…:3:4": https://v8.dev/docs/stack-trace-api
std::u16string v8_stack(std::u16string_view head, std::u16string_view stack) {
  std::u16string out(head);
  for (const Frame& frame : frames_of(stack)) {
    std::u16string place = frame.place;
    std::u16string_view function = frame.function;
    if (!frame.eval_in.empty()) {
      place = u"eval at <anonymous> (" + frame.eval_in + u":1), <anonymous>:" + frame.place;
      if (function.empty()) function = u"eval";
    }
    out.append(u"\n    at ").append(function);
    out.append(function.empty() ? place : u" (" + place + u")");
  }
  return out;
}

// "f@http://…:1:2\nglobal code@http://…:3:4": JavaScriptCore, as Safari's Web Inspector shows it.
std::u16string webkit_stack(std::u16string_view stack) {
  const std::vector<Frame> frames = frames_of(stack);
  std::u16string out;
  for (size_t i = 0; i < frames.size(); ++i) {
    if (i > 0) out += u'\n';
    if (!frames[i].eval_in.empty() && frames[i].function.empty()) {
      out += u"eval code@";
      continue;
    }
    const bool bottom = i + 1 == frames.size() && frames[i].function.empty();
    out.append(bottom ? u"global code" : frames[i].function).append(u"@").append(frames[i].place);
  }
  return out;
}

// "TypeError: …\n   at f (http://…:1:2)\n   at Global code (http://…:3:4)": Chakra. https://learn.microsoft.com/en-us/
// previous-versions/windows/internet-explorer/ie-developer/scripting-articles/hh699850(v=vs.94)
std::u16string chakra_stack(std::u16string_view head, std::u16string_view stack) {
  const std::vector<Frame> frames = frames_of(stack);
  std::u16string out(head);
  for (size_t i = 0; i < frames.size(); ++i) {
    const bool bottom = i + 1 == frames.size(), evaluated = !frames[i].eval_in.empty();
    std::u16string_view function = frames[i].function;
    if (function.empty()) function = evaluated ? u"eval code" : bottom ? u"Global code" : u"Anonymous function";
    const std::u16string place = evaluated ? u"eval code:" + frames[i].place : frames[i].place;
    out.append(u"\n   at ").append(function).append(u" (").append(place).append(u")");
  }
  return out;
}

// The engine's own getter stands in the first reserved slot.
void get_stack(Call& call) {
  JS::RootedValue getter(call.cx, js::GetFunctionNativeReserved(&call.args.callee(), 0)), own(call.cx);
  JS::RootedValue self(call.cx, call.args.thisv());
  must(JS::Call(call.cx, self, getter, JS::HandleValueArray::empty(), &own));
  if (!own.isString()) return call.give(JS::HandleValue(own));
  const std::u16string stack = to_text(call.cx, own.toString());
  const Engine engine = call.page.persona().engine;
  if (engine == Engine::webkit) return call.give(std::u16string_view(webkit_stack(stack)));
  const std::u16string head = to_text(call.cx, self);
  call.give(std::u16string_view(engine == Engine::blink ? v8_stack(head, stack) : chakra_stack(head, stack)));
}

// JScript's numbers of its commonest errors (FACILITY_CONTROL and 5007, 5009, 1002).
void get_number(Call& call) {
  JSProtoKey kind = JSProto_Null;
  JS::RootedObject self(call.cx, call.args.thisv().isObject() ? &call.args.thisv().toObject() : nullptr);
  if (self) kind = JS::IdentifyStandardInstance(self);
  JS::RootedValue name(call.cx);
  if (self && kind != JSProto_Null) must(JS_GetProperty(call.cx, self, "name", &name));
  const std::u16string text = name.isString() ? to_text(call.cx, name.toString()) : std::u16string();
  if (text == u"TypeError") return call.give(int32_t{-2146823281});
  if (text == u"ReferenceError") return call.give(int32_t{-2146823279});
  if (text == u"SyntaxError") return call.give(int32_t{-2146827286});
  call.give(int32_t{0});
}

void get_description(Call& call) {
  JS::RootedValue message(call.cx);
  JS::RootedObject self(call.cx, call.args.thisv().isObject() ? &call.args.thisv().toObject() : nullptr);
  if (self) must(JS_GetProperty(call.cx, self, "message", &message));
  call.give(JS::HandleValue(message));
}

// [Replaceable], as it were: scripts put their own there.
void set_own(Call& call) {
  const std::u16string name = to_text(call.cx, must(JS_GetFunctionId(JS_GetObjectFunction(&call.args.callee()))));
  if (call.args.thisv().isObject()) {
    JS::RootedObject self(call.cx, &call.args.thisv().toObject());
    must(JS_DefineUCProperty(call.cx, self, name.data(), name.size(), call.at(0), 0));
  }
  call.give();
}

// https://v8.dev/docs/stack-trace-api: the target gets a stack of its own.
void capture_stack(Call& call) {
  JS::RootedObject target(call.cx, call.object(0));
  if (!target) call.type_error("Invalid argument");
  JS::RootedObject error_class(call.cx);
  must(JS_GetClassObject(call.cx, JSProto_Error, &error_class));
  JS::RootedValue constructor(call.cx, JS::ObjectValue(*error_class)), stack(call.cx);
  JS::RootedObject error(call.cx);
  must(JS::Construct(call.cx, constructor, JS::HandleValueArray::empty(), &error));
  must(JS_GetProperty(call.cx, error, "stack", &stack));
  must(JS_DefineProperty(call.cx, target, "stack", stack, 0));
  call.give();
}

constexpr JSPropertySpec jscript_members[] = {
    JS_PSGS("description", native<get_description>, native<set_own>, 0),
    JS_PSGS("number", native<get_number>, native<set_own>, 0), JS_PS_END};

void replace_stack(JSContext* cx, JS::HandleObject prototype) {
  JS::Rooted<mozilla::Maybe<JS::PropertyDescriptor>> own(cx);
  must(JS_GetOwnPropertyDescriptor(cx, prototype, "stack", &own));
  if (own.isNothing() || !own->isAccessorDescriptor() || !own->getter()) return;
  JS::RootedObject getter(
      cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(cx, native<get_stack>, 0, 0, "stack"))));
  js::SetFunctionNativeReserved(getter, 0, JS::ObjectValue(*own->getter()));
  JS::RootedObject setter(cx, own->setter());
  must(JS_DefineProperty(cx, prototype, "stack", getter, setter, 0));
}

}  // namespace

void define_errors(JSContext* cx, Window& window) {
  const Persona& persona = window.page.persona();
  JS::RootedObject global(cx, window.global()), constructor(cx), prototype(cx);
  must(JS_GetClassObject(cx, JSProto_Error, &constructor) && JS_GetClassPrototype(cx, JSProto_Error, &prototype));
  const bool trident = persona.engine == Engine::trident;
  constexpr uint32_t trident_has_stacks = 10;
  if (trident) must(JS_DefineProperties(cx, prototype, jscript_members));
  if (trident && persona.version < trident_has_stacks) {
    if (!JS_DeleteProperty(cx, prototype, "stack")) JS_ClearPendingException(cx);
    return;
  }
  if (persona.engine != Engine::gecko) replace_stack(cx, prototype);
  // https://learn.microsoft.com/… hh699849 of the same place; V8 has both.
  if (trident || persona.engine == Engine::edge || persona.engine == Engine::blink)
    must(JS_DefineProperty(cx, constructor, "stackTraceLimit", 10, JSPROP_ENUMERATE));
  if (persona.engine == Engine::blink)
    must(JS_DefineFunction(cx, constructor, "captureStackTrace", native<capture_stack>, 2, 0));
}

void remove_foreign_members(JSContext* cx, const Persona& persona, JS::HandleObject prototype) {
  auto remove = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (!JS_DeleteProperty(cx, prototype, name)) JS_ClearPendingException(cx);
  };
  constexpr uint32_t last_trident = 10;
  if (persona.engine != Engine::trident || persona.version > last_trident)
    remove({"attachEvent", "detachEvent", "fireEvent"});
  if (!has_touch(persona)) remove({"ontouchstart", "ontouchmove", "ontouchend"});
}

// --- order ------------------------------------------------------------------------------------------------

namespace {

// As the interface's text in Chromium has them (navigator.idl and its mixins).
constexpr std::string_view blink_navigator[] = {
    "vendorSub", "productSub", "vendor", "maxTouchPoints", "doNotTrack", "plugins", "mimeTypes",
    "pdfViewerEnabled", "hardwareConcurrency", "cookieEnabled", "appCodeName", "appName", "appVersion", "platform",
    "product", "userAgent", "language", "languages", "onLine", "webdriver", "javaEnabled", "sendBeacon", "clipboard",
    "deviceMemory", "serviceWorker"};
// As in Gecko (Navigator.webidl), whose methods come first.
constexpr std::string_view gecko_navigator[] = {
    "javaEnabled", "sendBeacon", "taintEnabled", "mimeTypes", "plugins", "pdfViewerEnabled", "doNotTrack",
    "maxTouchPoints", "oscpu", "vendor", "vendorSub", "productSub", "cookieEnabled", "buildID", "serviceWorker",
    "clipboard", "webdriver", "hardwareConcurrency", "appCodeName", "appName", "appVersion", "platform", "userAgent",
    "product", "language", "languages", "onLine"};

void move_to_the_end(JSContext* cx, JS::HandleObject object, JS::HandleId id) {
  JS::Rooted<mozilla::Maybe<JS::PropertyDescriptor>> own(cx);
  must(JS_GetOwnPropertyDescriptorById(cx, object, id, &own));
  if (own.isNothing() || !own->configurable()) return;
  JS::Rooted<JS::PropertyDescriptor> descriptor(cx, *own);
  JS::ObjectOpResult ignored;
  must(JS_DeletePropertyById(cx, object, id, ignored) && JS_DefinePropertyById(cx, object, id, descriptor, ignored));
}

}  // namespace

void order_navigator(JSContext* cx, Window& window, JS::HandleObject object) {
  const Engine engine = window.page.persona().engine;
  std::span<const std::string_view> order;
  if (engine == Engine::blink) order = blink_navigator;
  if (engine == Engine::gecko) order = gecko_navigator;
  if (order.empty()) return;
  JS::RootedIdVector keys(cx);
  must(js::GetPropertyKeys(cx, object, JSITER_OWNONLY, &keys));
  for (std::string_view name : order) {
    JS::RootedString text(cx, must(JS_AtomizeStringN(cx, name.data(), name.size())));
    JS::RootedId id(cx);
    must(JS_StringToId(cx, text, &id));
    move_to_the_end(cx, object, id);
  }
  // And behind those the ones that no table knows.
  for (size_t i = 0; i < keys.length(); ++i) {
    if (!keys[i].isString()) continue;
    const std::string name = utf8(to_text(cx, keys[i].toString()));
    if (std::ranges::find(order, name) == order.end()) move_to_the_end(cx, object, keys[i]);
  }
}

}  // namespace shikake::honeyclient::low::page
