// Trees as text. https://html.spec.whatwg.org/multipage/parsing.html#serialising-html-fragments
#pragma once

#include <string>

#include "html/dom.h"

namespace shikake::html {

// `scripting`: the scripting flag; with it noscript holds raw text.
std::u16string inner_html(const Node& node,
                          bool scripting = true);  // the children (of a template: its content's)
std::u16string outer_html(const Node& node, bool scripting = true);  // the node itself

// The tree itself, one node a line, indented by depth: for tests and for people. Elements of other
// namespaces are prefixed with "svg " or "math ", attributes stand below their element, sorted by name.
std::u16string dump_tree(const Node& node);

}  // namespace shikake::html
