#include "html/dom.h"

#include <utility>

#include "base/check.h"
#include "html/links.h"

namespace shikake::html {

void Links::attach(Node& parent, Node& child, Node* before) {
  Node* previous = before ? before->previous_ : parent.last_child_;
  ++tree_changes;
  child.parent_ = &parent;
  child.previous_ = previous;
  child.next_ = before;
  (previous ? previous->next_ : parent.first_child_) = &child;
  (before ? before->previous_ : parent.last_child_) = &child;
}

void Links::detach(Node& child) {
  Node& parent = *child.parent_;
  (child.previous_ ? child.previous_->next_ : parent.first_child_) = child.next_;
  (child.next_ ? child.next_->previous_ : parent.last_child_) = child.previous_;
  child.parent_ = child.previous_ = child.next_ = nullptr;
  ++tree_changes;
}

void Links::set_connected(Node& root, bool connected) {
  for (Node* node = &root; node; node = next_with_shadows(*node, root)) node->connected_ = connected;
}

Element* Node::parent_element() const {
  return parent_ ? parent_->as_element() : nullptr;
}

Element* Node::first_element_child() const {
  Node* child = first_child_;
  while (child && !child->as_element()) child = child->next_;
  return child ? child->as_element() : nullptr;
}

Element* Node::next_element() const {
  Node* node = next_;
  while (node && !node->as_element()) node = node->next_;
  return node ? node->as_element() : nullptr;
}

Element* Node::previous_element() const {
  Node* node = previous_;
  while (node && !node->as_element()) node = node->previous_;
  return node ? node->as_element() : nullptr;
}

Node& Node::root() {
  Node* node = this;
  while (node->parent_) node = node->parent_;
  return *node;
}

bool Node::contains(const Node& other) const {
  for (const Node* node = &other; node; node = node->parent_) {
    if (node == this) return true;
  }
  return false;
}

void CharacterData::set_data(std::u16string_view data) {
  const std::u16string before = std::exchange(data_, std::u16string(data));
  if (document().observer) document().observer->text_changed(*this, before);
}

void CharacterData::append_data(std::u16string_view data) {
  const size_t before = data_.size();
  data_ += data;
  if (document().observer)
    document().observer->text_changed(*this, std::u16string_view(data_).substr(0, before));
}

void adopt(Node& node, Document& into) {
  if (&node.document() == &into) return;
  SHIKAKE_CHECK(&node.document().arena() == &into.arena());
  struct Subtree {
    Node* root;
    Document* document;
  };
  std::vector<Subtree> pending = {{&node, &into}};
  while (!pending.empty()) {
    auto [root, document] = pending.back();
    pending.pop_back();
    for (Node* at = root; at; at = next_in_tree(*at, *root)) {
      Links::set_document(*at, *document);
      Element* element = at->as_element();
      if (element && element->template_content()) {
        pending.push_back({element->template_content(), &document->template_document()});
      }
      if (element && element->shadow_root()) pending.push_back({element->shadow_root(), document});
    }
  }
}

void remove(Node& node) {
  Node* parent = node.parent();
  if (!parent) return;
  Observer* observer = node.document().observer;
  Node *previous = node.previous(), *next = node.next();
  Links::detach(node);
  if (observer) observer->child_removed(*parent, node, previous, next);
  if (!node.connected()) return;
  Links::set_connected(node, false);
  if (observer) observer->removed(node, *parent);
}

void insert(Node& parent, Node& node, Node* before) {
  if (before == &node) before = node.next();
  SHIKAKE_CHECK(!before || before->parent() == &parent);
  if (node.type() == NodeType::fragment) {
    while (Node* child = node.first_child()) insert(parent, *child, before);
    return;
  }
  SHIKAKE_CHECK(node.type() != NodeType::document && &node != &parent);
  remove(node);
  adopt(node, parent.document());
  Links::attach(parent, node, before);
  Observer* observer = parent.document().observer;
  if (observer) observer->child_added(parent, node);
  if (!parent.connected()) return;
  Links::set_connected(node, true);
  if (observer) observer->inserted(node);
}

void remove_children(Node& parent) {
  while (Node* child = parent.first_child()) remove(*child);
}

InsertProblem check_insert(const Node& parent, const Node& node, const Node* before, const Node* replacing) {
  using enum InsertProblem;
  NodeType in = parent.type(), what = node.type();
  if (in != NodeType::document && in != NodeType::fragment && in != NodeType::element)
    return hierarchy_request;
  for (const Node* above = &parent; above;) {  // "host-including inclusive ancestor"
    if (above == &node) return hierarchy_request;
    const Fragment* fragment = above->as_fragment();
    above = fragment && fragment->host() ? fragment->host() : above->parent();
  }
  if (replacing) before = replacing;
  if (before && before->parent() != &parent) return not_found;
  if (what == NodeType::document) return hierarchy_request;
  if (in != NodeType::document) return what == NodeType::document_type ? hierarchy_request : none;

  // A document holds at most one element and one doctype, in that order, and no text.
  size_t new_elements = what == NodeType::element ? 1 : 0;
  if (what == NodeType::text) return hierarchy_request;
  if (what == NodeType::fragment) {
    for (const Node* child = node.first_child(); child; child = child->next()) {
      if (child->type() == NodeType::text) return hierarchy_request;
      new_elements += child->type() == NodeType::element;
    }
    if (new_elements > 1) return hierarchy_request;
  }
  bool new_doctype = what == NodeType::document_type;
  bool after_before = before == nullptr;  // past the place of insertion
  bool element_ahead = false;
  for (const Node* child = parent.first_child(); child; child = child->next()) {
    bool at_place = child == before;
    if (child == replacing || child == &node) {
      after_before |= at_place;
      continue;
    }
    after_before |= at_place;
    bool behind = before && after_before;
    if (child->type() == NodeType::element) {
      if (new_elements) return hierarchy_request;
      element_ahead |= !behind;
    }
    if (child->type() == NodeType::document_type) {
      if (new_doctype || (new_elements && behind)) return hierarchy_request;
    }
  }
  return new_doctype && element_ahead ? hierarchy_request : none;
}

template <class N>
static N* following(N& node, const Node& root) {
  for (N* at = &node; at != &root; at = at->parent()) {
    if (at->next()) return at->next();
  }
  return nullptr;
}

const Node* next_skipping_children(const Node& node, const Node& root) {
  return following(node, root);
}
Node* next_skipping_children(Node& node, const Node& root) {
  return following(node, root);
}
const Node* next_in_tree(const Node& node, const Node& root) {
  return node.first_child() ? node.first_child() : following(node, root);
}
Node* next_in_tree(Node& node, const Node& root) {
  return node.first_child() ? node.first_child() : following(node, root);
}

Node* next_with_shadows(Node& node, const Node& root) {
  if (Element* element = node.as_element(); element && element->shadow_root()) return element->shadow_root();
  if (node.first_child()) return node.first_child();
  for (Node* at = &node; at != &root;) {
    if (at->next()) return at->next();
    if (at->parent()) {
      at = at->parent();
      continue;
    }
    at = at->as_fragment()->host();  // a shadow root's
    if (at->first_child()) return at->first_child();
  }
  return nullptr;
}

}  // namespace shikake::html
