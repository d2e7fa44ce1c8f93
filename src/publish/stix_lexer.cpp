#include "publish/stix_lexer.h"

#include <algorithm>

#include "base/ascii.h"

namespace shikake::publish {
namespace {

using base::is_digit;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
// t'2014-…Z' by the grammar's ranges; it is kept as written.
bool is_timestamp(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < shape.size() + 1 || !text.ends_with('Z')) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 'd' ? !is_digit(text[i]) : text[i] != shape[i]) return false;
  }
  auto two = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (two(5) < 1 || two(5) > 12 || two(8) < 1 || two(8) > 31 || two(11) > 23 || two(14) > 59 || two(17) > 60)
    return false;
  std::string_view fraction = text.substr(shape.size(), text.size() - shape.size() - 1);
  if (fraction.empty()) return true;
  return fraction.size() > 1 && fraction[0] == '.' &&
         std::all_of(fraction.begin() + 1, fraction.end(), is_digit);
}

bool is_hex_pairs(std::string_view text) {
  return text.size() % 2 == 0 && base::is_hex(text);
}

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return std::all_of(text.begin(), text.end() - static_cast<ptrdiff_t>(padding), [](char c) {
    return is_digit(c) || (is_letter(c) && c != '_') || c == '+' || c == '/';
  });
}

}  // namespace

tl::unexpected<Error> wrong_pattern(std::string what, size_t offset) {
  Error error{Module::publish, ErrorCode::invalid_input, "STIX pattern: " + std::move(what)};
  error.offset = offset;
  return fail(std::move(error));
}

Result<Token> PatternLexer::next() {
  SHIKAKE_TRY(skip_blanks());
  Token token;
  token.offset = at_;
  if (at_ == text_.size()) return token;
  char c = text_[at_];
  if (c == '\'') return string(token);
  if ((c == 't' || c == 'h' || c == 'b') && at_ + 1 < text_.size() && text_[at_ + 1] == '\'')
    return special(token, c);
  if (is_letter(c)) return word(token);
  bool sign = c == '+' || c == '-';
  size_t digits = at_ + (sign ? 1 : 0);
  bool fraction = digits + 1 < text_.size() && text_[digits] == '.' && is_digit(text_[digits + 1]);
  if (fraction || (digits < text_.size() && is_digit(text_[digits]))) return number(token);
  return symbol(token);
}

// The grammar's WS has Unicode blanks too; these are their UTF-8 forms.
size_t PatternLexer::blank_length() const {
  constexpr std::string_view blanks[] = {
      " ",           "\t",           "\r",           "\n",           "\v",           "\xC2\x85",
      "\xC2\xA0",    "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F",
      "\xE3\x80\x80"};
  std::string_view rest = text_.substr(at_);
  for (std::string_view blank : blanks) {
    if (rest.starts_with(blank)) return blank.size();
  }
  bool en_quad_to_hair_space = rest.size() >= 3 && rest.starts_with("\xE2\x80") &&
                               static_cast<uint8_t>(rest[2]) >= 0x80 && static_cast<uint8_t>(rest[2]) <= 0x8A;
  return en_quad_to_hair_space ? 3 : 0;
}

Result<> PatternLexer::skip_blanks() {
  for (;;) {
    if (size_t blank = blank_length()) {
      at_ += blank;
    } else if (text_.substr(at_).starts_with("/*")) {
      size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return wrong_pattern("a comment never ends", at_);
      at_ = end + 2;
    } else if (text_.substr(at_).starts_with("//")) {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else {
      return {};
    }
  }
}

Result<Token> PatternLexer::string(Token token) {
  token.kind = TokenKind::string;
  for (++at_; at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '\'') {
      ++at_;
      return token;
    }
    if (c == '\\') {
      ++at_;
      if (at_ == text_.size() || (text_[at_] != '\'' && text_[at_] != '\\'))
        return wrong_pattern("a backslash that escapes neither ' nor itself", at_ - 1);
      c = text_[at_];
    }
    token.text += c;
  }
  return wrong_pattern("a string never ends", token.offset);
}

Result<Token> PatternLexer::special(Token token, char kind) {
  size_t end = text_.find('\'', at_ + 2);
  if (end == std::string_view::npos) return wrong_pattern("a literal never ends", at_);
  token.text = text_.substr(at_ + 2, end - at_ - 2);
  token.kind = TokenKind::literal;
  bool good = false;
  if (kind == 't') token.literal = PatternLiteral::Kind::timestamp, good = is_timestamp(token.text);
  if (kind == 'h') token.literal = PatternLiteral::Kind::hex, good = is_hex_pairs(token.text);
  if (kind == 'b') token.literal = PatternLiteral::Kind::binary, good = is_base64(token.text);
  if (!good) return wrong_pattern("malformed literal", at_);
  at_ = end + 1;
  return token;
}

Result<Token> PatternLexer::word(Token token) {
  token.kind = TokenKind::word;
  size_t end = at_;
  while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '-')) ++end;
  token.text = text_.substr(at_, end - at_);
  at_ = end;
  return token;
}

Result<Token> PatternLexer::number(Token token) {
  token.kind = TokenKind::number;
  size_t end = at_;
  if (text_[end] == '+' || text_[end] == '-') ++end;
  size_t whole = end;
  while (end < text_.size() && is_digit(text_[end])) ++end;
  size_t whole_digits = end - whole;
  bool fraction = end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1]);
  if (fraction) {
    ++end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
  } else if (whole_digits > 1 && text_[whole] == '0') {
    return wrong_pattern("a number with a leading zero", at_);
  }
  token.text = text_.substr(at_, end - at_);
  at_ = end;
  return token;
}

Result<Token> PatternLexer::symbol(Token token) {
  token.kind = TokenKind::symbol;
  std::string_view rest = text_.substr(at_);
  for (std::string_view two : {"==", "!=", "<>", "<=", ">="}) {
    if (rest.starts_with(two)) token.text = two;
  }
  if (token.text.empty()) {
    if (std::string_view("=<>:.,()[]*").find(rest[0]) == std::string_view::npos)
      return wrong_pattern("a character that means nothing here", at_);
    token.text = rest[0];
  }
  at_ += token.text.size();
  return token;
}

}  // namespace shikake::publish
