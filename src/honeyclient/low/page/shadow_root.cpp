// Shadow trees and slots. https://dom.spec.whatwg.org/#interface-shadowroot
#include <algorithm>
#include <array>

#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/markup.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"
#include "html/serialise.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr uint8_t on_living = on_gecko | on_blink | on_webkit;

// https://dom.spec.whatwg.org/#valid-shadow-host-name
bool may_be_host(const html::Element& element) {
  constexpr std::array<std::u16string_view, 18> names = {
      u"article", u"aside", u"blockquote", u"body",   u"div", u"footer", u"h1", u"h2",      u"h3",
      u"h4",      u"h5",    u"h6",         u"header", u"main", u"nav",   u"p",  u"section", u"span"};
  const std::u16string_view name = element.local_name().text();
  return element.is_html() &&
         (name.find(u'-') != std::u16string_view::npos || std::ranges::find(names, name) != names.end());
}

const html::Fragment& self_root(Call& call) {
  const html::Fragment* root = call.self_node().as_fragment();
  if (!root || !root->is_shadow_root()) call.type_error("Illegal invocation");
  return *root;
}

void get_mode(Call& call) {
  self_root(call);
  call.give(std::string_view(call.self<NodeNative>().closed_shadow ? "closed" : "open"));
}
void get_host(Call& call) {
  call.give(static_cast<html::Node*>(self_root(call).host()));
}
void get_active(Call& call) {
  html::Element* active = call.window.active_element;
  const bool inside = active && self_root(call).contains(*active);
  call.give(inside ? static_cast<html::Node*>(active) : nullptr);
}
void get_markup(Call& call) {
  self_root(call);
  call.give(std::u16string_view(html::inner_html(call.self_node())));
}
void set_markup(Call& call) {
  html::Element& host = *self_root(call).host();
  html::Node& root = call.self_node();
  count_node(call);
  const std::u16string text = call.is_null(0) ? std::u16string() : call.text(0);
  html::Fragment& made = html::parse_fragment(host, text, tag_here(call, "innerHTML"));
  html::remove_children(root);
  html::insert(root, made, nullptr);
  load_images_below(root);
  after_dom_change(call);
}
void get_style_sheets(Call& call) {
  call.give(must(JS::NewArrayObject(call.cx, 0)));
}
void do_nothing(Call& call) {
  call.give();
}

// --- slots ------------------------------------------------------------------------------------------------

std::u16string_view slot_name(const html::Element& slot, std::u16string_view attribute) {
  const std::u16string* name = slot.attribute(attribute);
  return name ? std::u16string_view(*name) : std::u16string_view();
}

std::vector<html::Node*> assigned(html::Element& slot) {
  std::vector<html::Node*> nodes;
  const html::Fragment* root = slot.root().as_fragment();
  if (!root || !root->is_shadow_root()) return nodes;
  for (html::Node* child = root->host()->first_child(); child; child = child->next())
    if (assigned_slot(*child) == &slot) nodes.push_back(child);
  return nodes;
}

void assigned_nodes(Call& call) {
  JS::RootedValueVector list(call.cx);
  for (html::Node* node : assigned(call.self_element()))
    must(list.append(JS::ObjectValue(*wrap(call.cx, call.window, *node))));
  call.give(must(JS::NewArrayObject(call.cx, list)));
}
void assigned_elements(Call& call) {
  JS::RootedValueVector list(call.cx);
  for (html::Node* node : assigned(call.self_element()))
    if (node->as_element()) must(list.append(JS::ObjectValue(*wrap(call.cx, call.window, *node))));
  call.give(must(JS::NewArrayObject(call.cx, list)));
}

constexpr JSPropertySpec root_properties[] = {
    SHIKAKE_GETTER("mode", get_mode), SHIKAKE_GETTER("host", get_host), SHIKAKE_GETTER("activeElement", get_active),
    SHIKAKE_PROPERTY("innerHTML", get_markup, set_markup), SHIKAKE_GETTER("styleSheets", get_style_sheets),
    SHIKAKE_PROPERTY("adoptedStyleSheets", get_style_sheets, do_nothing), JS_PS_END};
constexpr JSFunctionSpec slot_methods[] = {SHIKAKE_METHOD("assignedNodes", assigned_nodes, 0),
                                           SHIKAKE_METHOD("assignedElements", assigned_elements, 0), JS_FS_END};
constexpr Reflected slot_reflected[] = {{"name", "name", Reflect::text}};

constexpr Interface table[] = {
    {.name = "ShadowRoot", .parent = "DocumentFragment", .properties = root_properties, .engines = on_living},
    {.name = "HTMLSlotElement",
     .parent = "HTMLElement",
     .methods = slot_methods,
     .reflected = slot_reflected,
     .engines = on_living}};

}  // namespace

html::Element* assigned_slot(const html::Node& node) {
  const html::Element* host = node.parent_element();
  html::Fragment* root = host ? host->shadow_root() : nullptr;
  if (!root) return nullptr;
  const html::Element* element = node.as_element();
  const std::u16string_view wanted = element ? slot_name(*element, u"slot") : std::u16string_view();
  for (html::Node* at = root; at; at = html::next_in_tree(*at, *root)) {
    html::Element* slot = at->as_element();
    if (slot && slot->is_html() && slot->local_name().text() == u"slot" && slot_name(*slot, u"name") == wanted)
      return slot;
  }
  return nullptr;
}

// https://dom.spec.whatwg.org/#dom-element-attachshadow
void attach_shadow(Call& call) {
  html::Element& self = call.self_element();
  JS::RootedObject options(call.cx, call.object(0));
  if (!options) call.type_error("Failed to execute 'attachShadow' on 'Element': 1 argument required.");
  JS::RootedValue mode(call.cx);
  must(JS_GetProperty(call.cx, options, "mode", &mode));
  const std::u16string named = to_text(call.cx, mode);
  if (named != u"open" && named != u"closed")
    call.type_error("Failed to execute 'attachShadow' on 'Element': The provided value is not a valid enum value of type ShadowRootMode.");
  if (!may_be_host(self)) call.dom_error("NotSupportedError", "This element does not support attachShadow");
  if (self.shadow_root())
    call.dom_error("NotSupportedError", "Shadow root cannot be created on a host which already hosts a shadow tree.");
  count_node(call);
  html::Fragment& root = self.document().attach_shadow_root(self);
  native_of_node(call.cx, call.window, root).closed_shadow = named == u"closed";
  call.give(static_cast<html::Node*>(&root));
}

void get_shadow_root(Call& call) {
  html::Fragment* root = call.self_element().shadow_root();
  if (!root || native_of_node(call.cx, call.window, *root).closed_shadow) return call.give_null();
  call.give(static_cast<html::Node*>(root));
}

void get_assigned_slot(Call& call) {
  html::Element* slot = assigned_slot(call.self_node());
  const bool open = slot && !native_of_node(call.cx, call.window, slot->root()).closed_shadow;
  call.give(open ? static_cast<html::Node*>(slot) : nullptr);
}

std::span<const Interface> shadow_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
