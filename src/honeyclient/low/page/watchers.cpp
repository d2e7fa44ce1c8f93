#include "honeyclient/low/page/watchers.h"

#include <algorithm>
#include <utility>

#include "honeyclient/low/page/disguise.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/style.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using Size = std::pair<uint32_t, uint32_t>;
constexpr Size not_shown{0, 0};

Size shown_size(const html::Element& element, const Page& page) {
  if (!element.connected()) return not_shown;
  for (const html::Element* up = element.parent_element(); up; up = up->parent_element())
    if (up->attribute(u"hidden") || layout_size(*up, page) == not_shown) return not_shown;
  return element.attribute(u"hidden") ? not_shown : layout_size(element, page);
}

struct Watched {
  html::Element* element;
  std::optional<Size> told;  // of it so far
};

// One of either kind.
class Watcher final : public Native {
 public:
  static constexpr Kind native_kind = Kind::watcher;
  Watcher(Window& the_window, bool sizes) : Native(the_window, native_kind), of_sizes(sizes) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &callback, "watcher's callback");
    JS::TraceEdge(tracer, &root, "watcher's root");
  }
  const bool of_sizes;
  JS::Heap<JSObject*> callback, root;
  std::u16string margin = u"0px 0px 0px 0px";
  std::vector<double> thresholds{0};
  std::vector<Watched> targets;
};

class Entry final : public Native {
 public:
  static constexpr Kind native_kind = Kind::watched;
  Entry(Window& the_window, html::Element& the_target, Size the_size)
      : Native(the_window, native_kind), target(the_target), size(the_size), time(the_window.page.since_start()) {}
  html::Element& target;
  const Size size;
  const double time;
};

JSObject* rectangle(JSContext* cx, Size size) {
  JS::RootedObject box(cx, must(JS_NewPlainObject(cx)));
  for (auto [name, value] : {std::pair("x", 0u), {"y", 0u}, {"width", size.first}, {"height", size.second}, {"top", 0u},
                             {"right", size.first}, {"bottom", size.second}, {"left", 0u}})
    must(JS_DefineProperty(cx, box, name, value, JSPROP_ENUMERATE));
  return box;
}

// --- what has changed --------------------------------------------------------------------------------------

// With what it is told the next time is nothing new.
std::vector<Entry*> take_changes(Watcher& watcher) {
  std::vector<Entry*> entries;
  for (Watched& one : watcher.targets) {
    const Size size = shown_size(*one.element, watcher.window->page);
    const bool same = one.told && (watcher.of_sizes ? *one.told == size : (*one.told == not_shown) == (size == not_shown));
    // A size of nothing is where everything begins.
    const bool nothing = watcher.of_sizes && !one.told && size == not_shown;
    one.told = size;
    if (!same && !nothing) entries.push_back(new Entry(*watcher.window, *one.element, size));
  }
  return entries;
}

JSObject* list_of(JSContext* cx, const Watcher& watcher, const std::vector<Entry*>& entries) {
  JS::RootedValueVector list(cx);
  for (Entry* entry : entries)
    must(list.append(JS::ObjectValue(
        *wrap_native(cx, *entry, watcher.of_sizes ? "ResizeObserverEntry" : "IntersectionObserverEntry"))));
  return must(JS::NewArrayObject(cx, list));
}

bool tell(Watcher& watcher) {
  Window& window = *watcher.window;
  if (window.gone || !window.page.scripts_run()) return false;
  const std::vector<Entry*> entries = take_changes(watcher);
  if (entries.empty()) return false;
  window.page.run_script(window, [&] {
    JSContext* cx = window.page.cx;
    JS::RootedValueArray<2> arguments(cx);
    arguments[0].setObject(*list_of(cx, watcher, entries));
    arguments[1].setObject(*watcher.wrapper.get());
    JS::RootedValue function(cx, JS::ObjectValue(*watcher.callback.get())), self(cx, arguments[1]), ignored(cx);
    must(JS::Call(cx, self, function, arguments, &ignored));
  });
  window.loader->flush();
  return true;
}

// --- both -------------------------------------------------------------------------------------------------

