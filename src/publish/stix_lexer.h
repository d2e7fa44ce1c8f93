// The words of a STIX pattern.
#pragma once

#include <string>
#include <string_view>

#include "publish/stix_pattern.h"

namespace shikake::publish {

enum class TokenKind : uint8_t { end, word, string, number, literal, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // word, symbol, number; a literal's content
  PatternLiteral::Kind literal = PatternLiteral::Kind::string;
  size_t offset = 0;
};

class PatternLexer {
 public:
  // `text` outlives it.
  explicit PatternLexer(std::string_view text) : text_(text) {}

  Result<Token> next();  // of kind end when there is no more

 private:
  size_t blank_length() const;
  Result<> skip_blanks();
  Result<Token> string(Token token);
  Result<Token> special(Token token, char kind);
  Result<Token> word(Token token);
  Result<Token> number(Token token);
  Result<Token> symbol(Token token);

  std::string_view text_;
  size_t at_ = 0;
};

// invalid_input, with the byte in the pattern.
tl::unexpected<Error> wrong_pattern(std::string what, size_t offset);

}  // namespace shikake::publish
