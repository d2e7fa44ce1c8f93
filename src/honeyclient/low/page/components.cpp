#include "honeyclient/low/page/components.h"

#include <js/PropertyDescriptor.h>

#include <algorithm>

#include "base/digest.h"
#include "honeyclient/components/judge.h"
#include "honeyclient/components/table.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/document_mode.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/machine_code.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/script_host.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using components::Behaviour;

// Version of Internet Explorer; 0 for others.
uint32_t browser_of(const Persona& persona) {
  return persona.engine == Engine::trident ? browser_version(persona) : 0;
}

// "script:http://…": the script moniker.
std::optional<url::Url> scriptlet_in(std::u16string_view name) {
  for (std::u16string_view moniker : {u"script:", u"scriptlet:"}) {
    if (name.size() <= moniker.size() || !equals_ignoring_case(name.substr(0, moniker.size()), moniker)) continue;
    auto url = url::Url::parse(utf8(name.substr(moniker.size())));
    if (url && url->is_http()) return std::move(*url);
  }
  return std::nullopt;
}

const components::Component* row_of(std::u16string_view given) {
  std::string name = utf8(given.substr(0, 200));
  // A moniker names its server and namespace too: "winmgmts:\\.\root\cimv2".
  if (lower(given).starts_with(u"winmgmts:")) name = "winmgmts";
  return components::find(name);
}

bool names_address(const std::string& argument) {
  return !components::addresses_in(argument).empty();
}

// What the parent will make of a use; "": nothing. It judges by the same rows (recorder.cpp).
std::string weight_of(const ComponentUse& use) {
  const auto overlong = [](uint32_t length) { return length > limits::overlong_argument; };
  const components::Component* row = components::find(use.name);
  if (!row) return !use.emulated && std::ranges::any_of(use.lengths, overlong) ? "overlong" : "";
  const components::Use judged{use.member, use.arguments, use.lengths};
  for (size_t i = 0; i < row->misuses.size(); ++i)
    if (components::matches(row->misuses[i], judged))
      return std::to_string(i) + (std::ranges::any_of(use.arguments, names_address) ? " fetches" : "");
  return std::ranges::any_of(use.arguments, components::is_address) ? "address" : "";
}

// Loops use one member thousands of times. Each use is told once, and so many of a member; those that weigh
// something are counted apart, so that no number of harmless ones hides them.
bool worth_telling(Page& page, const ComponentUse& use) {
  constexpr size_t harmless = 100, weighed = 1000;
  const std::string weight = weight_of(use);
  std::unordered_set<std::string>& told = page.told_uses[use.name + "." + use.member + " " + weight];
  const std::string digest = base::sha256(base::to_wire(use)).hex();
  if (told.contains(digest)) return false;
  if (told.size() >= (weight.empty() ? harmless : weighed)) return page.limit("component-uses"), false;
  return told.insert(digest).second;
}

constexpr size_t max_arguments = 16;

void add_argument(JSContext* cx, Window& window, ComponentUse& use, JS::HandleValue value) {
  // Only primitives: asking an object for its text would run the page's code.
  std::u16string text = value.isObject() || value.isSymbol() ? u"[object]" : to_text(cx, value);
  use.lengths.push_back(value.isString() ? static_cast<uint32_t>(text.size()) : 0);
  use.arguments.push_back(utf8(std::u16string_view(text).substr(0, limits::max_argument_text)));
  if (value.isString()) look_for_code(window, text, use.name + "." + use.member);
}

// Documents' methods take their arguments one by one, or as members of one object.
void add_members(JSContext* cx, Window& window, ComponentUse& use, JS::HandleObject object) {
  JS::Rooted<JS::IdVector> ids(cx, JS::IdVector(cx));
  must(JS_Enumerate(cx, object, &ids));
  JS::RootedId id(cx);
  for (size_t i = 0; i < ids.length() && use.arguments.size() < max_arguments; ++i) {
    id = ids[i];
    JS::Rooted<mozilla::Maybe<JS::PropertyDescriptor>> found(cx);
    must(JS_GetOwnPropertyDescriptorById(cx, object, id, &found));
    if (found.isNothing() || !found->isDataDescriptor()) continue;
    JS::RootedValue value(cx, found->value());
    add_argument(cx, window, use, value);
  }
}

// What all members of one object share.
struct Made {
  std::string name;
  const components::Component* row = nullptr;
  std::shared_ptr<StandIn> stand_in;
};

