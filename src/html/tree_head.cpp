// The insertion modes up to the body's start.
#include "html/links.h"
#include "html/tree_builder.h"

namespace shikake::html {

void TreeBuilder::doctype_token(DoctypeToken& token) {
  DocumentType& node = document_.create_document_type(token.name, token.public_id, token.system_id);
  node.position = token.position;
  node.origin = token.origin;
  insert(document_, node, nullptr);
  document_.mode = mode_of(token, options_.iframe_srcdoc);
  mode_ = Mode::before_html;
}

void TreeBuilder::before_html_else() {
  Element& html = document_.create_element(Name::html);
  html.position = position_;
  html.origin = origin_;
  insert(document_, html, nullptr);
  Links::set_depth(html, 1);
  open_.push(html);
}

void TreeBuilder::before_html_start(TagToken& tag) {
  before_html_else();
  mode_ = Mode::before_head;
  if (tag.name != Atom(Name::html)) return start(mode_, tag);
  open_.current().start_with(std::move(tag.attributes));
  tag.attributes.clear();
}

void TreeBuilder::before_head_start(TagToken& tag) {
  if (tag.name == Atom(Name::html)) return body_start(tag);
  mode_ = Mode::in_head;
  if (tag.name == Atom(Name::head)) {
    head_ = &insert_element(tag);
    return;
  }
  head_ = &insert_implied(Name::head);
  start(mode_, tag);
}

// End tags that count before there is a body; the others are ignored.
bool TreeBuilder::early_end(TagToken& tag) {
  Name name = tag.name.name();
  return name == Name::head || name == Name::body || name == Name::html || name == Name::br;
}

void TreeBuilder::head_start(TagToken& tag) {
  using State = Tokenizer::State;
  switch (tag.name.name()) {
    case Name::html:
      return body_start(tag);
    case Name::base:
    case Name::basefont:
    case Name::bgsound:
    case Name::link:
      return insert_void(tag);
    case Name::meta: {
      Element& meta = insert_element(tag);
      open_.pop();
      return note_encoding(meta);
    }
    case Name::title:
      return raw_text(tag, State::rcdata);
    case Name::noframes:
    case Name::style:
      return raw_text(tag, State::rawtext);
    case Name::noscript:
      if (options_.scripting) return raw_text(tag, State::rawtext);
      insert_element(tag);
      mode_ = Mode::in_head_noscript;
      return;
    case Name::script:
      return raw_text(tag, State::script_data);
    case Name::template_:
      return template_start(tag);
    case Name::head:
      return;
    default:
      open_.pop();
      return restart(Mode::after_head, tag);
  }
}

void TreeBuilder::head_end(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::head:
      open_.pop();
      mode_ = Mode::after_head;
      return;
    case Name::template_:
      return template_end();
    case Name::body:
    case Name::html:
    case Name::br:
      open_.pop();
      return restart_end(Mode::after_head, tag);
    default:
      return;
  }
}

void TreeBuilder::template_start(TagToken& tag) {
  insert_element(tag);
  formatting_.push_marker();
  frameset_ok_ = false;
  mode_ = Mode::in_template;
  template_modes_.push_back(Mode::in_template);
}

void TreeBuilder::template_end() {
  if (open_.count(Name::template_) == 0) return;
  open_.generate_all_implied_end_tags();
  open_.pop_through(Name::template_);
  end_formatting_scope();
  template_modes_.pop_back();
  reset_mode();
}

void TreeBuilder::head_noscript_start(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::html:
      return body_start(tag);
    case Name::basefont:
    case Name::bgsound:
    case Name::link:
    case Name::meta:
    case Name::noframes:
    case Name::style:
      return head_start(tag);
    case Name::head:
    case Name::noscript:
      return;
    default:
      head_noscript_else();
      return restart(Mode::in_head, tag);
  }
}

void TreeBuilder::head_noscript_else() {
  open_.pop();
  mode_ = Mode::in_head;
}

void TreeBuilder::after_head_start(TagToken& tag) {
  if (has_trait(tag.name.name(), head_content_trait)) {
    Element& head = *head_;
    open_.push(head);
    head_start(tag);
    size_t index = open_.find(head);
    if (index != OpenElements::not_there) open_.remove(index);
    return;
  }
  switch (tag.name.name()) {
    case Name::html:
      return body_start(tag);
    case Name::body:
      insert_element(tag);
      frameset_ok_ = false;
      mode_ = Mode::in_body;
      return;
    case Name::frameset:
      insert_element(tag);
      mode_ = Mode::in_frameset;
      return;
    case Name::head:
      return;
    default:
      insert_implied(Name::body);
      return restart(Mode::in_body, tag);
  }
}

void TreeBuilder::after_head_end(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::template_:
      return template_end();
    case Name::body:
    case Name::html:
    case Name::br:
      insert_implied(Name::body);
      return restart_end(Mode::in_body, tag);
    default:
      return;
  }
}

void TreeBuilder::text_end(TagToken& tag) {
  Element& current = open_.current();
  open_.pop();
  mode_ = original_mode_;
  if (tag.name == Atom(Name::script)) script_ends(current);
}

}  // namespace shikake::html
