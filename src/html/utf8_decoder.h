// The Encoding Standard's UTF-8 decoder, streaming. https://encoding.spec.whatwg.org/#utf-8-decoder
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shikake::html {

class Utf8Decoder {
 public:
  // Appends to `out`; ill-formed parts become U+FFFD. `last`: an unfinished sequence is ill-formed.
  void decode(std::string_view bytes, bool last, std::u16string& out);

 private:
  uint32_t code_point_ = 0;
  uint8_t needed_ = 0, seen_ = 0;
  uint8_t lower_ = 0x80, upper_ = 0xBF;
};

}  // namespace shikake::html