void report(JSContext* cx, Window& window, const Made& made, std::u16string_view member,
            const JS::CallArgs* args) {
  const components::Component* row = made.row;
  ComponentUse use;
  use.window = window.id;
  use.name = made.name;
  use.emulated = !row && made.stand_in;
  use.member = utf8(member);
  use.origin = window.page.positions.origin_here();
  for (unsigned i = 0; args && i < args->length() && i < max_arguments; ++i) {
    JS::RootedValue value(cx, args->get(i));
    JS::RootedObject object(cx, value.isObject() ? &value.toObject() : nullptr);
    if (object && row && row->in_documents && JS::GetClass(object)->name == std::string_view("Object"))
      add_members(cx, window, use, object);
    else
      add_argument(cx, window, use, value);
  }
  if (worth_telling(window.page, use)) window.page.tell(FromPage::component, use);
}

class Component final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::component;
  Component(Window& the_window, std::shared_ptr<Made> the_made, std::u16string the_member)
      : Exotic(the_window, native_kind), made(std::move(the_made)), member(std::move(the_member)) {}

  bool overrides_prototype() override { return true; }
  bool callable() override { return true; }

  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"then" || key == u"toJSON") return false;
    if (key == u"toString" || key == u"valueOf") return false;
    std::u16string path = member.empty() ? std::u16string(key) : member + u"." + std::u16string(key);
    // Deeper than any object model goes: a page that walks for ever.
    if (path.size() > 200) return false;
    std::u16string low = lower(path);
    if (made->stand_in && made->stand_in->get(cx, low, value)) return true;
    if (made->stand_in && !made->stand_in->knows(cx, low)) return false;
    if (is_property(path) && answer(cx, path, value)) return true;
    value.setObject(*wrap_exotic(cx, *new Component(*window, made, path), "(component)"));
    return true;
  }
  bool set(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    std::u16string path = member.empty() ? std::u16string(key) : member + u"." + std::u16string(key);
    JS::RootedValueArray<3> stack(cx);
    stack[0].setUndefined();
    stack[1].setUndefined();
    stack[2].set(value);
    JS::CallArgs args = JS::CallArgsFromVp(1, stack.begin());
    report(cx, *window, *made, path, &args);
    if (!made->stand_in) return false;  // and it reads back
    return made->stand_in->put(cx, lower(path), value) || made->stand_in->put_item(cx, key, value);
  }
  void call(JSContext* cx, const JS::CallArgs& args) override {
    StandIn* stand_in = made->stand_in.get();
    std::u16string called = member.empty() && stand_in ? stand_in->default_member() : member;
    report(cx, *window, *made, called, &args);
    if (stand_in && stand_in->call(cx, lower(called), args)) return;
    if (made->row && made->row->behaviour == Behaviour::creator && lower(member) == u"createobject") {
      args.rval().setObject(*make_component(cx, *window, to_text(cx, args.get(0))));
      return;
    }
    if (answer(cx, member, args.rval())) return;
    args.rval().setObject(*wrap_exotic(cx, *new Component(*window, made, member + u"()"), "(component)"));
  }

  const std::shared_ptr<Made> made;
  const std::u16string member;

 private:
  bool is_property(std::u16string_view path) const {
    if (!made->row) return false;
    return std::ranges::any_of(made->row->properties, [name = utf8(path)](const std::string& one) {
      return components::same_name(one, name);
    });
  }
  bool answer(JSContext* cx, std::u16string_view path, JS::MutableHandleValue value) const {
    if (!made->row) return false;
    auto text = components::answer(*made->row, utf8(path), browser_of(window->page.persona()));
    if (text) value.setString(to_string(cx, wide(*text)));
    return text.has_value();
  }
};

// Internet Explorer 11's ActiveXObject: there for those who use it, not for those who ask.
class HiddenConstructor final : public Exotic {
 public:
  explicit HiddenConstructor(Window& the_window) : Exotic(the_window, Kind::plain) {}
  bool callable() override { return true; }
  bool undetectable() override { return true; }
  void call(JSContext* cx, const JS::CallArgs& args) override {
    args.rval().setObject(*make_component(cx, *window, to_text(cx, args.get(0))));
  }
};

void component_text(Call& call) {
  Component& self = call.self<Component>();
  call.give(std::u16string_view(self.made->stand_in && self.member.empty() ? self.made->stand_in->text()
                                                                           : std::u16string()));
}

void construct_active_x(Call& call) {
  call.give(make_component(call.cx, call.window, call.text(0)));
}

bool is_installed(const Window& window, const components::Component& row, std::u16string_view given) {
  if (row.behaviour != Behaviour::absorbs && trusts_scripts(window.page)) return true;
  const Persona& persona = window.page.persona();
  return components::installed(row, utf8(given), browser_of(persona), persona.components);
}