void observe(Call& call) {
  Watcher& self = call.self<Watcher>();
  html::Node* node = call.node(0);
  html::Element* element = node ? node->as_element() : nullptr;
  if (!element) call.type_error("parameter 1 is not of type 'Element'.");
  call.give();
  if (std::ranges::find(self.targets, element, &Watched::element) != self.targets.end()) return;
  self.targets.push_back({element, std::nullopt});
  call.page.post([&self] { tell(self); });
}
void unobserve(Call& call) {
  const html::Node* node = call.node(0);
  const html::Element* element = node ? node->as_element() : nullptr;
  if (!element) call.type_error("parameter 1 is not of type 'Element'.");
  std::erase_if(call.self<Watcher>().targets, [&](const Watched& one) { return one.element == element; });
  call.give();
}
void disconnect(Call& call) {
  call.self<Watcher>().targets.clear();
  call.give();
}
void take_records(Call& call) {
  Watcher& self = call.self<Watcher>();
  call.give(list_of(call.cx, self, take_changes(self)));
}
void get_target(Call& call) {
  call.give(static_cast<html::Node*>(&call.self<Entry>().target));
}

Watcher& make_watcher(Call& call, bool sizes) {
  JSObject* callback = call.callable(0);
  if (!callback) call.type_error("parameter 1 is not of type 'Function'.");
  auto* made = new Watcher(call.window, sizes);
  made->callback = callback;
  call.page.watchers.push_back(made);
  return *made;
}

// --- IntersectionObserver -----------------------------------------------------------------------------------

void read_thresholds(Call& call, JS::HandleValue given, Watcher& watcher) {
  if (given.isUndefined()) return;
  watcher.thresholds.clear();
  auto take = [&](JS::HandleValue value) {
    double number = 0;
    must(JS::ToNumber(call.cx, value, &number));
    if (!(number >= 0 && number <= 1)) {
      throw_range_error(call.cx, "Threshold values must be numbers between 0 and 1");
    }
    watcher.thresholds.push_back(number);
  };
  if (!given.isObject()) return take(given);
  JS::RootedObject list(call.cx, &given.toObject());
  uint32_t count = 0;
  must(JS::GetArrayLength(call.cx, list, &count));
  JS::RootedValue value(call.cx);
  for (uint32_t i = 0; i < count; ++i) {
    must(JS_GetElement(call.cx, list, i, &value));
    take(value);
  }
  if (watcher.thresholds.empty()) watcher.thresholds.push_back(0);
  std::ranges::sort(watcher.thresholds);
}

void construct_intersections(Call& call) {
  Watcher& made = make_watcher(call, false);
  if (call.object(1)) {
    JS::RootedObject options(call.cx, call.object(1));
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "root", &value));
    if (value.isObject()) made.root = &value.toObject();
    must(JS_GetProperty(call.cx, options, "rootMargin", &value));
    if (!value.isUndefined()) made.margin = to_text(call.cx, value);
    must(JS_GetProperty(call.cx, options, "threshold", &value));
    read_thresholds(call, value, made);
  }
  call.give(wrap_native(call.cx, made, "IntersectionObserver"));
}
void get_root(Call& call) {
  call.give(call.self<Watcher>().root.get());
}
void get_margin(Call& call) {
  call.give(std::u16string_view(call.self<Watcher>().margin));
}
void get_thresholds(Call& call) {
  JS::RootedValueVector list(call.cx);
  for (double one : call.self<Watcher>().thresholds) must(list.append(JS::NumberValue(one)));
  call.give(must(JS::NewArrayObject(call.cx, list)));
}

bool in_view(const Entry& entry) {
  return entry.size != not_shown;
}
void get_time(Call& call) {
  call.give(call.self<Entry>().time);
}
void get_in_view(Call& call) {
  call.give(in_view(call.self<Entry>()));
}
void get_ratio(Call& call) {
  call.give(in_view(call.self<Entry>()) ? 1.0 : 0.0);
}
void get_bounds(Call& call) {
  call.give(rectangle(call.cx, call.self<Entry>().size));
}
void get_root_bounds(Call& call) {
  const Persona& persona = call.page.persona();
  call.give(rectangle(call.cx, {persona.inner_width, persona.inner_height}));
}

