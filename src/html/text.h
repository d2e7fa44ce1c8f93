// UTF-16 helpers: ASCII classes and case, and the way to UTF-8 and back.
#pragma once

#include <string>
#include <string_view>

namespace shikake::html {

// Lone surrogates become U+FFFD: UTF-8 has no form for them.
std::string to_utf8(std::u16string_view text);
// Ill-formed bytes become U+FFFD, as the Encoding Standard's decoder does; no BOM is taken off.
std::u16string from_utf8(std::string_view text);

// https://infra.spec.whatwg.org/#ascii-whitespace
constexpr bool is_space(int c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}
constexpr bool is_upper(int c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_alpha(int c) {
  return (c >= 'a' && c <= 'z') || is_upper(c);
}
constexpr bool is_digit(int c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alnum(int c) {
  return is_alpha(c) || is_digit(c);
}
constexpr int hex_value(int c) {  // -1: not a hex digit
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr char16_t to_lower(char16_t c) {
  return is_upper(c) ? static_cast<char16_t>(c + 0x20) : c;
}
std::u16string to_lower(std::u16string_view text);
bool equal_ignoring_case(std::u16string_view a, std::u16string_view b);  // ASCII letters only
bool starts_ignoring_case(std::u16string_view text, std::u16string_view prefix);

// The next of the parts of `text` that ASCII whitespace separates, taken off its front; empty at the end.
std::u16string_view next_token(std::u16string_view& text);

void append_code_point(std::u16string& to, char32_t code_point);

}  // namespace shikake::html
