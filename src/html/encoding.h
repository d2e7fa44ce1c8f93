// Which encoding a page is in.
// https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding
#pragma once

#include <string_view>

namespace shikake::html {

// The charset of a Content-Type value, as a meta element gives it; empty if it has none.
// https://html.spec.whatwg.org/multipage/urls-and-fetching.html#extracting-character-encodings-from-meta-elements
std::string_view charset_in_content_type(std::string_view content);

}  // namespace shikake::html
