#include "honeyclient/low/page/person.h"

#include <algorithm>
#include <array>

#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

using html::Name;

namespace {

void set_number(JSContext* cx, Event& event, const char* name, double number) {
  JS::RootedValue value(cx, JS::NumberValue(number));
  set_event_field(cx, event, name, value);
}

// From the upper left down to the right, as hands do, never twice the same.
void place(JSContext* cx, Event& event, int step) {
  const double x = 120 + 37.0 * step, y = 90 + 23.0 * step;
  for (const char* name : {"clientX", "pageX", "screenX", "x"}) set_number(cx, event, name, x);
  for (const char* name : {"clientY", "pageY", "screenY", "y"}) set_number(cx, event, name, y);
  set_number(cx, event, "movementX", 37);
  set_number(cx, event, "movementY", 23);
  set_number(cx, event, "button", 0);
  set_number(cx, event, "detail", 1);
}
void press(JSContext* cx, Event& event) {
  constexpr double key_a = 65;
  for (const char* name : {"keyCode", "which", "charCode"}) set_number(cx, event, name, key_a);
  JS::RootedValue key(cx, JS::StringValue(to_string(cx, u"a")));
  set_event_field(cx, event, "key", key);
}

constexpr std::array deeds = {
    Deed{u"focus", "FocusEvent", true},      Deed{u"mouseover", "MouseEvent", false},
    Deed{u"mousemove", "MouseEvent", false}, Deed{u"mousemove", "MouseEvent", false},
    Deed{u"mousemove", "MouseEvent", false}, Deed{u"pointermove", "MouseEvent", false},
    Deed{u"touchstart", "Event", false},     Deed{u"touchmove", "Event", false},
    Deed{u"touchend", "Event", false},       Deed{u"wheel", "WheelEvent", false},
    Deed{u"scroll", "Event", true},          Deed{u"pointerdown", "MouseEvent", false},
    Deed{u"mousedown", "MouseEvent", false}, Deed{u"pointerup", "MouseEvent", false},
    Deed{u"mouseup", "MouseEvent", false},   Deed{u"click", "MouseEvent", false}};

// What is clicked by who means it.
bool takes_an_intention(const html::Element& element) {
  for (const html::Element* up = &element; up; up = up->parent_element()) {
    for (Name name :
         {Name::a, Name::button, Name::input, Name::select, Name::label, Name::textarea, Name::form})
      if (up->is(name)) return true;
    if (const std::u16string* role = up->attribute(u"role"); role && !role->empty()) return true;
    if (up->is(Name::summary) || up->is(Name::option)) return true;
  }
  return false;
}

// Fills the window over everything else: an inline style says so.
bool covers_the_page(const html::Element& element) {
  const std::u16string* style = element.attribute(Name::style);
  if (!style) return false;
  const std::u16string low = lower(*style);
  return low.find(u"position:") != low.npos &&
         (low.find(u"fixed") != low.npos || low.find(u"absolute") != low.npos) &&
         low.find(u"100") != low.npos;
}

}  // namespace

void happen(Window& window, Native& target, const char16_t* type, std::string_view interface, int step) {
  if (window.gone || !window.page.scripts_run()) return;
  window.page.run_script(window, [&] {
    JSContext* cx = window.page.cx;
    Event& event = make_event(cx, window, type, find_interface(interface) ? interface : "Event", true, true);
    if (interface == "MouseEvent") place(cx, event, step);
    if (interface == "KeyboardEvent") press(cx, event);
    dispatch(cx, target, event);
  });
  window.loader->flush();
}

bool waits_for(const Native* native, std::u16string_view type) {
  if (!native) return false;
  auto same = [&](const auto& one) { return type.empty() || one.type == type; };
  return std::ranges::any_of(native->listeners,
                             [&](const Listener& one) { return !one.removed && same(one); }) ||
         std::ranges::any_of(native->handlers, same);
}

bool is_listened_to(const html::Element& element, std::u16string_view type) {
  if (waits_for(static_cast<const NodeNative*>(element.binding), type)) return true;
  for (const html::Attribute& attribute : element.attributes()) {
    std::u16string_view name = attribute.local_name.text();
    if (name.starts_with(u"on") && (type.empty() || name.substr(2) == type)) return true;
  }
  return false;
}

bool is_heard(Window& window, const html::Node* node, std::u16string_view type) {
  if (waits_for(&window, type)) return true;
  for (; node; node = node->parent()) {
    if (waits_for(static_cast<const NodeNative*>(node->binding), type)) return true;
    if (const html::Element* element = node->as_element(); element && is_listened_to(*element, type))
      return true;
  }
  return false;
}

bool be_present(Window& window, const std::vector<html::Element*>& all) {
  JSContext* cx = window.page.cx;
  bool did = false;
  int step = 0;
  for (const Deed& deed : deeds) {
    if (window.gone || !window.document) return did;
    html::Element* body = window.document->body();
    if (!is_heard(window, body, deed.type)) continue;
    Native& target =
        deed.of_window || !body ? static_cast<Native&>(window) : native_of_node(cx, window, *body);
    happen(window, target, deed.type, deed.interface, ++step);
    did = true;
  }
  for (html::Element* element : all) {
    if (window.gone) break;
    if (!covers_the_page(*element)) continue;  // hardly any does: asked first
    const bool waits = is_listened_to(*element, u"click") || is_listened_to(*element, u"mousedown");
    if (!waits || !element->connected() || element->is(Name::body) || element->is(Name::html)) continue;
    if (takes_an_intention(*element)) continue;
    for (const char16_t* type : {u"mousedown", u"mouseup", u"click"})
      if (!window.gone) happen(window, native_of_node(cx, window, *element), type, "MouseEvent", ++step);
    return true;
  }
  return did;
}

}  // namespace shikake::honeyclient::low::page