// --- ResizeObserver -----------------------------------------------------------------------------------------

void construct_sizes(Call& call) {
  call.give(wrap_native(call.cx, make_watcher(call, true), "ResizeObserver"));
}
JSObject* box_sizes(JSContext* cx, double width, double height) {
  JS::RootedObject size(cx, must(JS_NewPlainObject(cx)));
  must(JS_DefineProperty(cx, size, "inlineSize", width, JSPROP_ENUMERATE) &&
       JS_DefineProperty(cx, size, "blockSize", height, JSPROP_ENUMERATE));
  JS::RootedValue one(cx, JS::ObjectValue(*size));
  return must(JS::NewArrayObject(cx, JS::HandleValueArray(one)));
}
void get_box(Call& call) {
  const Size size = call.self<Entry>().size;
  call.give(box_sizes(call.cx, size.first, size.second));
}
void get_device_box(Call& call) {
  const Size size = call.self<Entry>().size;
  const double ratio = pixel_ratio(call.page.persona());
  call.give(box_sizes(call.cx, size.first * ratio, size.second * ratio));
}

constexpr JSFunctionSpec watcher_methods[] = {SHIKAKE_METHOD("observe", observe, 1),
                                              SHIKAKE_METHOD("unobserve", unobserve, 1),
                                              SHIKAKE_METHOD("disconnect", disconnect, 0), JS_FS_END};
constexpr JSFunctionSpec intersection_methods[] = {SHIKAKE_METHOD("takeRecords", take_records, 0), JS_FS_END};
constexpr JSPropertySpec intersection_properties[] = {SHIKAKE_GETTER("root", get_root),
                                                      SHIKAKE_GETTER("rootMargin", get_margin),
                                                      SHIKAKE_GETTER("thresholds", get_thresholds), JS_PS_END};
constexpr JSPropertySpec intersection_entry[] = {SHIKAKE_GETTER("time", get_time),
                                                 SHIKAKE_GETTER("rootBounds", get_root_bounds),
                                                 SHIKAKE_GETTER("boundingClientRect", get_bounds),
                                                 SHIKAKE_GETTER("intersectionRect", get_bounds),
                                                 SHIKAKE_GETTER("isIntersecting", get_in_view),
                                                 SHIKAKE_GETTER("intersectionRatio", get_ratio),
                                                 SHIKAKE_GETTER("target", get_target),
                                                 JS_PS_END};
constexpr JSPropertySpec size_entry[] = {SHIKAKE_GETTER("target", get_target),
                                         SHIKAKE_GETTER("contentRect", get_bounds),
                                         SHIKAKE_GETTER("contentBoxSize", get_box),
                                         SHIKAKE_GETTER("borderBoxSize", get_box),
                                         SHIKAKE_GETTER("devicePixelContentBoxSize", get_device_box),
                                         JS_PS_END};
constexpr Interface table[] = {
    {.name = "IntersectionObserver",
     .parent = "",
     .methods = watcher_methods,
     .properties = intersection_properties,
     .construct = native<construct_intersections>,
     .construct_arguments = 1,
     .engines = on_modern,
     .mixin_methods = intersection_methods},
    {.name = "IntersectionObserverEntry", .parent = "", .properties = intersection_entry, .engines = on_modern},
    {.name = "ResizeObserver",
     .parent = "",
     .methods = watcher_methods,
     .construct = native<construct_sizes>,
     .construct_arguments = 1,
     .engines = on_modern & ~on_edge},
    {.name = "ResizeObserverEntry", .parent = "", .properties = size_entry, .engines = on_modern & ~on_edge}};

}  // namespace

bool look_at_watched(Page& page) {
  // One that hides and shows what it watches whenever it is told would never let go.
  constexpr uint32_t most = 50;
  static uint32_t looks = 0;  // of the one page of this process
  if (looks >= most) return false;
  bool told = false;
  for (size_t i = 0; i < page.watchers.size(); ++i) told |= tell(static_cast<Watcher&>(*page.watchers[i]));
  looks += told;
  return told;
}

std::span<const Interface> watcher_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
