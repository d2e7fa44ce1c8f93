// Events: listeners, `on…` handlers, dispatch. https://dom.spec.whatwg.org/#events
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

class NodeNative;

class Event final : public Native {
 public:
  static constexpr Kind native_kind = Kind::event;
  explicit Event(Window& the_window) : Native(the_window, Kind::event) {}
  void trace(JSTracer* tracer) override;

  std::u16string type;
  bool bubbles = false, cancelable = false, trusted = false;
  bool composed = false;  // goes on from a shadow tree to its host
  bool stopped = false, stopped_now = false, cancelled = false, dispatching = false;
  int phase = 0;
  double time = 0;
  Native* target = nullptr;
  Native* current = nullptr;
  std::vector<Native*> path;  // from the target outwards
};

// A new event with its wrapper; `interface` names a row of the event tables.
Event& make_event(JSContext* cx, Window& window, std::u16string_view type,
                  std::string_view interface = "Event", bool bubbles = false, bool cancelable = false);
void set_event_field(JSContext* cx, Event& event, const char* name, JS::HandleValue value);

// False: a listener prevented the default action.
bool dispatch(JSContext* cx, Native& target, Event& event);
// The same from the event loop, with what is thrown reported.
bool fire(Window& window, Native& target, std::u16string_view type, bool bubbles = false,
          bool cancelable = false, std::string_view interface = "Event");
bool fire_at_node(html::Node& node, std::u16string_view type, bool bubbles = false, bool cancelable = false);

// `on…`: null where there is none; compiles the content attribute's text when needed.
JS::Value handler_value(JSContext* cx, Native& target, std::u16string_view type);
void set_handler(Native& target, std::u16string_view type, JS::HandleValue value);
void handler_attribute_changed(html::Element& element, std::u16string_view attribute);

void add_listener(Call& call);  // addEventListener
void remove_listener(Call& call);
void dispatch_event(Call& call);  // dispatchEvent
void attach_event(Call& call);    // Trident's
void detach_event(Call& call);

// What default actions click and submit have.
void activate(JSContext* cx, html::Element& element);
// A click and its default action; a box is ticked before its listeners hear of it.
// https://html.spec.whatwg.org/#checkbox-state-(type=checkbox)   False: a listener prevented it.
bool click(JSContext* cx, NodeNative& target, Event& event);

extern const std::span<const char* const> global_handlers;  // "onclick", …

}  // namespace shikake::honeyclient::low::page
