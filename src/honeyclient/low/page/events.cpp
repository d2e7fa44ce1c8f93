#include "honeyclient/low/page/events.h"

#include "honeyclient/low/page/abort.h"

#include <js/CompilationAndEvaluation.h>
#include <js/SourceText.h>

#include <array>

#include "base/digest.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/script_type.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr std::array handler_names = {
    "onabort",          "onblur",          "oncancel",      "oncanplay",   "onchange",
    "onclick",          "onclose",         "oncontextmenu", "oncopy",      "oncut",
    "ondblclick",       "ondrag",          "ondragend",     "ondragenter", "ondragleave",
    "ondragover",       "ondragstart",     "ondrop",        "onended",     "onerror",
    "onfocus",          "onfocusin",       "onfocusout",    "oninput",     "oninvalid",
    "onkeydown",        "onkeypress",      "onkeyup",       "onload",      "onloadeddata",
    "onloadedmetadata", "onloadend",       "onloadstart",   "onmousedown", "onmouseenter",
    "onmouseleave",     "onmousemove",     "onmouseout",    "onmouseover", "onmouseup",
    "onmousewheel",     "onpaste",         "onpause",       "onplay",      "onplaying",
    "onpointerdown",    "onpointermove",   "onpointerup",   "onprogress",  "onreadystatechange",
    "onreset",          "onresize",        "onscroll",      "onselect",    "onselectstart",
    "onsubmit",         "ontimeupdate",    "ontoggle",      "ontouchend",  "ontouchmove",
    "ontouchstart",     "ontransitionend", "onwheel"};

// Content attributes of body that are the window's.
bool of_window(std::u16string_view type) {
  constexpr std::array<std::u16string_view, 16> types = {
      u"load",     u"error",        u"blur",       u"focus",   u"resize",   u"scroll",
      u"unload",   u"beforeunload", u"hashchange", u"message", u"pagehide", u"pageshow",
      u"popstate", u"storage",      u"online",     u"offline"};
  for (std::u16string_view one : types)
    if (one == type) return true;
  return false;
}

Handler* find_handler(Native& target, std::u16string_view type) {
  for (Handler& handler : target.handlers)
    if (handler.type == type) return &handler;
  return nullptr;
}

Handler& need_handler(Native& target, std::u16string_view type) {
  if (Handler* found = find_handler(target, type)) return *found;
  target.handlers.push_back({std::u16string(type), {}, std::nullopt});
  // Its place among the listeners is where it was first set.
  target.listeners.push_back({std::u16string(type), JS::Heap<JSObject*>()});
  return target.handlers.back();
}

// A content attribute that no call has told of: the parser made it with the element.
void adopt_content_attribute(Native& target, std::u16string_view type) {
  html::Element* element = nullptr;
  if (target.kind == Kind::node) element = static_cast<NodeNative&>(target).node.as_element();
  if (target.kind == Kind::window) {
    auto& window = static_cast<Window&>(target);
    element = window.document && of_window(type) ? window.document->body() : nullptr;
  }
  if (!element) return;
  bool is_body = element->is(html::Name::body) || element->is(html::Name::frameset);
  if (is_body && (target.kind == Kind::window) != of_window(type)) return;
  if (find_handler(target, type)) return;
  if (const std::u16string* source = element->attribute(u"on" + std::u16string(type)))
    need_handler(target, type).source = *source;
}

