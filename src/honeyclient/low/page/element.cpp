// Element and HTMLElement. https://dom.spec.whatwg.org/#interface-element
#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/markup.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/style.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"
#include "html/selectors.h"
#include "html/serialise.h"

namespace shikake::honeyclient::low::page {

std::u16string tag_name(const html::Element& element) {
  std::u16string name = element.qualified_name();
  return element.is_html() ? upper(name) : name;
}

namespace {

// --- attributes ----------------------------------------------------------------------------------------

std::u16string attribute_name(Call& call, unsigned i) {
  std::u16string name = call.text(i);
  return call.self_element().is_html() ? lower(name) : name;
}

void get_attribute(Call& call) {
  const html::Attribute* found = call.self_element().attribute_qualified(attribute_name(call, 0));
  if (!found) return call.give_null();
  call.give(std::u16string_view(found->value));
}
void set_attribute(Call& call) {
  html::Element& self = call.self_element();
  std::u16string name = attribute_name(call, 0);
  std::u16string value = call.text(1);
  if (name.empty()) call.dom_error("InvalidCharacterError", "The name is not valid.");
  self.set_attribute(name, value);
  after_dom_change(call);
}
void has_attribute(Call& call) {
  call.give(call.self_element().attribute_qualified(attribute_name(call, 0)) != nullptr);
}
void remove_attribute(Call& call) {
  html::Element& self = call.self_element();
  self.remove_attribute(self.document().intern(attribute_name(call, 0)));
  after_dom_change(call);
}
void toggle_attribute(Call& call) {
  html::Element& self = call.self_element();
  html::Atom name = self.document().intern(attribute_name(call, 0));
  bool on = call.given(1) ? call.flag(1) : !self.has_attribute(name);
  if (on && !self.has_attribute(name)) self.set_attribute(name, u"");
  if (!on) self.remove_attribute(name);
  after_dom_change(call);
  call.give(on);
}
html::Atom ns_argument(Call& call, unsigned i) {
  return call.is_null(i) ? html::Atom() : call.self_element().document().intern(call.text(i));
}
void get_attribute_ns(Call& call) {
  html::Element& self = call.self_element();
  html::Atom ns = ns_argument(call, 0);
  const html::Attribute* found = self.attribute_ns(ns, self.document().intern(call.text(1)));
  if (!found) return call.give_null();
  call.give(std::u16string_view(found->value));
}
void set_attribute_ns(Call& call) {
  html::Element& self = call.self_element();
  html::Attribute made;
  made.ns = ns_argument(call, 0);
  std::u16string name = call.text(1);
  if (size_t colon = name.find(u':'); colon != std::u16string::npos) {
    made.prefix = self.document().intern(name.substr(0, colon));
    name = name.substr(colon + 1);
  }
  made.local_name = self.document().intern(name);
  made.value = call.text(2);
  self.set_attribute_ns(std::move(made));
  after_dom_change(call);
}
void get_attribute_names(Call& call) {
  JS::RootedValueVector names(call.cx);
  for (const html::Attribute& attribute : call.self_element().attributes())
    must(names.append(JS::StringValue(to_string(call.cx, attribute.qualified_name()))));
  call.give(must(JS::NewArrayObject(call.cx, names)));
}
void get_attributes(Call& call) {
  call.give(attribute_map(call.cx, call.self<NodeNative>()));
}
void has_attributes(Call& call) {
  call.give(!call.self_element().attributes().empty());
}
void get_tag_name(Call& call) {
  call.give(std::u16string_view(tag_name(call.self_element())));
}
void get_local_name(Call& call) {
  call.give(call.self_element().local_name().text());
}
void get_namespace(Call& call) {
  call.give(call.self_element().ns().text());
}
void get_prefix(Call& call) {
  if (!call.self_element().prefix()) return call.give_null();
  call.give(call.self_element().prefix().text());
}
void get_class_list(Call& call) {
  call.give(class_list(call.cx, call.self<NodeNative>()));
}
void get_style(Call& call) {
  call.give(style_object(call.cx, call.self<NodeNative>()));
}
void set_style(Call& call) {
  call.self_element().set_attribute(u"style", call.text(0));
  after_dom_change(call);
}
void get_dataset(Call& call) {
  call.give(dataset_object(call.cx, call.self<NodeNative>()));
}

// --- queries ---------------------------------------------------------------------------------------------

html::Selector selector_argument(Call& call) {
  auto selector = html::Selector::parse(call.text(0));
  if (!selector) call.dom_error("SyntaxError", "'" + call.text8(0) + "' is not a valid selector.");
  return std::move(*selector);
}
void query_selector(Call& call) {
  call.give(static_cast<html::Node*>(selector_argument(call).first(call.self_node())));
}
void query_selector_all(Call& call) {
  call.give(static_list(call.cx, call.window, selector_argument(call).all(call.self_node())));
}
void matches(Call& call) {
  call.give(selector_argument(call).matches(call.self_element()));
}
void closest(Call& call) {
  call.give(static_cast<html::Node*>(selector_argument(call).closest(call.self_element())));
}
void get_by_tag(Call& call) {
  call.give(live_collection(call.cx, call.self<NodeNative>(), [name = call.text(0)](html::Node& root) {
    return html::elements_by_tag_name(root, name);
  }));
}
void get_by_tag_ns(Call& call) {
  call.give(live_collection(call.cx, call.self<NodeNative>(), [name = call.text(1)](html::Node& root) {
    return html::elements_by_tag_name(root, name);
  }));
}
void get_by_class(Call& call) {
  call.give(live_collection(call.cx, call.self<NodeNative>(), [name = call.text(0)](html::Node& root) {
    return html::elements_by_class_name(root, name);
  }));
}
void get_by_id(Call& call) {
  call.give(static_cast<html::Node*>(html::element_by_id(call.self_node(), call.text(0))));
}
void get_children(Call& call) {
  call.give(child_elements(call.cx, call.self<NodeNative>()));
}
void get_first_element(Call& call) {
  for (html::Node* node = call.self_node().first_child(); node; node = node->next())
    if (node->as_element()) return call.give(node);
  call.give_null();
}
void get_last_element(Call& call) {
  for (html::Node* node = call.self_node().last_child(); node; node = node->previous())
    if (node->as_element()) return call.give(node);
  call.give_null();
}
void get_next_element(Call& call) {
  call.give(static_cast<html::Node*>(call.self_element().next_element()));
}
void get_previous_element(Call& call) {
  call.give(static_cast<html::Node*>(call.self_element().previous_element()));
}
void get_child_count(Call& call) {
  int32_t count = 0;
  for (html::Node* node = call.self_node().first_child(); node; node = node->next())
    count += node->as_element() != nullptr;
  call.give(count);
}

// --- behaviour -------------------------------------------------------------------------------------------

void click_it(Call& call) {
  click(call.cx, call.self<NodeNative>(),
        make_event(call.cx, call.window, u"click", "MouseEvent", true, true));
  call.give();
}
void do_nothing(Call& call) {
  call.give();
}
void focus(Call& call) {
  if (Window* window = window_of(call.self_element())) window->active_element = &call.self_element();
  call.give();
}
void get_zero(Call& call) {
  call.give(int32_t{0});
}
void get_offset_width(Call& call) {
  call.give(static_cast<int32_t>(layout_size(call.self_element(), call.page).first));
}
void get_offset_height(Call& call) {
  call.give(static_cast<int32_t>(layout_size(call.self_element(), call.page).second));
}
void get_rectangle(Call& call) {
  auto [width, height] = layout_size(call.self_element(), call.page);
  JS::RootedObject box(call.cx, must(JS_NewPlainObject(call.cx)));
  for (auto [name, value] : {std::pair("x", 0u),
                             {"y", 0u},
                             {"left", 0u},
                             {"top", 0u},
                             {"right", width},
                             {"bottom", height},
                             {"width", width},
                             {"height", height}})
    must(JS_DefineProperty(call.cx, box, name, value, JSPROP_ENUMERATE));
  call.give(box);
}
void fire_event(Call& call) {  // Trident
  std::u16string name = call.text(0);
  Event& event =
      make_event(call.cx, call.window, name.starts_with(u"on") ? name.substr(2) : name, "Event", true, true);
  call.give(dispatch(call.cx, call.self<NodeNative>(), event));
}

constexpr JSFunctionSpec element_methods[] = {
    SHIKAKE_METHOD("getAttribute", get_attribute, 1),
    SHIKAKE_METHOD("setAttribute", set_attribute, 2),
    SHIKAKE_METHOD("hasAttribute", has_attribute, 1),
    SHIKAKE_METHOD("removeAttribute", remove_attribute, 1),
    SHIKAKE_METHOD("toggleAttribute", toggle_attribute, 1),
    SHIKAKE_METHOD("getAttributeNS", get_attribute_ns, 2),
    SHIKAKE_METHOD("setAttributeNS", set_attribute_ns, 3),
    SHIKAKE_METHOD("hasAttributes", has_attributes, 0),
    SHIKAKE_METHOD("getAttributeNames", get_attribute_names, 0),
    SHIKAKE_METHOD("matches", matches, 1),
    SHIKAKE_METHOD("webkitMatchesSelector", matches, 1),
    SHIKAKE_METHOD("closest", closest, 1),
    SHIKAKE_METHOD("getElementsByTagName", get_by_tag, 1),
    SHIKAKE_METHOD("getElementsByTagNameNS", get_by_tag_ns, 2),
    SHIKAKE_METHOD("getElementsByClassName", get_by_class, 1),
    SHIKAKE_METHOD("querySelector", query_selector, 1),
    SHIKAKE_METHOD("querySelectorAll", query_selector_all, 1),
    SHIKAKE_METHOD("insertAdjacentHTML", insert_adjacent_html, 2),
    SHIKAKE_METHOD("insertAdjacentElement", insert_adjacent_element, 2),
    SHIKAKE_METHOD("insertAdjacentText", insert_adjacent_text, 2),
    SHIKAKE_METHOD("remove", remove_node, 0),
    SHIKAKE_METHOD("append", append_nodes, 0),
    SHIKAKE_METHOD("prepend", prepend_nodes, 0),
    SHIKAKE_METHOD("before", nodes_before, 0),
    SHIKAKE_METHOD("after", nodes_after, 0),
    SHIKAKE_METHOD("replaceWith", replace_node_with, 0),
    SHIKAKE_METHOD("replaceChildren", replace_node_children, 0),
    SHIKAKE_METHOD("getBoundingClientRect", get_rectangle, 0),
    SHIKAKE_METHOD("scrollIntoView", do_nothing, 0),
    SHIKAKE_METHOD("attachShadow", attach_shadow, 1),
    JS_FS_END};

constexpr JSPropertySpec element_properties[] = {
    SHIKAKE_GETTER("tagName", get_tag_name),
    SHIKAKE_GETTER("localName", get_local_name),
    SHIKAKE_GETTER("namespaceURI", get_namespace),
    SHIKAKE_GETTER("prefix", get_prefix),
    SHIKAKE_GETTER("attributes", get_attributes),
    SHIKAKE_GETTER("classList", get_class_list),
    SHIKAKE_PROPERTY("innerHTML", get_inner_html, set_inner_html),
    SHIKAKE_PROPERTY("outerHTML", get_outer_html, set_outer_html),
    SHIKAKE_GETTER("children", get_children),
    SHIKAKE_GETTER("firstElementChild", get_first_element),
    SHIKAKE_GETTER("lastElementChild", get_last_element),
    SHIKAKE_GETTER("nextElementSibling", get_next_element),
    SHIKAKE_GETTER("previousElementSibling", get_previous_element),
    SHIKAKE_GETTER("childElementCount", get_child_count),
    SHIKAKE_GETTER("shadowRoot", get_shadow_root),
    SHIKAKE_GETTER("assignedSlot", get_assigned_slot),
    SHIKAKE_GETTER("clientWidth", get_offset_width),
    SHIKAKE_GETTER("clientHeight", get_offset_height),
    SHIKAKE_GETTER("clientLeft", get_zero),
    SHIKAKE_GETTER("clientTop", get_zero),
    SHIKAKE_GETTER("scrollWidth", get_offset_width),
    SHIKAKE_GETTER("scrollHeight", get_offset_height),
    SHIKAKE_PROPERTY("scrollTop", get_zero, do_nothing),
    SHIKAKE_PROPERTY("scrollLeft", get_zero, do_nothing),
    JS_PS_END};
constexpr Reflected element_reflected[] = {
    {"id", "id", Reflect::text}, {"className", "class", Reflect::text}, {"slot", "slot", Reflect::text}};

constexpr JSFunctionSpec html_methods[] = {SHIKAKE_METHOD("click", click_it, 0),
                                           SHIKAKE_METHOD("focus", focus, 0),
                                           SHIKAKE_METHOD("blur", do_nothing, 0),
                                           SHIKAKE_METHOD("attachEvent", attach_event, 2),
                                           SHIKAKE_METHOD("detachEvent", detach_event, 2),
                                           SHIKAKE_METHOD("fireEvent", fire_event, 1),
                                           JS_FS_END};
constexpr JSPropertySpec html_properties[] = {SHIKAKE_PROPERTY("style", get_style, set_style),
                                              SHIKAKE_GETTER("dataset", get_dataset),
                                              SHIKAKE_PROPERTY("innerText", get_inner_text, set_inner_text),
                                              SHIKAKE_PROPERTY("outerText", get_inner_text, set_inner_text),
                                              SHIKAKE_GETTER("offsetWidth", get_offset_width),
                                              SHIKAKE_GETTER("offsetHeight", get_offset_height),
                                              SHIKAKE_GETTER("offsetLeft", get_zero),
                                              SHIKAKE_GETTER("offsetTop", get_zero),
                                              JS_PS_END};
constexpr Reflected html_reflected[] = {
    {"title", "title", Reflect::text},         {"lang", "lang", Reflect::text},
    {"dir", "dir", Reflect::lower_text},       {"hidden", "hidden", Reflect::flag},
    {"tabIndex", "tabindex", Reflect::number}, {"accessKey", "accesskey", Reflect::text}};

}  // namespace

constexpr JSFunctionSpec parent_node_methods[] = {SHIKAKE_METHOD("getElementById", get_by_id, 1),
                                                  SHIKAKE_METHOD("querySelector", query_selector, 1),
                                                  SHIKAKE_METHOD("querySelectorAll", query_selector_all, 1),
                                                  SHIKAKE_METHOD("append", append_nodes, 0),
                                                  SHIKAKE_METHOD("prepend", prepend_nodes, 0),
                                                  SHIKAKE_METHOD("replaceChildren", replace_node_children, 0),
                                                  JS_FS_END};
constexpr JSFunctionSpec document_query_methods[] = {
    SHIKAKE_METHOD("getElementById", get_by_id, 1),
    SHIKAKE_METHOD("querySelector", query_selector, 1),
    SHIKAKE_METHOD("querySelectorAll", query_selector_all, 1),
    SHIKAKE_METHOD("getElementsByTagName", get_by_tag, 1),
    SHIKAKE_METHOD("getElementsByTagNameNS", get_by_tag_ns, 2),
    SHIKAKE_METHOD("getElementsByClassName", get_by_class, 1),
    JS_FS_END};
constexpr JSPropertySpec parent_node_properties[] = {
    SHIKAKE_GETTER("children", get_children), SHIKAKE_GETTER("firstElementChild", get_first_element),
    SHIKAKE_GETTER("lastElementChild", get_last_element),
    SHIKAKE_GETTER("childElementCount", get_child_count), JS_PS_END};

std::span<const Interface> element_interfaces() {
  static const Interface table[] = {
      {.name = "Element",
       .parent = "Node",
       .methods = element_methods,
       .properties = element_properties,
       .reflected = element_reflected},
      {.name = "HTMLElement",
       .parent = "Element",
       .methods = html_methods,
       .properties = html_properties,
       .reflected = html_reflected,
       .handlers = global_handlers},
      {.name = "SVGElement", .parent = "Element", .properties = html_properties, .handlers = global_handlers},
  };
  return table;
}

}  // namespace shikake::honeyclient::low::page
