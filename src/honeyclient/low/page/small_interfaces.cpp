#include "honeyclient/low/page/small_interfaces.h"

#include <js/experimental/TypedData.h>

#include <cmath>

#include "honeyclient/low/page/clone.h"
#include "honeyclient/low/page/global_functions.h"
#include "honeyclient/low/page/lifetimes.h"
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

// --- console ------------------------------------------------------------------------------------------

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

// --- performance --------------------------------------------------------------------------------------

// How finely time is told, since what can be timed can be spied on: Chrome's 100 µs (version 91), Firefox's (79) and
// Safari's whole milliseconds; older ones had what the system's clock had. A page is never asked at its very start.
void now(Call& call) {
  constexpr double passed_before = 12.3;
  const Persona& persona = call.page.persona();
  call.page.clock_read();
  const double time = call.page.since_start() + passed_before;
  double steps = 1000;  // a millisecond
  if (persona.engine == Engine::blink && persona.version >= 91) steps = 10;
  if (persona.engine == Engine::gecko && persona.version >= 79) steps = 1;
  if (persona.engine == Engine::webkit) steps = 1;
  call.give(std::floor(time * steps) / steps);
}
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

// --- crypto: random numbers from the visit's seed -----------------------------------------------------

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
constexpr JSPropertySpec secure_crypto_properties[] = {SHIKAKE_GETTER("subtle", get_subtle), JS_PS_END};

constexpr Interface table[] = {
    {.name = "Console", .parent = "", .methods = console_methods},
    {.name = "Performance",
     .parent = "EventTarget",
     .methods = performance_methods,
     .properties = performance_properties},
    {.name = "Crypto", .parent = "", .methods = crypto_methods, .engines = on_modern}};

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
// Its keys and ciphers are there in secure contexts alone.
void get_crypto(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "Crypto", [&] {
    JS::RootedObject prototype(call.cx, must(interface_prototype(call.cx, window, "Crypto")));
    if (is_secure(window))
      must(JS_DefineProperties(call.cx, prototype, secure_crypto_properties));
    else if (!JS_DeleteProperty(call.cx, prototype, "randomUUID"))
      JS_ClearPendingException(call.cx);
    remove_absent_members(call.cx, window.page.persona(), "Crypto", prototype);
    return simple_object(call.cx, window, "Crypto");
  }));
}

void structured_clone(Call& call) {
  JS::RootedValue copy(call.cx, Clone::of(call.cx, call.at(0))->read(call.cx));
  call.give(JS::HandleValue(copy));
}
std::span<const Interface> small_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
