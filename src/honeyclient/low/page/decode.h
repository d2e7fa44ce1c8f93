// Bytes of scripts and answers as text.
#pragma once

#include <string>
#include <string_view>

namespace shikake::honeyclient::low::page {

// By byte order mark, else the Content-Type's charset, else `fallback` (an encoding's name).
std::u16string decode_text(std::string_view bytes, std::string_view content_type, std::string_view fallback);

}  // namespace shikake::honeyclient::low::page
