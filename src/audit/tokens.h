// Cutting a line into fields.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace shikake::audit {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

inline bool all_digits(std::string_view text) {
  for (char c : text)
    if (!is_digit(c)) return false;
  return !text.empty();
}

// Logs write "-" for what they don't know.
inline std::string_view unless_dash(std::string_view text) {
  return text == "-" ? std::string_view() : text;
}

// The next field up to a blank, and the blanks behind it, taken off `rest`.
inline std::string_view next_token(std::string_view& rest) {
  if (rest.empty()) return {};
  const void* found = std::memchr(rest.data(), ' ', rest.size());
  const size_t end = found ? static_cast<size_t>(static_cast<const char*>(found) - rest.data()) : rest.size();
  const std::string_view token = rest.substr(0, end);
  size_t next = end;
  while (next < rest.size() && rest[next] == ' ') ++next;
  rest.remove_prefix(next);
  return token;
}

}  // namespace shikake::audit
