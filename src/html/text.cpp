#include "html/text.h"

#include <algorithm>

#include "html/utf8_decoder.h"

namespace shikake::html {

std::string to_utf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char32_t c = text[i];
    if (c < 0x80) {
      out += static_cast<char>(c);
      continue;
    }
    if (c >= 0xD800 && c < 0xE000) {
      bool pair = c < 0xDC00 && i + 1 < text.size() && (text[i + 1] & 0xFC00) == 0xDC00;
      c = pair ? 0x10000 + ((c - 0xD800) << 10) + (text[++i] - 0xDC00) : 0xFFFD;
    }
    if (c < 0x800) {
      out += static_cast<char>(0xC0 | (c >> 6));
    } else {
      if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
      } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
      }
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    }
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
  return out;
}

std::u16string from_utf8(std::string_view text) {
  std::u16string out;
  Utf8Decoder decoder;
  decoder.decode(text, true, out);
  return out;
}

std::u16string to_lower(std::u16string_view text) {
  std::u16string out(text);
  for (char16_t& c : out) c = to_lower(c);
  return out;
}

bool equal_ignoring_case(std::u16string_view a, std::u16string_view b) {
  return std::ranges::equal(a, b, [](char16_t x, char16_t y) { return to_lower(x) == to_lower(y); });
}

bool starts_ignoring_case(std::u16string_view text, std::u16string_view prefix) {
  return text.size() >= prefix.size() && equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::u16string_view next_token(std::u16string_view& text) {
  auto not_space = [](char16_t c) { return !is_space(c); };
  auto begin = std::ranges::find_if(text, not_space);
  auto end = std::find_if_not(begin, text.end(), not_space);
  std::u16string_view token(begin, end);
  text = std::u16string_view(end, text.end());
  return token;
}

void append_code_point(std::u16string& to, char32_t code_point) {
  if (code_point < 0x10000) {
    to += static_cast<char16_t>(code_point);
    return;
  }
  to += static_cast<char16_t>(0xD7C0 + (code_point >> 10));
  to += static_cast<char16_t>(0xDC00 + (code_point & 0x3FF));
}

}  // namespace shikake::html
