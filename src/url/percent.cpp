#include "url/percent.h"

#include "url/ascii.h"

namespace shikake::url {

void append_percent(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const char text[] = {'%', digits[byte >> 4], digits[byte & 15]};
  out.append(text, sizeof text);
}

void append_encoded(std::string& out, std::string_view bytes, EncodeSet set) {
  size_t plain = 0;  // start of the run not yet written
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    if (!in_set(set, byte)) continue;
    out.append(bytes, plain, i - plain);
    append_percent(out, byte);
    plain = i + 1;
  }
  out.append(bytes, plain);
}

std::string percent_encode(std::string_view bytes, EncodeSet set) {
  std::string out;
  append_encoded(out, bytes, set);
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    int high = -1, low = -1;
    if (text[i] == '%' && i + 2 < text.size()) {
      high = hex_digit(text[i + 1]);
      low = hex_digit(text[i + 2]);
    }
    if (high >= 0 && low >= 0) {
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace shikake::url
