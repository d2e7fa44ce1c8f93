// ParentNode and ChildNode: nodes and strings, which become text, put beside or into a node.
// https://dom.spec.whatwg.org/#interface-parentnode
#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/node.h"

namespace shikake::honeyclient::low::page {

void remove_node(Call& call) {
  html::remove(call.self_node());
  after_dom_change(call);
}

namespace {

html::Node& gathered(Call& call) {
  html::Document& document = call.self_node().document();
  html::Fragment& all = document.create_fragment();
  for (unsigned i = 0; i < call.count(); ++i) {
    html::Node* node = call.node(i);
    if (!node) {
      count_node(call);
      node = &document.create_text(call.text(i));
    }
    if (html::check_insert(all, *node, nullptr) == html::InsertProblem::none) html::append(all, *node);
  }
  return all;
}

}  // namespace

void append_nodes(Call& call) {
  insert_node(call, call.self_node(), gathered(call), nullptr), call.give();
}
void prepend_nodes(Call& call) {
  html::Node& self = call.self_node();
  html::Node& all = gathered(call);
  insert_node(call, self, all, self.first_child()), call.give();
}
void nodes_before(Call& call) {
  html::Node& self = call.self_node();
  html::Node& all = gathered(call);
  if (self.parent()) insert_node(call, *self.parent(), all, &self);
  call.give();
}
void nodes_after(Call& call) {
  html::Node& self = call.self_node();
  html::Node& all = gathered(call);
  if (self.parent()) insert_node(call, *self.parent(), all, self.next());
  call.give();
}
void replace_node_with(Call& call) {
  html::Node& self = call.self_node();
  html::Node* parent = self.parent();
  html::Node& all = gathered(call);
  if (!parent) return call.give();
  html::Node* next = self.parent() == parent ? self.next() : nullptr;
  html::remove(self);
  insert_node(call, *parent, all, next), call.give();
}
void replace_node_children(Call& call) {
  html::Node& self = call.self_node();
  html::Node& all = gathered(call);
  html::remove_children(self);
  insert_node(call, self, all, nullptr), call.give();
}

}  // namespace shikake::honeyclient::low::page
