// Which encoding a page is in: the Encoding Standard's names and labels, and the HTML standard's way to tell.
// https://encoding.spec.whatwg.org/#names-and-labels
// https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace shikake::html {

// How an encoding's bytes become text (decoder.h).
enum class Coding : uint8_t {
  utf8,
  single_byte,  // 128 characters above ASCII: a converter's, with corrections
  multi_byte,   // a converter's
  utf16,        // a converter's
  user_defined,
  replacement,  // labels of encodings that are attacks: one U+FFFD, whatever the bytes
};

struct Encoding {
  std::string_view name;  // "windows-1252"; as document.characterSet shows it
  Coding coding;
  const char* converter;    // ICU's name; nullptr: ours
  std::string_view labels;  // lower case, blank-separated
};

std::span<const Encoding> all_encodings();
// By label, in any case and with blanks around it; nullptr if the standard knows none.
const Encoding* encoding_for_label(std::string_view label);

struct EncodingGuess {
  const Encoding* encoding;
  bool certain;     // false: a meta element met later may still change it
  size_t bom_size;  // bytes to skip
};

inline constexpr size_t prescan_bytes = 1024;  // the standard's bound

// From the first prescan_bytes of the document (or all, if there are fewer): byte order mark, then the
// label of the transport (HTTP's charset; may be empty), then what the bytes say, then `fallback`.
EncodingGuess guess_encoding(base::ByteSpan first_bytes, std::string_view transport_label,
                             std::string_view fallback = "windows-1252");

// What the bytes say: meta elements, then an XML declaration. nullptr: nothing.
const Encoding* prescan(base::ByteSpan first_bytes);

// A document was read as a tentative `current` when the parser came upon a meta element that says
// `declared` (Parser::declared_encoding). The encoding to read it anew in; nullptr: all is well.
// https://html.spec.whatwg.org/multipage/parsing.html#changing-the-encoding-while-parsing
const Encoding* encoding_to_change_to(const Encoding& current, std::string_view declared);

// The charset of a Content-Type value, as a meta element gives it; empty if it has none.
// https://html.spec.whatwg.org/multipage/urls-and-fetching.html#extracting-character-encodings-from-meta-elements
std::string_view charset_in_content_type(std::string_view content);

}  // namespace shikake::html