// https://html.spec.whatwg.org/#getting-the-current-value-of-the-event-handler
void compile_handler(JSContext* cx, Native& target, Handler& handler) {
  std::u16string text = std::move(*handler.source);
  handler.source.reset();
  Window& window = *target.window;
  html::Element* element = nullptr;
  if (target.kind == Kind::node) element = static_cast<NodeNative&>(target).node.as_element();
  if (target.kind == Kind::window && window.document) element = window.document->body();

  JSAutoRealm realm(cx, window.global());
  JS::RootedObjectVector scopes(cx);
  if (element) {
    must(scopes.append(wrap(cx, window, *element)));
    for (html::Element* up = element->parent_element(); up; up = up->parent_element())
      if (up->is(html::Name::form)) {
        must(scopes.append(wrap(cx, window, *up)));
        break;
      }
  }
  if (window.document) must(scopes.append(wrap(cx, window, *window.document)));

  std::optional<Place> by;
  if (element) by = window.page.positions.place_of_tag(element->origin);
  std::string file = window.url.href();
  uint32_t line = element && element->position.line ? element->position.line : 1;
  if (element && is_vbscript_handler(window.page.persona(), *element, text)) {
    JSObject* function = compile_vbscript_handler(cx, window, {text, file, line, 1, by, "handler"});
    handler.value = function ? JS::ObjectValue(*function) : JS::NullValue();
    return;
  }
  const Source& kept = expect_source(window, text, file, by, "handler", line);
  JS::CompileOptions options(cx);
  options.setFileAndLine(file.c_str(), line - 1);  // the engine puts a line of its own before the body
  JS::SourceText<char16_t> source;
  std::u16string standard = standard_script(window.page.persona(), window.compilation, text);
  std::string name = "on" + utf8(handler.type);
  const char* error_arguments[] = {"event", "source", "lineno", "colno", "error"};
  bool is_error = handler.type == u"error" && target.kind == Kind::window;
  auto compile = [&](const std::u16string& body) {
    must(source.init(cx, body.data(), body.size(), JS::SourceOwnership::Borrowed));
    return JS::CompileFunction(cx, scopes, options, name.c_str(), is_error ? 5 : 1, error_arguments, source);
  };
  JSFunction* function = nullptr;
  if (Forced* forced = window.page.forced.get()) {
    std::u16string made = forced->prepare(window, kept, standard, line, 1, true);
    if (made != standard) function = compile(made);
    if (!function && made != standard) {
      JS_ClearPendingException(cx);
      window.page.positions.expect_again(kept);
    }
  }
  if (!function) function = must(compile(standard));
  handler.value = JS::ObjectValue(*JS_GetFunctionObject(function));
}

void call_handler(JSContext* cx, Native& target, Event& event) {
  JS::RootedValue value(cx, handler_value(cx, target, event.type));
  if (!value.isObject() || !JS::IsCallable(&value.toObject())) return;
  JS::RootedValue result(cx), argument(cx, JS::ObjectValue(*event.wrapper));
  JS::RootedValue receiver(cx, JS::ObjectValue(*target.wrapper));
  must(JS::Call(cx, receiver, value, JS::HandleValueArray(argument), &result));
  if (result.isBoolean() && !result.toBoolean() && event.cancelable) event.cancelled = true;
}

void call_listener(JSContext* cx, Native& target, Event& event, JS::HandleObject callback) {
  JS::RootedValue function(cx, JS::ObjectValue(*callback)), result(cx);
  JS::RootedValue receiver(cx, JS::ObjectValue(*target.wrapper));
  if (!JS::IsCallable(callback)) {
    receiver = function;
    must(JS_GetProperty(cx, callback, "handleEvent", &function));
    if (!function.isObject()) return;
  }
  JS::RootedValue argument(cx, JS::ObjectValue(*event.wrapper));
  must(JS::Call(cx, receiver, function, JS::HandleValueArray(argument), &result));
}

// Listeners of one target for one phase; what they throw is reported and stops nobody.
void invoke(JSContext* cx, Native& target, Event& event, bool capturing) {
  adopt_content_attribute(target, event.type);
  event.current = &target;
  Page& page = target.window->page;
  for (size_t i = 0, n = target.listeners.size(); i < n && !event.stopped_now; ++i) {
    Listener& listener = target.listeners[i];
    if (listener.removed || listener.type != event.type) continue;
    if (event.phase != 2 && listener.capture != capturing) continue;
    if (event.phase == 2 && listener.capture != capturing) continue;
    JS::RootedObject callback(cx, listener.callback);
    if (listener.once) listener.removed = true;
    page.run_script(*target.window, [&] {
      JS::RootedValue before(cx, target.window->current_event);
      target.window->current_event = JS::ObjectValue(*event.wrapper);
      bool ok = guarded(cx, [&] {
        if (callback)
          call_listener(cx, target, event, callback);
        else
          call_handler(cx, target, event);
      });
      target.window->current_event = before;
      must(ok);
    });
  }
}

// Where an event comes by, and what is its target as seen from there: outside of a shadow tree its host.
struct Step {
  Native* at;
  Native* target;
};

