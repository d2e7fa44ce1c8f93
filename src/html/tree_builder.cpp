// The tree construction dispatcher.
// https://html.spec.whatwg.org/multipage/parsing.html#tree-construction-dispatcher
#include "html/tree_builder.h"

namespace shikake::html {

TreeBuilder::TreeBuilder(Document& document, Options options)
    : document_(document), options_(options), top_(&document), open_(budget_), formatting_(budget_) {}

Element* TreeBuilder::adjusted_current() const {
  if (open_.empty()) return nullptr;
  return open_.size() == 1 && options_.context ? options_.context : &open_.current();
}

bool TreeBuilder::start_is_foreign(const TagToken& tag) const {
  const Element* current = adjusted_current();
  if (!current || current->is_html()) return false;
  Name name = tag.name.name();
  if (mathml_text_point(*current) && name != Name::mglyph && name != Name::malignmark) return false;
  if (annotation_xml(*current) && name == Name::svg) return false;
  return !html_integration_point(*current);
}

bool TreeBuilder::text_is_foreign() const {
  const Element* current = adjusted_current();
  return current && !current->is_html() && !mathml_text_point(*current) && !html_integration_point(*current);
}

bool TreeBuilder::cdata_allowed() const {
  const Element* current = adjusted_current();
  return current && !current->is_html();
}

void TreeBuilder::begin_token(Position position, uint32_t origin) {
  position_ = position;
  origin_ = origin;
  skip_newline_ = false;
  if (mode_ == Mode::in_table_text) flush_table_text();
  if (document_.arena().full()) {
    arena_full_ = true;
    tokenizer_->stop();
  }
}

void TreeBuilder::doctype(DoctypeToken& token) {
  begin_token(token.position, token.origin);
  if (mode_ == Mode::initial && !arena_full_) doctype_token(token);
}

void TreeBuilder::start_tag(TagToken& tag) {
  begin_token(tag.position, tag.origin);
  if (arena_full_) return;
  start_is_foreign(tag) ? foreign_start(tag) : start(mode_, tag);
}

void TreeBuilder::end_tag(TagToken& tag) {
  begin_token(tag.position, tag.origin);
  if (arena_full_) return;
  const Element* current = adjusted_current();
  current && !current->is_html() ? foreign_end(tag) : end(mode_, tag);
}

void TreeBuilder::comment(std::u16string_view data, Position position, uint32_t origin) {
  begin_token(position, origin);
  if (arena_full_) return;
  const Element* current = adjusted_current();
  if (current && !current->is_html()) return insert_comment(data);
  switch (mode_) {
    case Mode::initial:
    case Mode::before_html:
    case Mode::after_after_body:
    case Mode::after_after_frameset:
      return insert_comment(data, top_);
    case Mode::after_body:
      return insert_comment(data, &open_.bottom());
    default:
      return insert_comment(data);
  }
}

void TreeBuilder::characters(std::u16string_view characters, Position position, uint32_t origin) {
  position_ = position;
  origin_ = origin;
  if (skip_newline_ && characters.front() == u'\n') characters.remove_prefix(1);
  skip_newline_ = false;
  if (characters.empty()) return;
  text_is_foreign() ? foreign_text(characters) : text(mode_, characters);
}

void TreeBuilder::end_of_file() {
  begin_token(position_, origin_);
  end_of_file(mode_);
}

void TreeBuilder::stop_parsing() {
  open_.pop_to_size(0);
}

void TreeBuilder::start(Mode mode, TagToken& tag) {
  switch (mode) {
    case Mode::initial:
      if (!options_.iframe_srcdoc) document_.mode = DocumentMode::quirks;
      return restart(Mode::before_html, tag);
    case Mode::before_html:
      return before_html_start(tag);
    case Mode::before_head:
      return before_head_start(tag);
    case Mode::in_head:
      return head_start(tag);
    case Mode::in_head_noscript:
      return head_noscript_start(tag);
    case Mode::after_head:
      return after_head_start(tag);
    case Mode::in_body:
    case Mode::text:  // no start tag comes in text
    case Mode::in_table_text:
      return body_start(tag);
    case Mode::in_table:
      return table_start(tag);
    case Mode::in_caption:
      return caption_start(tag);
    case Mode::in_column_group:
      return column_start(tag);
    case Mode::in_table_body:
      return table_body_start(tag);
    case Mode::in_row:
      return row_start(tag);
    case Mode::in_cell:
      return cell_start(tag);
    case Mode::in_select:
      return select_start(tag);
    case Mode::in_select_in_table:
      return select_table_start(tag);
    case Mode::in_template:
      return in_template_start(tag);
    case Mode::in_frameset:
      return frameset_start(tag);
    case Mode::after_frameset:
    case Mode::after_after_frameset:
      return after_frameset_start(tag);
    case Mode::after_body:
    case Mode::after_after_body:
      return tag.name == Atom(Name::html) ? body_start(tag) : restart(Mode::in_body, tag);
  }
}

void TreeBuilder::end(Mode mode, TagToken& tag) {
  Name name = tag.name.name();
  switch (mode) {
    case Mode::initial:
      if (!options_.iframe_srcdoc) document_.mode = DocumentMode::quirks;
      return restart_end(Mode::before_html, tag);
    case Mode::before_html:
      if (!early_end(tag)) return;
      before_html_else();
      return restart_end(Mode::before_head, tag);
    case Mode::before_head:
      if (!early_end(tag)) return;
      head_ = &insert_implied(Name::head);
      return restart_end(Mode::in_head, tag);
    case Mode::in_head:
      return head_end(tag);
    case Mode::in_head_noscript:
      if (name == Name::noscript) return open_.pop(), void(mode_ = Mode::in_head);
      if (name != Name::br) return;
      head_noscript_else();
      return restart_end(Mode::in_head, tag);
    case Mode::after_head:
      return after_head_end(tag);
    case Mode::in_body:
    case Mode::in_table_text:
      return body_end(tag);
    case Mode::text:
      return text_end(tag);
    case Mode::in_table:
      return table_end(tag);
    case Mode::in_caption:
      return caption_end(tag);
    case Mode::in_column_group:
      return column_end(tag);
    case Mode::in_table_body:
      return table_body_end(tag);
    case Mode::in_row:
      return row_end(tag);
    case Mode::in_cell:
      return cell_end(tag);
    case Mode::in_select:
      return select_end(tag);
    case Mode::in_select_in_table:
      return select_table_end(tag);
    case Mode::in_template:
      if (name == Name::template_) template_end();
      return;
    case Mode::after_body:
      if (name != Name::html) return restart_end(Mode::in_body, tag);
      if (!options_.context) mode_ = Mode::after_after_body;
      return;
    case Mode::after_after_body:
      return restart_end(Mode::in_body, tag);
    case Mode::in_frameset:
    case Mode::after_frameset:
    case Mode::after_after_frameset:
      return frameset_end(mode, name);
  }
}

void TreeBuilder::frameset_end(Mode mode, Name name) {
  if (mode == Mode::after_frameset && name == Name::html) mode_ = Mode::after_after_frameset;
  if (mode != Mode::in_frameset || name != Name::frameset || open_.size() <= 1) return;
  open_.pop();
  if (!options_.context && !open_.current_is(Name::frameset)) mode_ = Mode::after_frameset;
}

void TreeBuilder::text(Mode mode, std::u16string_view text) {
  std::u16string_view space = text.substr(0, leading_space(text));
  std::u16string_view rest = text.substr(space.size());
  switch (mode) {
    case Mode::in_body:
    case Mode::in_caption:
    case Mode::in_cell:
    case Mode::in_template:
      return body_text(text);
    case Mode::text:
      return insert_text(text);
    case Mode::in_table:
    case Mode::in_table_text:
    case Mode::in_table_body:
    case Mode::in_row:
      return table_text(text);
    case Mode::in_select:
    case Mode::in_select_in_table: {
      std::u16string kept(text);
      std::erase(kept, u'\0');
      return insert_text(kept);
    }
    case Mode::in_frameset:
    case Mode::after_frameset:
    case Mode::after_after_frameset: {
      std::u16string kept(text);
      std::erase_if(kept, [](char16_t c) { return !is_space(c); });
      return mode == Mode::after_after_frameset ? body_text(kept) : insert_text(kept);
    }
    case Mode::in_head:
    case Mode::in_head_noscript:
    case Mode::after_head:
    case Mode::in_column_group:
      insert_text(space);
      break;
    case Mode::after_body:
    case Mode::after_after_body:
      body_text(space);
      break;
    default:
      break;  // blanks are dropped
  }
  if (!rest.empty()) text_else(mode, rest);
}

// Text that does not begin with a blank, where it starts what the mode waits for.
void TreeBuilder::text_else(Mode mode, std::u16string_view rest) {
  switch (mode) {
    case Mode::initial:
      if (!options_.iframe_srcdoc) document_.mode = DocumentMode::quirks;
      return restart_text(Mode::before_html, rest);
    case Mode::before_html:
      before_html_else();
      return restart_text(Mode::before_head, rest);
    case Mode::before_head:
      head_ = &insert_implied(Name::head);
      return restart_text(Mode::in_head, rest);
    case Mode::in_head:
      open_.pop();
      return restart_text(Mode::after_head, rest);
    case Mode::in_head_noscript:
      head_noscript_else();
      return restart_text(Mode::in_head, rest);
    case Mode::after_head:
      insert_implied(Name::body);
      return restart_text(Mode::in_body, rest);
    case Mode::in_column_group:
      // Of a fragment or template, where there is no colgroup to leave, this character is ignored.
      return leave_columns() ? restart_text(Mode::in_table, rest) : text(mode, rest.substr(1));
    default:
      return restart_text(Mode::in_body, rest);  // after the body
  }
}

void TreeBuilder::end_of_file(Mode mode) {
  switch (mode) {
    case Mode::initial:
      if (!options_.iframe_srcdoc) document_.mode = DocumentMode::quirks;
      [[fallthrough]];
    case Mode::before_html:
      before_html_else();
      [[fallthrough]];
    case Mode::before_head:
      head_ = &insert_implied(Name::head);
      [[fallthrough]];
    case Mode::in_head:
    case Mode::in_head_noscript:
      while (!open_.current_is(Name::html)) open_.pop();
      [[fallthrough]];
    case Mode::after_head:
      insert_implied(Name::body);
      mode_ = Mode::in_body;
      return end_of_file(Mode::in_body);
    case Mode::text:
      if (open_.current_is(Name::script)) open_.current().script.already_started = true;
      open_.pop();
      mode_ = original_mode_;
      return end_of_file(mode_);
    default:
      break;
  }
  while (!template_modes_.empty() && open_.count(Name::template_) != 0) {
    open_.pop_through(Name::template_);
    end_formatting_scope();
    template_modes_.pop_back();
    reset_mode();
    if (mode_ < Mode::in_body) return end_of_file(mode_);
  }
  stop_parsing();
}

}  // namespace shikake::html
