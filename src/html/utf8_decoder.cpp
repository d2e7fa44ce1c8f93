#include "html/utf8_decoder.h"

#include <cstring>

#include "html/text.h"

namespace shikake::html {
namespace {

// The ASCII run at the front, eight bytes at a time.
size_t ascii_prefix(const char* bytes, size_t size) {
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    if (word & 0x8080808080808080u) break;
  }
  while (i < size && static_cast<unsigned char>(bytes[i]) < 0x80) ++i;
  return i;
}

}  // namespace

void Utf8Decoder::decode(std::string_view bytes, bool last, std::u16string& out) {
  constexpr char16_t replacement_character = 0xFFFD;
  size_t i = 0;
  while (i < bytes.size()) {
    if (needed_ == 0) {
      size_t run = ascii_prefix(bytes.data() + i, bytes.size() - i);
      size_t at = out.size();
      out.resize(at + run);
      for (size_t k = 0; k < run; ++k) out[at + k] = static_cast<char16_t>(bytes[i + k]);
      i += run;
      if (i == bytes.size()) break;
      auto lead = static_cast<uint8_t>(bytes[i++]);
      if (lead >= 0xC2 && lead <= 0xDF) {
        needed_ = 1, code_point_ = lead & 0x1F;
      } else if (lead >= 0xE0 && lead <= 0xEF) {
        if (lead == 0xE0) lower_ = 0xA0;  // no overlong form
        if (lead == 0xED) upper_ = 0x9F;  // no surrogate
        needed_ = 2, code_point_ = lead & 0xF;
      } else if (lead >= 0xF0 && lead <= 0xF4) {
        if (lead == 0xF0) lower_ = 0x90;
        if (lead == 0xF4) upper_ = 0x8F;  // no more than U+10FFFF
        needed_ = 3, code_point_ = lead & 0x7;
      } else {
        out += replacement_character;
      }
      continue;
    }
    auto byte = static_cast<uint8_t>(bytes[i]);
    if (byte < lower_ || byte > upper_) {
      *this = {};
      out += replacement_character;
      continue;  // the byte starts something new
    }
    ++i;
    lower_ = 0x80, upper_ = 0xBF;
    code_point_ = (code_point_ << 6) | (byte & 0x3F);
    if (++seen_ == needed_) {
      append_code_point(out, code_point_);
      *this = {};
    }
  }
  if (last && needed_ != 0) {
    *this = {};
    out += replacement_character;
  }
}

}  // namespace shikake::html
