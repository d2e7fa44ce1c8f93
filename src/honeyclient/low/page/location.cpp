#include "honeyclient/low/page/location.h"

#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/url_parts.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Location final : public Native {
 public:
  static constexpr Kind native_kind = Kind::location;
  explicit Location(Window& the_window) : Native(the_window, Kind::location) {}
};

class History final : public Native {
 public:
  static constexpr Kind native_kind = Kind::history;
  explicit History(Window& the_window) : Native(the_window, Kind::history) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &state, "history state");
  }
  JS::Heap<JS::Value> state;
  uint32_t length = 1;
};

// Whose script calls: the member that it calls may be another window's.
// https://html.spec.whatwg.org/#entry-settings-object
Window& asker_of(Call& call) {
  JSObject* global = JS::GetScriptedCallerGlobal(call.cx);
  Native* native = global ? native_of(global) : nullptr;
  return native && native->kind == Kind::window ? static_cast<Window&>(*native) : call.window;
}

Window& self_of(Call& call) {
  return *call.self<Location>().window;
}

void get_href(Call& call) {
  call.give(std::string_view(self_of(call).url.href()));
}
void set_href(Call& call) {
  go_to(call, self_of(call), call.text(0)), call.give();
}
void get_origin(Call& call) {
  call.give(std::string_view(self_of(call).origin()));
}
template <std::string_view (url::Url::*Part)() const>
void get_part(Call& call) {
  call.give((self_of(call).url.*Part)());
}
template <void (url::Url::*Set)(std::string_view)>
void set_part(Call& call) {
  url::Url url = self_of(call).url;
  (url.*Set)(call.text8(0));
  self_of(call).navigate(url, intel::Mechanism::location, call.page.positions.origin_here(), {}, {},
                         &asker_of(call));
  call.give();
}
void reload(Call& call) {
  Window& window = self_of(call);
  url::Url whole = window.url;
  whole.set_hash("");  // with one it would be a move within the document
  window.navigate(whole, intel::Mechanism::location, call.page.positions.origin_here(), {}, {},
                  &asker_of(call));
  call.give();
}

void get_length(Call& call) {
  call.give(call.self<History>().length);
}
void get_state(Call& call) {
  const JS::Heap<JS::Value>& state = call.self<History>().state;
  if (state.get().isUndefined()) return call.give_null();
  call.args.rval().set(state);
}
void do_nothing(Call& call) {
  call.give();
}
void change_state(Call& call, bool push) {
  History& self = call.self<History>();
  self.state = call.at(0).get();
  if (push) ++self.length;
  if (!call.is_null(2)) {
    Window& window = *self.window;
    auto url = window.resolve(call.text(2));
    if (!url || url->origin() != window.url.origin())
      call.dom_error("SecurityError", "A history state object with that URL cannot be created here.");
    window.url = std::move(*url);
  }
  call.give();
}
void push_state(Call& call) {
  change_state(call, true);
}
void replace_state(Call& call) {
  change_state(call, false);
}

constexpr JSFunctionSpec location_methods[] = {
    SHIKAKE_METHOD("assign", set_href, 1),    SHIKAKE_METHOD("replace", set_href, 1),
    SHIKAKE_METHOD("reload", reload, 0),      SHIKAKE_METHOD("toString", get_href, 0),
    JS_FN("valueOf", native<get_href>, 0, 0), JS_FS_END};
constexpr JSPropertySpec location_properties[] = {
    SHIKAKE_PROPERTY("href", get_href, set_href), SHIKAKE_GETTER("origin", get_origin),
    SHIKAKE_PROPERTY("protocol", get_part<&url::Url::protocol>, set_part<&url::Url::set_protocol>),
    SHIKAKE_URL_PARTS(get_part, set_part), JS_PS_END};
constexpr JSFunctionSpec history_methods[] = {SHIKAKE_METHOD("back", do_nothing, 0),
                                              SHIKAKE_METHOD("forward", do_nothing, 0),
                                              SHIKAKE_METHOD("go", do_nothing, 0),
                                              SHIKAKE_METHOD("pushState", push_state, 2),
                                              SHIKAKE_METHOD("replaceState", replace_state, 2),
                                              JS_FS_END};
constexpr JSPropertySpec history_properties[] = {SHIKAKE_GETTER("length", get_length),
                                                 SHIKAKE_GETTER("state", get_state), JS_PS_END};
constexpr Interface table[] = {
    {.name = "Location", .parent = "", .methods = location_methods, .properties = location_properties},
    {.name = "History", .parent = "", .methods = history_methods, .properties = history_properties}};

}  // namespace

JSObject* location_object(JSContext* cx, Window& window) {
  return singleton(cx, window, "location",
                   [&] { return wrap_native(cx, *new Location(window), "Location"); });
}

void go_to(Call& call, Window& window, std::u16string_view text) {
  // Relative to who asks, not to the window that moves.
  // https://html.spec.whatwg.org/#location-object-navigate
  const Window& asker = asker_of(call);
  auto url = asker.resolve(trim(text));
  if (!url) call.dom_error("SyntaxError", "'" + utf8(text) + "' is not a valid URL.");
  window.navigate(*url, intel::Mechanism::location, call.page.positions.origin_here(), {}, {}, &asker);
}

void navigate_method(Call& call) {
  go_to(call, call.window, call.text(0)), call.give();
}

void get_history(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "history",
                      [&] { return wrap_native(call.cx, *new History(window), "History"); }));
}

std::span<const Interface> location_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
