#include "honeyclient/low/page/mutation_observer.h"

#include <algorithm>
#include <utility>

#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

enum class What : uint8_t { children, attribute, text };

// One change, as it is noted for whoever observes it.
struct Mutation {
  What what;
  html::Node* target;
  html::Node *added = nullptr, *removed = nullptr, *previous = nullptr, *next = nullptr;
  std::u16string attribute, attribute_namespace;
  std::optional<std::u16string> before;  // where it was asked for
};

class Record final : public Native {
 public:
  static constexpr Kind native_kind = Kind::mutation;
  Record(Window& the_window, Mutation the_mutation)
      : Native(the_window, native_kind), mutation(std::move(the_mutation)) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &added, "added nodes");
    JS::TraceEdge(tracer, &removed, "removed nodes");
  }
  const Mutation mutation;
  JS::Heap<JSObject*> added, removed;
};

struct Target {
  html::Node* node;
  bool subtree = false, children = false, attributes = false, texts = false;
  bool attribute_before = false, text_before = false;
  std::optional<std::vector<std::u16string>> filter;

  bool wants(const Mutation& one) const {
    if (node != one.target && !(subtree && node->contains(*one.target))) return false;
    if (one.what == What::children) return children;
    if (one.what == What::text) return texts;
    return attributes && (!filter || std::ranges::find(*filter, one.attribute) != filter->end());
  }
  bool wants_before(const Mutation& one) const {
    return one.what == What::text ? text_before : attribute_before;
  }
};

class Observer final : public Native {
 public:
  static constexpr Kind native_kind = Kind::observer;
  explicit Observer(Window& the_window) : Native(the_window, native_kind) {}
  void trace(JSTracer* tracer) override {
    Native::trace(tracer);
    JS::TraceEdge(tracer, &callback, "observer callback");
  }
  JS::Heap<JSObject*> callback;
  std::vector<Target> targets;
  std::vector<Mutation> records;
};

// A page that changes its tree for ever in its own observer is cut by its time; its records are cut here.
constexpr size_t max_records = 10'000;

// --- MutationObserver -----------------------------------------------------------------------------------

void construct_observer(Call& call) {
  JSObject* function = call.callable(0);
  if (!function) call.type_error("parameter 1 is not of type 'Function'.");
  auto* observer = new Observer(call.window);
  observer->callback = function;
  call.page.observers.push_back(observer);
  call.give(wrap_native(call.cx, *observer, "MutationObserver"));
}

// https://dom.spec.whatwg.org/#dom-mutationobserver-observe
Target target_of(Call& call) {
  Target target{&call.need_node(0)};
  JS::RootedObject options(call.cx, call.object(1));
  std::optional<bool> attributes, texts;
  if (options) {
    JS::RootedValue value(call.cx);
    auto read = [&](const char* name) -> std::optional<bool> {
      must(JS_GetProperty(call.cx, options, name, &value));
      return value.isUndefined() ? std::nullopt : std::optional(JS::ToBoolean(value));
    };
    target.children = read("childList").value_or(false);
    target.subtree = read("subtree").value_or(false);
    target.attribute_before = read("attributeOldValue").value_or(false);
    target.text_before = read("characterDataOldValue").value_or(false);
    attributes = read("attributes");
    texts = read("characterData");
    must(JS_GetProperty(call.cx, options, "attributeFilter", &value));
    if (value.isObject()) {
      JS::RootedObject list(call.cx, &value.toObject());
      uint32_t count = 0;
      must(JS::GetArrayLength(call.cx, list, &count));
      target.filter.emplace();
      for (uint32_t i = 0; i < count; ++i) {
        must(JS_GetElement(call.cx, list, i, &value));
        target.filter->push_back(to_text(call.cx, value));
      }
    }
  }
  target.attributes = attributes.value_or(target.attribute_before || target.filter);
  target.texts = texts.value_or(target.text_before);
  if (!target.children && !target.attributes && !target.texts)
    call.type_error("The options object must set at least one of 'attributes', 'characterData', or 'childList' to true.");
  return target;
}

void observe(Call& call) {
  Target target = target_of(call);
  std::vector<Target>& targets = call.self<Observer>().targets;
  std::erase_if(targets, [&](const Target& other) { return other.node == target.node; });
  targets.push_back(std::move(target));
  call.give();
}
void disconnect(Call& call) {
  call.self<Observer>().targets.clear();
  call.self<Observer>().records.clear();
  call.give();
}

JSObject* record_list(JSContext* cx, Window& window, std::vector<Mutation> records) {
  JS::RootedValueVector list(cx);
  for (Mutation& one : records)
    must(list.append(JS::ObjectValue(*wrap_native(cx, *new Record(window, std::move(one)), "MutationRecord"))));
  return must(JS::NewArrayObject(cx, list));
}
void take_records(Call& call) {
  call.give(record_list(call.cx, call.window, std::exchange(call.self<Observer>().records, {})));
}

// --- MutationRecord -------------------------------------------------------------------------------------