JSObject* make(JSContext* cx, Window& window, std::string name, const components::Component* row) {
  auto made = std::make_shared<Made>();
  made->name = std::move(name);
  made->row = row;
  if (row) made->stand_in = make_stand_in(cx, window, row->behaviour);
  return wrap_exotic(cx, *new Component(window, std::move(made), u""), "(component)");
}

// What an <object> or <embed> asks for: its class, or what handles its type. Absent: none is there.
struct AskedFor {
  std::u16string name;
  const components::Component* row = nullptr;
  bool there = false;
};
AskedFor asked_for(Window& window, const html::Element& element) {
  const Persona& persona = window.page.persona();
  if (const std::u16string* class_id = element.attribute(html::Name::classid)) {
    AskedFor asked{std::u16string(trim(*class_id)), row_of(trim(*class_id))};
    // A class that nobody has heard of absorbs, where there are such classes at all.
    asked.there = browser_of(persona) != 0 && (!asked.row || is_installed(window, *asked.row, asked.name));
    return asked;
  }
  const std::u16string* type = element.attribute(html::Name::type);
  if (!type) return {};
  AskedFor asked{*type, components::find_by_type(utf8(trim(*type)))};
  if (!asked.row) return asked;
  auto handles = [&](const PersonaPlugin& plugin) {
    return std::ranges::any_of(plugin.types, [&](const PersonaField& one) {
      return equals_ignoring_case(wide(one.name), trim(*type));
    });
  };
  asked.there = std::ranges::any_of(persona.plugins, handles) ||
                (browser_of(persona) != 0 && is_installed(window, *asked.row, u""));
  return asked;
}

std::string shown_name(const AskedFor& asked) {
  if (asked.row && !asked.row->program_ids.empty() && asked.name.find(u'/') != asked.name.npos)
    return asked.row->program_ids[0];
  return utf8(asked.name.substr(0, 200));
}

constexpr JSFunctionSpec methods[] = {JS_FN("toString", native<component_text>, 0, 0),
                                      JS_FN("valueOf", native<component_text>, 0, 0), JS_FS_END};
constexpr JSFunctionSpec bytes_methods[] = {JS_FN("toString", native<bytes_text>, 0, 0),
                                            JS_FN("valueOf", native<bytes_text>, 0, 0), JS_FS_END};
constexpr Interface table[] = {
    {.name = "(component)", .parent = "", .methods = methods},
    {.name = "(bytes)", .parent = "", .methods = bytes_methods},
    // Defined on the window for personas that have components, never found by name.
    {.name = "(ActiveXObject)",
     .parent = "",
     .construct = native<construct_active_x>,
     .construct_arguments = 1}};

}  // namespace

JSObject* make_component(JSContext* cx, Window& window, std::u16string_view given) {
  std::string name = utf8(trim(given).substr(0, 200));
  const components::Component* row = row_of(trim(given));
  if (row && row->behaviour == Behaviour::management) name = row->program_ids[0];  // a moniker says more
  report(cx, window, {name, row, nullptr}, u"", nullptr);
  if (auto scriptlet = scriptlet_in(trim(given)); scriptlet && trusts_scripts(window.page))
    run_scriptlet(window, *scriptlet);
  if (!row) {
    window.page.unemulated("component " + name);
  } else if (!is_installed(window, *row, trim(given))) {
    JS_ReportErrorUTF8(cx, "Automation server can't create object");
    throw Thrown{};
  }
  return make(cx, window, std::move(name), row);
}

void report_use(Window& window, std::string name, std::u16string_view member, std::u16string_view argument) {
  ComponentUse use;
  use.window = window.id;
  use.name = std::move(name);
  use.member = utf8(member);
  use.origin = window.page.positions.origin_here();
  use.lengths = {static_cast<uint32_t>(argument.size())};
  use.arguments = {utf8(argument.substr(0, limits::max_argument_text))};
  if (worth_telling(window.page, use)) window.page.tell(FromPage::component, use);
}

JSObject* wrap_stand_in(JSContext* cx, Window& window, std::string name, std::shared_ptr<StandIn> stand_in) {
  auto made = std::make_shared<Made>();
  made->name = std::move(name);
  made->row = components::find(made->name);
  made->stand_in = std::move(stand_in);
  return wrap_exotic(cx, *new Component(window, std::move(made), u""), "(component)");
}

StandIn* stand_in_of(JS::HandleValue value) {
  Component* component = native_as<Component>(value);
  return component && component->member.empty() ? component->made->stand_in.get() : nullptr;
}

