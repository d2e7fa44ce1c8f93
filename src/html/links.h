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
  static void set_document(Node& node, Document& document) { node.document_ = &document; }

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
