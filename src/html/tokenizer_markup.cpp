// Comments and doctypes.
#include "html/conditional_comments.h"
#include "html/tokenizer.h"

namespace shikake::html {
namespace {
constexpr char16_t replacement_character = 0xFFFD;
}

void Tokenizer::step_comment() {
  switch (state_) {
    case State::bogus_comment:
      return bogus_comment();
    case State::markup_declaration_open:
      return markup_declaration_open();
    case State::comment_start:
    case State::comment_start_dash:
      return comment_start();
    case State::comment:
      return comment_text();
    case State::comment_less_than:
    case State::comment_less_than_bang:
    case State::comment_less_than_bang_dash:
      return comment_less_than();
    case State::conditional_hidden:
      return conditional_hidden();
    default:
      return comment_end();
  }
}

// After "<!": buffer_ is how far one of the three keywords has come.
void Tokenizer::markup_declaration_open() {
  int c = in_.take();
  if (c != eof) {
    buffer_ += static_cast<char16_t>(c);
    if (buffer_ == u"--") {
      comment_.clear();
      return go(State::comment_start);
    }
    if (equal_ignoring_case(buffer_, u"doctype")) return go(State::doctype);
    if (buffer_ == u"[CDATA[") {
      if (sink_.cdata_allowed()) return go(State::cdata);
      comment_ = buffer_;
      return go(State::bogus_comment);
    }
    if (starts_ignoring_case(u"doctype", buffer_) || std::u16string_view(u"[CDATA[").starts_with(buffer_) ||
        buffer_ == u"-") {
      return;
    }
    buffer_.pop_back();
  }
  comment_ = buffer_;
  again(c, State::bogus_comment);
}

void Tokenizer::bogus_comment() {
  int c = in_.take();
  if (c == '>' || c == eof) {
    if (c == '>' && conditional(comment_)) return;
    emit_comment();
    return c == eof ? emit_end_of_file() : void();
  }
  comment_ += c == 0 ? replacement_character : static_cast<char16_t>(c);
}

void Tokenizer::comment_start() {
  bool dash = state_ == State::comment_start_dash;
  int c = in_.take();
  if (c == '-') return go(dash ? State::comment_end : State::comment_start_dash);
  if (c == '>') return emit_comment();
  if (dash && c != eof) comment_ += u'-';
  again(c, State::comment);
}

void Tokenizer::comment_text() {
  std::u16string_view window = in_.window();
  size_t count = 0;
  const bool may_be_conditional = conditional_ > 0 && (comment_.empty() ? window : std::u16string_view(comment_)).starts_with(u'[');
  while (count < window.size() && window[count] != u'-' && window[count] != u'<' && window[count] != 0 &&
         !(may_be_conditional && window[count] == u'>'))
    ++count;
  comment_ += window.substr(0, count);
  in_.advance(count);
  if (count == window.size() && !in_.at_end()) return;
  switch (in_.take()) {
    case eof:
      emit_comment();
      return emit_end_of_file();
    case '-':
      return go(State::comment_end_dash);
    case '<':
      comment_ += u'<';
      return go(State::comment_less_than);
    case '>':
      if (!conditional(comment_)) comment_ += u'>';
      return;
    default:
      comment_ += replacement_character;
  }
}

// At the '>' of an opening or of an end: what holds is markup from here on, and so is what comes after an end.
// False: it is none, or there are none for this browser.
bool Tokenizer::conditional(std::u16string_view opening) {
  if (conditional_ <= 0) return false;
  if (state_ == State::bogus_comment && ends_conditional(u"<!" + std::u16string(opening))) {
    go(State::data);
    return true;
  }
  const std::u16string_view expression = conditional_expression(opening);
  if (expression.empty()) return false;
  if (conditional_comment_holds(expression, conditional_)) {
    go(State::data);
    return true;
  }
  comment_ += u'>';
  go(State::conditional_hidden);
  return true;
}

// Whatever stands there, comments too, up to "<![endif]>" or "<![endif]-->".
void Tokenizer::conditional_hidden() {
  std::u16string_view window = in_.window();
  const size_t count = std::min(window.find(u'>'), window.size());
  comment_ += window.substr(0, count);
  in_.advance(count);
  if (count == window.size() && !in_.at_end()) return;
  const int c = in_.take();
  if (c == eof) {
    emit_comment();
    return emit_end_of_file();
  }
  if (!ends_conditional(comment_)) {
    comment_ += u'>';
    return;
  }
  if (comment_.ends_with(u"--")) comment_.resize(comment_.size() - 2);
  emit_comment();
}

void Tokenizer::comment_less_than() {
  int c = in_.take();
  if (state_ == State::comment_less_than) {
    if (c == '!' || c == '<') comment_ += static_cast<char16_t>(c);
    if (c == '<') return;
    return c == '!' ? go(State::comment_less_than_bang) : again(c, State::comment);
  }
  if (state_ == State::comment_less_than_bang) {
    return c == '-' ? go(State::comment_less_than_bang_dash) : again(c, State::comment);
  }
  // "<!-": a second dash leads, by way of an error only, to where "--" leads
  if (c == '-') return go(State::comment_end);
  again(c, State::comment_end_dash);
}

// The states comment end dash ("-"), comment end ("--") and comment end bang ("--!").
void Tokenizer::comment_end() {
  int c = in_.take();
  if (c == eof) {
    emit_comment();
    return emit_end_of_file();
  }
  if (state_ == State::comment_end_dash) {
    if (c == '-') return go(State::comment_end);
    comment_ += u'-';
    return again(c, State::comment);
  }
  if (c == '>') return emit_comment();
  if (state_ == State::comment_end) {
    if (c == '!') return go(State::comment_end_bang);
    if (c == '-') {
      comment_ += u'-';
      return;
    }
    comment_ += u"--";
    return again(c, State::comment);
  }
  comment_ += u"--!";
  if (c == '-') return go(State::comment_end_dash);
  again(c, State::comment);
}

void Tokenizer::emit_comment() {
  go(State::data);
  sink_.comment(comment_, markup_position_, markup_origin_);
}

void Tokenizer::step_doctype() {
  switch (state_) {
    case State::doctype: {
      doctype_ = {};
      doctype_.position = markup_position_;
      doctype_.origin = markup_origin_;
      int c = in_.take();
      return is_space(c) ? go(State::before_doctype_name) : again(c, State::before_doctype_name);
    }
    case State::before_doctype_name:
      return before_doctype_name();
    case State::doctype_name:
      return doctype_name();
    case State::after_doctype_name:
      return after_doctype_name();
    case State::after_doctype_keyword:
      return before_doctype_identifier(true);
    case State::doctype_identifier:
      return doctype_identifier();
    case State::after_doctype_public_identifier:
      system_identifier_ = true;
      return before_doctype_identifier(false);
    default: {
      // After the system identifier, and the bogus doctype: nothing matters but the end.
      int c = in_.take();
      if (c == '>') return emit_doctype(false);
      if (c == eof) return emit_doctype(state_ == State::after_doctype_system_identifier);
      if (!is_space(c)) go(State::bogus_doctype);
    }
  }
}

void Tokenizer::before_doctype_name() {
  int c = in_.take();
  if (is_space(c)) return;
  if (c == '>' || c == eof) return emit_doctype(true);
  doctype_.has_name = true;
  again(c, State::doctype_name);
}

void Tokenizer::doctype_name() {
  int c = in_.take();
  if (is_space(c)) {
    buffer_.clear();
    return go(State::after_doctype_name);
  }
  if (c == '>' || c == eof) return emit_doctype(c == eof);
  doctype_.name += c == 0 ? replacement_character : to_lower(static_cast<char16_t>(c));
}

// buffer_ is how far PUBLIC or SYSTEM has come.
void Tokenizer::after_doctype_name() {
  int c = in_.take();
  if (buffer_.empty() && is_space(c)) return;
  if (c == '>' || c == eof) return emit_doctype(c == eof || !buffer_.empty());
  buffer_ += static_cast<char16_t>(c);
  system_identifier_ = equal_ignoring_case(buffer_, u"system");
  if (system_identifier_ || equal_ignoring_case(buffer_, u"public")) return go(State::after_doctype_keyword);
  if (starts_ignoring_case(u"public", buffer_) || starts_ignoring_case(u"system", buffer_)) return;
  doctype_.force_quirks = true;
  go(State::bogus_doctype);
}

// After a keyword, where the identifier must come, or after the public identifier, where it may.
void Tokenizer::before_doctype_identifier(bool quirks_if_missing) {
  int c = in_.take();
  if (is_space(c)) return;
  if (c == '"' || c == '\'') {
    (system_identifier_ ? doctype_.has_system_id : doctype_.has_public_id) = true;
    quote_ = static_cast<char16_t>(c);
    return go(State::doctype_identifier);
  }
  if (c == '>' || c == eof) return emit_doctype(c == eof || quirks_if_missing);
  doctype_.force_quirks = true;
  go(State::bogus_doctype);
}

void Tokenizer::doctype_identifier() {
  int c = in_.take();
  if (c == '>' || c == eof) return emit_doctype(true);
  if (c == quote_) {
    return go(system_identifier_ ? State::after_doctype_system_identifier
                                 : State::after_doctype_public_identifier);
  }
  (system_identifier_ ? doctype_.system_id : doctype_.public_id) +=
      c == 0 ? replacement_character : static_cast<char16_t>(c);
}

// After '>' or at the end of the file; in the latter case the end is met again in the data state.
void Tokenizer::emit_doctype(bool force_quirks) {
  doctype_.force_quirks |= force_quirks;
  go(State::data);
  sink_.doctype(doctype_);
}

}  // namespace shikake::html
