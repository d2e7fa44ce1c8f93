#include "honeyclient/low/page/collections.h"

#include <algorithm>
#include <array>

#include "honeyclient/low/page/exotic.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Collection final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::collection;
  using Nodes = std::function<std::vector<html::Node*>()>;
  Collection(Window& the_window, Nodes the_nodes)
      : Exotic(the_window, Kind::collection), ask_(std::move(the_nodes)) {}

  // As they are now; until another list is read. A script that goes through a list asks for each of its places, so
  // the lists that were read last are kept while no tree changes: a few, as scripts make thousands.
  const std::vector<html::Node*>& nodes() {
    struct Kept {
      const Collection* of = nullptr;
      uint64_t changes = 0;
      std::vector<html::Node*> nodes;
    };
    static std::array<Kept, 8> kept;
    static size_t oldest = 0;
    auto own = std::ranges::find(kept, this, &Kept::of);
    if (own != kept.end() && own->changes == html::tree_changes) return own->nodes;
    Kept& fresh = own != kept.end() ? *own : kept[oldest++ % kept.size()];
    fresh = {this, html::tree_changes, ask_()};
    return fresh.nodes;
  }

  bool undetectable() override { return hidden; }
  uint32_t length() override { return static_cast<uint32_t>(nodes().size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    const std::vector<html::Node*>& now = nodes();
    if (index >= now.size()) return false;
    value.setObject(*wrap(cx, *window, *now[index]));
    return true;
  }
  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    html::Element* found = named(key);
    if (found) value.setObject(*wrap(cx, *window, *found));
    return found != nullptr;
  }
  html::Element* named(std::u16string_view key) {
    if (key.empty()) return nullptr;
    for (html::Node* node : nodes()) {
      html::Element* element = node->as_element();
      if (!element) continue;
      const std::u16string* name = element->attribute(html::Name::name);
      if (element->id() == key || (name && *name == key)) return element;
    }
    return nullptr;
  }

  bool hidden = false;

 private:
  const Nodes ask_;
};

void get_length(Call& call) {
  call.give(call.self<Collection>().length());
}
void item(Call& call) {
  double index = call.number(0);
  const std::vector<html::Node*>& nodes = call.self<Collection>().nodes();
  bool inside = index >= 0 && index < static_cast<double>(nodes.size());
  call.give(inside ? nodes[static_cast<size_t>(index)] : nullptr);
}
void named_item(Call& call) {
  call.give(static_cast<html::Node*>(call.self<Collection>().named(call.text(0))));
}
void for_each(Call& call) {
  JS::RootedValue function(call.cx, call.at(0)), ignored(call.cx);
  std::vector<html::Node*> nodes = call.self<Collection>().nodes();
  for (size_t i = 0; i < nodes.size(); ++i) {
    JS::RootedValueArray<2> arguments(call.cx);
    arguments[0].setObject(*wrap(call.cx, call.window, *nodes[i]));
    arguments[1].setNumber(static_cast<uint32_t>(i));
    must(JS::Call(call.cx, JS::UndefinedHandleValue, function, arguments, &ignored));
  }
  call.give();
}

// --- attributes ------------------------------------------------------------------------------------------

class AttributeMap final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::attribute_map;
  AttributeMap(Window& the_window, html::Element& the_element)
      : Exotic(the_window, native_kind), element(the_element) {}
  uint32_t length() override { return static_cast<uint32_t>(element.attributes().size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    if (index >= length()) return false;
    value.setObject(*as_object(cx, element.attributes()[index]));
    return true;
  }
  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    const html::Attribute* found = element.attribute_qualified(key);
    if (found) value.setObject(*as_object(cx, *found));
    return found != nullptr;
  }
  static JSObject* as_object(JSContext* cx, const html::Attribute& attribute) {
    JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
    JS::RootedString name(cx, to_string(cx, attribute.qualified_name())),
        value(cx, to_string(cx, attribute.value));
    for (const char* key : {"name", "nodeName", "localName"})
      must(JS_DefineProperty(cx, made, key, name, JSPROP_ENUMERATE));
    for (const char* key : {"value", "nodeValue", "textContent"})
      must(JS_DefineProperty(cx, made, key, value, JSPROP_ENUMERATE));
    must(JS_DefineProperty(cx, made, "specified", JS::TrueHandleValue, JSPROP_ENUMERATE));
    return made;
  }
  html::Element& element;
};

void get_attribute_count(Call& call) {
  call.give(call.self<AttributeMap>().length());
}
void get_named_item(Call& call) {
  const html::Attribute* found = call.self<AttributeMap>().element.attribute_qualified(call.text(0));
  call.give(found ? AttributeMap::as_object(call.cx, *found) : nullptr);
}

// --- classList: https://dom.spec.whatwg.org/#interface-domtokenlist ----------------------------------------