void get_type(Call& call) {
  constexpr std::string_view names[] = {"childList", "attributes", "characterData"};
  call.give(names[static_cast<size_t>(call.self<Record>().mutation.what)]);
}
template <html::Node* Mutation::*Member>
void get_node(Call& call) {
  call.give(call.self<Record>().mutation.*Member);
}
template <JS::Heap<JSObject*> Record::*List, html::Node* Mutation::*Member>
void get_list(Call& call) {
  Record& self = call.self<Record>();
  if (!(self.*List)) {
    std::vector<html::Node*> nodes;
    if (html::Node* node = self.mutation.*Member) nodes.push_back(node);
    self.*List = static_nodes(call.cx, *self.window, std::move(nodes));
  }
  call.give((self.*List).get());
}
void get_attribute(Call& call) {
  const Mutation& mutation = call.self<Record>().mutation;
  if (mutation.what != What::attribute) return call.give_null();
  call.give(std::u16string_view(mutation.attribute));
}
void get_namespace(Call& call) {
  const Mutation& mutation = call.self<Record>().mutation;
  if (mutation.attribute_namespace.empty()) return call.give_null();
  call.give(std::u16string_view(mutation.attribute_namespace));
}
void get_before(Call& call) {
  const Mutation& mutation = call.self<Record>().mutation;
  if (!mutation.before) return call.give_null();
  call.give(std::u16string_view(*mutation.before));
}

constexpr JSFunctionSpec observer_methods[] = {SHIKAKE_METHOD("observe", observe, 1),
                                               SHIKAKE_METHOD("disconnect", disconnect, 0),
                                               SHIKAKE_METHOD("takeRecords", take_records, 0), JS_FS_END};
constexpr JSPropertySpec record_properties[] = {
    SHIKAKE_GETTER("type", get_type),
    SHIKAKE_GETTER("target", get_node<&Mutation::target>),
    SHIKAKE_GETTER("addedNodes", (get_list<&Record::added, &Mutation::added>)),
    SHIKAKE_GETTER("removedNodes", (get_list<&Record::removed, &Mutation::removed>)),
    SHIKAKE_GETTER("previousSibling", get_node<&Mutation::previous>),
    SHIKAKE_GETTER("nextSibling", get_node<&Mutation::next>),
    SHIKAKE_GETTER("attributeName", get_attribute),
    SHIKAKE_GETTER("attributeNamespace", get_namespace),
    SHIKAKE_GETTER("oldValue", get_before),
    JS_PS_END};

constexpr Interface table[] = {
    {.name = "MutationObserver",
     .parent = "",
     .methods = observer_methods,
     .construct = native<construct_observer>,
     .construct_arguments = 1},
    {.name = "MutationRecord", .parent = "", .properties = record_properties},
    {.name = "WebKitMutationObserver",
     .parent = "",
     .methods = observer_methods,
     .construct = native<construct_observer>,
     .construct_arguments = 1,
     .engines = on_blink}};

// Of windows that can script each other: a page may observe its frame's tree.
template <class Make>
void note(Window& window, const Make& make, std::optional<std::u16string_view> before = {}) {
  if (window.page.observers.empty()) return;
  const Mutation one = make();
  for (Native* native_observer : window.page.observers) {
    auto* observer = static_cast<Observer*>(native_observer);
    if (observer->records.size() >= max_records) continue;
    bool wanted = false, wants_before = false;
    for (const Target& target : observer->targets) {
      if (!target.wants(one)) continue;
      wanted = true;
      wants_before |= target.wants_before(one);
    }
    if (!wanted) continue;
    observer->records.push_back(one);
    if (wants_before && before) observer->records.back().before = std::u16string(*before);
  }
}

}  // namespace

void note_added(Window& window, html::Node& parent, html::Node& child) {
  note(window, [&] {
    return Mutation{.what = What::children,
                    .target = &parent,
                    .added = &child,
                    .previous = child.previous(),
                    .next = child.next()};
  });
}
void note_removed(Window& window, html::Node& parent, html::Node& child, html::Node* previous, html::Node* next) {
  note(window, [&] {
    return Mutation{
        .what = What::children, .target = &parent, .removed = &child, .previous = previous, .next = next};
  });
}
void note_text_change(Window& window, html::CharacterData& node, std::u16string_view before) {
  note(window, [&] { return Mutation{.what = What::text, .target = &node}; }, before);
}
void note_attribute_change(Window& window, html::Element& element, const html::Attribute& attribute,
                           const std::u16string* before) {
  auto make = [&] {
    Mutation one{.what = What::attribute, .target = &element};
    one.attribute = attribute.local_name.text();
    if (attribute.ns) one.attribute_namespace = attribute.ns.text();
    return one;
  };
  note(window, make, before ? std::optional<std::u16string_view>(*before) : std::nullopt);
}

bool deliver_mutations(Page& page) {
  bool told = false;
  for (size_t i = 0; i < page.observers.size(); ++i) {
    auto& observer = static_cast<Observer&>(*page.observers[i]);
    if (observer.records.empty() || observer.window->gone) continue;
    std::vector<Mutation> records = std::exchange(observer.records, {});
    told = true;
    page.run_script(*observer.window, [&] {
      JSContext* cx = page.cx;
      JS::RootedValueArray<2> arguments(cx);
      arguments[0].setObject(*record_list(cx, *observer.window, std::move(records)));
      arguments[1].setObject(*observer.wrapper.get());
      JS::RootedValue function(cx, JS::ObjectValue(*observer.callback.get())), ignored(cx);
      JS::RootedValue self(cx, arguments[1]);
      must(JS::Call(cx, self, function, arguments, &ignored));
    });
    observer.window->loader->flush();
  }
  return told;
}

std::span<const Interface> mutation_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
