// UTF-8 (RFC 3629) of what programs of Windows hold as 16-bit units.
#pragma once

#include <cstdint>
#include <string>

namespace shikake::base {

// One unit, by itself: half of a surrogate pair keeps its value, as a program may hold it alone.
inline void append_utf8(std::string& out, uint16_t unit) {
  if (unit < 0x80) {
    out += static_cast<char>(unit);
  } else if (unit < 0x800) {
    out += static_cast<char>(0xC0 | unit >> 6);
    out += static_cast<char>(0x80 | (unit & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | unit >> 12);
    out += static_cast<char>(0x80 | (unit >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (unit & 0x3F));
  }
}

}  // namespace shikake::base