class ClassList final : public Exotic {
 public:
  static constexpr Kind native_kind = Kind::class_list;
  ClassList(Window& the_window, html::Element& the_element)
      : Exotic(the_window, native_kind), element(the_element) {}
  std::vector<std::u16string> words() const {
    std::vector<std::u16string> all;
    const std::u16string* text = element.attribute(html::Name::class_);
    std::u16string_view rest = text ? std::u16string_view(*text) : std::u16string_view();
    for (auto word = html::next_token(rest); !word.empty(); word = html::next_token(rest))
      if (std::ranges::find(all, word) == all.end()) all.emplace_back(word);
    return all;
  }
  void store(const std::vector<std::u16string>& all) {
    std::u16string text;
    for (const std::u16string& word : all) text += (text.empty() ? u"" : u" ") + word;
    element.set_attribute(html::Name::class_, text);
  }
  uint32_t length() override { return static_cast<uint32_t>(words().size()); }
  bool item(JSContext* cx, uint32_t index, JS::MutableHandleValue value) override {
    std::vector<std::u16string> all = words();
    if (index >= all.size()) return false;
    value.setString(to_string(cx, all[index]));
    return true;
  }
  html::Element& element;
};

void change_words(Call& call, bool add) {
  ClassList& self = call.self<ClassList>();
  std::vector<std::u16string> words = self.words();
  for (unsigned i = 0; i < call.count(); ++i) {
    std::u16string word = call.text(i);
    std::erase(words, word);
    if (add) words.push_back(word);
  }
  self.store(words);
  after_dom_change(call);
}
void add_words(Call& call) {
  change_words(call, true);
}
void remove_words(Call& call) {
  change_words(call, false);
}
bool has_word(Call& call, const std::u16string& word) {
  std::vector<std::u16string> words = call.self<ClassList>().words();
  return std::ranges::find(words, word) != words.end();
}
void contains_word(Call& call) {
  call.give(has_word(call, call.text(0)));
}
void toggle_word(Call& call) {
  bool on = call.given(1) ? call.flag(1) : !has_word(call, call.text(0));
  ClassList& self = call.self<ClassList>();
  std::vector<std::u16string> words = self.words();
  std::erase(words, call.text(0));
  if (on) words.push_back(call.text(0));
  self.store(words);
  after_dom_change(call);
  call.give(on);
}
void get_word_count(Call& call) {
  call.give(call.self<ClassList>().length());
}
void get_words(Call& call) {
  const std::u16string* text = call.self<ClassList>().element.attribute(html::Name::class_);
  call.give(std::u16string_view(text ? *text : std::u16string()));
}
void set_words(Call& call) {
  call.self<ClassList>().element.set_attribute(html::Name::class_, call.text(0));
  after_dom_change(call);
}
void word_item(Call& call) {
  std::vector<std::u16string> words = call.self<ClassList>().words();
  int32_t index = call.integer(0);
  if (index < 0 || static_cast<size_t>(index) >= words.size()) return call.give_null();
  call.give(std::u16string_view(words[static_cast<size_t>(index)]));
}

// --- dataset: https://html.spec.whatwg.org/#dom-dataset ----------------------------------------------------

std::u16string data_attribute(std::u16string_view property) {
  std::u16string name = u"data-";
  for (char16_t c : property) {
    if (html::is_upper(c)) name += u'-';
    name += html::to_lower(c);
  }
  return name;
}

class Dataset final : public Exotic {
 public:
  Dataset(Window& the_window, html::Element& the_element)
      : Exotic(the_window, Kind::dataset), element(the_element) {}
  bool overrides_prototype() override { return true; }
  bool get(JSContext* cx, std::u16string_view key, JS::MutableHandleValue value) override {
    const std::u16string* found = element.attribute(std::u16string_view(data_attribute(key)));
    if (found) value.setString(to_string(cx, *found));
    return found != nullptr;
  }
  bool set(JSContext* cx, std::u16string_view key, JS::HandleValue value) override {
    element.set_attribute(data_attribute(key), to_text(cx, value));
    return true;
  }
  bool remove(JSContext*, std::u16string_view key) override {
    return element.remove_attribute(element.document().intern(data_attribute(key)));
  }
  std::vector<std::u16string> names(JSContext*) override {
    std::vector<std::u16string> all;
    for (const html::Attribute& attribute : element.attributes()) {
      std::u16string_view name = attribute.local_name.text();
      if (!name.starts_with(u"data-")) continue;
      std::u16string property;
      for (size_t i = 5; i < name.size(); ++i) {
        bool dash = name[i] == u'-' && i + 1 < name.size() && name[i + 1] >= u'a' && name[i + 1] <= u'z';
        property += dash ? static_cast<char16_t>(name[++i] - 32) : name[i];
      }
      all.push_back(property);
    }
    return all;
  }
  html::Element& element;
};

constexpr JSFunctionSpec collection_methods[] = {SHIKAKE_METHOD("item", item, 1),
                                                 SHIKAKE_METHOD("namedItem", named_item, 1), JS_FS_END};
