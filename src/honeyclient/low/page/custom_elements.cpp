#include "honeyclient/low/page/custom_elements.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/promise.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

struct Definition {
  std::u16string name, local_name;  // they differ for `extends`
  JS::Heap<JSObject*> constructor, connected, disconnected, attribute_changed;
  std::vector<std::u16string> observed;
};

struct Reaction {
  enum class What : uint8_t { inserted, removed, attribute } what;
  html::Element* element;
  std::u16string attribute = {};
  std::optional<std::u16string> before = {}, now = {};
};

// Of a class with many instances or one that makes itself anew; others are cut by their time.
constexpr size_t max_reactions = 100'000;

class Registry final : public Native {
 public:
  static constexpr Kind native_kind = Kind::registry;
  explicit Registry(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    for (Definition& one : definitions) {
      JS::TraceEdge(tracer, &one.constructor, "element class");
      JS::TraceEdge(tracer, &one.connected, "connectedCallback");
      JS::TraceEdge(tracer, &one.disconnected, "disconnectedCallback");
      JS::TraceEdge(tracer, &one.attribute_changed, "attributeChangedCallback");
    }
    for (auto& [name, promise] : waiting) JS::TraceEdge(tracer, &promise, "whenDefined");
  }

  const Definition* named(std::u16string_view name) const {
    for (const Definition& one : definitions)
      if (one.name == name) return &one;
    return nullptr;
  }
  const Definition* of(const html::Element& element) const {
    if (!element.is_html()) return nullptr;
    const std::u16string* is = element.attribute(u"is");
    for (const Definition& one : definitions)
      if (one.local_name == element.local_name().text() && (one.name == one.local_name || (is && *is == one.name)))
        return &one;
    return nullptr;
  }
  const Definition* made_as(const html::Element& element) const {
    auto found = made.find(&element);
    return found == made.end() ? nullptr : found->second;
  }

  std::deque<Definition> definitions;  // references stay valid
  std::unordered_map<const html::Element*, const Definition*> made;  // nullptr: its constructor failed
  std::vector<html::Element*> constructing;  // innermost last; nullptr: its constructor has taken it
  std::deque<Reaction> reactions;
  std::map<std::u16string, JS::Heap<JSObject*>> waiting;
};

Registry* registry_of(Window& window) {
  auto found = window.singletons.find("customElements");
  return found == window.singletons.end() ? nullptr : static_cast<Registry*>(native_of(found->second.get()));
}

void call_back(Window& window, html::Element& element, JS::HandleObject function,
               const JS::HandleValueArray& arguments) {
  if (!function) return;
  window.page.run_script(window, [&] {
    JSContext* cx = window.page.cx;
    JS::RootedValue self(cx, JS::ObjectValue(*wrap(cx, window, element))), ignored(cx);
    JS::RootedValue callee(cx, JS::ObjectValue(*function));
    must(JS::Call(cx, self, callee, arguments, &ignored));
  });
}

void tell_attribute(Window& window, const Definition& definition, const Reaction& change) {
  if (std::ranges::find(definition.observed, change.attribute) == definition.observed.end()) return;
  JSContext* cx = window.page.cx;
  JS::RootedValueVector arguments(cx);
  auto text = [&](const std::optional<std::u16string>& value) {
    return value ? JS::StringValue(to_string(cx, *value)) : JS::NullValue();
  };
  must(arguments.append(JS::StringValue(to_string(cx, change.attribute))) && arguments.append(text(change.before)) &&
       arguments.append(text(change.now)) && arguments.append(JS::NullValue()));
  JS::RootedObject function(cx, definition.attribute_changed);
  call_back(window, *change.element, function, arguments);
}

// https://html.spec.whatwg.org/multipage/custom-elements.html#upgrades
void upgrade(Window& window, Registry& registry, html::Element& element, const Definition& definition) {
  if (registry.made.contains(&element)) return;
  JSContext* cx = window.page.cx;
  registry.made[&element] = nullptr;
  registry.constructing.push_back(&element);
  bool worked = false;
  window.page.run_script(window, [&] {
    JS::RootedValue constructor(cx, JS::ObjectValue(*definition.constructor.get()));
    JS::RootedObject result(cx);
    must(JS::Construct(cx, constructor, JS::HandleValueArray::empty(), &result));
    worked = true;
  });
  registry.constructing.pop_back();
  if (!worked) return;
  registry.made[&element] = &definition;
  JSAutoRealm realm(cx, window.global());
  const std::vector<html::Attribute> attributes = element.attributes();
  for (const html::Attribute& one : attributes)
    tell_attribute(window, definition,
                   {Reaction::What::attribute, &element, std::u16string(one.local_name.text()), std::nullopt, one.value});
  JS::RootedObject connected(cx, definition.connected);
  if (element.connected()) call_back(window, element, connected, JS::HandleValueArray::empty());
}

