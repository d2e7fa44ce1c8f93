#include "honeyclient/low/page/components.h"

#include <array>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// What stands for a component: a row a ProgID (a trailing version is ignored) or CLSID.
enum class Behaviour : uint8_t { absorbs, xml_http, dictionary };
struct Row {
  std::string_view name;  // lower case
  Behaviour behaviour;
};
constexpr std::array rows = {
    Row{"microsoft.xmlhttp", Behaviour::xml_http},
    Row{"msxml2.xmlhttp", Behaviour::xml_http},
    Row{"msxml2.serverxmlhttp", Behaviour::xml_http},
    Row{"scripting.dictionary", Behaviour::dictionary},
};

std::string base_name(std::u16string_view given) {
  std::string name = utf8(lower(trim(given)));
  size_t end = name.find_last_not_of("0123456789.");
  return end == std::string::npos ? name : name.substr(0, end + 1);
}

const Row* find_row(std::u16string_view given) {
  std::string name = base_name(given);
  for (const Row& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

void report(JSContext* cx, Window& window, const std::string& name, std::u16string_view member,
            const JS::CallArgs* args) {
  ComponentUse use;
  use.window = window.id;
  use.name = name;
  use.member = utf8(member);
  use.known = find_row(wide(name)) != nullptr;
  use.origin = window.page.positions.origin_here();
  for (unsigned i = 0; args && i < args->length() && i < 16; ++i) {
    JS::HandleValue value = args->get(i);
    // Only primitives: asking an object for its text would run the page's code.
    std::u16string text = value.isObject() || value.isSymbol() ? u"[object]" : to_text(cx, value);
    use.lengths.push_back(value.isString() ? static_cast<uint32_t>(text.size()) : 0);
    use.arguments.push_back(utf8(text.substr(0, limits::max_argument_text)));
  }
  window.page.tell(FromPage::component, use);
}

class Component final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::component;
  Component(Window& the_window, std::string the_name, std::u16string the_member)
      : Exotic(the_window, native_kind), name(std::move(the_name)), member(std::move(the_member)) {}

  bool overrides_prototype() override { return true; }
  bool callable() override { return true; }

  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    if (key == u"then" || key == u"toJSON") return false;
    if (key == u"toString" || key == u"valueOf") return false;
    std::u16string path = member.empty() ? std::u16string(key) : member + u"." + std::u16string(key);
    // Deeper than any object model goes: a page that walks for ever.
    if (path.size() > 200) return false;
    value.setObject(*wrap_exotic(cx, *new Component(*window, name, path), "(component)"));
    return true;
  }
  bool set(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    std::u16string path = member.empty() ? std::u16string(key) : member + u"." + std::u16string(key);
    JS::RootedValueArray<3> stack(cx);
    stack[0].setUndefined();
    stack[1].setUndefined();
    stack[2].set(value);
    JS::CallArgs args = JS::CallArgsFromVp(1, stack.begin());
    report(cx, *window, name, path, &args);
    return false;  // and it reads back
  }
  void call(JSContext* cx, const JS::CallArgs& args) override {
    report(cx, *window, name, member, &args);
    args.rval().setObject(*wrap_exotic(cx, *new Component(*window, name, member + u"()"), "(component)"));
  }

  const std::string name;
  const std::u16string member;
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
  call.give(std::u16string_view(u""));
}

// What exists for the persona; others fail as they do in the browser, and are reported all the same.
bool exists(const Persona& persona, std::u16string_view given) {
  std::string name = base_name(given);
  for (const std::string& one : persona.components)
    if (base_name(wide(one)) == name) return true;
  return false;
}

void construct_active_x(Call& call) {
  call.give(make_component(call.cx, call.window, call.text(0)));
}

constexpr JSFunctionSpec methods[] = {JS_FN("toString", native<component_text>, 0, 0),
                                      JS_FN("valueOf", native<component_text>, 0, 0), JS_FS_END};
constexpr Interface table[] = {
    {.name = "(component)", .parent = "", .methods = methods},
    // Defined on the window for personas that have components, never found by name.
    {.name = "(ActiveXObject)",
     .parent = "",
     .construct = native<construct_active_x>,
     .construct_arguments = 1}};

}  // namespace

JSObject* make_component(JSContext* cx, Window& window, std::u16string_view given) {
  std::string name = utf8(trim(given)).substr(0, limits::max_argument_text);
  report(cx, window, name, u"", nullptr);
  const Row* row = find_row(given);
  if (row && row->behaviour == Behaviour::xml_http) return make_component_request(cx, window);
  bool known = (row && row->behaviour == Behaviour::dictionary) || exists(window.page.persona(), given);
  if (!known) window.page.unemulated("component " + name);
  return wrap_exotic(cx, *new Component(window, name, u""), "(component)");
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

void note_class_id(Window& window, html::Element&, std::u16string_view class_id) {
  std::string name = utf8(trim(class_id)).substr(0, limits::max_argument_text);
  ComponentUse use;
  use.window = window.id;
  use.name = name;
  use.known = find_row(wide(name)) != nullptr;
  use.origin = window.page.in_script() ? window.page.positions.origin_here() : std::nullopt;
  window.page.tell(FromPage::component, use);
}

JSObject* object_component(JSContext* cx, Window& window, html::Element& element) {
  NodeNative& native = native_of_node(cx, window, element);
  if (!native.component) {
    const std::u16string* class_id = element.attribute(html::Name::classid);
    std::string name =
        class_id ? utf8(trim(*class_id)).substr(0, limits::max_argument_text) : std::string("object");
    native.component = wrap_exotic(cx, *new Component(window, name, u""), "(component)");
  }
  return native.component;
}

JS::Value component_member(JSContext* cx, JSObject* component, std::u16string_view name) {
  JS::RootedValue self(cx, JS::ObjectValue(*component)), value(cx);
  if (Component* found = native_as<Component>(self)) found->get(cx, name, &value);
  return value;
}

void component_set(JSContext* cx, JSObject* component, const std::u16string& name, JS::HandleValue value) {
  JS::RootedValue self(cx, JS::ObjectValue(*component));
  if (Component* found = native_as<Component>(self)) found->set(cx, name, value);
}

std::span<const Interface> component_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
