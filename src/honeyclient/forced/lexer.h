// ECMAScript source text into tokens, one at a time: whether a slash divides or begins a regular expression
// only the parser knows, so it asks for that.
// https://tc39.es/ecma262/#sec-ecmascript-language-lexical-grammar
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shikake::honeyclient::forced {

enum class TokenKind : uint8_t { end, name, number, string, text_template, sign };

struct Token {
  TokenKind kind = TokenKind::end;
  size_t start = 0, end = 0;  // UTF-16 units; of a template only its opening quote
  bool after_newline = false;
  std::u16string_view text;  // of names and signs; of strings with their quotes
};

class Lexer {
 public:
  explicit Lexer(std::u16string_view text) : text_(text) {}

  // The next token from `at`. What is no token at all is a sign of one unit, which no rule accepts.
  Token next(size_t at) const;
  // The regular expression that begins at the slash `at`: its end; nothing better than the line's end where
  // it is not closed.
  size_t regular_expression_end(size_t at) const;
  // In a template, from the unit after its quote or after a substitution's brace: where the text ends.
  struct TemplatePart {
    size_t end;         // after "${" or the closing quote
    bool substitution;  // "${" follows
    bool closed;        // false: the source ends before
  };
  TemplatePart template_part(size_t at) const;

 private:
  size_t skip_blanks(size_t at, bool& newline) const;
  char16_t unit(size_t at) const { return at < text_.size() ? text_[at] : u'\0'; }

  std::u16string_view text_;
};

bool is_name_start(char16_t unit);
bool is_name_part(char16_t unit);
bool is_newline(char16_t unit);

}  // namespace shikake::honeyclient::forced