// --- CustomElementRegistry ------------------------------------------------------------------------------------

bool is_valid_name(std::u16string_view name) {
  if (name.empty() || name[0] < u'a' || name[0] > u'z' || name.find(u'-') == std::u16string_view::npos) return false;
  return std::ranges::none_of(name, [](char16_t c) {
    return (c >= u'A' && c <= u'Z') || c <= u' ' || c == u'<' || c == u'>' || c == u'/' || c == u'"' || c == u'=';
  });
}

JSObject* method_of(Call& call, JS::HandleObject prototype, const char* name) {
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, prototype, name, &value));
  if (value.isUndefined()) return nullptr;
  if (!value.isObject() || !JS::IsCallable(&value.toObject())) call.type_error("The callback is not a function.");
  return &value.toObject();
}

std::vector<std::u16string> observed_attributes(Call& call, JS::HandleObject constructor) {
  std::vector<std::u16string> names;
  JS::RootedValue value(call.cx);
  must(JS_GetProperty(call.cx, constructor, "observedAttributes", &value));
  if (!value.isObject()) return names;
  JS::RootedObject list(call.cx, &value.toObject());
  uint32_t count = 0;
  must(JS::GetArrayLength(call.cx, list, &count));
  for (uint32_t i = 0; i < count; ++i) {
    must(JS_GetElement(call.cx, list, i, &value));
    names.push_back(to_text(call.cx, value));
  }
  return names;
}

void upgrade_below(Window& window, Registry& registry, html::Node& root) {
  std::vector<html::Element*> found;
  for (html::Node* node = &root; node; node = html::next_with_shadows(*node, root))
    if (html::Element* element = node->as_element(); element && registry.of(*element)) found.push_back(element);
  for (html::Element* element : found)
    if (const Definition* definition = registry.of(*element)) upgrade(window, registry, *element, *definition);
}

void define(Call& call) {
  Registry& self = call.self<Registry>();
  const std::u16string name = call.text(0);
  JS::RootedObject constructor(call.cx, call.object(1));
  if (!constructor || !JS::IsConstructor(constructor))
    call.type_error("Failed to execute 'define' on 'CustomElementRegistry': parameter 2 is not of type 'Function'.");
  if (!is_valid_name(name)) call.dom_error("SyntaxError", "\"" + utf8(name) + "\" is not a valid custom element name");
  for (const Definition& one : self.definitions)
    if (one.name == name || one.constructor == constructor)
      call.dom_error("NotSupportedError", "the name \"" + utf8(name) + "\" has already been used with this registry");
  Definition made{name, name, JS::Heap<JSObject*>(constructor.get())};
  JS::RootedValue value(call.cx);
  if (JSObject* options = call.object(2)) {
    JS::RootedObject given(call.cx, options);
    must(JS_GetProperty(call.cx, given, "extends", &value));
    if (!value.isUndefined()) made.local_name = lower(to_text(call.cx, value));
  }
  must(JS_GetProperty(call.cx, constructor, "prototype", &value));
  if (!value.isObject()) call.type_error("The prototype is not an object.");
  JS::RootedObject prototype(call.cx, &value.toObject());
  // Nothing of this may be moved about while a getter of the page runs.
  JS::RootedObject connected(call.cx, method_of(call, prototype, "connectedCallback"));
  JS::RootedObject disconnected(call.cx, method_of(call, prototype, "disconnectedCallback"));
  JS::RootedObject changed(call.cx, method_of(call, prototype, "attributeChangedCallback"));
  if (changed) made.observed = observed_attributes(call, constructor);
  made.constructor = constructor, made.connected = connected, made.disconnected = disconnected;
  made.attribute_changed = changed;
  self.definitions.push_back(std::move(made));
  if (self.window->document) upgrade_below(*self.window, self, *self.window->document);
  if (auto found = self.waiting.find(name); found != self.waiting.end()) {
    JS::RootedObject promise(call.cx, found->second);
    self.waiting.erase(found);
    value.setObject(*constructor);
    must(JS::ResolvePromise(call.cx, promise, value));
  }
  after_dom_change(call);
}

void get(Call& call) {
  const Definition* found = call.self<Registry>().named(call.text(0));
  if (!found) return call.give();
  call.give(found->constructor.get());
}

void when_defined(Call& call) {
  Registry& self = call.self<Registry>();
  const std::u16string name = call.text(0);
  if (const Definition* found = self.named(name)) {
    JS::RootedValue value(call.cx, JS::ObjectValue(*found->constructor.get()));
    return call.give(resolved(call.cx, value));
  }
  JS::RootedObject promise(call.cx, must(JS::NewPromiseObject(call.cx, nullptr)));
  if (!is_valid_name(name)) {
    reject_with_dom_error(call.cx, call.window, promise, "SyntaxError", "not a valid custom element name");
    return call.give(promise);
  }
  if (auto found = self.waiting.find(name); found != self.waiting.end()) return call.give(found->second.get());
  self.waiting[name] = promise.get();
  call.give(promise);
}

