// Event objects as script sees them. https://dom.spec.whatwg.org/#interface-event
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

void get_type(Call& call) {
  call.give(std::u16string_view(call.self<Event>().type));
}
void get_target(Call& call) {
  Native* target = call.self<Event>().target;
  call.give(target ? target->wrapper.get() : nullptr);
}
void get_current(Call& call) {
  Native* current = call.self<Event>().current;
  call.give(current ? current->wrapper.get() : nullptr);
}
void get_phase(Call& call) {
  call.give(int32_t{call.self<Event>().phase});
}
void get_bubbles(Call& call) {
  call.give(call.self<Event>().bubbles);
}
void get_cancelable(Call& call) {
  call.give(call.self<Event>().cancelable);
}
void get_prevented(Call& call) {
  call.give(call.self<Event>().cancelled);
}
// The emulated person is real to the page.
void get_trusted(Call& call) {
  call.give(call.self<Event>().trusted);
}
void get_time(Call& call) {
  call.give(call.self<Event>().time);
}
void get_return_value(Call& call) {
  call.give(!call.self<Event>().cancelled);
}
void set_return_value(Call& call) {
  if (!call.flag(0) && call.self<Event>().cancelable) call.self<Event>().cancelled = true;
  call.give();
}
void get_cancel_bubble(Call& call) {
  call.give(call.self<Event>().stopped);
}
void set_cancel_bubble(Call& call) {
  if (call.flag(0)) call.self<Event>().stopped = true;
  call.give();
}
void prevent_default(Call& call) {
  if (call.self<Event>().cancelable) call.self<Event>().cancelled = true;
  call.give();
}
void stop(Call& call) {
  call.self<Event>().stopped = true, call.give();
}
void stop_now(Call& call) {
  call.self<Event>().stopped = call.self<Event>().stopped_now = true;
  call.give();
}
void init_event(Call& call) {
  Event& self = call.self<Event>();
  self.type = call.text(0);
  self.bubbles = call.flag(1);
  self.cancelable = call.flag(2);
  call.give();
}
void composed_path(Call& call) {
  JS::RootedValueVector path(call.cx);
  for (Native* one : call.self<Event>().path) must(path.append(JS::ObjectValue(*one->wrapper.get())));
  call.give(must(JS::NewArrayObject(call.cx, path)));
}
void get_composed(Call& call) {
  call.give(call.self<Event>().composed);
}

template <const std::string_view& Interface>
void construct(Call& call) {
  Event& event = make_event(call.cx, call.window, call.text(0), Interface);
  event.trusted = event.composed = false;
  if (JSObject* given = call.object(1)) {
    JS::RootedObject options(call.cx, given), target(call.cx, event.wrapper);
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "bubbles", &value));
    event.bubbles = JS::ToBoolean(value);
    must(JS_GetProperty(call.cx, options, "cancelable", &value));
    event.cancelable = JS::ToBoolean(value);
    must(JS_GetProperty(call.cx, options, "composed", &value));
    event.composed = JS::ToBoolean(value);
    JS::RootedIdVector keys(call.cx);
    must(js::GetPropertyKeys(call.cx, options, JSITER_OWNONLY, &keys));
    for (size_t i = 0; i < keys.length(); ++i) {
      JS::RootedId key(call.cx, keys[i]);
      std::u16string name = key.isString() ? to_text(call.cx, key.toString()) : u"";
      if (name == u"bubbles" || name == u"cancelable" || name == u"composed") continue;
      must(JS_GetPropertyById(call.cx, options, key, &value));
      must(JS_DefinePropertyById(call.cx, target, key, value, JSPROP_ENUMERATE));
    }
  }
  call.give(event.wrapper.get());
}

constexpr std::string_view plain_event = "Event", mouse_event = "MouseEvent",
                           keyboard_event = "KeyboardEvent", ui_event = "UIEvent",
                           custom_event = "CustomEvent", message_event = "MessageEvent",
                           error_event = "ErrorEvent", hash_event = "HashChangeEvent",
                           page_event = "PageTransitionEvent", progress_event = "ProgressEvent",
                           pop_event = "PopStateEvent", storage_event = "StorageEvent",
                           pointer_event = "PointerEvent", touch_event = "TouchEvent",
                           focus_event = "FocusEvent", submit_event = "SubmitEvent",
                           close_event = "CloseEvent", rejection_event = "PromiseRejectionEvent";

