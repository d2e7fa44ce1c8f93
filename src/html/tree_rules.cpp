// Rules that several insertion modes share.
#include "html/encoding.h"
#include "html/links.h"
#include "html/parser.h"
#include "html/tree_builder.h"

namespace shikake::html {

void TreeBuilder::close_p() {
  open_.generate_implied_end_tags(Name::p);
  open_.pop_through(Name::p);
}

void TreeBuilder::close_p_in_button_scope() {
  if (open_.in_scope(Name::p, Scope::button)) close_p();
}

// https://html.spec.whatwg.org/multipage/parsing.html#reconstruct-the-active-formatting-elements
void TreeBuilder::reconstruct_formatting() {
  size_t first = formatting_.size();
  while (first > 0) {
    const Element* element = formatting_.element(first - 1);
    if (!element || OpenElements::is_open(*element)) break;
    --first;
  }
  for (size_t i = first; i < formatting_.size() && !document_.arena().full(); ++i) {
    const Element& old = *formatting_.element(i);
    TagToken tag;
    tag.name = old.local_name();
    tag.attributes = formatting_.copy_attributes(i);
    tag.position = old.position;
    tag.origin = old.origin;
    formatting_.replace(i, insert_element(tag));
  }
}

void TreeBuilder::end_formatting_scope() {
  formatting_.clear_to_marker();
}

// https://html.spec.whatwg.org/multipage/parsing.html#adoption-agency-algorithm
void TreeBuilder::adoption_agency(TagToken& tag) {
  Element& current = open_.current();
  if (current.is(tag.name.name()) && formatting_.find(current) == ActiveFormatting::not_there) {
    return open_.pop();
  }
  constexpr int outer_loops = 8;
  for (int i = 0; i < outer_loops && adopt_once(tag); ++i) {}
}

// One turn of the outer loop; false ends it.
bool TreeBuilder::adopt_once(TagToken& tag) {
  size_t entry = formatting_.find_last(tag.name.name());
  if (entry == ActiveFormatting::not_there) return body_end_other(tag), false;
  Element& formatting = *formatting_.element(entry);
  if (!OpenElements::is_open(formatting)) return formatting_.remove(entry), false;
  if (!open_.in_scope(formatting)) return false;
  size_t at = open_.find(formatting);
  if (at == OpenElements::not_there || at == 0) return false;
  size_t furthest_at = at + 1;
  while (furthest_at < open_.size() && !open_.has(furthest_at, special_trait)) ++furthest_at;
  if (furthest_at == open_.size() || deepens(at, furthest_at) || document_.arena().full()) {
    formatting_.remove(entry);
    open_.pop_to_size(at);
    return false;
  }

  Element& ancestor = open_[at - 1];
  Element& furthest = open_[furthest_at];
  size_t bookmark = entry;
  Element* last = &furthest;
  size_t node_at = furthest_at;
  for (int inner = 1; --node_at != at; ++inner) {
    Element& node = open_[node_at];
    size_t listed = formatting_.find(node);
    constexpr int inner_loops = 3;
    if (inner > inner_loops && listed != ActiveFormatting::not_there) {
      formatting_.remove(listed);
      bookmark -= listed < bookmark;
      entry -= listed < entry;
      listed = ActiveFormatting::not_there;
    }
    if (listed == ActiveFormatting::not_there) {
      open_.remove(node_at);
      --furthest_at;
      continue;
    }
    Element& copy = copy_formatting(listed, ancestor);
    formatting_.replace(listed, copy);
    open_.replace(node_at, copy);
    if (last == &furthest) bookmark = listed + 1;
    Links::move(copy, *last, nullptr);
    last = &copy;
  }
  Place place = place_for_node(&ancestor);
  if (!last->contains(*place.parent)) {
    Links::move(*place.parent, *last, place.before);
  } else if (!last->parent()) {  // script has moved the ancestor below what was to go into it
    Links::set_connected(*last, false);
  }
  uint32_t depth = Links::depth(*place.parent);
  for (size_t i = at + 1; i <= furthest_at; ++i) Links::set_depth(open_[i], ++depth);

  Element& copy = copy_formatting(entry, furthest);
  Links::set_depth(copy, depth + 1);
  while (Node* child = furthest.first_child()) Links::move(copy, *child, nullptr);
  Links::move(furthest, copy, nullptr);
  formatting_.move(entry, bookmark, copy);
  open_.remove(at);
  open_.insert_above(furthest_at - 1, copy);
  return true;
}

// Whether the adoption agency would push the furthest block's children farther down. It never does while
// the tree nests as the stack does; past the depth cap it might, without end, and only pops instead.
bool TreeBuilder::deepens(size_t formatting_at, size_t furthest_at) {
  size_t parent_depth = Links::depth(*place_for_node(&open_[formatting_at - 1]).parent);
  size_t new_depth = parent_depth + (furthest_at - formatting_at);
  return new_depth + 1 > Links::depth(open_[furthest_at]);
}

// An element of the same tag, to stand where an element of `parent`'s document stands.
Element& TreeBuilder::copy_formatting(size_t entry, Node& parent) {
  const Element& old = *formatting_.element(entry);
  Element& copy = parent.document().create_element(old.local_name());
  copy.start_with(formatting_.copy_attributes(entry));
  copy.position = old.position;
  copy.origin = old.origin;
  Links::mark_connected(copy, parent.connected());  // soon: so that what moves into it need not change
  return copy;
}

// https://html.spec.whatwg.org/multipage/parsing.html#reset-the-insertion-mode-appropriately
void TreeBuilder::reset_mode() {
  for (size_t i = open_.size(); i-- > 0;) {
    bool last = i == 0 || !budget_.may_look(open_.size() - i);
    bool by_context = i == 0 && options_.context;
    Name name = !by_context                   ? open_.name(i)
                : options_.context->is_html() ? options_.context->name()
                                              : Name::other;
    Mode mode = mode_for(name, i, last);
    if (mode == Mode::initial && !last) continue;
    mode_ = mode == Mode::initial ? Mode::in_body : mode;
    return;
  }
}

// The mode that an HTML element on the stack decides; `initial` where it decides none.
Mode TreeBuilder::mode_for(Name name, size_t index, bool last) {
  switch (name) {
    case Name::select:
      for (size_t i = index; i-- > 1 && !last;) {
        if (open_.name(i) == Name::template_ || !budget_.may_look(index - i)) break;
        if (open_.name(i) == Name::table) return Mode::in_select_in_table;
      }
      return Mode::in_select;
    case Name::td:
    case Name::th:
      return last ? Mode::initial : Mode::in_cell;
    case Name::tr:
      return Mode::in_row;
    case Name::tbody:
    case Name::thead:
    case Name::tfoot:
      return Mode::in_table_body;
    case Name::caption:
      return Mode::in_caption;
    case Name::colgroup:
      return Mode::in_column_group;
    case Name::table:
      return Mode::in_table;
    case Name::template_:
      return template_modes_.back();
    case Name::head:
      return last ? Mode::initial : Mode::in_head;
    case Name::body:
      return Mode::in_body;
    case Name::frameset:
      return Mode::in_frameset;
    case Name::html:
      return head_ ? Mode::after_head : Mode::before_head;
    default:
      return Mode::initial;
  }
}

void TreeBuilder::close_select() {
  open_.pop_through(Name::select);
  reset_mode();
}

void TreeBuilder::note_encoding(const Element& meta) {
  if (!declared_encoding_.empty()) return;
  if (const std::u16string* charset = meta.attribute(Name::charset)) {
    declared_encoding_ = to_utf8(*charset);
    return;
  }
  const std::u16string* http_equiv = meta.attribute(Name::http_equiv);
  const std::u16string* content = meta.attribute(Name::content);
  if (!http_equiv || !content || !equal_ignoring_case(*http_equiv, u"content-type")) return;
  declared_encoding_ = charset_in_content_type(to_utf8(*content));
}

Element& TreeBuilder::begin_fragment() {
  Element& context = *options_.context;
  top_ = &document_.create_fragment();  // for comments after </html>, which go nowhere
  using State = Tokenizer::State;
  if (context.is_html()) {
    switch (context.name()) {
      case Name::title:
      case Name::textarea:
        tokenizer_->switch_to(State::rcdata);
        break;
      case Name::style:
      case Name::xmp:
      case Name::iframe:
      case Name::noembed:
      case Name::noframes:
        tokenizer_->switch_to(State::rawtext);
        break;
      case Name::script:
        tokenizer_->switch_to(State::script_data);
        break;
      case Name::noscript:
        if (options_.scripting) tokenizer_->switch_to(State::rawtext);
        break;
      case Name::plaintext:
        tokenizer_->switch_to(State::plaintext);
        break;
      default:
        break;
    }
  }
  Element& root = document_.create_element(Name::html);
  open_.push(root);
  if (context.is(Name::template_)) template_modes_.push_back(Mode::in_template);
  reset_mode();
  for (Node* node = &context; node && !form_; node = node->parent()) {
    if (node->is(Name::form)) form_ = node->as_element();
  }
  return root;
}

}  // namespace shikake::html
