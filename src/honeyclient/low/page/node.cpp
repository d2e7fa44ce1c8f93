// Node, EventTarget, CharacterData and the wrappers of all nodes. https://dom.spec.whatwg.org/#interface-node
#include "honeyclient/low/page/node.h"

#include <js/Array.h>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/collections.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"
#include "html/serialise.h"

namespace shikake::honeyclient::low::page {

void NodeNative::trace(JSTracer* tracer) {
  Native::trace(tracer);
  JS::TraceEdge(tracer, &style, "style");
  JS::TraceEdge(tracer, &dataset, "dataset");
  JS::TraceEdge(tracer, &attributes, "attributes");
  JS::TraceEdge(tracer, &child_nodes, "childNodes");
  JS::TraceEdge(tracer, &children, "children");
  JS::TraceEdge(tracer, &component, "component");
}

namespace {

std::string_view interface_of(const html::Node& node) {
  switch (node.type()) {
    case html::NodeType::element:
      return element_interface(*node.as_element());
    case html::NodeType::text:
      return "Text";
    case html::NodeType::comment:
      return "Comment";
    case html::NodeType::processing_instruction:
      return "ProcessingInstruction";
    case html::NodeType::document:
      return "HTMLDocument";
    case html::NodeType::document_type:
      return "DocumentType";
    case html::NodeType::fragment:
      return node.as_fragment()->is_shadow_root() ? "ShadowRoot" : "DocumentFragment";
  }
  return "Node";
}

}  // namespace

NodeNative& native_of_node(JSContext* cx, Window& window, html::Node& node) {
  if (node.binding) return *static_cast<NodeNative*>(node.binding);
  auto* of_document = static_cast<NodeNative*>(node.document().binding);
  Window& owner = of_document ? *of_document->window : window;
  auto* native = new NodeNative(owner, node);
  wrap_native(cx, *native, interface_of(node));
  return *native;
}

JSObject* wrap(JSContext* cx, Window& window, html::Node& node) {
  return native_of_node(cx, window, node).wrapper;
}

Window* window_of(const html::Node& node) {
  auto* native = static_cast<NodeNative*>(node.document().binding);
  if (!native || native->window->document != &node.document()) return nullptr;
  return native->window;
}

void after_dom_change(Call& call) {
  call.give();
  for (size_t i = 0; i < call.page.windows().size(); ++i) call.page.windows()[i]->loader->flush();
}

void count_node(Call& call) {
  if (!call.page.node_allowed()) throw Thrown{};
}

namespace {

// --- tree -----------------------------------------------------------------------------------------------

void get_parent(Call& call) {
  call.give(call.self_node().parent());
}
void get_parent_element(Call& call) {
  call.give(static_cast<html::Node*>(call.self_node().parent_element()));
}
void get_first_child(Call& call) {
  call.give(call.self_node().first_child());
}
void get_last_child(Call& call) {
  call.give(call.self_node().last_child());
}
void get_previous(Call& call) {
  call.give(call.self_node().previous());
}
void get_next(Call& call) {
  call.give(call.self_node().next());
}
void get_node_type(Call& call) {
  call.give(static_cast<int32_t>(call.self_node().type()));
}
void get_connected(Call& call) {
  call.give(call.self_node().connected());
}
void get_owner_document(Call& call) {
  html::Node& self = call.self_node();
  call.give(self.as_document() ? nullptr : static_cast<html::Node*>(&self.document()));
}
void get_child_nodes(Call& call) {
  call.give(child_nodes(call.cx, call.self<NodeNative>()));
}
void has_child_nodes(Call& call) {
  call.give(call.self_node().first_child() != nullptr);
}
void get_node_name(Call& call) {
  html::Node& self = call.self_node();
  switch (self.type()) {
    case html::NodeType::element:
      return call.give(std::u16string_view(tag_name(*self.as_element())));
    case html::NodeType::text:
      return call.give(std::u16string_view(u"#text"));
    case html::NodeType::comment:
      return call.give(std::u16string_view(u"#comment"));
    case html::NodeType::processing_instruction:
      return call.give(self.as_character_data()->target());
    case html::NodeType::document:
      return call.give(std::u16string_view(u"#document"));
    case html::NodeType::document_type:
      return call.give(std::u16string_view(self.as_document_type()->name));
    case html::NodeType::fragment:
      return call.give(std::u16string_view(u"#document-fragment"));
  }
}
void get_node_value(Call& call) {
  if (html::CharacterData* data = call.self_node().as_character_data())
    return call.give(std::u16string_view(data->data()));
  call.give_null();
}
void set_node_value(Call& call) {
  if (html::CharacterData* data = call.self_node().as_character_data())
    data->set_data(call.is_null(0) ? std::u16string() : call.text(0));
  after_dom_change(call);
}
void get_text_content(Call& call) {
  html::Node& self = call.self_node();
  if (self.as_document() || self.as_document_type()) return call.give_null();
  call.give(std::u16string_view(html::text_content(self)));
}
void set_text_content(Call& call) {
  html::set_text_content(call.self_node(), call.is_null(0) ? std::u16string() : call.text(0));
  after_dom_change(call);
}

void check(Call& call, html::Node& parent, html::Node& node, html::Node* before,
           html::Node* replacing = nullptr) {
  switch (html::check_insert(parent, node, before, replacing)) {
    case html::InsertProblem::none:
      return;
    case html::InsertProblem::hierarchy_request:
      call.dom_error("HierarchyRequestError", "The operation would yield an incorrect node tree.");
    case html::InsertProblem::not_found:
      call.dom_error("NotFoundError", "The object can not be found here.");
  }
}

void append_child(Call& call) {
  insert_node(call, call.self_node(), call.need_node(0), nullptr);
}
void insert_before(Call& call) {
  insert_node(call, call.self_node(), call.need_node(0), call.node(1));
}
void replace_child(Call& call) {
  html::Node& parent = call.self_node();
  html::Node& node = call.need_node(0);
  html::Node& old = call.need_node(1);
  check(call, parent, node, nullptr, &old);
  if (&node != &old) {
    html::Node* before = old.next() == &node ? node.next() : old.next();
    html::remove(old);
    html::insert(parent, node, before);
  }
  after_dom_change(call);
  call.give(&old);
}
void remove_child(Call& call) {
  html::Node& child = call.need_node(0);
  if (child.parent() != &call.self_node())
    call.dom_error("NotFoundError", "The node to be removed is not a child of this node.");
  html::remove(child);
  after_dom_change(call);
  call.give(&child);
}
void clone_node(Call& call) {
  html::Node& self = call.self_node();
  html::Node* copy = html::clone(self, self.document(), call.flag(0));
  if (!copy) {
    call.page.node_allowed();
    throw Thrown{};
  }
  call.give(copy);
}
void contains(Call& call) {
  html::Node* other = call.node(0);
  call.give(other && call.self_node().contains(*other));
}
void is_same(Call& call) {
  call.give(call.node(0) == &call.self_node());
}
void is_equal(Call& call) {
  html::Node* other = call.node(0);
  html::Node& self = call.self_node();
  call.give(other && other->type() == self.type() && html::outer_html(*other) == html::outer_html(self));
}
void normalize(Call& call) {
  call.give();
}
// https://dom.spec.whatwg.org/#dom-node-getrootnode
void get_root(Call& call) {
  html::Node* root = &call.self_node().root();
  JS::RootedValue composed(call.cx);
  if (call.object(0)) {
    JS::RootedObject options(call.cx, call.object(0));
    must(JS_GetProperty(call.cx, options, "composed", &composed));
  }
  while (JS::ToBoolean(composed) && root->as_fragment() && root->as_fragment()->is_shadow_root())
    root = &root->as_fragment()->host()->root();
  call.give(root);
}
void compare_position(Call& call) {
  html::Node& self = call.self_node();
  html::Node& other = call.need_node(0);
  if (&self == &other) return call.give(int32_t{0});
  if (&self.root() != &other.root()) return call.give(int32_t{1 | 32 | 4});
  if (other.contains(self)) return call.give(int32_t{2 | 8});
  if (self.contains(other)) return call.give(int32_t{4 | 16});
  for (html::Node* node = &self; node; node = html::next_in_tree(*node, self.root()))
    if (node == &other) return call.give(int32_t{4});
  call.give(int32_t{2});
}
void get_base_uri(Call& call) {
  Window* window = window_of(call.self_node());
  call.give(std::string_view((window ? *window : call.window).base_url().href()));
}
// --- CharacterData ---------------------------------------------------------------------------------------

html::CharacterData& data_of(Call& call) {
  html::CharacterData* data = call.self_node().as_character_data();
  if (!data) call.type_error("Illegal invocation");
  return *data;
}
void get_data(Call& call) {
  call.give(std::u16string_view(data_of(call).data()));
}
void get_length(Call& call) {
  call.give(static_cast<uint32_t>(data_of(call).data().size()));
}
void append_data(Call& call) {
  data_of(call).append_data(call.text(0)), after_dom_change(call);
}
void substring_data(Call& call) {
  const std::u16string& data = data_of(call).data();
  auto from = std::min<size_t>(static_cast<size_t>(std::max(0, call.integer(0))), data.size());
  call.give(std::u16string_view(data).substr(from, static_cast<size_t>(std::max(0, call.integer(1)))));
}
void construct_text(Call& call) {
  count_node(call);
  call.give(static_cast<html::Node*>(&call.window.document->create_text(call.text_or(0, u""))));
}
void construct_comment(Call& call) {
  count_node(call);
  call.give(static_cast<html::Node*>(&call.window.document->create_comment(call.text_or(0, u""))));
}
void construct_fragment(Call& call) {
  count_node(call);
  call.give(static_cast<html::Node*>(&call.window.document->create_fragment()));
}

constexpr Constant node_constants[] = {{"ELEMENT_NODE", 1},
                                       {"ATTRIBUTE_NODE", 2},
                                       {"TEXT_NODE", 3},
                                       {"CDATA_SECTION_NODE", 4},
                                       {"PROCESSING_INSTRUCTION_NODE", 7},
                                       {"COMMENT_NODE", 8},
                                       {"DOCUMENT_NODE", 9},
                                       {"DOCUMENT_TYPE_NODE", 10},
                                       {"DOCUMENT_FRAGMENT_NODE", 11},
                                       {"DOCUMENT_POSITION_DISCONNECTED", 1},
                                       {"DOCUMENT_POSITION_PRECEDING", 2},
                                       {"DOCUMENT_POSITION_FOLLOWING", 4},
                                       {"DOCUMENT_POSITION_CONTAINS", 8},
                                       {"DOCUMENT_POSITION_CONTAINED_BY", 16}};

constexpr JSFunctionSpec target_methods[] = {SHIKAKE_METHOD("addEventListener", add_listener, 2),
                                             SHIKAKE_METHOD("removeEventListener", remove_listener, 2),
                                             SHIKAKE_METHOD("dispatchEvent", dispatch_event, 1), JS_FS_END};

constexpr JSFunctionSpec node_methods[] = {SHIKAKE_METHOD("appendChild", append_child, 1),
                                           SHIKAKE_METHOD("insertBefore", insert_before, 2),
                                           SHIKAKE_METHOD("replaceChild", replace_child, 2),
                                           SHIKAKE_METHOD("removeChild", remove_child, 1),
                                           SHIKAKE_METHOD("cloneNode", clone_node, 0),
                                           SHIKAKE_METHOD("contains", contains, 1),
                                           SHIKAKE_METHOD("hasChildNodes", has_child_nodes, 0),
                                           SHIKAKE_METHOD("isSameNode", is_same, 1),
                                           SHIKAKE_METHOD("isEqualNode", is_equal, 1),
                                           SHIKAKE_METHOD("normalize", normalize, 0),
                                           SHIKAKE_METHOD("getRootNode", get_root, 0),
                                           SHIKAKE_METHOD("compareDocumentPosition", compare_position, 1),
                                           JS_FS_END};

constexpr JSPropertySpec node_properties[] = {
    SHIKAKE_GETTER("nodeType", get_node_type),
    SHIKAKE_GETTER("nodeName", get_node_name),
    SHIKAKE_PROPERTY("nodeValue", get_node_value, set_node_value),
    SHIKAKE_PROPERTY("textContent", get_text_content, set_text_content),
    SHIKAKE_GETTER("parentNode", get_parent),
    SHIKAKE_GETTER("parentElement", get_parent_element),
    SHIKAKE_GETTER("firstChild", get_first_child),
    SHIKAKE_GETTER("lastChild", get_last_child),
    SHIKAKE_GETTER("previousSibling", get_previous),
    SHIKAKE_GETTER("nextSibling", get_next),
    SHIKAKE_GETTER("childNodes", get_child_nodes),
    SHIKAKE_GETTER("ownerDocument", get_owner_document),
    SHIKAKE_GETTER("isConnected", get_connected),
    SHIKAKE_GETTER("baseURI", get_base_uri),
    JS_PS_END};

constexpr JSFunctionSpec data_methods[] = {SHIKAKE_METHOD("appendData", append_data, 1),
                                           SHIKAKE_METHOD("substringData", substring_data, 2),
                                           SHIKAKE_METHOD("remove", remove_node, 0),
                                           SHIKAKE_METHOD("before", nodes_before, 0),
                                           SHIKAKE_METHOD("after", nodes_after, 0),
                                           SHIKAKE_METHOD("replaceWith", replace_node_with, 0),
                                           JS_FS_END};
constexpr JSPropertySpec data_properties[] = {SHIKAKE_PROPERTY("data", get_data, set_node_value),
                                              SHIKAKE_GETTER("length", get_length), JS_PS_END};

constexpr JSPropertySpec text_properties[] = {SHIKAKE_GETTER("assignedSlot", get_assigned_slot), JS_PS_END};

constexpr Interface table[] = {
    {.name = "EventTarget", .parent = "", .methods = target_methods},
    {.name = "Node",
     .parent = "EventTarget",
     .methods = node_methods,
     .properties = node_properties,
     .constants = node_constants},
    {.name = "CharacterData", .parent = "Node", .methods = data_methods, .properties = data_properties},
    {.name = "Text", .parent = "CharacterData", .properties = text_properties, .construct = native<construct_text>},
    {.name = "Comment", .parent = "CharacterData", .construct = native<construct_comment>},
    {.name = "ProcessingInstruction", .parent = "CharacterData"},
    {.name = "DocumentType", .parent = "Node"},
    {.name = "DocumentFragment",
     .parent = "Node",
     .methods = parent_node_methods,
     .properties = parent_node_properties,
     .construct = native<construct_fragment>},
};

}  // namespace

void insert_node(Call& call, html::Node& parent, html::Node& node, html::Node* before) {
  check(call, parent, node, before);
  html::insert(parent, node, before);
  after_dom_change(call);
  call.give(&node);
}

std::span<const Interface> node_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
