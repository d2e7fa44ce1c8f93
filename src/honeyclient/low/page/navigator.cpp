#include "honeyclient/low/page/navigator.h"

#include <algorithm>

#include "honeyclient/low/page/disguise.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/lifetimes.h"
#include "honeyclient/low/page/lures.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/small_interfaces.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Navigator final : public Native {
 public:
  explicit Navigator(Window& the_window) : Native(the_window, Kind::navigator) {}
};

// --- plugins and the types they handle ----------------------------------------------------------------

struct PluginTable : public Exotic {  // what item() and namedItem() work on
  static constexpr Kind native_kind = Kind::plugin_list;
  explicit PluginTable(Window& the_window) : Exotic(the_window, native_kind) {}
};

JSObject* plugin_object(JSContext* cx, Window& window, const PersonaPlugin& plugin);

// One object a type, whichever way a page comes to it.
JSObject* type_object(JSContext* cx, Window& window, const PersonaPlugin& plugin, const PersonaField& type) {
  return singleton(cx, window, "type " + plugin.name + " " + type.name, [&] {
    JS::RootedObject made(cx, simple_object(cx, window, "MimeType"));
    auto put = [&](const char* key, std::string_view text) {
      JS::RootedString string(cx, to_string(cx, wide(text)));
      must(JS_DefineProperty(cx, made, key, string, JSPROP_ENUMERATE));
    };
    put("type", type.name);
    put("suffixes", type.value);
    put("description", plugin.description);
    JS::RootedObject owner(cx, plugin_object(cx, window, plugin));
    must(JS_DefineProperty(cx, made, "enabledPlugin", owner, JSPROP_ENUMERATE));
    return made.get();
  });
}

class Plugin final : public PluginTable {
 public:
  Plugin(Window& the_window, const PersonaPlugin& the_plugin) : PluginTable(the_window), plugin(the_plugin) {}
  uint32_t length() override { return static_cast<uint32_t>(plugin.types.size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    if (index >= plugin.types.size()) return false;
    value.setObject(*type_object(cx, *window, plugin, plugin.types[index]));
    return true;
  }
  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"length") return value.setNumber(length()), true;
    const std::string* text = nullptr;
    if (key == u"name") text = &plugin.name;
    if (key == u"filename") text = &plugin.filename;
    if (key == u"description") text = &plugin.description;
    if (key == u"version") text = &plugin.version;
    if (text) value.setString(to_string(cx, wide(*text)));
    return text != nullptr;
  }
  const PersonaPlugin& plugin;
};

JSObject* plugin_object(JSContext* cx, Window& window, const PersonaPlugin& plugin) {
  return singleton(cx, window, "plugin " + plugin.name,
                   [&] { return wrap_exotic(cx, *new Plugin(window, plugin), "Plugin"); });
}

class PluginList final : public PluginTable {
 public:
  using PluginTable::PluginTable;
  const std::vector<PersonaPlugin>& plugins() const { return window->page.persona().plugins; }
  uint32_t length() override { return static_cast<uint32_t>(plugins().size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    if (index >= plugins().size()) return false;
    value.setObject(*plugin_object(cx, *window, plugins()[index]));
    return true;
  }
  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"length") return value.setNumber(length()), true;
    for (uint32_t i = 0; i < length(); ++i)
      if (wide(plugins()[i].name) == key) return item(cx, i, value);
    return false;
  }
};

class TypeList final : public PluginTable {
 public:
  explicit TypeList(Window& the_window) : PluginTable(the_window) {
    // Of several plugins for one type the first has it.
    for (const PersonaPlugin& plugin : window->page.persona().plugins)
      for (const PersonaField& type : plugin.types)
        if (std::ranges::none_of(types, [&](const auto& known) { return known.second->name == type.name; }))
          types.emplace_back(&plugin, &type);
  }
  uint32_t length() override { return static_cast<uint32_t>(types.size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    if (index >= types.size()) return false;
    value.setObject(*type_object(cx, *window, *types[index].first, *types[index].second));
    return true;
  }
  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"length") return value.setNumber(length()), true;
    for (uint32_t i = 0; i < length(); ++i)
      if (wide(types[i].second->name) == key) return item(cx, i, value);
    return false;
  }
  std::vector<std::pair<const PersonaPlugin*, const PersonaField*>> types;
};