void upgrade_tree(Call& call) {
  Registry& self = call.self<Registry>();
  upgrade_below(*self.window, self, call.need_node(0));
  after_dom_change(call);
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("define", define, 2), SHIKAKE_METHOD("get", get, 1),
                                      SHIKAKE_METHOD("upgrade", upgrade_tree, 1),
                                      SHIKAKE_METHOD("whenDefined", when_defined, 1), JS_FS_END};
constexpr Interface table[] = {{.name = "CustomElementRegistry",
                                .parent = "",
                                .methods = methods,
                                .engines = on_gecko | on_blink | on_webkit}};

}  // namespace

void get_custom_elements(Call& call) {
  Window& window = call.self_window();
  call.give(singleton(call.cx, window, "customElements",
                      [&] { return wrap_native(call.cx, *new Registry(window), "CustomElementRegistry"); }));
}

// https://html.spec.whatwg.org/multipage/dom.html#html-element-constructors
void construct_html_element(Call& call) {
  Registry* registry = registry_of(call.window);
  if (!registry || !call.args.isConstructing() || !call.args.newTarget().isObject())
    call.type_error("Illegal constructor");
  JS::RootedObject target(call.cx, &call.args.newTarget().toObject());
  const Definition* definition = nullptr;
  for (const Definition& one : registry->definitions)
    if (one.constructor == target) definition = &one;
  if (!definition || !call.window.document) call.type_error("Illegal constructor");
  JS::RootedValue prototype(call.cx);
  must(JS_GetProperty(call.cx, target, "prototype", &prototype));
  html::Element* element = nullptr;
  if (!registry->constructing.empty() && registry->constructing.back() &&
      registry->of(*registry->constructing.back()) == definition)
    element = std::exchange(registry->constructing.back(), nullptr);
  if (!element) {
    count_node(call);
    element = &call.window.document->create_element(definition->local_name);
    registry->made[element] = definition;
  }
  JS::RootedObject wrapper(call.cx, wrap(call.cx, call.window, *element));
  if (prototype.isObject()) {
    JS::RootedObject own(call.cx, &prototype.toObject());
    must(JS_SetPrototype(call.cx, wrapper, own));
  }
  call.give(wrapper);
}

void custom_element_made(Window& window, html::Element& element) {
  Registry* registry = registry_of(window);
  if (!registry) return;
  if (const Definition* definition = registry->of(element)) upgrade(window, *registry, element, *definition);
}

void note_custom_inserted(Window& window, html::Element& element) {
  Registry* registry = registry_of(window);
  if (registry && registry->of(element) && registry->reactions.size() < max_reactions)
    registry->reactions.push_back({Reaction::What::inserted, &element});
}

void note_custom_removed(Window& window, html::Node& root) {
  Registry* registry = registry_of(window);
  if (!registry || registry->made.empty()) return;
  for (html::Node* node = &root; node; node = html::next_with_shadows(*node, root))
    if (html::Element* element = node->as_element();
        element && registry->made_as(*element) && registry->reactions.size() < max_reactions)
      registry->reactions.push_back({Reaction::What::removed, element});
}

void note_custom_attribute(Window& window, html::Element& element, const html::Attribute& attribute,
                           const std::u16string* before, const std::u16string* now) {
  Registry* registry = registry_of(window);
  if (!registry || !registry->made_as(element) || registry->reactions.size() >= max_reactions) return;
  auto kept = [](const std::u16string* text) { return text ? std::optional(*text) : std::nullopt; };
  registry->reactions.push_back({Reaction::What::attribute, &element,
                                 std::u16string(attribute.local_name.text()), kept(before), kept(now)});
}

void run_custom_reactions(Window& window) {
  Registry* registry = registry_of(window);
  if (!registry || registry->reactions.empty()) return;
  JSContext* cx = window.page.cx;
  JSAutoRealm realm(cx, window.global());
  while (!registry->reactions.empty() && !window.gone && window.page.scripts_run()) {
    const Reaction next = std::move(registry->reactions.front());
    registry->reactions.pop_front();
    const Definition* definition = registry->made_as(*next.element);
    if (!definition && next.what == Reaction::What::inserted) {
      if (const Definition* found = registry->of(*next.element)) upgrade(window, *registry, *next.element, *found);
      continue;
    }
    if (!definition) continue;
    if (next.what == Reaction::What::attribute) {
      tell_attribute(window, *definition, next);
      continue;
    }
    JS::RootedObject function(
        cx, next.what == Reaction::What::inserted ? definition->connected : definition->disconnected);
    call_back(window, *next.element, function, JS::HandleValueArray::empty());
  }
}

std::span<const Interface> custom_element_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
