// The insertion modes of select, template and framesets.
#include "html/tree_builder.h"

namespace shikake::html {

void TreeBuilder::select_start(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::html:
      return body_start(tag);
    case Name::option:
      if (open_.current_is(Name::option)) open_.pop();
      insert_element(tag);
      return;
    case Name::optgroup:
      if (open_.current_is(Name::option)) open_.pop();
      if (open_.current_is(Name::optgroup)) open_.pop();
      insert_element(tag);
      return;
    case Name::hr:
      if (open_.current_is(Name::option)) open_.pop();
      if (open_.current_is(Name::optgroup)) open_.pop();
      return insert_void(tag);
    case Name::select:
      if (open_.in_scope(Name::select, Scope::select)) close_select();
      return;
    case Name::input:
    case Name::keygen:
    case Name::textarea:
      if (!open_.in_scope(Name::select, Scope::select)) return;
      close_select();
      return start(mode_, tag);
    case Name::script:
    case Name::template_:
      return head_start(tag);
    default:
      return;
  }
}

void TreeBuilder::select_end(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::optgroup:
      if (open_.current_is(Name::option) && open_.size() > 1 && open_[open_.size() - 2].is(Name::optgroup)) {
        open_.pop();
      }
      if (open_.current_is(Name::optgroup)) open_.pop();
      return;
    case Name::option:
      if (open_.current_is(Name::option)) open_.pop();
      return;
    case Name::select:
      if (open_.in_scope(Name::select, Scope::select)) close_select();
      return;
    case Name::template_:
      return template_end();
    default:
      return;
  }
}

static bool leaves_select_in_table(Name name) {
  return name == Name::table ||
         (has_trait(name, table_body_start_trait) && name != Name::col && name != Name::colgroup);
}

void TreeBuilder::select_table_start(TagToken& tag) {
  if (!leaves_select_in_table(tag.name.name())) return select_start(tag);
  close_select();
  start(mode_, tag);
}

void TreeBuilder::select_table_end(TagToken& tag) {
  if (!leaves_select_in_table(tag.name.name())) return select_end(tag);
  if (!open_.in_scope(tag.name.name(), Scope::table)) return;
  close_select();
  end(mode_, tag);
}

void TreeBuilder::in_template_start(TagToken& tag) {
  if (has_trait(tag.name.name(), head_content_trait)) return head_start(tag);
  Mode mode = Mode::in_body;
  switch (tag.name.name()) {
    case Name::caption:
    case Name::colgroup:
    case Name::tbody:
    case Name::tfoot:
    case Name::thead:
      mode = Mode::in_table;
      break;
    case Name::col:
      mode = Mode::in_column_group;
      break;
    case Name::tr:
      mode = Mode::in_table_body;
      break;
    case Name::td:
    case Name::th:
      mode = Mode::in_row;
      break;
    default:
      break;
  }
  template_modes_.back() = mode;
  restart(mode, tag);
}

void TreeBuilder::frameset_start(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::html:
      return body_start(tag);
    case Name::frameset:
      insert_element(tag);
      return;
    case Name::frame:
      return insert_void(tag);
    case Name::noframes:
      return head_start(tag);
    default:
      return;
  }
}

// After the frameset, and after all that.
void TreeBuilder::after_frameset_start(TagToken& tag) {
  if (tag.name == Atom(Name::html)) return body_start(tag);
  if (tag.name == Atom(Name::noframes)) head_start(tag);
}

}  // namespace shikake::html
