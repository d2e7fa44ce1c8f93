// Text as files of a character set hold it, by ICU. Apart from the page worker's own sources: the script
// engine's headers bring an ICU of another version.
#pragma once

#include <string>
#include <string_view>

namespace shikake::honeyclient::components {

void warm_charsets();  // once, before the process is confined: ICU may look for files
// Names as scripts write them, in any case. Unknown ones, and Latin-1, are one character a byte. What the set
// lacks becomes a question mark.
std::string encode_charset(std::u16string_view text, std::u16string_view charset);
std::u16string decode_charset(std::string_view bytes, std::u16string_view charset);

}  // namespace shikake::honeyclient::components
