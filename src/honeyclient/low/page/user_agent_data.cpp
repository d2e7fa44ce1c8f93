// navigator.userAgentData and navigator.permissions: what the browser tells of itself, and what it lets pages do.
// https://wicg.github.io/ua-client-hints/  https://www.w3.org/TR/permissions/
#include <algorithm>

#include "honeyclient/low/page/global_functions.h"
#include "honeyclient/low/page/navigator.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

std::string header_of(const Persona& persona, std::string_view name) {
  auto found = std::ranges::find(persona.headers, name, &PersonaField::name);
  return found == persona.headers.end() ? std::string() : found->value;
}

// --- userAgentData: what the persona's headers say, to scripts -------------------------------------------------

using Brands = std::vector<std::pair<std::string, std::string>>;

// "A";v="1", "B";v="2"
Brands brands_of(const Persona& persona) {
  Brands brands;
  std::string_view rest;
  const std::string header = header_of(persona, "sec-ch-ua");
  rest = header;
  auto quoted = [&rest]() -> std::optional<std::string> {
    const size_t from = rest.find('"'), to = from == rest.npos ? from : rest.find('"', from + 1);
    if (to == rest.npos) return std::nullopt;
    std::string text(rest.substr(from + 1, to - from - 1));
    rest.remove_prefix(to + 1);
    return text;
  };
  for (;;) {
    auto name = quoted(), version = name ? quoted() : std::nullopt;
    if (!version) return brands;
    brands.emplace_back(std::move(*name), std::move(*version));
  }
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}
std::string platform_of(const Persona& persona) {
  return unquoted(header_of(persona, "sec-ch-ua-platform"));
}
bool is_mobile(const Persona& persona) {
  return header_of(persona, "sec-ch-ua-mobile") == "?1";
}

void define(JSContext* cx, JS::HandleObject object, const char* name, std::string_view text) {
  JS::RootedString value(cx, to_string(cx, wide(text)));
  must(JS_DefineProperty(cx, object, name, value, JSPROP_ENUMERATE));
}

JSObject* brand_list(JSContext* cx, const Brands& brands) {
  JS::RootedValueVector list(cx);
  for (const auto& [name, version] : brands) {
    JS::RootedObject one(cx, must(JS_NewPlainObject(cx)));
    define(cx, one, "brand", name);
    define(cx, one, "version", version);
    must(list.append(JS::ObjectValue(*one)));
  }
  return must(JS::NewArrayObject(cx, list));
}

class Data final : public Native {
 public:
  static constexpr Kind native_kind = Kind::brands;
  explicit Data(Window& the_window) : Native(the_window, native_kind) {}
};

// What is told to everybody.
JSObject* low_entropy(JSContext* cx, const Persona& persona) {
  JS::RootedObject made(cx, must(JS_NewPlainObject(cx))), brands(cx, brand_list(cx, brands_of(persona)));
  must(JS_DefineProperty(cx, made, "brands", brands, JSPROP_ENUMERATE));
  JS::RootedValue mobile(cx, JS::BooleanValue(is_mobile(persona)));
  must(JS_DefineProperty(cx, made, "mobile", mobile, JSPROP_ENUMERATE));
  define(cx, made, "platform", platform_of(persona));
  return made;
}

// The whole version stands in the User-Agent: "Chrome/109.0.0.0", for Edge behind "Edg/".
std::string whole_version(const Persona& persona) {
  for (std::string_view mark : {"Edg/", "Chrome/"}) {
    const size_t at = persona.user_agent.find(mark);
    if (at == std::string::npos) continue;
    const size_t from = at + mark.size();
    return persona.user_agent.substr(from, persona.user_agent.find(' ', from) - from);
  }
  return std::to_string(persona.version) + ".0.0.0";
}

std::string platform_version(const Persona& persona) {
  const std::string platform = platform_of(persona);
  if (platform == "Windows") return persona.name.find("win11") != std::string::npos ? "15.0.0" : "10.0.0";
  if (platform == "macOS") return "13.5.0";
  return platform == "Android" ? "13.0.0" : "";
}

void high_entropy(Call& call) {
  const Persona& persona = call.page.persona();
  JSContext* cx = call.cx;
  JS::RootedObject hints(cx, call.object(0)), made(cx, low_entropy(cx, persona));
  uint32_t count = 0;
  if (!hints || !JS::GetArrayLength(cx, hints, &count)) {
    JS_ClearPendingException(cx);
    return call.give(rejected_with_type_error(cx, "The provided value cannot be converted to a sequence."));
  }
  JS::RootedValue value(cx);
  for (uint32_t i = 0; i < count; ++i) {
    must(JS_GetElement(cx, hints, i, &value));
    const std::string hint = utf8(to_text(cx, value));
    if (hint == "architecture") define(cx, made, "architecture", is_mobile(persona) ? "" : "x86");
    if (hint == "bitness") define(cx, made, "bitness", is_mobile(persona) ? "" : "64");
    if (hint == "model") define(cx, made, "model", "");
    if (hint == "platformVersion") define(cx, made, "platformVersion", platform_version(persona));
    if (hint == "uaFullVersion") define(cx, made, "uaFullVersion", whole_version(persona));
    if (hint == "wow64") must(JS_DefineProperty(cx, made, "wow64", JS::FalseHandleValue, JSPROP_ENUMERATE));
    if (hint != "fullVersionList") continue;
    Brands brands = brands_of(persona);
    for (auto& [name, version] : brands)
      version = version == std::to_string(persona.version) ? whole_version(persona) : version + ".0.0.0";
    JS::RootedObject list(cx, brand_list(cx, brands));
    must(JS_DefineProperty(cx, made, "fullVersionList", list, JSPROP_ENUMERATE));
  }
  value.setObject(*made);
  call.give(resolved(cx, value));
}
void to_json(Call& call) {
  call.give(low_entropy(call.cx, call.page.persona()));
}
void get_brands(Call& call) {
  call.give(singleton(call.cx, call.window, "brands", [&] { return brand_list(call.cx, brands_of(call.page.persona())); }));
}
void get_mobile(Call& call) {
  call.give(is_mobile(call.page.persona()));
}
void get_platform(Call& call) {
  call.give(std::string_view(platform_of(call.page.persona())));
}
void get_data(Call& call) {
  Window& window = call.window;
  call.give(singleton(call.cx, window, "userAgentData",
                      [&] { return wrap_native(call.cx, *new Data(window), "NavigatorUAData"); }));
}