std::vector<Step> event_path(JSContext* cx, Native& target, const Event& event) {
  std::vector<Step> path;  // from the target's parent outwards
  if (target.kind != Kind::node) return path;
  html::Node* node = &static_cast<NodeNative&>(target).node;
  Native* seen = &target;
  for (html::Node* at = node;;) {
    html::Node* up = at->parent();
    if (const html::Fragment* root = at->as_fragment();
        !up && root && root->is_shadow_root() && event.composed) {
      up = root->host();
      seen = &native_of_node(cx, *target.window, *up);
    }
    if (!up) {
      Window* window = window_of(*node);
      if (window && event.type != u"load" && at->as_document()) path.push_back({window, seen});
      return path;
    }
    // Ancestors that script has never seen may still carry handlers in their attributes.
    path.push_back({&native_of_node(cx, *target.window, *up), seen});
    at = up;
  }
}

}  // namespace

const std::span<const char* const> global_handlers = handler_names;

void Event::trace(JSTracer* tracer) {
  Native::trace(tracer);
}

Event& make_event(JSContext* cx, Window& window, std::u16string_view type, std::string_view interface,
                  bool bubbles, bool cancelable) {
  auto* event = new Event(window);
  event->type = type;
  event->bubbles = bubbles;
  event->cancelable = cancelable;
  event->trusted = event->composed = true;
  event->time = window.page.since_start();
  wrap_native(cx, *event, interface);
  return *event;
}

void set_event_field(JSContext* cx, Event& event, const char* name, JS::HandleValue value) {
  JS::RootedObject object(cx, event.wrapper);
  must(JS_DefineProperty(cx, object, name, value, JSPROP_ENUMERATE));
}

bool dispatch(JSContext* cx, Native& target, Event& event) {
  Window& window = *target.window;
  if (window.event_depth >= limits::max_event_depth) {
    window.page.limit("event-depth");
    return true;
  }
  ++window.event_depth;
  event.dispatching = true;
  const std::vector<Step> path = event_path(cx, target, event);
  event.path = {&target};
  for (const Step& step : path) event.path.push_back(step.at);
  event.phase = 1;
  for (size_t i = path.size(); i-- > 0 && !event.stopped;) {
    event.target = path[i].target;
    invoke(cx, *path[i].at, event, true);
  }
  event.target = &target;
  event.phase = 2;
  if (!event.stopped) invoke(cx, target, event, true);
  if (!event.stopped) invoke(cx, target, event, false);
  event.phase = 3;
  if (event.bubbles)
    for (size_t i = 0; i < path.size() && !event.stopped; ++i) {
      event.target = path[i].target;
      invoke(cx, *path[i].at, event, false);
    }
  if (!path.empty()) event.target = path.back().target;
  event.path.clear();
  event.phase = 0;
  event.current = nullptr;
  event.dispatching = event.stopped = event.stopped_now = false;
  --window.event_depth;
  return !event.cancelled;
}

bool fire(Window& window, Native& target, std::u16string_view type, bool bubbles, bool cancelable,
          std::string_view interface) {
  if (window.gone || !window.page.scripts_run()) return true;
  bool go_on = true;
  window.page.run_script(window, [&] {
    JSContext* cx = window.page.cx;
    go_on = dispatch(cx, target, make_event(cx, window, type, interface, bubbles, cancelable));
  });
  return go_on;
}

bool fire_at_node(html::Node& node, std::u16string_view type, bool bubbles, bool cancelable) {
  Window* window = window_of(node);
  if (!window || window->gone || !window->page.scripts_run()) return true;
  bool go_on = true;
  window->page.run_script(*window, [&] {
    JSContext* cx = window->page.cx;
    go_on = dispatch(cx, native_of_node(cx, *window, node),
                     make_event(cx, *window, type, "Event", bubbles, cancelable));
  });
  return go_on;
}

JS::Value handler_value(JSContext* cx, Native& target, std::u16string_view type) {
  adopt_content_attribute(target, type);
  Handler* handler = find_handler(target, type);
  if (!handler) return JS::NullValue();
  if (handler->source) compile_handler(cx, target, *handler);
  return handler->value.get().isObject() ? handler->value.get() : JS::NullValue();
}

