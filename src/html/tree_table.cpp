// The insertion modes of tables.
#include "html/tree_builder.h"

namespace shikake::html {

namespace {
// "Clear the stack back to a table context": table, template and html, which is at the bottom of every stack.
constexpr uint32_t roots = table_scope_trait;
}  // namespace

void TreeBuilder::table_text(std::u16string_view text) {
  if (mode_ != Mode::in_table_text) {
    if (!open_.current_has(table_part_trait) && !open_.current_is(Name::template_)) {
      foster_parenting_ = true;
      body_text(text);
      foster_parenting_ = false;
      return;
    }
    pending_table_text_.clear();
    original_mode_ = mode_;
    mode_ = Mode::in_table_text;
  }
  for (char16_t c : text) {
    if (c != 0) pending_table_text_ += c;
  }
}

void TreeBuilder::flush_table_text() {
  mode_ = original_mode_;
  std::u16string text = std::move(pending_table_text_);
  pending_table_text_.clear();
  if (leading_space(text) == text.size()) return insert_text(text);
  foster_parenting_ = true;
  body_text(text);
  foster_parenting_ = false;
}

void TreeBuilder::table_else_start(TagToken& tag) {
  foster_parenting_ = true;
  body_start(tag);
  foster_parenting_ = false;
}

void TreeBuilder::table_start(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::caption:
      open_.pop_to_context(roots);
      formatting_.push_marker();
      insert_element(tag);
      mode_ = Mode::in_caption;
      return;
    case Name::colgroup:
      open_.pop_to_context(roots);
      insert_element(tag);
      mode_ = Mode::in_column_group;
      return;
    case Name::col:
      open_.pop_to_context(roots);
      insert_implied(Name::colgroup);
      return restart(Mode::in_column_group, tag);
    case Name::tbody:
    case Name::tfoot:
    case Name::thead:
      open_.pop_to_context(roots);
      insert_element(tag);
      mode_ = Mode::in_table_body;
      return;
    case Name::td:
    case Name::th:
    case Name::tr:
      open_.pop_to_context(roots);
      insert_implied(Name::tbody);
      return restart(Mode::in_table_body, tag);
    case Name::table:
      if (!open_.in_scope(Name::table, Scope::table)) return;
      open_.pop_through(Name::table);
      reset_mode();
      return start(mode_, tag);
    case Name::style:
    case Name::script:
    case Name::template_:
      return head_start(tag);
    case Name::input: {
      auto is_type = [](const Attribute& each) { return each.local_name == Atom(Name::type); };
      auto type = std::ranges::find_if(tag.attributes, is_type);
      bool hidden = type != tag.attributes.end() && equal_ignoring_case(type->value, u"hidden");
      return hidden ? insert_void(tag) : table_else_start(tag);
    }
    case Name::form:
      if (open_.count(Name::template_) != 0 || form_) return;
      form_ = &insert_element(tag);
      return open_.pop();
    default:
      return table_else_start(tag);
  }
}

void TreeBuilder::table_end(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::table:
      if (!open_.in_scope(Name::table, Scope::table)) return;
      open_.pop_through(Name::table);
      return reset_mode();
    case Name::body:
    case Name::caption:
    case Name::col:
    case Name::colgroup:
    case Name::html:
    case Name::tbody:
    case Name::td:
    case Name::tfoot:
    case Name::th:
    case Name::thead:
    case Name::tr:
      return;
    case Name::template_:
      return template_end();
    default:
      foster_parenting_ = true;
      body_end(tag);
      foster_parenting_ = false;
  }
}

bool TreeBuilder::leave_caption() {
  if (!open_.in_scope(Name::caption, Scope::table)) return false;
  open_.generate_implied_end_tags();
  open_.pop_through(Name::caption);
  end_formatting_scope();
  mode_ = Mode::in_table;
  return true;
}

void TreeBuilder::caption_start(TagToken& tag) {
  if (!has_trait(tag.name.name(), table_body_start_trait)) return body_start(tag);
  if (leave_caption()) start(mode_, tag);
}

void TreeBuilder::caption_end(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::caption:
      leave_caption();
      return;
    case Name::table:
      if (leave_caption()) end(mode_, tag);
      return;
    case Name::body:
    case Name::col:
    case Name::colgroup:
    case Name::html:
    case Name::tbody:
    case Name::td:
    case Name::tfoot:
    case Name::th:
    case Name::thead:
    case Name::tr:
      return;
    default:
      return body_end(tag);
  }
}

bool TreeBuilder::leave_columns() {
  if (!open_.current_is(Name::colgroup)) return false;
  open_.pop();
  mode_ = Mode::in_table;
  return true;
}

void TreeBuilder::column_start(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::html:
      return body_start(tag);
    case Name::col:
      return insert_void(tag);
    case Name::template_:
      return head_start(tag);
    default:
      if (leave_columns()) start(mode_, tag);
  }
}

