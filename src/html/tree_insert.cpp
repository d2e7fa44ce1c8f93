// Creating and inserting nodes.
// https://html.spec.whatwg.org/multipage/parsing.html#creating-and-inserting-nodes
#include <iterator>

#include "html/links.h"
#include "html/parser.h"
#include "html/tree_builder.h"

namespace shikake::html {

TreeBuilder::Place TreeBuilder::place_for_node(Element* override_target) {
  Element* target = override_target ? override_target : &open_.current();
  if (foster_parenting_ && has_trait(*target, table_part_trait)) {
    size_t last_template = open_.find_last(Name::template_);
    size_t last_table = open_.find_last(Name::table);
    bool in_template = last_template != OpenElements::not_there &&
                       (last_table == OpenElements::not_there || last_template > last_table);
    if (in_template) {
      target = &open_[last_template];
    } else if (last_table == OpenElements::not_there || last_table == 0) {
      target = &open_.bottom();
    } else if (Element& table = open_[last_table]; table.parent()) {
      return {table.parent(), &table};
    } else {
      target = &open_[last_table - 1];
    }
  }
  Node* content = target->template_content();
  return {content ? content : target, nullptr};
}

TreeBuilder::Place TreeBuilder::place_for_element() {
  Place place = place_for_node();
  Node* above = open_.current().parent();
  if (Links::depth(*place.parent) < max_tree_depth || place.before || !above) return place;
  ++depth_cuts_;
  return {above, nullptr};
}

Element& TreeBuilder::create(TagToken& tag, Atom ns, Node& parent) {
  Element& element = parent.document().create_element(tag.name, ns);
  // A vector of the exact size; the token keeps its own for the next tag.
  element.start_with(
      {std::make_move_iterator(tag.attributes.begin()), std::make_move_iterator(tag.attributes.end())});
  tag.attributes.clear();
  element.position = tag.position;
  element.origin = tag.origin;
  return element;
}

Element& TreeBuilder::insert_element(TagToken& tag, Atom ns) {
  Place place = place_for_element();
  Element& element = create(tag, ns, *place.parent);
  if (form_ && element.is_html()) associate_form(element, *place.parent);
  if (tag.name == Atom(Name::script)) {
    element.script.parser_inserted = true;
    element.script.force_async = false;
    element.script.already_started = options_.context != nullptr;
  }
  Document* document = place.parent->as_document();
  if (!document || !document->document_element()) insert(*place.parent, element, place.before);
  Links::set_depth(element, Links::depth(*place.parent) + 1);
  open_.push(element);
  return element;
}

Element& TreeBuilder::insert_implied(Name name) {
  TagToken tag;
  tag.name = name;
  tag.position = position_;
  tag.origin = origin_;
  return insert_element(tag);
}

void TreeBuilder::insert_void(TagToken& tag) {
  insert_element(tag);
  open_.pop();
}

void TreeBuilder::insert_text(std::u16string_view text) {
  if (text.empty() || open_.empty()) return;
  Place place = place_for_node();
  if (place.parent->type() == NodeType::document) return;
  Node* before = place.before ? place.before->previous() : place.parent->last_child();
  if (before && before->as_text()) return before->as_text()->append_data(text);
  CharacterData& node = place.parent->document().create_text(text);
  node.position = position_;
  node.origin = origin_;
  insert(*place.parent, node, place.before);
}

void TreeBuilder::insert_comment(std::u16string_view data, Node* parent) {
  Place place = parent ? Place{parent, nullptr} : place_for_node();
  CharacterData& node = place.parent->document().create_comment(data);
  node.position = position_;
  node.origin = origin_;
  insert(*place.parent, node, place.before);
}

// https://html.spec.whatwg.org/multipage/parsing.html#create-an-element-for-the-token, last steps. Only an
// owner that is no ancestor needs noting, and both are in one tree when they are in the document or not.
void TreeBuilder::associate_form(Element& element, Node& parent) {
  if (!has_trait(element, form_control_trait) || open_.count(Name::template_) != 0) return;
  if (!element.is(Name::img) && element.has_attribute(Name::form)) return;
  if (parent.connected() == form_->connected()) element.form_owner = form_;
}

void TreeBuilder::add_missing_attributes(Element& element, TagToken& tag) {
  for (Attribute& each : tag.attributes) {
    if (!element.has_attribute(each.local_name)) element.set_attribute_ns(std::move(each));
  }
}

void TreeBuilder::raw_text(TagToken& tag, Tokenizer::State state) {
  insert_element(tag);
  tokenizer_->switch_to(state);
  original_mode_ = mode_;
  mode_ = Mode::text;
}

// After its end tag. A script outside of a document never runs.
void TreeBuilder::script_ends(Element& script) {
  if (!options_.scripting || options_.context || !script.connected()) return;
  script_ = &script;
  tokenizer_->pause();
}

}  // namespace shikake::html