void set_handler(Native& target, std::u16string_view type, JS::HandleValue value) {
  Native* owner = &target;
  if (target.kind == Kind::node && of_window(type)) {
    html::Node& node = static_cast<NodeNative&>(target).node;
    Window* window = window_of(node);
    if (window && (node.is(html::Name::body) || node.is(html::Name::frameset))) owner = window;
  }
  Handler& handler = need_handler(*owner, type);
  handler.source.reset();
  handler.value = value.isObject() ? value.get() : JS::NullValue();
}

void handler_attribute_changed(html::Element& element, std::u16string_view attribute) {
  auto* native = static_cast<NodeNative*>(element.binding);
  Window* window = window_of(element);
  if (!window) return;
  std::u16string_view type = attribute.substr(2);
  bool for_window = of_window(type) && (element.is(html::Name::body) || element.is(html::Name::frameset));
  Native* target = for_window ? static_cast<Native*>(window) : native;
  if (!target) return;  // found in its attribute when needed
  Handler& handler = need_handler(*target, type);
  const std::u16string* now = element.attribute(attribute);
  handler.value = JS::NullValue();
  handler.source = now ? std::optional(*now) : std::nullopt;
}

void add_listener(Call& call) {
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  if (!target) call.type_error("Illegal invocation");
  std::u16string type = call.text(0);
  JS::RootedObject callback(call.cx, call.object(1));
  call.give();
  if (!callback) return;
  Listener listener{type, JS::Heap<JSObject*>(callback.get())};
  if (call.at(2).isObject()) {
    JS::RootedObject options(call.cx, call.object(2));
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "capture", &value));
    listener.capture = JS::ToBoolean(value);
    must(JS_GetProperty(call.cx, options, "once", &value));
    listener.once = JS::ToBoolean(value);
    if (Signal* signal = signal_of(call.cx, options)) {
      if (signal->aborted) return;
      listener.signal = signal;
    }
  } else {
    listener.capture = call.flag(2);
  }
  for (const Listener& other : target->listeners)
    if (!other.removed && other.type == type && other.callback == callback &&
        other.capture == listener.capture)
      return;
  target->listeners.push_back(listener);
  if (!listener.signal) return;
  auto* signal = const_cast<Signal*>(static_cast<const Signal*>(listener.signal));
  signal->actions.push_back([target, signal](JSContext*) {
    for (Listener& one : target->listeners) one.removed |= one.signal == signal;
  });
}

void remove_listener(Call& call) {
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  if (!target) call.type_error("Illegal invocation");
  std::u16string type = call.text(0);
  JSObject* callback = call.object(1);
  call.give();
  bool capture = call.at(2).isObject() ? false : call.flag(2);
  if (call.at(2).isObject()) {
    JS::RootedObject options(call.cx, call.object(2));
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "capture", &value));
    capture = JS::ToBoolean(value);
    callback = call.object(1);
  }
  for (Listener& listener : target->listeners)
    if (callback && listener.type == type && listener.callback == callback && listener.capture == capture)
      listener.removed = true;
}

void dispatch_event(Call& call) {
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  Event* event = native_as<Event>(call.at(0));
  if (!target || !event) call.type_error("parameter 1 is not of type 'Event'.");
  if (event->dispatching) call.dom_error("InvalidStateError", "The event is already being dispatched.");
  event->trusted = false;
  const bool is_click = event->type == u"click" && target->kind == Kind::node;
  call.give(is_click ? click(call.cx, static_cast<NodeNative&>(*target), *event)
                     : dispatch(call.cx, *target, *event));
}

void attach_event(Call& call) {
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  std::u16string name = call.text(0);
  JS::RootedObject callback(call.cx, call.callable(1));
  if (target && callback && name.starts_with(u"on"))
    target->listeners.push_back({name.substr(2), JS::Heap<JSObject*>(callback.get())});
  call.give(true);
}

void detach_event(Call& call) {
  Native* target = call.args.thisv().isNullOrUndefined() ? &call.window : native_of(call.args.thisv());
  std::u16string name = call.text(0);
  if (target && name.starts_with(u"on"))
    for (Listener& listener : target->listeners)
      if (listener.type == name.substr(2) && listener.callback == call.object(1)) listener.removed = true;
  call.give();
}

}  // namespace shikake::honeyclient::low::page
