#include "html/tokenizer.h"

#include <algorithm>

namespace shikake::html {
namespace {

constexpr char16_t replacement_character = 0xFFFD;

// Appends the run at the front of `window` that `stops` says no to; lower-cased.
template <class Stops>
size_t append_name(std::u16string& name, std::u16string_view window, Stops stops) {
  size_t count = 0;
  while (count < window.size() && !stops(window[count])) name += to_lower(window[count++]);
  return count;
}

bool ends_tag_name(char16_t c) {
  return is_space(c) || c == u'/' || c == u'>' || c == 0;
}

}  // namespace

void Tokenizer::step_tag() {
  switch (state_) {
    case State::tag_open:
      return tag_open();
    case State::end_tag_open:
      return end_tag_open();
    case State::tag_name:
      return tag_name();
    case State::before_attribute_name:
      return before_attribute_name();
    case State::attribute_name:
      return attribute_name();
    case State::after_attribute_name:
      return after_attribute_name();
    case State::before_attribute_value:
      return before_attribute_value();
    case State::attribute_value_double:
      return attribute_value_quoted(u'"');
    case State::attribute_value_single:
      return attribute_value_quoted(u'\'');
    case State::attribute_value_unquoted:
      return attribute_value_unquoted();
    case State::after_attribute_value:
      return after_attribute_value();
    default:
      return self_closing_start_tag();
  }
}

void Tokenizer::tag_open() {
  int c = in_.take();
  if (is_alpha(c)) {
    begin_tag(false);
    return again(c, State::tag_name);
  }
  buffer_.clear();
  if (c == '!') return go(State::markup_declaration_open);
  if (c == '/') return go(State::end_tag_open);
  if (c == '?') {
    comment_.clear();
    return again(c, State::bogus_comment);
  }
  emit('<');
  again(c, State::data);
}

void Tokenizer::end_tag_open() {
  int c = in_.take();
  if (is_alpha(c)) {
    begin_tag(true);
    return again(c, State::tag_name);
  }
  if (c == '>') return go(State::data);
  if (c == eof) {
    emit(u"</");
    return emit_end_of_file();
  }
  comment_.clear();
  again(c, State::bogus_comment);
}

void Tokenizer::begin_tag(bool end) {
  end_tag_ = end;
  name_.clear();
  tag_.attributes.clear();
  tag_.self_closing = false;
  tag_.position = markup_position_;
  tag_.origin = markup_origin_;
}

void Tokenizer::tag_name() {
  in_.advance(append_name(name_, in_.window(), ends_tag_name));
  if (in_.window().empty() && !in_.at_end()) return;
  int c = in_.take();
  if (c == eof) return emit_end_of_file();
  if (c == 0) {
    name_ += replacement_character;
    return;
  }
  tag_.name = atoms_.intern(name_);
  if (c == '>') return emit_tag();
  go(c == '/' ? State::self_closing_start_tag : State::before_attribute_name);
}

void Tokenizer::before_attribute_name() {
  int c = in_.take();
  if (is_space(c)) return;
  if (c == '/' || c == '>' || c == eof) return again(c, State::after_attribute_name);
  name_.clear();
  if (c == '=') {
    name_.assign(1, u'=');
    return go(State::attribute_name);
  }
  again(c, State::attribute_name);
}

void Tokenizer::attribute_name() {
  in_.advance(append_name(name_, in_.window(), [](char16_t c) { return ends_tag_name(c) || c == u'='; }));
  if (in_.window().empty() && !in_.at_end()) return;
  int c = in_.take();
  if (c == 0) {
    name_ += replacement_character;
    return;
  }
  finish_attribute_name();
  if (c == '=') return go(State::before_attribute_value);
  again(c, State::after_attribute_name);
}

void Tokenizer::finish_attribute_name() {
  dropping_ = end_tag_;
  if (dropping_) {
    name_.clear();
    return;
  }
  if (name_.size() > limits_.max_attribute_length) {
    attribute_text_cut_ += name_.size() - limits_.max_attribute_length;
    name_.resize(limits_.max_attribute_length);
  }
  Atom name = atoms_.intern(name_);
  dropping_ =
      std::ranges::any_of(tag_.attributes, [&](const Attribute& each) { return each.local_name == name; });
  if (dropping_) return;  // the first one counts
  if (tag_.attributes.size() >= limits_.max_attributes) {
    ++attributes_cut_;
    dropping_ = true;
    return;
  }
  tag_.attributes.push_back({{}, {}, name, {}});
}

void Tokenizer::after_attribute_name() {
  int c = in_.take();
  if (is_space(c)) return;
  if (c == '/') return go(State::self_closing_start_tag);
  if (c == '=') return go(State::before_attribute_value);
  if (c == '>') return emit_tag();
  if (c == eof) return emit_end_of_file();
  name_.clear();
  again(c, State::attribute_name);
}

void Tokenizer::before_attribute_value() {
  int c = in_.take();
  if (is_space(c)) return;
  if (c == '"') return go(State::attribute_value_double);
  if (c == '\'') return go(State::attribute_value_single);
  if (c == '>') return emit_tag();
  again(c, State::attribute_value_unquoted);
}

void Tokenizer::append_value(std::u16string_view text) {
  if (dropping_) return;
  std::u16string& value = tag_.attributes.back().value;
  size_t room = limits_.max_attribute_length - std::min(value.size(), limits_.max_attribute_length);
  if (text.size() > room) {
    attribute_text_cut_ += text.size() - room;
    text = text.substr(0, room);
  }
  value += text;
}

void Tokenizer::attribute_value_quoted(char16_t quote) {
  std::u16string_view window = in_.window();
  size_t count = 0;
  while (count < window.size() && window[count] != quote && window[count] != u'&' && window[count] != 0)
    ++count;
  append_value(window.substr(0, count));
  in_.advance(count);
  if (count == window.size() && !in_.at_end()) return;
  int c = in_.take();
  if (c == eof) return emit_end_of_file();
  if (c == 0) return append_value(std::u16string_view(&replacement_character, 1));
  if (c == '&') return begin_reference(state_);
  go(State::after_attribute_value);
}

void Tokenizer::attribute_value_unquoted() {
  std::u16string_view window = in_.window();
  size_t count = 0;
  auto ends = [](char16_t c) { return is_space(c) || c == u'&' || c == u'>' || c == 0; };
  while (count < window.size() && !ends(window[count])) ++count;
  append_value(window.substr(0, count));
  in_.advance(count);
  if (count == window.size() && !in_.at_end()) return;
  int c = in_.take();
  if (c == eof) return emit_end_of_file();
  if (c == 0) return append_value(std::u16string_view(&replacement_character, 1));
  if (c == '&') return begin_reference(state_);
  if (c == '>') return emit_tag();
  go(State::before_attribute_name);
}

void Tokenizer::after_attribute_value() {
  int c = in_.take();
  if (is_space(c)) return go(State::before_attribute_name);
  if (c == '/') return go(State::self_closing_start_tag);
  if (c == '>') return emit_tag();
  if (c == eof) return emit_end_of_file();
  again(c, State::before_attribute_name);
}

void Tokenizer::self_closing_start_tag() {
  int c = in_.take();
  if (c == eof) return emit_end_of_file();
  if (c != '>') return again(c, State::before_attribute_name);
  tag_.self_closing = true;
  emit_tag();
}

void Tokenizer::emit_tag() {
  go(State::data);  // first: the tree builder may switch to another
  if (end_tag_) return sink_.end_tag(tag_);
  last_start_tag_ = tag_.name;
  sink_.start_tag(tag_);
}

}  // namespace shikake::html
