// A visit as a person reads it: the verdict with its reasons, the chain as a tree, and what was left out.
#pragma once

#include <string>

#include "intel/visit.h"

namespace shikake::honeyclient::chain {

struct TreeOptions {
  bool color = false;       // ANSI colours for roles
  bool bystanders = false;  // every resource, not only the way to what is bad and what frames it
  size_t max_lines = 60;    // of the tree; the rest is counted
};

// Everything from outside is made harmless and URLs are defanged.
std::string render_tree(const intel::VisitRecord& visit, const TreeOptions& options = {});

}  // namespace shikake::honeyclient::chain
