#include "honeyclient/low/page/trident_members.h"

#include <js/Date.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "honeyclient/components/table.h"
#include "honeyclient/low/page/document_mode.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/ready_states.h"
#include "honeyclient/low/page/style.h"
#include "honeyclient/low/page/style_sheets.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// --- the script engine --------------------------------------------------------------------------------
// Microsoft: "ScriptEngine function", "ScriptEngineBuildVersion function" of the JScript language reference.

void script_engine(Call& call) {
  call.give(std::u16string_view(u"JScript"));
}
template <int Part>
void engine_version(Call& call) {
  struct Row {
    uint32_t browser;
    int32_t parts[3];  // major, minor, build
  };
  static constexpr Row rows[] = {{6, {5, 6, 8834}},  {7, {5, 7, 18005}},   {8, {5, 8, 18702}},
                                 {9, {9, 0, 16434}}, {10, {10, 0, 16384}}, {11, {11, 0, 16384}}};
  const uint32_t version = call.page.persona().version;
  for (const Row& row : rows)
    if (row.browser >= version || &row == &rows[5]) return call.give(row.parts[Part]);
}

void show_dialog(Call& call) {
  open_window(call);
  call.give();
}

// --- elements --------------------------------------------------------------------------------------------

void ready_state(Call& call) {
  const html::Element& self = call.self_element();
  const std::u16string_view state = element_state(self);
  // Of an object it is a number: 1 loading, 4 complete.
  if (self.is(html::Name::object)) return call.give(int32_t{state == u"loading" ? 1 : 4});
  call.give(state);
}

// By this pages find out that the tree is whole: it fails until then.
void do_scroll(Call& call) {
  Window* window = window_of(call.self_element());
  if (window && window->loader->ready_state() == u"loading") {
    JS_ReportErrorUTF8(call.cx, "The data necessary to complete this operation is not yet available.");
    throw Thrown{};
  }
  call.give();
}

void current_style(Call& call) {
  call.give(computed_style(call.cx, call.window, call.self_element()));
}
void runtime_style(Call& call) {
  call.give(style_object(call.cx, call.self<NodeNative>()));
}
void unique_id(Call& call) {
  static std::map<const html::Node*, size_t> given;  // of the one page of this process
  const size_t number = given.emplace(&call.self_node(), given.size() + 1).first->second;
  call.give(std::string_view("ms__id" + std::to_string(number)));
}
void owner(Call& call) {
  call.give(static_cast<html::Node*>(&call.self_node().document()));
}
void yes(Call& call) {
  call.give(true);
}
void nothing(Call& call) {
  call.give();
}
void remove_node(Call& call) {
  html::Node& self = call.self_node();
  const bool deep = call.flag(0);
  if (html::Node* parent = self.parent(); parent && !deep)
    while (html::Node* child = self.first_child()) html::insert(*parent, *child, &self);
  html::remove(self);
  after_dom_change(call);
  call.give(&self);
}
void replace_node(Call& call) {
  html::Node& self = call.self_node();
  html::Node& other = call.need_node(0);
  if (html::Node* parent = self.parent(); parent && &self != &other) {
    insert_node(call, *parent, other, &self);
    html::remove(self);
  }
  after_dom_change(call);
  call.give(&self);
}
void clear_attributes(Call& call) {
  html::Element& self = call.self_element();
  std::vector<html::Atom> names;
  for (const html::Attribute& one : self.attributes())
    if (std::u16string_view name = one.local_name.text();
        name != u"id" && name != u"style" && !name.starts_with(u"on"))
      names.push_back(one.local_name);
  for (html::Atom name : names) self.remove_attribute(name);
  after_dom_change(call);
  call.give();
}

// --- behaviors ---------------------------------------------------------------------------------------------
// Microsoft: "addBehavior method", "clientCaps behavior", "getComponentVersion method".

void add_behavior(Call& call) {
  html::Element& self = call.self_element();
  const std::u16string text = call.text(0);
  Window* window = window_of(self);
  if (window && !text.starts_with(u"#"))
    if (auto url = window->resolve(trim(text)); url && url->is_http()) {
      Asked asked = window->asked(intel::Mechanism::component, *url);
      asked.origin = call.page.positions.origin_here();
      call.page.fetch(std::move(asked), [](const Loaded&) {});
      call.page.unemulated("behavior of an element", true);
    }
  call.give(int32_t{1});
}

