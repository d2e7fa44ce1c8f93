// For tests and the fuzzer: what must hold of every tree.
#pragma once

#include <string>

#include "html/dom.h"
#include "html/parser.h"

namespace shikake::html {

// The first broken rule in the tree of `root`, or empty. Depth is counted in elements and checked against
// `max_depth` where that is not 0.
inline std::string broken_rule(const Node& root, size_t max_depth) {
  size_t depth = 0;
  const Node* at = &root;
  while (at) {
    if (at->first_child() && at->first_child()->previous()) return "first child has a previous one";
    if (at->last_child() && at->last_child()->next()) return "last child has a next one";
    if (!at->first_child() != !at->last_child()) return "one end of the children is missing";
    for (const Node* child = at->first_child(); child; child = child->next()) {
      if (child->parent() != at) return "a child's parent is another";
      if (child->next() && child->next()->previous() != child) return "siblings disagree";
      if (!child->next() && at->last_child() != child) return "last child is not the last";
      if (child->connected() != at->connected()) return "connectedness differs from the parent's";
      if (&child->document() != &at->document()) return "document differs from the parent's";
      if (child->type() == NodeType::document || child->type() == NodeType::fragment)
        return "not a child's type";
    }
    if (const Element* element = at->as_element()) {
      if (max_depth && depth > max_depth) return "too deep";
      if (element->template_content()) {
        if (element->template_content()->connected()) return "a template's content is connected";
        std::string inner = broken_rule(*element->template_content(), max_depth ? max_depth - depth : 0);
        if (!inner.empty()) return inner + " (in a template)";
      }
    } else if (at->first_child() && at->type() != NodeType::document && at->type() != NodeType::fragment) {
      return "a leaf has children";
    }
    if (at->first_child()) {
      at = at->first_child();
      depth += at->as_element() != nullptr;
      continue;
    }
    while (at != &root && !at->next()) {
      depth -= at->as_element() != nullptr;
      at = at->parent();
    }
    if (at == &root) return {};
    depth -= at->as_element() != nullptr;
    at = at->next();
    depth += at->as_element() != nullptr;
  }
  return {};
}

}  // namespace shikake::html