void list_item(Call& call) {
  PluginTable& self = call.self<PluginTable>();
  JS::RootedValue value(call.cx, JS::NullValue());
  double index = call.number(0);
  if (index >= 0 && index < 1e6) self.item(call.cx, static_cast<uint32_t>(index), &value);
  call.give(JS::HandleValue(value));
}
void list_named(Call& call) {
  PluginTable& self = call.self<PluginTable>();
  JS::RootedValue value(call.cx, JS::NullValue());
  self.get(call.cx, call.text(0), &value);
  call.give(JS::HandleValue(value));
}
void do_nothing(Call& call) {
  call.give();
}

constexpr JSFunctionSpec list_methods[] = {SHIKAKE_METHOD("item", list_item, 1),
                                           SHIKAKE_METHOD("namedItem", list_named, 1),
                                           SHIKAKE_METHOD("refresh", do_nothing, 0), JS_FS_END};

// --- navigator ----------------------------------------------------------------------------------------

void probed(Call& call, std::string_view what) {
  call.page.happened(call.window, "probe", wide(what));
}

void get_plugins(Call& call) {
  probed(call, "navigator.plugins");
  call.give(singleton(call.cx, call.window, "plugins",
                      [&] { return wrap_exotic(call.cx, *new PluginList(call.window), "PluginArray"); }));
}
void get_types(Call& call) {
  probed(call, "navigator.mimeTypes");
  call.give(singleton(call.cx, call.window, "mimeTypes",
                      [&] { return wrap_exotic(call.cx, *new TypeList(call.window), "MimeTypeArray"); }));
}
void java_enabled(Call& call) {
  probed(call, "navigator.javaEnabled");
  for (const PersonaPlugin& plugin : call.page.persona().plugins)
    if (plugin.name.find("Java") != std::string::npos) return call.give(true);
  call.give(false);
}
void get_true(Call& call) {
  call.give(true);
}
void get_false(Call& call) {
  call.give(false);
}
void send_beacon(Call& call) {
  auto url = call.window.resolve(call.text(0));
  if (url && url->is_http()) {
    Asked asked = call.window.asked(intel::Mechanism::beacon, *url);
    asked.method = "POST";
    asked.body = call.given(1) ? call.text8(1) : std::string();
    asked.origin = call.page.positions.origin_here();
    call.page.fetch(std::move(asked), [](const Loaded&) {});
  }
  call.give(true);
}
void get_languages(Call& call) {
  call.give(singleton(call.cx, call.window, "languages", [&] {
    JS::RootedValueVector values(call.cx);
    for (const std::string& language : call.page.persona().languages)
      must(values.append(JS::StringValue(to_string(call.cx, wide(language)))));
    JS::RootedObject made(call.cx, must(JS::NewArrayObject(call.cx, values)));
    must(JS_FreezeObject(call.cx, made));
    return made.get();
  }));
}
void get_field(Call& call) {
  auto* value =
      static_cast<const std::string*>(js::GetFunctionNativeReserved(&call.args.callee(), 0).toPrivate());
  call.give(std::string_view(*value));
}
void get_cores(Call& call) {
  call.give(call.page.persona().hardware_concurrency);
}
void get_memory(Call& call) {
  call.give(call.page.persona().device_memory);
}
void get_zero(Call& call) {
  call.give(int32_t{0});
}
void get_touch_points(Call& call) {
  call.give(int32_t{has_touch(call.page.persona()) ? 5 : 0});
}
// https://html.spec.whatwg.org/#pdf-viewing-support
void get_pdf_viewer(Call& call) {
  for (const PersonaPlugin& plugin : call.page.persona().plugins)
    for (const PersonaField& type : plugin.types)
      if (type.name == "application/pdf") return call.give(true);
  call.give(false);
}
void get_null(Call& call) {
  call.give_null();
}
void get_unspecified(Call& call) {
  call.give(std::string_view("unspecified"));
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("javaEnabled", java_enabled, 0),
                                      SHIKAKE_METHOD("taintEnabled", get_false, 0), JS_FS_END};
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("plugins", get_plugins), SHIKAKE_GETTER("mimeTypes", get_types),
    SHIKAKE_GETTER("cookieEnabled", get_true), SHIKAKE_GETTER("onLine", get_true), JS_PS_END};
