// Script Encoder: .vbe, .jse and "VBScript.Encode". Not a cipher: each character stands for another one, by
// one of three tables in a fixed order. https://en.wikipedia.org/wiki/JScript.Encode
#pragma once

#include <string>
#include <string_view>

namespace shikake::honeyclient::low::page {

// Every block "#@~^" … "^#~@" put back into plain text; what stands around them stays. A block that is cut
// stays as it is.
std::u16string decode_script(std::u16string_view text);

}  // namespace shikake::honeyclient::low::page
