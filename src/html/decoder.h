// A page's bytes as text, in pieces of any size.
//
//   Decoder decoder({.transport_label = "utf-8"});      // HTTP's charset, if it gave one
//   std::u16string text;
//   decoder.decode(bytes, last, text);                  // appends; the first 1024 bytes are waited for
//   parser.append(text);
//   …
//   document.encoding = decoder.encoding()->name;
//
// Ill-formed bytes become U+FFFD; an ASCII byte is never swallowed by an ill-formed sequence before it,
// so that no quote or bracket can be hidden.
#pragma once

#include <memory>
#include <string>

#include "html/encoding.h"

namespace shikake::html {

struct DecoderOptions {
  std::string transport_label;            // empty or unknown: the bytes decide
  std::string fallback = "windows-1252";  // when they do not: of a frame, its parent's encoding
};

class Decoder {
 public:
  explicit Decoder(DecoderOptions options = {});
  explicit Decoder(const Encoding& encoding);  // told for certain; skips that encoding's byte order mark
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // `last`: there are no more bytes. Not called again after it.
  void decode(base::ByteSpan bytes, bool last, std::u16string& out);
  // Known once prescan_bytes or the last byte have come; until then nullptr.
  const Encoding* encoding() const { return encoding_; }
  bool certain() const { return certain_; }

 private:
  struct Converter;

  DecoderOptions options_;
  const Encoding* encoding_ = nullptr;
  bool certain_ = false;
  std::string held_;  // until the encoding is known
  std::unique_ptr<Converter> converter_;
};

// All at once.
std::u16string decode_page(base::ByteSpan bytes, std::string_view transport_label = {},
                           const Encoding** used = nullptr);

}  // namespace shikake::html