constexpr JSFunctionSpec modern_methods[] = {SHIKAKE_METHOD("sendBeacon", send_beacon, 1), JS_FS_END};
constexpr JSPropertySpec modern_properties[] = {SHIKAKE_GETTER("languages", get_languages),
                                                SHIKAKE_GETTER("webdriver", get_false),
                                                SHIKAKE_GETTER("maxTouchPoints", get_touch_points), JS_PS_END};
constexpr JSPropertySpec pdf_properties[] = {SHIKAKE_GETTER("pdfViewerEnabled", get_pdf_viewer), JS_PS_END};
constexpr JSPropertySpec gecko_properties[] = {SHIKAKE_GETTER("doNotTrack", get_unspecified), JS_PS_END};
constexpr JSPropertySpec cores_properties[] = {SHIKAKE_GETTER("hardwareConcurrency", get_cores), JS_PS_END};
constexpr JSPropertySpec blink_properties[] = {SHIKAKE_GETTER("deviceMemory", get_memory),
                                               SHIKAKE_GETTER("doNotTrack", get_null), JS_PS_END};

// --- screen -------------------------------------------------------------------------------------------

void get_width(Call& call) {
  call.give(call.page.persona().screen_width);
}
void get_height(Call& call) {
  call.give(call.page.persona().screen_height);
}
void get_available_height(Call& call) {
  call.give(call.page.persona().screen_available_height);
}
void get_depth(Call& call) {
  call.give(call.page.persona().color_depth);
}
constexpr JSPropertySpec screen_properties[] = {SHIKAKE_GETTER("width", get_width),
                                                SHIKAKE_GETTER("height", get_height),
                                                SHIKAKE_GETTER("availWidth", get_width),
                                                SHIKAKE_GETTER("availHeight", get_available_height),
                                                SHIKAKE_GETTER("availLeft", get_zero),
                                                SHIKAKE_GETTER("availTop", get_zero),
                                                SHIKAKE_GETTER("colorDepth", get_depth),
                                                SHIKAKE_GETTER("pixelDepth", get_depth),
                                                JS_PS_END};

constexpr Interface table[] = {
    {.name = "Navigator", .parent = "", .methods = methods, .properties = properties},
    {.name = "Screen", .parent = "", .properties = screen_properties},
    {.name = "PluginArray", .parent = "", .methods = list_methods},
    {.name = "MimeTypeArray", .parent = "", .methods = list_methods},
    {.name = "Plugin", .parent = "", .methods = list_methods},
    {.name = "MimeType", .parent = ""}};

void define_field(JSContext* cx, JS::HandleObject object, const char* name, const std::string& value) {
  const std::string getter_name = std::string("get ") + name;
  JS::RootedObject getter(cx, JS_GetFunctionObject(must(js::NewFunctionWithReserved(
                                  cx, native<get_field>, 0, 0, getter_name.c_str()))));
  js::SetFunctionNativeReserved(getter, 0, JS::PrivateValue(const_cast<std::string*>(&value)));
  must(JS_DefineProperty(cx, object, name, getter, nullptr, JSPROP_ENUMERATE));
}