void init_custom_event(Call& call) {
  init_event(call);
  set_event_field(call.cx, call.self<Event>(), "detail", call.at(3));
  call.give();
}

constexpr Constant constants[] = {
    {"NONE", 0}, {"CAPTURING_PHASE", 1}, {"AT_TARGET", 2}, {"BUBBLING_PHASE", 3}};
constexpr JSFunctionSpec methods[] = {
    SHIKAKE_METHOD("preventDefault", prevent_default, 0),    SHIKAKE_METHOD("stopPropagation", stop, 0),
    SHIKAKE_METHOD("stopImmediatePropagation", stop_now, 0), SHIKAKE_METHOD("initEvent", init_event, 3),
    SHIKAKE_METHOD("composedPath", composed_path, 0),        JS_FS_END};
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("type", get_type),
    SHIKAKE_GETTER("target", get_target),
    SHIKAKE_GETTER("srcElement", get_target),
    SHIKAKE_GETTER("currentTarget", get_current),
    SHIKAKE_GETTER("eventPhase", get_phase),
    SHIKAKE_GETTER("bubbles", get_bubbles),
    SHIKAKE_GETTER("cancelable", get_cancelable),
    SHIKAKE_GETTER("defaultPrevented", get_prevented),
    SHIKAKE_GETTER("composed", get_composed),
    SHIKAKE_GETTER("isTrusted", get_trusted),
    SHIKAKE_GETTER("timeStamp", get_time),
    SHIKAKE_PROPERTY("returnValue", get_return_value, set_return_value),
    SHIKAKE_PROPERTY("cancelBubble", get_cancel_bubble, set_cancel_bubble),
    JS_PS_END};
constexpr JSFunctionSpec more_init[] = {SHIKAKE_METHOD("initMouseEvent", init_event, 15), JS_FS_END};
constexpr JSFunctionSpec ui_init[] = {SHIKAKE_METHOD("initUIEvent", init_event, 5), JS_FS_END};
constexpr JSFunctionSpec custom_init[] = {SHIKAKE_METHOD("initCustomEvent", init_custom_event, 4), JS_FS_END};

constexpr Interface table[] = {
    {.name = plain_event,
     .parent = "",
     .methods = methods,
     .properties = properties,
     .constants = constants,
     .construct = native<construct<plain_event>>},
    {.name = ui_event, .parent = plain_event, .methods = ui_init, .construct = native<construct<ui_event>>},
    {.name = mouse_event,
     .parent = ui_event,
     .methods = more_init,
     .construct = native<construct<mouse_event>>},
    {.name = pointer_event,
     .parent = mouse_event,
     .construct = native<construct<pointer_event>>,
     .engines = on_modern},
    {.name = keyboard_event, .parent = ui_event, .construct = native<construct<keyboard_event>>},
    {.name = focus_event, .parent = ui_event, .construct = native<construct<focus_event>>},
    {.name = touch_event,
     .parent = ui_event,
     .construct = native<construct<touch_event>>,
     .engines = on_blink},
    {.name = custom_event,
     .parent = plain_event,
     .methods = custom_init,
     .construct = native<construct<custom_event>>},
    {.name = message_event, .parent = plain_event, .construct = native<construct<message_event>>},
    {.name = error_event, .parent = plain_event, .construct = native<construct<error_event>>},
    {.name = hash_event, .parent = plain_event, .construct = native<construct<hash_event>>},
    {.name = page_event, .parent = plain_event, .construct = native<construct<page_event>>},
    {.name = progress_event, .parent = plain_event, .construct = native<construct<progress_event>>},
    {.name = pop_event, .parent = plain_event, .construct = native<construct<pop_event>>},
    {.name = storage_event, .parent = plain_event, .construct = native<construct<storage_event>>},
    {.name = close_event,
     .parent = plain_event,
     .construct = native<construct<close_event>>,
     .engines = on_modern},
    {.name = rejection_event,
     .parent = plain_event,
     .construct = native<construct<rejection_event>>,
     .engines = on_modern},
    {.name = submit_event,
     .parent = plain_event,
     .construct = native<construct<submit_event>>,
     .engines = on_modern},
};

}  // namespace

std::span<const Interface> event_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