void TreeBuilder::column_end(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::colgroup:
      leave_columns();
      return;
    case Name::col:
      return;
    case Name::template_:
      return template_end();
    default:
      if (leave_columns()) end(mode_, tag);
  }
}

static void pop_to_body_context(OpenElements& open) {
  while (!open.current_has(table_scope_trait | table_section_trait)) open.pop();
}

bool TreeBuilder::leave_table_body() {
  bool there = open_.in_scope(Name::tbody, Scope::table) || open_.in_scope(Name::thead, Scope::table) ||
               open_.in_scope(Name::tfoot, Scope::table);
  if (!there) return false;
  pop_to_body_context(open_);
  open_.pop();
  mode_ = Mode::in_table;
  return true;
}

void TreeBuilder::table_body_start(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::tr:
      pop_to_body_context(open_);
      insert_element(tag);
      mode_ = Mode::in_row;
      return;
    case Name::th:
    case Name::td:
      pop_to_body_context(open_);
      insert_implied(Name::tr);
      return restart(Mode::in_row, tag);
    case Name::caption:
    case Name::col:
    case Name::colgroup:
    case Name::tbody:
    case Name::tfoot:
    case Name::thead:
      if (leave_table_body()) start(mode_, tag);
      return;
    default:
      return table_start(tag);
  }
}

void TreeBuilder::table_body_end(TagToken& tag) {
  Name name = tag.name.name();
  switch (name) {
    case Name::tbody:
    case Name::tfoot:
    case Name::thead:
      if (!open_.in_scope(name, Scope::table)) return;
      pop_to_body_context(open_);
      open_.pop();
      mode_ = Mode::in_table;
      return;
    case Name::table:
      if (leave_table_body()) end(mode_, tag);
      return;
    case Name::body:
    case Name::caption:
    case Name::col:
    case Name::colgroup:
    case Name::html:
    case Name::td:
    case Name::th:
    case Name::tr:
      return;
    default:
      return table_end(tag);
  }
}

static void pop_to_row_context(OpenElements& open) {
  while (!open.current_has(table_scope_trait) && !open.current_is(Name::tr)) open.pop();
}

bool TreeBuilder::leave_row() {
  if (!open_.in_scope(Name::tr, Scope::table)) return false;
  pop_to_row_context(open_);
  open_.pop();
  mode_ = Mode::in_table_body;
  return true;
}

void TreeBuilder::row_start(TagToken& tag) {
  Name name = tag.name.name();
  if (name == Name::th || name == Name::td) {
    pop_to_row_context(open_);
    insert_element(tag);
    mode_ = Mode::in_cell;
    formatting_.push_marker();
    return;
  }
  if (!has_trait(name, table_body_start_trait)) return table_start(tag);
  if (leave_row()) start(mode_, tag);
}

void TreeBuilder::row_end(TagToken& tag) {
  Name name = tag.name.name();
  switch (name) {
    case Name::tr:
      leave_row();
      return;
    case Name::table:
      if (leave_row()) end(mode_, tag);
      return;
    case Name::tbody:
    case Name::tfoot:
    case Name::thead:
      if (open_.in_scope(name, Scope::table) && leave_row()) end(mode_, tag);
      return;
    case Name::body:
    case Name::caption:
    case Name::col:
    case Name::colgroup:
    case Name::html:
    case Name::td:
    case Name::th:
      return;
    default:
      return table_end(tag);
  }
}

void TreeBuilder::close_cell() {
  open_.generate_implied_end_tags();
  while (!open_.empty()) {
    bool cell = open_.current_is(Name::td) || open_.current_is(Name::th);
    open_.pop();
    if (cell) break;
  }
  end_formatting_scope();
  mode_ = Mode::in_row;
}

void TreeBuilder::cell_start(TagToken& tag) {
  if (!has_trait(tag.name.name(), table_body_start_trait)) return body_start(tag);
  if (!open_.in_scope(Name::td, Scope::table) && !open_.in_scope(Name::th, Scope::table)) return;
  close_cell();
  start(mode_, tag);
}

void TreeBuilder::cell_end(TagToken& tag) {
  Name name = tag.name.name();
  switch (name) {
    case Name::td:
    case Name::th:
      if (!open_.in_scope(name, Scope::table)) return;
      open_.generate_implied_end_tags();
      open_.pop_through(name);
      end_formatting_scope();
      mode_ = Mode::in_row;
      return;
    case Name::body:
    case Name::caption:
    case Name::col:
    case Name::colgroup:
    case Name::html:
      return;
    case Name::table:
    case Name::tbody:
    case Name::tfoot:
    case Name::thead:
    case Name::tr:
      if (!open_.in_scope(name, Scope::table)) return;
      close_cell();
      return end(mode_, tag);
    default:
      return body_end(tag);
  }
}

}  // namespace shikake::html
