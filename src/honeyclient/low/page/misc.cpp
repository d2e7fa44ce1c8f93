#include "honeyclient/low/page/misc.h"

#include <js/JSON.h>
#include <js/experimental/TypedData.h>

#include "honeyclient/low/page/messages.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Simple final : public Native {
 public:
  explicit Simple(Window& the_window) : Native(the_window, Kind::plain) {}
};

// --- console
// ---------------------------------------------------------------------------------------------------

void log(Call& call) {
  std::u16string line;
  for (unsigned i = 0; i < call.count(); ++i) {
    if (i > 0) line += u' ';
    // Objects by their kind alone: a getter or toString of the page must not run for a log.
    line += call.at(i).isObject() ? u"[object]" : call.at(i).isSymbol() ? u"[symbol]" : call.text(i);
  }
  call.page.happened(call.window, "console", line);
  call.give();
}
void say_nothing(Call& call) {
  call.give();
}
constexpr JSFunctionSpec console_methods[] = {SHIKAKE_METHOD("log", log, 0),
                                              SHIKAKE_METHOD("info", log, 0),
                                              SHIKAKE_METHOD("warn", log, 0),
                                              SHIKAKE_METHOD("error", log, 0),
                                              SHIKAKE_METHOD("debug", log, 0),
                                              SHIKAKE_METHOD("trace", say_nothing, 0),
                                              SHIKAKE_METHOD("dir", say_nothing, 0),
                                              SHIKAKE_METHOD("table", say_nothing, 0),
                                              SHIKAKE_METHOD("clear", say_nothing, 0),
                                              SHIKAKE_METHOD("group", say_nothing, 0),
                                              SHIKAKE_METHOD("groupCollapsed", say_nothing, 0),
                                              SHIKAKE_METHOD("groupEnd", say_nothing, 0),
                                              SHIKAKE_METHOD("time", say_nothing, 0),
                                              SHIKAKE_METHOD("timeEnd", say_nothing, 0),
                                              SHIKAKE_METHOD("assert", say_nothing, 0),
                                              SHIKAKE_METHOD("count", say_nothing, 0),
                                              JS_FS_END};

// --- performance
// ------------------------------------------------------------------------------------------------

void now(Call& call) {
  call.give(call.page.since_start() + 12.3);
}  // a page is never asked at its very start
void no_entries(Call& call) {
  call.give(must(JS::NewArrayObject(call.cx, 0)));
}
void get_timing(Call& call) {
  call.give(singleton(call.cx, call.window, "timing", [&] {
    JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
    double start = call.page.now() - call.page.since_start();
    double offset = 0;
    for (const char* name : {"navigationStart", "fetchStart", "domainLookupStart", "domainLookupEnd",
                             "connectStart", "connectEnd", "requestStart", "responseStart", "responseEnd",
                             "domLoading", "domInteractive", "domContentLoadedEventStart",
                             "domContentLoadedEventEnd", "domComplete", "loadEventStart", "loadEventEnd"}) {
      must(JS_DefineProperty(call.cx, made, name, start + offset, JSPROP_ENUMERATE));
      offset += 7;
    }
    return made.get();
  }));
}
void get_time_origin(Call& call) {
  call.give(call.page.now() - call.page.since_start());
}
constexpr JSFunctionSpec performance_methods[] = {SHIKAKE_METHOD("now", now, 0),
                                                  SHIKAKE_METHOD("mark", say_nothing, 1),
                                                  SHIKAKE_METHOD("measure", say_nothing, 1),
                                                  SHIKAKE_METHOD("getEntries", no_entries, 0),
                                                  SHIKAKE_METHOD("getEntriesByType", no_entries, 1),
                                                  SHIKAKE_METHOD("getEntriesByName", no_entries, 1),
                                                  JS_FS_END};
constexpr JSPropertySpec performance_properties[] = {
    SHIKAKE_GETTER("timing", get_timing), SHIKAKE_GETTER("timeOrigin", get_time_origin), JS_PS_END};

// --- crypto: random numbers from the visit's seed
// --------------------------------------------------------------------

