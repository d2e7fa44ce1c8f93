// The insertion mode "in body". https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inbody
#include "html/tree_builder.h"

namespace shikake::html {

void TreeBuilder::body_text(std::u16string_view text) {
  std::u16string kept;
  if (text.find(u'\0') != std::u16string_view::npos) {
    kept = text;
    std::erase(kept, u'\0');
    text = kept;
  }
  if (text.empty()) return;
  reconstruct_formatting();
  insert_text(text);
  if (frameset_ok_ && leading_space(text) != text.size()) frameset_ok_ = false;
}

void TreeBuilder::body_start(TagToken& tag) {
  Name name = tag.name.name();
  if (has_trait(name, block_trait)) {
    close_p_in_button_scope();
    insert_element(tag);
    return;
  }
  if (has_trait(name, head_content_trait)) return head_start(tag);
  if (has_trait(name, table_body_start_trait)) return;  // not here
  if (body_start_block(tag) || body_start_inline(tag) || body_start_replaced(tag)) return;
  switch (name) {
    case Name::html:
      if (open_.count(Name::template_) == 0) add_missing_attributes(open_.bottom(), tag);
      return;
    case Name::body:
      return body_start_body(tag);
    case Name::frameset:
      return body_start_frameset(tag);
    case Name::math:
    case Name::svg:
      reconstruct_formatting();
      return insert_foreign(tag, name == Name::svg ? Name::ns_svg : Name::ns_mathml);
    case Name::frame:
    case Name::head:
      return;
    default:
      reconstruct_formatting();
      insert_element(tag);
  }
}

void TreeBuilder::body_start_body(TagToken& tag) {
  if (open_.size() < 2 || open_.name(1) != Name::body || open_.count(Name::template_) != 0) return;
  frameset_ok_ = false;
  add_missing_attributes(open_[1], tag);
}

void TreeBuilder::body_start_frameset(TagToken& tag) {
  if (open_.size() < 2 || open_.name(1) != Name::body || !frameset_ok_) return;
  remove(open_[1]);
  open_.pop_to_size(1);
  insert_element(tag);
  mode_ = Mode::in_frameset;
}

bool TreeBuilder::body_start_block(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::h1:
    case Name::h2:
    case Name::h3:
    case Name::h4:
    case Name::h5:
    case Name::h6:
      close_p_in_button_scope();
      if (open_.current_has(heading_trait)) open_.pop();
      insert_element(tag);
      return true;
    case Name::pre:
    case Name::listing:
      close_p_in_button_scope();
      insert_element(tag);
      skip_newline_ = true;
      frameset_ok_ = false;
      return true;
    case Name::form: {
      bool in_template = open_.count(Name::template_) != 0;
      if (form_ && !in_template) return true;
      close_p_in_button_scope();
      Element& form = insert_element(tag);
      if (!in_template) form_ = &form;
      return true;
    }
    case Name::li:
    case Name::dd:
    case Name::dt:
      return body_start_list_item(tag), true;
    case Name::plaintext:
      close_p_in_button_scope();
      insert_element(tag);
      tokenizer_->switch_to(Tokenizer::State::plaintext);
      return true;
    default:
      return false;
  }
}

void TreeBuilder::body_start_list_item(TagToken& tag) {
  frameset_ok_ = false;
  bool li = tag.name == Atom(Name::li);
  for (size_t i = open_.size(); i-- > 0;) {
    Name name = open_.name(i);
    if (li ? name == Name::li : name == Name::dd || name == Name::dt) {
      open_.generate_implied_end_tags(name);
      open_.pop_through(name);
      break;
    }
    bool passes = name == Name::address || name == Name::div || name == Name::p;
    if ((open_.has(i, special_trait) && !passes) || !budget_.may_look(open_.size() - i)) break;
  }
  close_p_in_button_scope();
  insert_element(tag);
}

bool TreeBuilder::body_start_inline(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::button:
      if (open_.in_scope(Name::button, Scope::element)) {
        open_.generate_implied_end_tags();
        open_.pop_through(Name::button);
      }
      reconstruct_formatting();
      insert_element(tag);
      frameset_ok_ = false;
      return true;
    case Name::a: {
      size_t index = formatting_.find_last(Name::a);
      if (index != ActiveFormatting::not_there) {
        Element& old = *formatting_.element(index);
        adoption_agency(tag);
        size_t listed = formatting_.find(old);
        if (listed != ActiveFormatting::not_there) formatting_.remove(listed);
        size_t open = open_.find(old);
        if (open != OpenElements::not_there) open_.remove(open);
      }
      reconstruct_formatting();
      formatting_.push(insert_element(tag));
      return true;
    }
    case Name::nobr:
      reconstruct_formatting();
      if (open_.in_scope(Name::nobr, Scope::element)) {
        adoption_agency(tag);
        reconstruct_formatting();
      }
      formatting_.push(insert_element(tag));
      return true;
    case Name::optgroup:
    case Name::option:
      if (open_.current_is(Name::option)) open_.pop();
      reconstruct_formatting();
      insert_element(tag);
      return true;
    case Name::rb:
    case Name::rtc:
    case Name::rp:
    case Name::rt:
      if (open_.in_scope(Name::ruby, Scope::element)) {
        bool base = tag.name == Atom(Name::rb) || tag.name == Atom(Name::rtc);
        open_.generate_implied_end_tags(base ? Atom() : Atom(Name::rtc));
      }
      insert_element(tag);
      return true;
    default:
      if (!has_trait(tag.name.name(), formatting_trait)) return false;
      reconstruct_formatting();
      formatting_.push(insert_element(tag));
      return true;
  }
}