// MDN's compatibility data: Chrome 94, Firefox 99, Safari 16.4.
bool tells_of_pdf(const Persona& persona) {
  if (persona.engine == Engine::blink) return persona.version >= 94;
  if (persona.engine == Engine::gecko) return persona.version >= 99;
  return persona.engine == Engine::webkit && persona.version >= 16;
}

}  // namespace

void get_navigator(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "navigator", [&] {
    JSContext* cx = call.cx;
    const Persona& persona = window.page.persona();
    JS::RootedObject prototype(cx, must(interface_prototype(cx, window, "Navigator")));
    define_field(cx, prototype, "userAgent", persona.user_agent);
    define_field(cx, prototype, "language", persona.language);
    for (const PersonaField& field : persona.navigator)
      define_field(cx, prototype, field.name.c_str(), field.value);
    if (window.page.engine_bit() & on_modern)
      must(JS_DefineFunctions(cx, prototype, modern_methods) &&
           JS_DefineProperties(cx, prototype, modern_properties));
    define_lures(cx, window, prototype);
    define_telling(cx, window, prototype);
    if (persona.hardware_concurrency > 0) must(JS_DefineProperties(cx, prototype, cores_properties));
    if (window.page.engine_bit() & on_blink) must(JS_DefineProperties(cx, prototype, blink_properties));
    if (window.page.engine_bit() & on_gecko) must(JS_DefineProperties(cx, prototype, gecko_properties));
    if (tells_of_pdf(persona)) must(JS_DefineProperties(cx, prototype, pdf_properties));
    remove_absent_members(cx, persona, "Navigator", prototype);
    order_navigator(cx, window, prototype);
    return wrap_native(cx, *new Navigator(window), "Navigator");
  }));
}

void get_screen(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "screen",
                      [&] { return wrap_native(call.cx, *new Navigator(window), "Screen"); }));
}

namespace {

void load_times(Call& call) {
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  const double start = (call.page.now() - call.page.since_start()) / 1000;
  double offset = 0;
  for (const char* name : {"requestTime", "startLoadTime", "commitLoadTime", "finishDocumentLoadTime",
                           "finishLoadTime", "firstPaintTime"}) {
    must(JS_DefineProperty(call.cx, made, name, start + offset, JSPROP_ENUMERATE));
    offset += 0.021;
  }
  call.give(made);
}
void timings(Call& call) {
  JS::RootedObject made(call.cx, must(JS_NewPlainObject(call.cx)));
  const double start = call.page.now() - call.page.since_start();
  must(JS_DefineProperty(call.cx, made, "startE", start, JSPROP_ENUMERATE) &&
       JS_DefineProperty(call.cx, made, "onloadT", start + 126, JSPROP_ENUMERATE) &&
       JS_DefineProperty(call.cx, made, "pageT", call.page.since_start() + 12.3, JSPROP_ENUMERATE) &&
       JS_DefineProperty(call.cx, made, "tran", 15, JSPROP_ENUMERATE));
  call.give(made);
}

}  // namespace

// As pages that look for headless browsers know it: two functions, and app where there are applications.
void define_chrome(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global()), chrome(cx, must(JS_NewPlainObject(cx)));
  must(JS_DefineFunction(cx, chrome, "loadTimes", native<load_times>, 0, JSPROP_ENUMERATE) &&
       JS_DefineFunction(cx, chrome, "csi", native<timings>, 0, JSPROP_ENUMERATE));
  if (!has_touch(window.page.persona())) {
    JS::RootedObject app(cx, must(JS_NewPlainObject(cx)));
    must(JS_DefineProperty(cx, app, "isInstalled", JS::FalseHandleValue, JSPROP_ENUMERATE) &&
         JS_DefineProperty(cx, chrome, "app", app, JSPROP_ENUMERATE));
  }
  must(JS_DefineProperty(cx, global, "chrome", chrome, JSPROP_ENUMERATE));
}

std::span<const Interface> navigator_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
