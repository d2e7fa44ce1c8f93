// https://dom.spec.whatwg.org/#interface-range
#include <algorithm>
#include <vector>

#include "honeyclient/low/page/markup.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/html_elements.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/ranges.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"
#include "html/parser.h"

namespace shikake::honeyclient::low::page {

namespace {

uint32_t index_of(const html::Node& node) {
  uint32_t index = 0;
  for (const html::Node* at = node.previous(); at; at = at->previous()) ++index;
  return index;
}

html::Node* child_at(const html::Node& parent, uint32_t offset) {
  html::Node* child = parent.first_child();
  while (child && offset-- > 0) child = child->next();
  return child;
}

Boundary before(html::Node& node) {
  return {node.parent() ? node.parent() : &node, node.parent() ? index_of(node) : 0};
}
Boundary behind(html::Node& node) {
  return {node.parent() ? node.parent() : &node, node.parent() ? index_of(node) + 1 : 0};
}

// Of its start and end what the trees still have.
void clip(Range& range) {
  range.start.offset = std::min(range.start.offset, length_of(*range.start.node));
  range.end.offset = std::min(range.end.offset, length_of(*range.end.node));
}

Boundary boundary_argument(Call& call) {
  html::Node& node = call.need_node(0);
  const double offset = call.number(1);
  if (!(offset >= 0 && offset <= length_of(node)))
    call.dom_error("IndexSizeError", "There is no child at that offset.");
  return {&node, static_cast<uint32_t>(offset)};
}

// https://dom.spec.whatwg.org/#concept-range-bp-set
void put_start(Range& range, const Boundary& at) {
  range.start = at;
  if (&at.node->root() != &range.end.node->root() || compare(at, range.end) > 0) range.end = at;
}
void put_end(Range& range, const Boundary& at) {
  range.end = at;
  if (&at.node->root() != &range.start.node->root() || compare(at, range.start) < 0) range.start = at;
}

void set_start(Call& call) {
  put_start(call.self<Range>(), boundary_argument(call)), call.give();
}
void set_end(Call& call) {
  put_end(call.self<Range>(), boundary_argument(call)), call.give();
}
html::Node& placed_node(Call& call) {
  html::Node& node = call.need_node(0);
  if (!node.parent()) call.dom_error("InvalidNodeTypeError", "the given Node has no parent.");
  return node;
}
void set_start_before(Call& call) {
  put_start(call.self<Range>(), before(placed_node(call))), call.give();
}
void set_start_after(Call& call) {
  put_start(call.self<Range>(), behind(placed_node(call))), call.give();
}
void set_end_before(Call& call) {
  put_end(call.self<Range>(), before(placed_node(call))), call.give();
}
void set_end_after(Call& call) {
  put_end(call.self<Range>(), behind(placed_node(call))), call.give();
}
void collapse(Call& call) {
  Range& self = call.self<Range>();
  (call.flag(0) ? self.end : self.start) = call.flag(0) ? self.start : self.end;
  call.give();
}
void select_node(Call& call) {
  html::Node& node = placed_node(call);
  Range& self = call.self<Range>();
  self.start = before(node), self.end = behind(node);
  call.give();
}
void select_node_contents(Call& call) {
  select_contents(call.self<Range>(), call.need_node(0)), call.give();
}

// --- contents ---------------------------------------------------------------------------------------------

html::Node& common_ancestor(const Range& range) {
  html::Node* at = range.start.node;
  while (!at->contains(*range.end.node) && at->parent()) at = at->parent();
  return *at;
}

// Splits the texts at the two ends, so that the range then holds whole nodes alone.
void split_ends(Range& range, html::Document& document) {
  clip(range);
  auto split = [&](Boundary& at) {
    html::CharacterData* data = at.node->as_text();
    if (!data || !data->parent()) return;
    const std::u16string text = data->data();
    html::Node* next = data->next();
    if (at.offset == 0) {
      at = before(*data);
    } else if (at.offset >= text.size()) {
      at = behind(*data);
    } else {
      html::insert(*data->parent(), document.create_text(std::u16string_view(text).substr(at.offset)), next);
      data->set_data(std::u16string_view(text).substr(0, at.offset));
      at = behind(*data);
    }
  };
  const bool same = range.start.node == range.end.node && range.start.node->as_text();
  const uint32_t apart = range.end.offset - std::min(range.start.offset, range.end.offset);
  html::Node* text = range.start.node;
  const bool splits = same && range.start.offset > 0 && range.start.offset < length_of(*text) && apart > 0;
  split(range.start);
  // What was behind the start stands in a text of its own now.
  if (splits) range.end = {child_at(*range.start.node, range.start.offset), apart};
  else if (same && range.end.node == text && apart == 0) range.end = range.start;
  split(range.end);
  if (compare(range.start, range.end) > 0) range.end = range.start;
}

// The nodes that it holds whole, topmost alone, in tree order.
std::vector<html::Node*> whole_nodes(const Range& range) {
  std::vector<html::Node*> found;
  html::Node& root = common_ancestor(range);
  for (html::Node* node = &root; node;) {
    const bool within = node != &root && node->parent() && compare(range.start, before(*node)) <= 0 &&
                        compare(behind(*node), range.end) <= 0;
    if (within) found.push_back(node);
    node = within ? html::next_skipping_children(*node, root) : html::next_in_tree(*node, root);
  }
  return found;
}

// What is held whole is taken out, or copied, into a fragment. Of an element that is held in part what is held of
// it alone, without the element around it.
html::Fragment& contents(Call& call, Range& range, bool takes) {
  html::Document& document = range.start.node->document();
  count_node(call);
  html::Fragment& made = document.create_fragment();
  if (range.start.node == range.end.node && range.start.node->as_character_data() && !takes) {
    const std::u16string& data = range.start.node->as_character_data()->data();
    clip(range);
    html::append(made, document.create_text(std::u16string_view(data).substr(
                           range.start.offset, range.end.offset - range.start.offset)));
    return made;
  }
  split_ends(range, document);
  for (html::Node* node : whole_nodes(range)) {
    html::Node* part = takes ? node : html::clone(*node, document, true);
    if (!part) call.page.node_allowed();
    if (part && html::check_insert(made, *part, nullptr) == html::InsertProblem::none) html::append(made, *part);
  }
  if (takes) clip(range), range.end = range.start;
  return made;
}

void clone_contents(Call& call) {
  html::Fragment& made = contents(call, call.self<Range>(), false);
  after_dom_change(call);
  call.give(static_cast<html::Node*>(&made));
}
void extract_contents(Call& call) {
  html::Fragment& made = contents(call, call.self<Range>(), true);
  after_dom_change(call);
  call.give(static_cast<html::Node*>(&made));
}
void delete_all(Call& call) {
  delete_contents(call.self<Range>());
  after_dom_change(call);
}

void put(Call& call, Range& range, html::Node& node) {
  clip(range);
  html::Node* parent = range.start.node;
  html::Node* at = child_at(*parent, range.start.offset);
  if (parent->as_character_data()) {
    Range here = range;
    here.end = here.start;
    split_ends(here, parent->document());
    parent = here.start.node;
    at = child_at(*parent, here.start.offset);
  }
  insert_node(call, *parent, node, at);
}
void insert(Call& call) {
  put(call, call.self<Range>(), call.need_node(0)), call.give();
}
void surround(Call& call) {
  Range& self = call.self<Range>();
  html::Node& around = call.need_node(0);
  html::Fragment& held = contents(call, self, true);
  html::remove_children(around);
  put(call, self, around);
  insert_node(call, around, held, nullptr);
  if (around.parent()) self.start = before(around), self.end = behind(around);
  call.give();
}

// https://w3c.github.io/DOM-Parsing/#dom-range-createcontextualfragment: scripts in it run once they are inserted.
void create_contextual_fragment(Call& call) {
  Range& self = call.self<Range>();
  const std::u16string text = call.text(0);
  count_node(call);
  html::Element* context = self.start.node->as_element();
  if (!context) context = self.start.node->parent_element();
  html::Document& document = self.start.node->document();
  if (!context || context->is(html::Name::html)) context = document.body();
  if (!context) context = &document.create_element(html::Name::body);
  html::Fragment& made = html::parse_fragment(*context, text, tag_here(call, "createContextualFragment"));
  for (html::Node* node = &made; node; node = html::next_in_tree(*node, made))
    if (html::Element* element = node->as_element(); element && element->name() == html::Name::script)
      element->script.already_started = element->script.parser_inserted = false;
  call.give(static_cast<html::Node*>(&made));
}

// --- what it is -------------------------------------------------------------------------------------------

template <Boundary Range::*Which>
void get_node(Call& call) {
  call.give((call.self<Range>().*Which).node);
}
template <Boundary Range::*Which>
void get_offset(Call& call) {
  call.give((call.self<Range>().*Which).offset);
}
void get_collapsed(Call& call) {
  call.give(call.self<Range>().collapsed());
}
void get_common(Call& call) {
  call.give(&common_ancestor(call.self<Range>()));
}
void to_text_of(Call& call) {
  call.give(std::u16string_view(text_of(call.self<Range>())));
}
void clone(Call& call) {
  Range& self = call.self<Range>();
  Range& made = make_range(call.cx, call.window, *self.start.node);
  made.start = self.start, made.end = self.end;
  call.give(made.wrapper.get());
}
void do_nothing(Call& call) {
  call.give();
}
void compare_boundaries(Call& call) {
  Range& self = call.self<Range>();
  Range* other = native_as<Range>(call.at(1));
  if (!other) call.type_error("parameter 2 is not of type 'Range'.");
  const int32_t how = call.integer(0);  // START_TO_START, START_TO_END, END_TO_END, END_TO_START
  const Boundary& mine = how == 0 || how == 3 ? self.start : self.end;
  const Boundary& its = how == 0 || how == 1 ? other->start : other->end;
  const int order = compare(mine, its);
  call.give(int32_t{order < 0 ? -1 : order > 0});
}
void is_point_within(Call& call) {
  Range& self = call.self<Range>();
  const Boundary at = boundary_argument(call);
  call.give(&at.node->root() == &self.start.node->root() && compare(self.start, at) <= 0 &&
            compare(at, self.end) <= 0);
}
void intersects(Call& call) {
  Range& self = call.self<Range>();
  html::Node& node = call.need_node(0);
  if (&node.root() != &self.start.node->root()) return call.give(false);
  call.give(!node.parent() || (compare(before(node), self.end) < 0 && compare(self.start, behind(node)) < 0));
}
void get_rectangles(Call& call) {
  call.give(must(JS::NewArrayObject(call.cx, 0)));
}
void get_rectangle(Call& call) {
  JS::RootedObject box(call.cx, must(JS_NewPlainObject(call.cx)));
  for (const char* name : {"x", "y", "left", "top", "right", "bottom", "width", "height"})
    must(JS_DefineProperty(call.cx, box, name, 0, JSPROP_ENUMERATE));
  call.give(box);
}
void construct(Call& call) {
  create_range(call);
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("setStart", set_start, 2),
                                      SHIKAKE_METHOD("setEnd", set_end, 2),
                                      SHIKAKE_METHOD("setStartBefore", set_start_before, 1),
                                      SHIKAKE_METHOD("setStartAfter", set_start_after, 1),
                                      SHIKAKE_METHOD("setEndBefore", set_end_before, 1),
                                      SHIKAKE_METHOD("setEndAfter", set_end_after, 1),
                                      SHIKAKE_METHOD("collapse", collapse, 0),
                                      SHIKAKE_METHOD("selectNode", select_node, 1),
                                      SHIKAKE_METHOD("selectNodeContents", select_node_contents, 1),
                                      SHIKAKE_METHOD("compareBoundaryPoints", compare_boundaries, 2),
                                      SHIKAKE_METHOD("deleteContents", delete_all, 0),
                                      SHIKAKE_METHOD("extractContents", extract_contents, 0),
                                      SHIKAKE_METHOD("cloneContents", clone_contents, 0),
                                      SHIKAKE_METHOD("insertNode", insert, 1),
                                      SHIKAKE_METHOD("surroundContents", surround, 1),
                                      SHIKAKE_METHOD("cloneRange", clone, 0),
                                      SHIKAKE_METHOD("detach", do_nothing, 0),
                                      SHIKAKE_METHOD("isPointInRange", is_point_within, 2),
                                      SHIKAKE_METHOD("intersectsNode", intersects, 1),
                                      SHIKAKE_METHOD("toString", to_text_of, 0),
                                      SHIKAKE_METHOD("createContextualFragment", create_contextual_fragment, 1),
                                      SHIKAKE_METHOD("getClientRects", get_rectangles, 0),
                                      SHIKAKE_METHOD("getBoundingClientRect", get_rectangle, 0),
                                      JS_FS_END};
constexpr JSPropertySpec properties[] = {
    SHIKAKE_GETTER("startContainer", get_node<&Range::start>), SHIKAKE_GETTER("startOffset", get_offset<&Range::start>),
    SHIKAKE_GETTER("endContainer", get_node<&Range::end>),     SHIKAKE_GETTER("endOffset", get_offset<&Range::end>),
    SHIKAKE_GETTER("collapsed", get_collapsed),                SHIKAKE_GETTER("commonAncestorContainer", get_common),
    JS_PS_END};
constexpr Constant constants[] = {
    {"START_TO_START", 0}, {"START_TO_END", 1}, {"END_TO_END", 2}, {"END_TO_START", 3}};
constexpr Interface table[] = {{.name = "Range",
                                .parent = "",
                                .methods = methods,
                                .properties = properties,
                                .constants = constants,
                                .construct = native<construct>}};

}  // namespace

uint32_t length_of(const html::Node& node) {
  if (const html::CharacterData* data = node.as_character_data()) return static_cast<uint32_t>(data->data().size());
  uint32_t count = 0;
  for (const html::Node* child = node.first_child(); child; child = child->next()) ++count;
  return count;
}

// https://dom.spec.whatwg.org/#concept-range-bp-position
int compare(const Boundary& a, const Boundary& b) {
  if (a.node == b.node) return a.offset < b.offset ? -1 : a.offset > b.offset;
  auto within = [](const Boundary& outer, const html::Node& inner) {  // of an ancestor against what is in its child
    const html::Node* child = &inner;
    while (child->parent() != outer.node) child = child->parent();
    return index_of(*child) < outer.offset ? 1 : -1;
  };
  if (a.node->contains(*b.node)) return within(a, *b.node);
  if (b.node->contains(*a.node)) return -within(b, *a.node);
  html::Node* shared = a.node;
  while (shared && !shared->contains(*b.node)) shared = shared->parent();
  if (!shared) return 1;
  const html::Node *one = a.node, *other = b.node;
  while (one->parent() != shared) one = one->parent();
  while (other->parent() != shared) other = other->parent();
  return index_of(*one) < index_of(*other) ? -1 : 1;
}

Range& make_range(JSContext* cx, Window& window, html::Node& node) {
  auto* range = new Range(window, node);
  wrap_native(cx, *range, "Range");
  return *range;
}

// https://dom.spec.whatwg.org/#dom-range-stringifier
std::u16string text_of(const Range& range) {
  std::u16string text;
  html::Node& root = common_ancestor(range);
  for (html::Node* node = &root; node; node = html::next_in_tree(*node, root)) {
    const html::CharacterData* data = node->as_text();
    if (!data) continue;
    const size_t size = data->data().size();
    size_t from = 0, to = size;
    if (node == range.start.node)
      from = std::min<size_t>(range.start.offset, size);
    else if (compare(range.start, {node, 0}) > 0)
      continue;
    if (node == range.end.node)
      to = std::min<size_t>(range.end.offset, size);
    else if (compare({node, static_cast<uint32_t>(size)}, range.end) > 0)
      break;
    if (to > from) text.append(data->data(), from, to - from);
  }
  return text;
}

void delete_contents(Range& range) {
  split_ends(range, range.start.node->document());
  for (html::Node* node : whole_nodes(range)) html::remove(*node);
  clip(range);
  range.end = range.start;
}

void select_contents(Range& range, html::Node& node) {
  range.start = {&node, 0};
  range.end = {&node, length_of(node)};
}

void create_range(Call& call) {
  html::Node* of = call.node(0);
  html::Node* document = native_as<NodeNative>(call.args.thisv()) ? &call.self_node().document() : nullptr;
  if (!document) document = of ? &of->document() : static_cast<html::Node*>(call.window.document);
  if (!document) call.type_error("Illegal invocation");
  call.give(make_range(call.cx, call.window, *document).wrapper.get());
}

std::span<const Interface> range_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