void get_random_values(Call& call) {
  JSObject* array = call.object(0);
  if (!array || !JS_IsArrayBufferViewObject(array))
    call.type_error("parameter 1 is not of type 'ArrayBufferView'.");
  size_t length = 0;
  bool shared = false;
  uint8_t* data = nullptr;
  js::GetArrayBufferViewLengthAndData(array, &length, &shared, &data);
  if (length > 65536)
    call.dom_error("QuotaExceededError", "The ArrayBufferView's byte length exceeds 65536.");
  for (size_t i = 0; i < length; ++i) data[i] = static_cast<uint8_t>(call.page.random());
  call.give(call.at(0));
}
void random_uuid(Call& call) {
  char text[40];
  uint64_t a = call.page.random(), b = call.page.random();
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>(a >> 16 & 0xFFFF), static_cast<unsigned>(a & 0xFFF),
                static_cast<unsigned>(b >> 48 & 0x3FFF) | 0x8000,
                static_cast<unsigned long long>(b & 0xFFFFFFFFFFFF));
  call.give(std::string_view(text));
}
constexpr JSFunctionSpec crypto_methods[] = {SHIKAKE_METHOD("getRandomValues", get_random_values, 1),
                                             SHIKAKE_METHOD("randomUUID", random_uuid, 0), JS_FS_END};

// --- MutationObserver
// ------------------------------------------------------------------------------------------------

struct Mutation {
  html::Node* target;
  std::u16string type;
};

class Observer final : public Native {
 public:
  static constexpr Kind kKind = Kind::observer;
  explicit Observer(Window& the_window) : Native(the_window, kKind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &callback, "observer callback");
  }
  struct Target {
    html::Node* node;
    bool subtree;
  };
  JS::Heap<JSObject*> callback;
  std::vector<Target> targets;
  std::vector<Mutation> records;
};

// A page that changes its tree for ever in its own observer is cut by its time; its records are cut here.
constexpr size_t max_records = 10'000;

void construct_observer(Call& call) {
  JSObject* function = call.callable(0);
  if (!function) call.type_error("parameter 1 is not of type 'Function'.");
  auto* observer = new Observer(call.window);
  observer->callback = function;
  call.page.observers.push_back(observer);
  call.give(wrap_native(call.cx, *observer, "MutationObserver"));
}
void observe(Call& call) {
  html::Node& node = call.need_node(0);
  bool subtree = false;
  if (call.object(1)) {
    JS::RootedObject options(call.cx, call.object(1));
    JS::RootedValue value(call.cx);
    must(JS_GetProperty(call.cx, options, "subtree", &value));
    subtree = JS::ToBoolean(value);
  }
  call.self<Observer>().targets.push_back({&node, subtree});
  call.give();
}
void disconnect(Call& call) {
  call.self<Observer>().targets.clear();
  call.self<Observer>().records.clear();
  call.give();
}

JSObject* record_list(JSContext* cx, Window& window, const std::vector<Mutation>& records) {
  JS::RootedValueVector list(cx);
  for (const Mutation& record : records) {
    JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
    JS::RootedString type(cx, to_string(cx, record.type));
    JS::RootedObject target(cx, wrap(cx, window, *record.target)), empty(cx, must(JS::NewArrayObject(cx, 0)));
    must(JS_DefineProperty(cx, made, "type", type, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "target", target, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "addedNodes", empty, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "removedNodes", empty, JSPROP_ENUMERATE));
    must(list.append(JS::ObjectValue(*made)));
  }
  return must(JS::NewArrayObject(cx, list));
}
void take_records(Call& call) {
  call.give(record_list(call.cx, call.window, std::exchange(call.self<Observer>().records, {})));
}
constexpr JSFunctionSpec observer_methods[] = {SHIKAKE_METHOD("observe", observe, 1),
                                               SHIKAKE_METHOD("disconnect", disconnect, 0),
                                               SHIKAKE_METHOD("takeRecords", take_records, 0), JS_FS_END};

// Observers of layout: there is none, so they never call back but for what is visible at once.
void construct_watcher(Call& call) {
  call.give(simple_object(call.cx, call.window, "IntersectionObserver"));
}
constexpr JSFunctionSpec watcher_methods[] = {SHIKAKE_METHOD("observe", say_nothing, 1),
                                              SHIKAKE_METHOD("unobserve", say_nothing, 1),
                                              SHIKAKE_METHOD("disconnect", say_nothing, 0), JS_FS_END};