// --- permissions ----------------------------------------------------------------------------------------------

struct Permission {
  std::string_view name;
  uint8_t engines;
  std::string_view state;  // of a page that was never asked about
};
// https://developer.mozilla.org/en-US/docs/Web/API/Permissions#browser_compatibility
constexpr Permission permissions[] = {{"geolocation", on_modern, "prompt"},
                                      {"notifications", on_modern, "prompt"},
                                      {"push", on_modern, "prompt"},
                                      {"persistent-storage", on_gecko | on_blink, "prompt"},
                                      {"camera", on_blink | on_webkit, "prompt"},
                                      {"microphone", on_blink | on_webkit, "prompt"},
                                      {"screen-wake-lock", on_modern, "prompt"},
                                      {"midi", on_blink | on_gecko, "prompt"},
                                      {"clipboard-read", on_blink, "prompt"},
                                      {"clipboard-write", on_blink, "granted"},
                                      {"background-sync", on_blink, "granted"},
                                      {"accelerometer", on_blink, "granted"},
                                      {"gyroscope", on_blink, "granted"},
                                      {"magnetometer", on_blink, "granted"},
                                      {"payment-handler", on_blink, "granted"},
                                      {"storage-access", on_blink, "prompt"}};

class Permissions final : public Native {
 public:
  explicit Permissions(Window& the_window) : Native(the_window, Kind::plain) {}
};
class Status final : public Native {
 public:
  static constexpr Kind native_kind = Kind::permission;
  Status(Window& the_window, const Permission& the_one) : Native(the_window, native_kind), permission(the_one) {}
  const Permission& permission;
};

void query(Call& call) {
  JS::RootedObject asked(call.cx, call.object(0));
  if (!asked) return call.give(rejected_with_type_error(call.cx, "parameter 1 is not of type 'object'."));
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, asked, "name", &value));
  const std::string name = utf8(to_text(call.cx, value));
  for (const Permission& one : permissions) {
    if (one.name != name || !(one.engines & call.page.engine_bit())) continue;
    value.setObject(*wrap_native(call.cx, *new Status(call.window, one), "PermissionStatus"));
    return call.give(resolved(call.cx, value));
  }
  call.give(rejected_with_type_error(call.cx, "The provided value is not a valid enum value of type PermissionName."));
}
void get_state(Call& call) {
  call.give(call.self<Status>().permission.state);
}
void get_name(Call& call) {
  call.give(call.self<Status>().permission.name);
}
void get_permissions(Call& call) {
  Window& window = call.window;
  call.give(singleton(call.cx, window, "permissions",
                      [&] { return wrap_native(call.cx, *new Permissions(window), "Permissions"); }));
}

constexpr JSFunctionSpec data_methods[] = {SHIKAKE_METHOD("getHighEntropyValues", high_entropy, 1),
                                           SHIKAKE_METHOD("toJSON", to_json, 0), JS_FS_END};
constexpr JSPropertySpec data_properties[] = {SHIKAKE_GETTER("brands", get_brands), SHIKAKE_GETTER("mobile", get_mobile),
                                              SHIKAKE_GETTER("platform", get_platform), JS_PS_END};
constexpr JSPropertySpec of_data[] = {SHIKAKE_GETTER("userAgentData", get_data), JS_PS_END};
constexpr JSFunctionSpec permission_methods[] = {SHIKAKE_METHOD("query", query, 1), JS_FS_END};
constexpr JSPropertySpec status_properties[] = {SHIKAKE_GETTER("name", get_name), SHIKAKE_GETTER("state", get_state),
                                                JS_PS_END};
constexpr const char* status_handlers[] = {"onchange"};
constexpr JSPropertySpec of_permissions[] = {SHIKAKE_GETTER("permissions", get_permissions), JS_PS_END};
constexpr Interface table[] = {
    {.name = "NavigatorUAData", .parent = "", .methods = data_methods, .properties = data_properties, .engines = on_blink},
    {.name = "Permissions", .parent = "", .methods = permission_methods, .engines = on_modern & ~on_edge},
    {.name = "PermissionStatus",
     .parent = "EventTarget",
     .properties = status_properties,
     .handlers = status_handlers,
     .engines = on_modern & ~on_edge}};

}  // namespace

void define_telling(JSContext* cx, Window& window, JS::HandleObject navigator) {
  const Persona& persona = window.page.persona();
  if (is_secure(window) && !header_of(persona, "sec-ch-ua").empty()) must(JS_DefineProperties(cx, navigator, of_data));
  if (window.page.engine_bit() & (on_modern & ~on_edge)) must(JS_DefineProperties(cx, navigator, of_permissions));
}

std::span<const Interface> telling_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
