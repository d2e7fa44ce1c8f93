#include "honeyclient/low/page/navigator.h"

#include "honeyclient/low/page/exotic.h"
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

JSObject* type_object(JSContext* cx, Window& window, const PersonaPlugin& plugin, const PersonaField& type) {
  JS::RootedObject made(cx, simple_object(cx, window, "MimeType"));
  JS::RootedObject owner(cx, must(JS_NewPlainObject(cx)));
  auto put = [&](JS::HandleObject object, const char* key, std::string_view text) {
    JS::RootedString string(cx, to_string(cx, wide(text)));
    must(JS_DefineProperty(cx, object, key, string, JSPROP_ENUMERATE));
  };
  put(made, "type", type.name);
  put(made, "suffixes", type.value);
  put(made, "description", plugin.description);
  put(owner, "name", plugin.name);
  put(owner, "filename", plugin.filename);
  put(owner, "description", plugin.description);
  put(owner, "version", plugin.version);
  must(JS_DefineProperty(cx, made, "enabledPlugin", owner, JSPROP_ENUMERATE));
  return made;
}

struct PluginTable : public Exotic {  // what item() and namedItem() work on
  static constexpr Kind native_kind = Kind::plugin_list;
  explicit PluginTable(Window& the_window) : Exotic(the_window, native_kind) {}
};

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

class PluginList final : public PluginTable {
 public:
  using PluginTable::PluginTable;
  const std::vector<PersonaPlugin>& plugins() const { return window->page.persona().plugins; }
  uint32_t length() override { return static_cast<uint32_t>(plugins().size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    if (index >= plugins().size()) return false;
    const PersonaPlugin& plugin = plugins()[index];
    value.setObject(*singleton(cx, *window, "plugin " + plugin.name,
                               [&] { return wrap_exotic(cx, *new Plugin(*window, plugin), "Plugin"); }));
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
    for (const PersonaPlugin& plugin : window->page.persona().plugins)
      for (const PersonaField& type : plugin.types) types.emplace_back(&plugin, &type);
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

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("javaEnabled", java_enabled, 0),
                                      SHIKAKE_METHOD("taintEnabled", get_false, 0), JS_FS_END};
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("plugins", get_plugins), SHIKAKE_GETTER("mimeTypes", get_types),
    SHIKAKE_GETTER("cookieEnabled", get_true), SHIKAKE_GETTER("onLine", get_true), JS_PS_END};
constexpr JSFunctionSpec modern_methods[] = {SHIKAKE_METHOD("sendBeacon", send_beacon, 1), JS_FS_END};
constexpr JSPropertySpec modern_properties[] = {SHIKAKE_GETTER("languages", get_languages),
                                                SHIKAKE_GETTER("webdriver", get_false),
                                                SHIKAKE_GETTER("maxTouchPoints", get_zero), JS_PS_END};
constexpr JSPropertySpec blink_properties[] = {SHIKAKE_GETTER("hardwareConcurrency", get_cores),
                                               SHIKAKE_GETTER("deviceMemory", get_memory), JS_PS_END};

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
    if (window.page.engine_bit() & on_blink) must(JS_DefineProperties(cx, prototype, blink_properties));
    return wrap_native(cx, *new Navigator(window), "Navigator");
  }));
}

void get_screen(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "screen",
                      [&] { return wrap_native(call.cx, *new Navigator(window), "Screen"); }));
}

void define_chrome(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global()), chrome(cx, must(JS_NewPlainObject(cx)));
  for (const char* name : {"app", "csi", "loadTimes"}) {
    JS::RootedObject part(cx, must(JS_NewPlainObject(cx)));
    must(JS_DefineProperty(cx, chrome, name, part, JSPROP_ENUMERATE));
  }
  must(JS_DefineProperty(cx, global, "chrome", chrome, JSPROP_ENUMERATE));
}

std::span<const Interface> navigator_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