void define_active_x(JSContext* cx, Window& window) {
  JS::RootedObject global(cx, window.global());
  if (!shows_active_x(window.page.persona())) {
    JS::RootedObject hidden(cx, wrap_exotic(cx, *new HiddenConstructor(window), "(component)"));
    must(JS_DefineProperty(cx, global, "ActiveXObject", hidden, 0));
    return;
  }
  must(JS_DefineFunction(cx, global, "ActiveXObject", native<construct_active_x>, 1, JSFUN_CONSTRUCTOR));
}

namespace {

void tell_of_element(Window& window, const std::string& name, std::u16string_view member,
                     const std::u16string* value) {
  ComponentUse use;
  use.window = window.id;
  use.name = name;
  use.member = utf8(member.substr(0, 200));
  use.origin = window.page.in_script() ? window.page.positions.origin_here() : std::nullopt;
  if (value) {
    use.lengths.push_back(static_cast<uint32_t>(value->size()));
    use.arguments.push_back(utf8(std::u16string_view(*value).substr(0, limits::max_argument_text)));
  }
  if (worth_telling(window.page, use)) window.page.tell(FromPage::component, use);
}

}  // namespace

bool is_loaded_parameter(std::u16string_view name) {
  static constexpr std::u16string_view names[] = {u"movie", u"src", u"url", u"filename", u"archive", u"code"};
  return std::ranges::any_of(names, [&](std::u16string_view one) { return equals_ignoring_case(one, name); });
}

bool lacks_class(const Window& window, const html::Element& element) {
  const std::u16string* class_id = element.attribute(html::Name::classid);
  return class_id && browser_of(window.page.persona()) != 0 && !row_of(trim(*class_id));
}

void note_object(Window& window, html::Element& element) {
  AskedFor asked = asked_for(window, element);
  if (asked.name.empty() || (!asked.row && !element.has_attribute(html::Name::classid))) return;
  const std::string name = shown_name(asked);
  tell_of_element(window, name, u"", nullptr);
  if (!asked.there) return;
  if (!asked.row) return window.page.unemulated("component " + name);
  // Its properties, as parameters (<object>) or attributes (<embed>).
  auto told = [&](std::u16string_view member, const std::u16string& value) {
    auto same = [own = utf8(member)](const std::string& one) { return components::same_name(one, own); };
    if (!std::ranges::any_of(asked.row->properties, same)) return;
    // What it is to load, the loader asks for itself (resources.cpp); here the odd ones count.
    const bool loads = std::ranges::any_of(asked.row->fetches, same) || equals_ignoring_case(member, u"src");
    if (loads && is_loaded_parameter(member) && value.size() <= limits::overlong_argument) return;
    tell_of_element(window, name, member, &value);
  };
  for (html::Element* child = element.first_element_child(); child; child = child->next_element()) {
    const std::u16string* member =
        child->is(html::Name::param) ? child->attribute(html::Name::name) : nullptr;
    const std::u16string* value = member ? child->attribute(html::Name::value) : nullptr;
    if (value) told(*member, *value);
  }
  if (element.is(html::Name::embed))
    for (const html::Attribute& attribute : element.attributes())
      told(attribute.qualified_name(), attribute.value);
  // <object data> is a property too, of the few controls that have one.
  if (const std::u16string* data = element.is(html::Name::object) ? element.attribute(u"data") : nullptr)
    told(u"data", *data);
}

JSObject* object_component(JSContext* cx, Window& window, html::Element& element) {
  NodeNative& native = native_of_node(cx, window, element);
  if (!native.component) {
    AskedFor asked = asked_for(window, element);
    if (!asked.there) return nullptr;
    native.component = make(cx, window, shown_name(asked), asked.row);
  }
  return native.component;
}

JS::Value component_member(JSContext* cx, JSObject* component, std::u16string_view name) {
  JS::RootedObject object(cx, component);
  JS::RootedValue value(cx);
  must(JS_GetUCProperty(cx, object, name.data(), name.size(), &value));
  return value;
}

void component_set(JSContext* cx, JSObject* component, const std::u16string& name, JS::HandleValue value) {
  JS::RootedObject object(cx, component);
  must(JS_SetUCProperty(cx, object, name.data(), name.size(), value));
}

bool is_component_object(JS::HandleValue value) {
  Component* component = native_as<Component>(value);
  return component && component->member.empty();
}

bool component_put_item(JSContext* cx, JSObject* component, std::u16string_view key, JS::HandleValue value) {
  JS::RootedValue self(cx, JS::ObjectValue(*component));
  StandIn* stand_in = stand_in_of(self);
  return stand_in && stand_in->put_item(cx, key, value);
}

std::span<const Interface> component_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