constexpr JSFunctionSpec list_methods[] = {SHIKAKE_METHOD("item", item, 1),
                                           SHIKAKE_METHOD("forEach", for_each, 1),
                                           JS_SELF_HOSTED_SYM_FN(iterator, "$ArrayValues", 0, 0), JS_FS_END};
constexpr JSPropertySpec list_properties[] = {SHIKAKE_GETTER("length", get_length), JS_PS_END};
constexpr JSFunctionSpec map_methods[] = {SHIKAKE_METHOD("getNamedItem", get_named_item, 1), JS_FS_END};
constexpr JSPropertySpec map_properties[] = {SHIKAKE_GETTER("length", get_attribute_count), JS_PS_END};
constexpr JSFunctionSpec word_methods[] = {SHIKAKE_METHOD("add", add_words, 0),
                                           SHIKAKE_METHOD("remove", remove_words, 0),
                                           SHIKAKE_METHOD("contains", contains_word, 1),
                                           SHIKAKE_METHOD("toggle", toggle_word, 1),
                                           SHIKAKE_METHOD("item", word_item, 1),
                                           SHIKAKE_METHOD("toString", get_words, 0),
                                           JS_FS_END};
constexpr JSPropertySpec word_properties[] = {SHIKAKE_GETTER("length", get_word_count),
                                              SHIKAKE_PROPERTY("value", get_words, set_words), JS_PS_END};

constexpr Interface table[] = {
    {.name = "HTMLCollection", .parent = "", .methods = collection_methods, .properties = list_properties},
    {.name = "NodeList", .parent = "", .methods = list_methods, .properties = list_properties},
    {.name = "NamedNodeMap", .parent = "", .methods = map_methods, .properties = map_properties},
    {.name = "DOMTokenList", .parent = "", .methods = word_methods, .properties = word_properties},
    {.name = "DOMStringMap", .parent = ""},
    {.name = "HTMLAllCollection", .parent = "", .methods = collection_methods, .properties = list_properties},
};

// What belongs to one node is made once.
template <class Make>
JSObject* once(JS::Heap<JSObject*>& slot, Make make) {
  if (!slot) slot = make();
  return slot;
}

}  // namespace

JSObject* live_collection(JSContext* cx, NodeNative& root, Lookup lookup) {
  html::Node* node = &root.node;
  auto nodes = [node, lookup = std::move(lookup)] {
    std::vector<html::Element*> found = lookup(*node);
    return std::vector<html::Node*>(found.begin(), found.end());
  };
  return wrap_exotic(cx, *new Collection(*root.window, nodes), "HTMLCollection");
}

JSObject* static_list(JSContext* cx, Window& window, const std::vector<html::Element*>& elements) {
  return static_nodes(cx, window, {elements.begin(), elements.end()});
}

JSObject* static_nodes(JSContext* cx, Window& window, std::vector<html::Node*> nodes) {
  auto same = [nodes = std::move(nodes)] { return nodes; };
  return wrap_exotic(cx, *new Collection(window, std::move(same)), "NodeList");
}

JSObject* child_nodes(JSContext* cx, NodeNative& parent) {
  return once(parent.child_nodes, [&] {
    html::Node* node = &parent.node;
    auto nodes = [node] {
      std::vector<html::Node*> all;
      for (html::Node* child = node->first_child(); child; child = child->next()) all.push_back(child);
      return all;
    };
    return wrap_exotic(cx, *new Collection(*parent.window, nodes), "NodeList");
  });
}

JSObject* child_elements(JSContext* cx, NodeNative& parent) {
  return once(parent.children, [&] {
    return live_collection(cx, parent, [](html::Node& root) {
      std::vector<html::Element*> all;
      for (html::Node* child = root.first_child(); child; child = child->next())
        if (child->as_element()) all.push_back(child->as_element());
      return all;
    });
  });
}

JSObject* attribute_map(JSContext* cx, NodeNative& native) {
  return once(native.attributes, [&] {
    return wrap_exotic(cx, *new AttributeMap(*native.window, *native.node.as_element()), "NamedNodeMap");
  });
}

JSObject* class_list(JSContext* cx, NodeNative& native) {
  return wrap_exotic(cx, *new ClassList(*native.window, *native.node.as_element()), "DOMTokenList");
}

JSObject* dataset_object(JSContext* cx, NodeNative& native) {
  return once(native.dataset, [&] {
    return wrap_exotic(cx, *new Dataset(*native.window, *native.node.as_element()), "DOMStringMap");
  });
}

JSObject* all_collection(JSContext* cx, NodeNative& document) {
  html::Node* root = &document.node;
  auto nodes = [root] {
    std::vector<html::Node*> all;
    for (html::Node* node = root; node; node = html::next_in_tree(*node, *root))
      if (node->as_element()) all.push_back(node);
    return all;
  };
  auto* all = new Collection(*document.window, nodes);
  all->hidden = !shows_document_all(document.window->page.persona());
  return wrap_exotic(cx, *all, "HTMLAllCollection");
}

std::span<const Interface> collection_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