constexpr Interface table[] = {
    {.name = "Console", .parent = "", .methods = console_methods},
    {.name = "Performance",
     .parent = "EventTarget",
     .methods = performance_methods,
     .properties = performance_properties,
     .engines = kModern},
    {.name = "Crypto", .parent = "", .methods = crypto_methods, .engines = kModern},
    {.name = "MutationObserver",
     .parent = "",
     .methods = observer_methods,
     .construct = native<construct_observer>,
     .engines = kModern},
    {.name = "WebKitMutationObserver",
     .parent = "",
     .methods = observer_methods,
     .construct = native<construct_observer>,
     .engines = kBlink},
    {.name = "IntersectionObserver",
     .parent = "",
     .methods = watcher_methods,
     .construct = native<construct_watcher>,
     .engines = kModern},
    {.name = "ResizeObserver",
     .parent = "",
     .methods = watcher_methods,
     .construct = native<construct_watcher>,
     .engines = kModern}};

void get_simple(Call& call, std::string_view interface) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, interface, [&] { return simple_object(call.cx, window, interface); }));
}

}  // namespace

JSObject* simple_object(JSContext* cx, Window& window, std::string_view interface) {
  return wrap_native(cx, *new Simple(window), interface);
}

void get_console(Call& call) {
  get_simple(call, "Console");
}
void get_performance(Call& call) {
  get_simple(call, "Performance");
}
void get_crypto(Call& call) {
  get_simple(call, "Crypto");
}

void match_media(Call& call) {
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  JS::RootedString media(call.cx, to_string(call.cx, call.text(0)));
  must(JS_DefineProperty(call.cx, made, "media", media, JSPROP_ENUMERATE));
  must(JS_DefineProperty(call.cx, made, "matches", JS::FalseHandleValue, JSPROP_ENUMERATE));
  for (const char* name : {"addListener", "removeListener", "addEventListener", "removeEventListener"})
    must(JS_DefineFunction(call.cx, made, name, native<say_nothing>, 1, JSPROP_ENUMERATE));
  call.give(made);
}
void get_selection(Call& call) {
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  must(JS_DefineProperty(call.cx, made, "rangeCount", 0, JSPROP_ENUMERATE));
  for (const char* name : {"removeAllRanges", "addRange", "selectAllChildren"})
    must(JS_DefineFunction(call.cx, made, name, native<say_nothing>, 0, JSPROP_ENUMERATE));
  call.give(made);
}
void structured_clone(Call& call) {
  JS::RootedValue copy(call.cx, call.at(0));
  std::u16string text;
  must(JS_Stringify(
      call.cx, &copy, nullptr, JS::NullHandleValue,
      [](const char16_t* part, uint32_t length, void* to) {
        static_cast<std::u16string*>(to)->append(part, length);
        return true;
      },
      &text));
  must(JS_ParseJSON(call.cx, text.data(), static_cast<uint32_t>(text.size()), &copy));
  call.give(JS::HandleValue(copy));
}
void canvas_context(Call& call) {
  call.page.unemulated("canvas " + call.text8(0));
  call.give_null();
}
void canvas_data_url(Call& call) {
  call.give(std::u16string_view(u"data:,"));
}

void mutation_noted(Window& window, html::Node& target, std::u16string_view type) {
  for (Native* native_observer : window.page.observers) {
    auto* observer = static_cast<Observer*>(native_observer);
    if (observer->window != &window || observer->records.size() >= max_records) continue;
    for (const Observer::Target& watched : observer->targets)
      if (watched.node == &target || (watched.subtree && watched.node->contains(target))) {
        observer->records.push_back({&target, std::u16string(type)});
        break;
      }
  }
}

void deliver_mutations(Page& page) {
  for (size_t i = 0; i < page.observers.size(); ++i) {
    auto& observer = static_cast<Observer&>(*page.observers[i]);
    if (observer.records.empty() || observer.window->gone) continue;
    std::vector<Mutation> records = std::exchange(observer.records, {});
    page.run_script(*observer.window, [&] {
      JSContext* cx = page.cx;
      JS::RootedValueArray<2> arguments(cx);
      arguments[0].setObject(*record_list(cx, *observer.window, records));
      arguments[1].setObject(*observer.wrapper.get());
      JS::RootedValue function(cx, JS::ObjectValue(*observer.callback.get())), ignored(cx);
      JS::RootedValue self(cx, arguments[1]);
      must(JS::Call(cx, self, function, arguments, &ignored));
    });
    observer.window->loader->flush();
  }
}

std::span<const Interface> misc_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
