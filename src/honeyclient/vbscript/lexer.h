// VBScript source text into tokens. Lines matter: a statement ends at the line's end or at a colon, and goes
// on after a line that ends in " _".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "honeyclient/vbscript/value.h"

namespace shikake::honeyclient::vbscript {

enum class TokenKind : uint8_t { name, quoted_name, literal, sign, end_of_statement, end };

struct Token {
  TokenKind kind = TokenKind::end;
  // name: lower case; sign: the sign itself ("<=" also for "=<"); quoted_name: what is in [brackets].
  std::u16string text;
  std::u16string spelled;  // a name as written
  Value value;             // of a literal
  uint32_t line = 0, column = 0;
  bool after_space = false;  // "a .b" inside With is not "a.b"
};

// Throws SyntaxError (parser.h). A NUL or an odd control character ends nothing: it is skipped as a blank.
std::vector<Token> tokens_of(std::u16string_view source);

}  // namespace shikake::honeyclient::vbscript
