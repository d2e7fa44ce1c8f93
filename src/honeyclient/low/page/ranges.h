// Ranges, the selection, and walks through the tree.
#pragma once

#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// A place in a tree: in a text before its offset-th code unit, in any other node before its offset-th child.
struct Boundary {
  html::Node* node;
  uint32_t offset;
};

// Ranges don't follow changes of the tree; what they are used for is clipped to it.
class Range final : public Native {
 public:
  static constexpr Kind native_kind = Kind::range;
  Range(Window& the_window, html::Node& node)
      : Native(the_window, native_kind), start{&node, 0}, end{&node, 0} {}
  bool collapsed() const { return start.node == end.node && start.offset == end.offset; }
  Boundary start, end;
};

Range& make_range(JSContext* cx, Window& window, html::Node& node);
uint32_t length_of(const html::Node& node);  // the largest offset in it
// Negative, zero or positive: before, at or behind. Of one tree.
int compare(const Boundary& a, const Boundary& b);
std::u16string text_of(const Range& range);
void delete_contents(Range& range);
void select_contents(Range& range, html::Node& node);

void create_range(Call& call);
void create_tree_walker(Call& call);
void create_node_iterator(Call& call);
void get_selection(Call& call);
// What is selected in the window's document; "" where nothing is.
std::u16string selection_text(Window& window);

}  // namespace shikake::honeyclient::low::page
