// Character references. https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state
#include "html/tokenizer.h"

namespace shikake::html {
namespace {

// What numeric references to the C1 controls stand for: windows-1252's characters; 0: themselves.
// https://html.spec.whatwg.org/multipage/parsing.html#numeric-character-reference-end-state
constexpr char16_t c1_controls[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                      0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                      0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

constexpr uint32_t last_code_point = 0x10FFFF;

}  // namespace

void Tokenizer::begin_reference(State return_state) {
  return_state_ = return_state;
  buffer_.assign(1, u'&');
  go(State::character_reference);
}

void Tokenizer::step_reference() {
  switch (state_) {
    case State::named_reference:
      return named_reference();
    case State::hex_reference:
      return number(16);
    case State::decimal_reference:
      return number(10);
    default:
      break;
  }
  int c = in_.take();
  switch (state_) {
    case State::character_reference:
      if (is_alnum(c)) {
        matcher_.restart();
        return again(c, State::named_reference);
      }
      if (c == '#') {
        number_ = 0;
        buffer_ += u'#';
        return go(State::numeric_reference);
      }
      break;
    case State::numeric_reference:
      if (c != 'x' && c != 'X') return again(c, State::decimal_reference_start);
      buffer_ += static_cast<char16_t>(c);
      return go(State::hex_reference_start);
    case State::hex_reference_start:
      if (hex_value(c) >= 0) return again(c, State::hex_reference);
      break;
    default:
      if (is_digit(c)) return again(c, State::decimal_reference);
      break;
  }
  flush_reference(buffer_);
  again(c, return_state_);
}

void Tokenizer::named_reference() {
  int c = in_.take();
  if (c != eof && matcher_.take(static_cast<char16_t>(c))) {
    buffer_ += static_cast<char16_t>(c);
    if (c != ';') return;  // a semicolon ends every name it is in
    return finish_named_reference(eof);
  }
  in_.untake(c);
  finish_named_reference(c);
}

// buffer_ is "&" and what some name begins with; `next` comes after it.
void Tokenizer::finish_named_reference(int next) {
  go(return_state_);
  const Entity* entity = matcher_.longest();
  if (!entity) return flush_reference(buffer_);
  std::u16string_view rest = std::u16string_view(buffer_).substr(1 + entity->name.size());
  if (!rest.empty()) next = rest.front();
  // For history's sake, href="?a=b&copy=c" is what it looks like.
  bool in_attribute = return_state_ >= State::attribute_value_double;
  if (in_attribute && entity->name.back() != ';' && (next == '=' || is_alnum(next))) {
    return flush_reference(buffer_);
  }
  std::u16string text;
  append_code_point(text, entity->first);
  if (entity->second) append_code_point(text, entity->second);
  flush_reference(text.append(rest));
}

void Tokenizer::number(int base) {
  int c = in_.take();
  int digit = base == 16 ? hex_value(c) : is_digit(c) ? c - '0' : -1;
  if (digit >= 0) {
    if (number_ <= last_code_point)
      number_ = number_ * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
    return;
  }
  if (c != ';') in_.untake(c);
  finish_number();
}

void Tokenizer::finish_number() {
  char32_t c = number_;
  if (c == 0 || c > last_code_point || (c >= 0xD800 && c < 0xE000)) {
    c = 0xFFFD;
  } else if (c >= 0x80 && c < 0xA0 && c1_controls[c - 0x80] != 0) {
    c = c1_controls[c - 0x80];
  }
  std::u16string text;
  append_code_point(text, c);
  go(return_state_);
  flush_reference(text);
}

void Tokenizer::flush_reference(std::u16string_view text) {
  if (return_state_ >= State::attribute_value_double) return append_value(text);
  emit(text);
}

}  // namespace shikake::html