// What clientCaps knows by class id beside the table's components.
struct Installed {
  std::string_view class_id;
  uint32_t first, last;  // versions of the browser
  std::u16string_view version;
};
constexpr uint32_t ever = std::numeric_limits<uint32_t>::max();
constexpr std::array installed_parts = {
    Installed{"08b0e5c0-4fcb-11cf-aaa5-00401c608500", 6, 6, u"5,0,3810,0"},  // the Microsoft VM
    Installed{"89820200-ecbd-11cf-8b85-00aa005b4383", 6, 6, u"6,0,2900,5512"},
    Installed{"89820200-ecbd-11cf-8b85-00aa005b4383", 7, 7, u"7,0,5730,13"},
    Installed{"89820200-ecbd-11cf-8b85-00aa005b4383", 8, 8, u"8,0,7601,17514"},
    Installed{"89820200-ecbd-11cf-8b85-00aa005b4383", 9, 9, u"9,0,8112,16421"},
    Installed{"89820200-ecbd-11cf-8b85-00aa005b4383", 10, ever, u"10,0,9200,16384"},
    Installed{"22d6f312-b0f6-11d0-94ab-0080c74c7e95", 6, ever, u"12,0,7601,17514"},  // Windows Media Player
    Installed{"44bba855-cc51-11cf-aafa-00aa00b6015f", 6, ever, u"6,0,1,223"},        // DirectX data binding
};
std::u16string version_of_class(const Persona& persona, std::u16string_view given) {
  const uint32_t browser = browser_version(persona);
  const std::string id = components::plain_name(utf8(given));
  for (const Installed& row : installed_parts)
    if (row.class_id == id && browser >= row.first && browser <= row.last) return std::u16string(row.version);
  const components::Component* row = components::find(id);
  if (!row || !components::installed(*row, id, browser, persona.components)) return {};
  std::u16string version = wide(components::version(*row, browser));
  std::ranges::replace(version, u'.', u',');
  return version;
}
void component_version(Call& call) {
  call.give(std::u16string_view(version_of_class(call.page.persona(), call.text(0))));
}
void component_installed(Call& call) {
  call.give(!version_of_class(call.page.persona(), call.text(0)).empty());
}
// "-1": the first is older.
void compare_versions(Call& call) {
  auto parts = [](std::u16string_view text) {
    std::array<double, 4> numbers{};
    for (double& number : numbers) {
      const size_t end = std::min(text.find(u','), text.size());
      number = std::strtod(utf8(text.substr(0, std::min<size_t>(end, 20))).c_str(), nullptr);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return numbers;
  };
  const auto first = parts(call.text(0)), second = parts(call.text(1));
  call.give(int32_t{first < second ? -1 : first > second ? 1 : 0});
}

// --- documents ---------------------------------------------------------------------------------------------

void create_event_object(Call& call) {
  call.give(make_event(call.cx, call.window, u"", "Event").wrapper.get());
}
void get_frames(Call& call) {
  Window* window = window_of(call.self_node());
  call.give(window ? window->global() : nullptr);
}
void get_protocol(Call& call) {
  Window* window = window_of(call.self_node());
  const bool secure = window && window->url.scheme() == "https";
  call.give(std::u16string_view(secure ? u"HyperText Transfer Protocol with Privacy"
                                       : u"HyperText Transfer Protocol"));
}
void get_file_size(Call& call) {
  call.give(std::u16string_view(u"0"));
}

// --- tables ------------------------------------------------------------------------------------------------

struct Member {
  std::string_view interface;
  uint32_t last;  // version (document mode) that has it still
  JSFunctionSpec function[2];
  JSPropertySpec property[2];
};
#define SHIKAKE_OWN_METHOD(name, call, arguments)       \
  {SHIKAKE_METHOD(name, call, arguments), JS_FS_END}, { \
    JS_PS_END, JS_PS_END                                \
  }
#define SHIKAKE_OWN_GETTER(name, get)    \
  {JS_FS_END, JS_FS_END}, {              \
    SHIKAKE_GETTER(name, get), JS_PS_END \
  }

constexpr Member members[] = {
    {"HTMLElement", 10, SHIKAKE_OWN_GETTER("readyState", ready_state)},
    {"HTMLElement", 10, SHIKAKE_OWN_METHOD("doScroll", do_scroll, 0)},
    {"HTMLElement", 11, SHIKAKE_OWN_GETTER("currentStyle", current_style)},
    {"HTMLElement", 11, SHIKAKE_OWN_GETTER("runtimeStyle", runtime_style)},
    {"HTMLElement", 11, SHIKAKE_OWN_GETTER("uniqueID", unique_id)},
    {"HTMLElement", 10, SHIKAKE_OWN_GETTER("document", owner)},
    {"HTMLElement", 11, SHIKAKE_OWN_GETTER("canHaveChildren", yes)},
    {"HTMLElement", 11, SHIKAKE_OWN_METHOD("setCapture", nothing, 0)},
    {"HTMLElement", 11, SHIKAKE_OWN_METHOD("releaseCapture", nothing, 0)},
    {"HTMLElement", 11, SHIKAKE_OWN_METHOD("removeNode", remove_node, 0)},
    {"HTMLElement", 11, SHIKAKE_OWN_METHOD("replaceNode", replace_node, 1)},
    {"HTMLElement", 11, SHIKAKE_OWN_METHOD("clearAttributes", clear_attributes, 0)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("addBehavior", add_behavior, 1)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("removeBehavior", yes, 1)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("getComponentVersion", component_version, 2)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("isComponentInstalled", component_installed, 2)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("compareVersions", compare_versions, 2)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("addComponentRequest", nothing, 2)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("doComponentRequest", yes, 0)},
    {"HTMLElement", 9, SHIKAKE_OWN_METHOD("clearComponentRequest", nothing, 0)},
    {"HTMLStyleElement", 10, SHIKAKE_OWN_GETTER("styleSheet", get_style_sheet)},
    {"HTMLLinkElement", 10, SHIKAKE_OWN_GETTER("styleSheet", get_style_sheet)},
    {"Document", 10, SHIKAKE_OWN_METHOD("createEventObject", create_event_object, 0)},
    {"Document", 10, SHIKAKE_OWN_METHOD("createStyleSheet", create_style_sheet, 0)},
    {"Document", 10, SHIKAKE_OWN_GETTER("frames", get_frames)},
    {"Document", 11, SHIKAKE_OWN_GETTER("uniqueID", unique_id)},
    {"Document", 10, SHIKAKE_OWN_GETTER("protocol", get_protocol)},
    {"Document", 10, SHIKAKE_OWN_GETTER("fileSize", get_file_size)},
    {"Window", 11, SHIKAKE_OWN_METHOD("ScriptEngine", script_engine, 0)},
    {"Window", 11, SHIKAKE_OWN_METHOD("ScriptEngineMajorVersion", engine_version<0>, 0)},
    {"Window", 11, SHIKAKE_OWN_METHOD("ScriptEngineMinorVersion", engine_version<1>, 0)},
    {"Window", 11, SHIKAKE_OWN_METHOD("ScriptEngineBuildVersion", engine_version<2>, 0)},
    {"Window", 11, SHIKAKE_OWN_METHOD("showModalDialog", show_dialog, 1)},
    {"Window", 10, SHIKAKE_OWN_METHOD("showModelessDialog", show_dialog, 1)},
};

void add(JSContext* cx, uint32_t version, std::string_view interface, JS::HandleObject to) {
  for (const Member& member : members) {
    if (member.interface != interface || version > member.last) continue;
    must(JS_DefineFunctions(cx, to, member.function));
    must(JS_DefineProperties(cx, to, member.property));
  }
}

// --- the language up to JScript 5.8 ------------------------------------------------------------------------
// Microsoft: "[MS-ES3]: Internet Explorer ECMA-262 ECMAScript Language Specification Standards Support
// Document".

constexpr uint32_t last_with_old_language = 8;

// A start below zero is zero.
void old_substr(Call& call) {
  JS::RootedValue self(call.cx, call.args.thisv());
  const std::u16string text = to_text(call.cx, self);
  const auto size = static_cast<double>(text.size());
  double start = call.given(0) ? call.number(0) : 0;
  start = std::isnan(start) ? 0 : std::clamp(std::trunc(start), 0.0, size);
  double count = call.given(1) ? call.number(1) : size;
  count = std::isnan(count) ? 0 : std::clamp(std::trunc(count), 0.0, size - start);
  call.give(std::u16string_view(text).substr(static_cast<size_t>(start), static_cast<size_t>(count)));
}
// Whole for years out of the twentieth century.
void old_year(Call& call) {
  JS::RootedObject self(call.cx, call.args.thisv().isObject() ? &call.args.thisv().toObject() : nullptr);
  if (!self) call.type_error("Date expected");
  JS::RootedValue year(call.cx);
  must(JS_CallFunctionName(call.cx, self, "getFullYear", JS::HandleValueArray::empty(), &year));
  double number = 0;
  must(JS::ToNumber(call.cx, year, &number));
  call.give(number >= 1900 && number < 2000 ? number - 1900 : number);
}

void replace_of(JSContext* cx, JS::HandleObject global, const char* owner, const char* name, JSNative native,
                unsigned arguments) {
  JS::RootedValue constructor(cx), prototype(cx);
  must(JS_GetProperty(cx, global, owner, &constructor));
  JS::RootedObject object(cx, &constructor.toObject());
  must(JS_GetProperty(cx, object, "prototype", &prototype));
  object = &prototype.toObject();
  must(JS_DefineFunction(cx, object, name, native, arguments, 0));
}

}  // namespace

void add_trident_members(JSContext* cx, Window& window, std::string_view interface,
                         JS::HandleObject prototype) {
  const Persona& persona = window.page.persona();
  if (persona.engine == Engine::trident && interface != "Window")
    add(cx, persona.version, interface, prototype);
}

void add_trident_globals(JSContext* cx, Window& window) {
  const Persona& persona = window.page.persona();
  if (persona.engine != Engine::trident) return;
  JS::RootedObject global(cx, window.global());
  add(cx, persona.version, "Window", global);
  if (persona.version > last_with_old_language) return;
  replace_of(cx, global, "String", "substr", native<old_substr>, 2);
  replace_of(cx, global, "Date", "getYear", native<old_year>, 0);
}

}  // namespace shikake::honeyclient::low::page
