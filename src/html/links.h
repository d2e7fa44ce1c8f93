// The raw links of the tree, for dom.cpp and the tree builder. Everyone else calls insert() and remove().
#pragma once

#include "html/dom.h"

namespace shikake::html {

struct Links {
  // Pointers alone: no adoption, no connected flags, nobody told. `child` has no parent.
  static void attach(Node& parent, Node& child, Node* before);
  static void detach(Node& child);
  // Sets the flag on a whole subtree.
  static void set_connected(Node& root, bool connected);
  // Of one node, before it gets children that are to keep theirs.
  static void mark_connected(Node& node, bool connected) { node.connected_ = connected; }
  static void set_document(Node& node, Document& document) { node.document_ = &document; }

  // Elements from the top down to where a parser put `node`, itself included; a template's content counts
  // as the template.
  static uint32_t depth(const Node& node) {
    if (const Element* element = node.as_element()) return element->depth_;
    const Fragment* fragment = node.as_fragment();
    return fragment && fragment->host() ? fragment->host()->depth_ : 0;
  }
  static void set_depth(Element& element, uint32_t depth) { element.depth_ = depth; }

  // The parser's moves of what it has already inserted (adoption agency): nobody is told, so that a
  // resource is not loaded twice, and a subtree is walked only if its connectedness changes.
  static void move(Node& parent, Node& child, Node* before) {
    if (child.parent_) detach(child);
    adopt(child, parent.document());
    attach(parent, child, before);
    if (child.connected_ != parent.connected_) set_connected(child, parent.connected_);
  }
};

}  // namespace shikake::html
