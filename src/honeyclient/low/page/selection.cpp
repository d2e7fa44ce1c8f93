// What is marked in a document. https://w3c.github.io/selection-api/#selection-interface
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/ranges.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Selection final : public Native {
 public:
  static constexpr Kind native_kind = Kind::selection;
  explicit Selection(Window& the_window) : Native(the_window, native_kind) {}
  Range* range = nullptr;  // nullptr: nothing, not even a place, is selected
};

Selection* existing(Window& window) {
  auto found = window.singletons.find("selection");
  return found == window.singletons.end() ? nullptr : static_cast<Selection*>(native_of(found->second.get()));
}

Range& own_range(Call& call, html::Node& node) {
  Selection& self = call.self<Selection>();
  self.range = &make_range(call.cx, *self.window, node);
  return *self.range;
}

template <Boundary Range::*Which>
void get_node(Call& call) {
  Range* range = call.self<Selection>().range;
  call.give(range ? (range->*Which).node : nullptr);
}
template <Boundary Range::*Which>
void get_offset(Call& call) {
  Range* range = call.self<Selection>().range;
  call.give(range ? (range->*Which).offset : uint32_t{0});
}
void get_collapsed(Call& call) {
  Range* range = call.self<Selection>().range;
  call.give(!range || range->collapsed());
}
void get_count(Call& call) {
  call.give(int32_t{call.self<Selection>().range ? 1 : 0});
}
void get_type(Call& call) {
  Range* range = call.self<Selection>().range;
  call.give(std::string_view(!range ? "None" : range->collapsed() ? "Caret" : "Range"));
}
void get_range_at(Call& call) {
  Range* range = call.self<Selection>().range;
  if (!range || call.integer(0) != 0) call.dom_error("IndexSizeError", "0 is not a valid index.");
  call.give(range->wrapper.get());
}
void add_range(Call& call) {
  Range* range = native_as<Range>(call.at(0));
  if (!range) call.type_error("parameter 1 is not of type 'Range'.");
  Selection& self = call.self<Selection>();
  if (!self.range) self.range = range;
  call.give();
}
void remove_range(Call& call) {
  Selection& self = call.self<Selection>();
  if (self.range && self.range == native_as<Range>(call.at(0))) self.range = nullptr;
  call.give();
}
void remove_all(Call& call) {
  call.self<Selection>().range = nullptr, call.give();
}
void collapse(Call& call) {
  if (call.is_null(0)) return remove_all(call);
  html::Node& node = call.need_node(0);
  const uint32_t offset = std::min(static_cast<uint32_t>(std::max(0, call.integer(1))), length_of(node));
  Range& range = own_range(call, node);
  range.start = range.end = {&node, offset};
  call.give();
}
template <bool ToStart>
void collapse_to(Call& call) {
  Range* range = call.self<Selection>().range;
  if (!range) call.dom_error("InvalidStateError", "there is no selection.");
  (ToStart ? range->end : range->start) = ToStart ? range->start : range->end;
  call.give();
}
void select_all_children(Call& call) {
  html::Node& node = call.need_node(0);
  select_contents(own_range(call, node), node), call.give();
}
void extend(Call& call) {
  Range* range = call.self<Selection>().range;
  if (!range) call.dom_error("InvalidStateError", "This Selection object doesn't have any Ranges.");
  html::Node& node = call.need_node(0);
  const Boundary at{&node, std::min(static_cast<uint32_t>(std::max(0, call.integer(1))), length_of(node))};
  (compare(at, range->start) < 0 ? range->start : range->end) = at;
  call.give();
}
void set_base_and_extent(Call& call) {
  html::Node& base = call.need_node(0);
  html::Node& extent = call.need_node(2);
  auto offset = [&](unsigned i, html::Node& node) {
    return std::min(static_cast<uint32_t>(std::max(0, call.integer(i))), length_of(node));
  };
  const Boundary from{&base, offset(1, base)}, to{&extent, offset(3, extent)};
  Range& range = own_range(call, base);
  const bool forward = compare(from, to) <= 0;
  range.start = forward ? from : to, range.end = forward ? to : from;
  call.give();
}
void contains_node(Call& call) {
  Range* range = call.self<Selection>().range;
  html::Node& node = call.need_node(0);
  const bool same = range && &node.root() == &range->start.node->root();
  call.give(same && compare(range->start, {&node, 0}) <= 0 && compare({&node, length_of(node)}, range->end) <= 0);
}
void delete_selected(Call& call) {
  if (Range* range = call.self<Selection>().range) delete_contents(*range);
  after_dom_change(call);
}
void to_text_of(Call& call) {
  Range* range = call.self<Selection>().range;
  call.give(std::u16string_view(range ? text_of(*range) : std::u16string()));
}
void do_nothing(Call& call) {
  call.give();
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("getRangeAt", get_range_at, 1),
                                      SHIKAKE_METHOD("addRange", add_range, 1),
                                      SHIKAKE_METHOD("removeRange", remove_range, 1),
                                      SHIKAKE_METHOD("removeAllRanges", remove_all, 0),
                                      SHIKAKE_METHOD("empty", remove_all, 0),
                                      SHIKAKE_METHOD("collapse", collapse, 1),
                                      SHIKAKE_METHOD("setPosition", collapse, 1),
                                      SHIKAKE_METHOD("collapseToStart", collapse_to<true>, 0),
                                      SHIKAKE_METHOD("collapseToEnd", collapse_to<false>, 0),
                                      SHIKAKE_METHOD("extend", extend, 1),
                                      SHIKAKE_METHOD("setBaseAndExtent", set_base_and_extent, 4),
                                      SHIKAKE_METHOD("selectAllChildren", select_all_children, 1),
                                      SHIKAKE_METHOD("deleteFromDocument", delete_selected, 0),
                                      SHIKAKE_METHOD("containsNode", contains_node, 1),
                                      SHIKAKE_METHOD("modify", do_nothing, 0),
                                      SHIKAKE_METHOD("toString", to_text_of, 0),
                                      JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("anchorNode", get_node<&Range::start>),
                                         SHIKAKE_GETTER("anchorOffset", get_offset<&Range::start>),
                                         SHIKAKE_GETTER("focusNode", get_node<&Range::end>),
                                         SHIKAKE_GETTER("focusOffset", get_offset<&Range::end>),
                                         SHIKAKE_GETTER("isCollapsed", get_collapsed),
                                         SHIKAKE_GETTER("rangeCount", get_count),
                                         SHIKAKE_GETTER("type", get_type),
                                         JS_PS_END};
constexpr Interface table[] = {{.name = "Selection", .parent = "", .methods = methods, .properties = properties}};

}  // namespace

void get_selection(Call& call) {
  Window& window = call.window;
  call.give(singleton(call.cx, window, "selection",
                      [&] { return wrap_native(call.cx, *new Selection(window), "Selection"); }));
}

std::u16string selection_text(Window& window) {
  Selection* selection = existing(window);
  return selection && selection->range ? text_of(*selection->range) : std::u16string();
}

std::span<const Interface> selection_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
