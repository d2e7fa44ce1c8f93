#include "html/tokenizer.h"

#include <algorithm>

namespace shikake::html {

namespace {
constexpr char16_t replacement_character = 0xFFFD;
}

void Tokenizer::run() {
  paused_ = false;
  while (!paused_ && !finished_ && in_.ready()) step();
}

void Tokenizer::step() {
  if (state_ < State::script_escape_start) return step_text();
  if (state_ < State::tag_open) return step_script();
  if (state_ < State::bogus_comment) return step_tag();
  if (state_ < State::doctype) return step_comment();
  if (state_ < State::character_reference) return step_doctype();
  step_reference();
}

void Tokenizer::step_text() {
  switch (state_) {
    case State::data:
    case State::rcdata:
      return text_run(true);
    case State::rawtext:
    case State::script_data:
    case State::plaintext:
      return text_run(false);
    case State::text_less_than:
      return text_less_than();
    case State::text_end_tag_open:
      return text_end_tag_open();
    case State::text_end_tag_name:
      return text_end_tag_name();
    default:
      return cdata();
  }
}

// The states data, RCDATA, RAWTEXT, script data and PLAINTEXT: runs between the few that matter.
void Tokenizer::text_run(bool references) {
  std::u16string_view window = in_.window();
  bool markup = state_ != State::plaintext;
  bool keep_null = state_ == State::data;  // there the tree builder decides
  size_t count = 0;
  for (; count < window.size(); ++count) {
    char16_t c = window[count];
    if (c > u'<') continue;
    if ((c == u'<' && markup) || (c == u'&' && references) || (c == 0 && !keep_null)) break;
  }
  if (count != 0) return emit_run(count);
  begin_markup();
  int c = in_.take();
  if (c == eof) return emit_end_of_file();
  if (c == 0) return emit(replacement_character);
  if (c == '&') return begin_reference(state_);
  text_state_ = state_;
  go(state_ == State::data ? State::tag_open : State::text_less_than);
}

void Tokenizer::emit_run(size_t count) {
  Position position = in_.position();
  std::u16string_view run = in_.window().substr(0, count);
  in_.advance(count);
  sink_.characters(run, position, in_.origin());
}

void Tokenizer::emit(int c) {
  auto unit = static_cast<char16_t>(c);
  emit(std::u16string_view(&unit, 1));
}

void Tokenizer::begin_markup() {
  markup_position_ = in_.position();
  markup_origin_ = in_.origin();
}

void Tokenizer::emit_end_of_file() {
  finished_ = true;
  sink_.end_of_file();
}

void Tokenizer::text_less_than() {
  int c = in_.take();
  if (c == '/') return go(State::text_end_tag_open);
  if (c == '!' && text_state_ == State::script_data) {
    emit(u"<!");
    return go(State::script_escape_start);
  }
  emit('<');
  again(c, text_state_);
}

void Tokenizer::text_end_tag_open() {
  int c = in_.take();
  if (is_alpha(c)) {
    begin_tag(true);
    buffer_ = u"</";
    return again(c, State::text_end_tag_name);
  }
  emit(u"</");
  again(c, text_state_);
}

void Tokenizer::text_end_tag_name() {
  int c = in_.take();
  if (is_alpha(c)) {
    name_ += to_lower(static_cast<char16_t>(c));
    buffer_ += static_cast<char16_t>(c);
    return;
  }
  bool appropriate = name_ == last_start_tag_.text();
  tag_.name = last_start_tag_;
  if (appropriate && is_space(c)) return go(State::before_attribute_name);
  if (appropriate && c == '/') return go(State::self_closing_start_tag);
  if (appropriate && c == '>') return emit_tag();
  emit(buffer_);
  again(c, text_state_);
}

void Tokenizer::cdata() {
  if (state_ == State::cdata) {
    std::u16string_view window = in_.window();
    size_t count = std::min(window.find(u']'), window.size());
    if (count != 0) return emit_run(count);
    begin_markup();
    return in_.take() == eof ? emit_end_of_file() : go(State::cdata_bracket);
  }
  int c = in_.take();
  if (state_ == State::cdata_bracket) {
    if (c == ']') return go(State::cdata_end);
    emit(']');
    return again(c, State::cdata);
  }
  if (c == ']') return emit(']');
  if (c == '>') return go(State::data);
  emit(u"]]");
  again(c, State::cdata);
}

}  // namespace shikake::html
