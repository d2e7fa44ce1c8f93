#include "honeyclient/forced/lexer.h"

#include <algorithm>

namespace shikake::honeyclient::forced {

bool is_newline(char16_t unit) {
  return unit == '\n' || unit == '\r' || unit == 0x2028 || unit == 0x2029;
}

bool is_name_start(char16_t unit) {
  if (unit > 0x7F)
    return unit != 0xA0 && unit != 0xFEFF && unit != 0x2028 && unit != 0x2029 && unit != 0x3000;
  return (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || unit == '_' || unit == '$' ||
         unit == '\\' || unit == '#';
}

bool is_name_part(char16_t unit) {
  return is_name_start(unit) || (unit >= '0' && unit <= '9');
}

namespace {

bool is_digit(char16_t unit) {
  return unit >= '0' && unit <= '9';
}
bool is_blank(char16_t unit) {
  return unit == ' ' || unit == '\t' || unit == '\v' || unit == '\f' || unit == 0xA0 || unit == 0xFEFF ||
         unit == 0x3000;
}

constexpr std::u16string_view long_signs[] = {  // longest first
    u">>>=", u"...", u"===", u"!==", u"**=", u"<<=", u">>=", u">>>", u"&&=", u"||=", u"?\?=",
    u"=>",   u"==",  u"!=",  u"<=",  u">=",  u"&&",  u"||",  u"??",  u"?.",  u"++",  u"--",
    u"+=",   u"-=",  u"*=",  u"/=",  u"%=",  u"&=",  u"|=",  u"^=",  u"<<",  u">>",  u"**"};

}  // namespace

// Comments too, the old ones in markup's style among them: https://tc39.es/ecma262/#sec-html-like-comments
size_t Lexer::skip_blanks(size_t at, bool& newline) const {
  newline = at == 0;
  for (;;) {
    char16_t c = unit(at);
    if (at >= text_.size()) return at;
    if (is_newline(c)) {
      newline = true;
      ++at;
    } else if (is_blank(c)) {
      ++at;
    } else if (text_.substr(at, 2) == u"//" || text_.substr(at, 4) == u"<!--" ||
               (newline && text_.substr(at, 3) == u"-->")) {
      while (at < text_.size() && !is_newline(text_[at])) ++at;
    } else if (text_.substr(at, 2) == u"/*") {
      size_t end = text_.find(u"*/", at + 2);
      if (end == std::u16string_view::npos) return text_.size();
      for (; at < end + 2; ++at) newline = newline || is_newline(text_[at]);
    } else {
      return at;
    }
  }
}

Token Lexer::next(size_t at) const {
  Token token;
  at = skip_blanks(at, token.after_newline);
  token.start = token.end = at;
  if (at >= text_.size()) return token;
  char16_t c = text_[at];
  size_t end = at + 1;
  if (is_name_start(c)) {
    token.kind = TokenKind::name;
    // \u{…} is part of a name; its braces are not the parser's.
    for (end = at; is_name_part(unit(end)); ++end)
      if (text_.substr(end, 3) == u"\\u{") end = std::min(text_.find(u'}', end), text_.size());
  } else if (is_digit(c) || (c == '.' && is_digit(unit(at + 1)))) {
    token.kind = TokenKind::number;
    bool hexadecimal = c == '0' && (unit(at + 1) | 0x20) == 'x';
    while (is_name_part(unit(end)) || unit(end) == '.' ||
           ((unit(end) == '+' || unit(end) == '-') && !hexadecimal && (unit(end - 1) | 0x20) == 'e'))
      ++end;
  } else if (c == '"' || c == '\'') {
    token.kind = TokenKind::string;
    while (end < text_.size() && text_[end] != c && text_[end] != '\n' && text_[end] != '\r') {
      if (text_[end] == '\\' && text_.substr(end + 1, 2) == u"\r\n") ++end;
      end += text_[end] == '\\' ? 2 : 1;
    }
    end = std::min(end + 1, text_.size());
  } else if (c == '`') {
    token.kind = TokenKind::text_template;
  } else {
    token.kind = TokenKind::sign;
    for (std::u16string_view sign : long_signs)
      if (text_.substr(at, sign.size()) == sign) {
        // "a?.5:b" is a condition and a number.
        if (sign == u"?." && is_digit(unit(at + 2))) continue;
        end = at + sign.size();
        break;
      }
  }
  token.end = end;
  token.text = text_.substr(at, end - at);
  return token;
}

size_t Lexer::regular_expression_end(size_t at) const {
  bool in_class = false;
  for (++at; at < text_.size() && !is_newline(text_[at]); ++at) {
    if (text_[at] == '\\') {
      ++at;
    } else if (text_[at] == '[') {
      in_class = true;
    } else if (text_[at] == ']') {
      in_class = false;
    } else if (text_[at] == '/' && !in_class) {
      ++at;
      break;
    }
  }
  while (is_name_part(unit(at)) && unit(at) != '\\' && unit(at) != '#') ++at;
  return std::min(at, text_.size());
}

Lexer::TemplatePart Lexer::template_part(size_t at) const {
  for (; at < text_.size(); ++at) {
    if (text_[at] == '\\') {
      ++at;
    } else if (text_[at] == '`') {
      return {at + 1, false, true};
    } else if (text_.substr(at, 2) == u"${") {
      return {at + 2, true, true};
    }
  }
  return {text_.size(), false, false};
}

}  // namespace shikake::honeyclient::forced
