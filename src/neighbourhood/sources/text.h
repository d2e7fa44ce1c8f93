// Small pieces of text that the sources share.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/bytes.h"

namespace shikake::neighbourhood {

inline bool is_comment(std::string_view line) {
  line = base::trimmed(line);
  return line.starts_with('#') || line.starts_with("//") || line.starts_with(';');
}

// UTF-8 as it should be.
inline bool is_valid_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; }) ||
         base::is_valid_utf8(text);
}

// A list of mixed encodings: bytes that are no UTF-8 are kept as what a server would be sent for them.
inline std::string with_bytes_escaped(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80)
      out += c;
    else
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

// "com,example)/path 20200106081000 …": CDX, with JSON behind or not, or its header.
inline bool is_cdx_line(std::string_view line) {
  if (line.starts_with(" CDX ")) return true;
  const size_t blank = line.find(' ');
  if (blank == line.npos || blank == 0) return false;
  std::string_view stamp = line.substr(blank + 1, 15);
  return stamp.size() == 15 && stamp[14] == ' ' &&
         std::all_of(stamp.begin(), stamp.begin() + 14, base::is_digit);
}

// Fields at `separator`, quotes as RFC 4180 has them within one line. False where a quote never closes.
bool split_fields(std::string_view line, char separator, std::vector<std::string>& fields);

}  // namespace shikake::neighbourhood