// Elements without children, or with content of their own kind.
bool TreeBuilder::body_start_replaced(TagToken& tag) {
  switch (tag.name.name()) {
    case Name::applet:
    case Name::marquee:
    case Name::object:
      reconstruct_formatting();
      insert_element(tag);
      formatting_.push_marker();
      frameset_ok_ = false;
      return true;
    case Name::table:
      if (document_.mode != DocumentMode::quirks) close_p_in_button_scope();
      insert_element(tag);
      frameset_ok_ = false;
      mode_ = Mode::in_table;
      return true;
    case Name::image:
      tag.name = Name::img;
      [[fallthrough]];
    case Name::area:
    case Name::br:
    case Name::embed:
    case Name::img:
    case Name::keygen:
    case Name::wbr:
      reconstruct_formatting();
      insert_void(tag);
      frameset_ok_ = false;
      return true;
    case Name::input: {
      reconstruct_formatting();
      Element& input = insert_element(tag);
      open_.pop();
      const std::u16string* type = input.attribute(Name::type);
      if (!type || !equal_ignoring_case(*type, u"hidden")) frameset_ok_ = false;
      return true;
    }
    case Name::param:
    case Name::source:
    case Name::track:
      return insert_void(tag), true;
    case Name::hr:
      close_p_in_button_scope();
      insert_void(tag);
      frameset_ok_ = false;
      return true;
    default:
      return body_start_raw(tag);
  }
}

// Text that is not markup, and select, whose content has rules of its own.
bool TreeBuilder::body_start_raw(TagToken& tag) {
  using State = Tokenizer::State;
  switch (tag.name.name()) {
    case Name::textarea:
      raw_text(tag, State::rcdata);
      skip_newline_ = true;
      frameset_ok_ = false;
      return true;
    case Name::xmp:
      close_p_in_button_scope();
      reconstruct_formatting();
      frameset_ok_ = false;
      return raw_text(tag, State::rawtext), true;
    case Name::iframe:
      frameset_ok_ = false;
      return raw_text(tag, State::rawtext), true;
    case Name::noembed:
      return raw_text(tag, State::rawtext), true;
    case Name::noscript:
      if (!options_.scripting) return false;
      return raw_text(tag, State::rawtext), true;
    case Name::select: {
      reconstruct_formatting();
      insert_element(tag);
      frameset_ok_ = false;
      bool in_table = mode_ == Mode::in_table || mode_ == Mode::in_caption || mode_ == Mode::in_table_body ||
                      mode_ == Mode::in_row || mode_ == Mode::in_cell;
      mode_ = in_table ? Mode::in_select_in_table : Mode::in_select;
      return true;
    }
    default:
      return false;
  }
}

void TreeBuilder::body_end(TagToken& tag) {
  Name name = tag.name.name();
  if (has_trait(name, formatting_trait)) return adoption_agency(tag);
  if (has_trait(name, block_end_trait)) {
    if (!open_.in_scope(name, Scope::element)) return;
    open_.generate_implied_end_tags(tag.name);  // the exception matters for dd and dt
    open_.pop_through(name);
    if (has_trait(name, marker_trait)) end_formatting_scope();
    return;
  }
  if (has_trait(name, heading_trait)) {
    if (!open_.trait_in_scope(heading_trait, Scope::element)) return;
    open_.generate_implied_end_tags();
    return open_.pop_through_trait(heading_trait);
  }
  switch (name) {
    case Name::template_:
      return template_end();
    case Name::body:
    case Name::html:
      if (!open_.in_scope(Name::body, Scope::element)) return;
      mode_ = Mode::after_body;
      if (name == Name::html) end(mode_, tag);
      return;
    case Name::li:
      if (!open_.in_scope(name, Scope::list_item)) return;
      open_.generate_implied_end_tags(name);
      return open_.pop_through(name);
    case Name::form:
      return body_end_form();
    case Name::p:
      if (!open_.in_scope(name, Scope::button)) insert_implied(name);
      return close_p();
    case Name::br:
      tag.attributes.clear();
      body_start_replaced(tag);
      return;
    default:
      return body_end_other(tag);
  }
}

void TreeBuilder::body_end_form() {
  if (open_.count(Name::template_) != 0) {
    if (!open_.in_scope(Name::form, Scope::element)) return;
    open_.generate_implied_end_tags();
    return open_.pop_through(Name::form);
  }
  Element* form = form_;
  form_ = nullptr;
  if (!form || !open_.in_scope(*form)) return;
  open_.generate_implied_end_tags();
  size_t index = open_.find(*form);
  if (index != OpenElements::not_there) open_.remove(index);
}

void TreeBuilder::body_end_other(TagToken& tag) {
  Name name = tag.name.name();
  for (size_t i = open_.size(); i-- > 0;) {
    bool same = open_.name(i) == name && open_[i].local_name() == tag.name && open_[i].is_html();
    if (same) {
      Element& node = open_[i];
      open_.generate_implied_end_tags(tag.name);
      if (OpenElements::is_open(node)) open_.pop_through(node);
      return;
    }
    if (open_.has(i, special_trait) || !budget_.may_look(open_.size() - i)) return;
  }
}

}  // namespace shikake::html
