#include "honeyclient/low/page/global_functions.h"

#include "base/bytes.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/lifetimes.h"
#include "honeyclient/low/page/location.h"
#include "honeyclient/low/page/machine_code.h"
#include "honeyclient/low/page/navigator.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/timers.h"
#include "honeyclient/low/page/trident_members.h"
#include "honeyclient/low/page/window.h"
#include "html/text.h"

namespace shikake::honeyclient::low::page {

void to_ascii(Call& call) {
  std::string bytes;
  for (char16_t c : call.text(0)) {
    if (c > 0xFF)
      call.dom_error("InvalidCharacterError", "The string contains characters outside of the Latin1 range.");
    bytes += static_cast<char>(c);
  }
  call.give(std::string_view(base::to_base64(base::as_bytes(bytes))));
}

// https://infra.spec.whatwg.org/#forgiving-base64-decode
void to_binary(Call& call) {
  std::string text;
  for (char16_t c : call.text(0))
    if (!html::is_space(c)) text += c < 0x80 ? static_cast<char>(c) : '!';
  while (!text.empty() && text.back() == '=') text.pop_back();
  if (text.size() % 4 == 1)
    call.dom_error("InvalidCharacterError", "The string to be decoded is not correctly encoded.");
  text.append((4 - text.size() % 4) % 4, '=');
  auto bytes = base::from_base64(text);
  if (!bytes) call.dom_error("InvalidCharacterError", "The string to be decoded is not correctly encoded.");
  std::u16string wide_text;
  for (char c : *bytes) wide_text += static_cast<unsigned char>(c);
  call.give(std::u16string_view(wide_text));
}

void get_global(Call& call) {
  call.give(call.self_window().global());
}
void get_own_location(Call& call) {
  call.give(location_object(call.cx, call.self_window()));
}
void get_origin(Call& call) {
  call.give(std::string_view(call.self_window().origin()));
}
void get_secure(Call& call) {
  call.give(is_secure(call.self_window()));
}
bool is_secure(const Window& window) {
  const std::string_view host = window.url.hostname();
  return window.url.scheme() == "https" || host == "localhost" || host.starts_with("127.");
}

namespace {

void get_random(Call& call) {
  call.give(static_cast<double>(call.page.random() >> 11) * 0x1.0p-53);
}

constexpr JSFunctionSpec functions[] = {SHIKAKE_METHOD("setTimeout", set_timeout, 1),
                                        SHIKAKE_METHOD("setInterval", set_interval, 1),
                                        SHIKAKE_METHOD("clearTimeout", clear_timer, 0),
                                        SHIKAKE_METHOD("clearInterval", clear_timer, 0),
                                        SHIKAKE_METHOD("btoa", to_ascii, 1),
                                        SHIKAKE_METHOD("atob", to_binary, 1),
                                        SHIKAKE_METHOD("addEventListener", add_listener, 2),
                                        SHIKAKE_METHOD("removeEventListener", remove_listener, 2),
                                        SHIKAKE_METHOD("dispatchEvent", dispatch_event, 1),
                                        JS_FS_END};
constexpr JSFunctionSpec modern_functions[] = {
    SHIKAKE_METHOD("queueMicrotask", queue_microtask, 1), SHIKAKE_METHOD("fetch", fetch_function, 1),
    SHIKAKE_METHOD("structuredClone", structured_clone, 1), JS_FS_END};
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("self", get_global), SHIKAKE_GETTER("location", get_own_location),
    SHIKAKE_GETTER("navigator", get_navigator), SHIKAKE_GETTER("console", get_console), JS_PS_END};
constexpr JSPropertySpec modern_properties[] = {
    SHIKAKE_GETTER("performance", get_performance), SHIKAKE_GETTER("crypto", get_crypto),
    SHIKAKE_GETTER("origin", get_origin), SHIKAKE_GETTER("isSecureContext", get_secure),
    SHIKAKE_GETTER("indexedDB", get_indexed_db), JS_PS_END};

}  // namespace

void define_worker_globals(JSContext* cx, Window& scope) {
  JS::RootedObject global(cx, scope.global());
  must(JS_DefineFunctions(cx, global, functions) && JS_DefineProperties(cx, global, properties));
  if (scope.page.engine_bit() & on_modern)
    must(JS_DefineFunctions(cx, global, modern_functions) &&
         JS_DefineProperties(cx, global, modern_properties));
}

void define_engine_functions(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global());
  JS::RootedValue math(cx);
  must(JS_GetProperty(cx, global, "Math", &math));
  JS::RootedObject math_object(cx, &math.toObject());
  must(JS_DefineFunction(cx, math_object, "random", native<get_random>, 0, 0));
  // The engine's own would keep to itself what it makes.
  must(JS_DefineFunction(cx, global, "unescape", native<unescape>, 1, 0));
  if (window.page.engine_bit() & on_modern) define_web_assembly(cx, window);
  add_trident_globals(cx, window);
  remove_absent_globals(cx, window.page.persona(), global);
  define_function_text(cx);
  if (window.page.forced) window.page.forced->define(window);
}

}  // namespace shikake::honeyclient::low::page
