// Style sheets, as far as they lead elsewhere: the addresses of their @import rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shikake::honeyclient::low::page {

// https://drafts.csswg.org/css-cascade/#at-import: only before every other rule but @charset and @layer. As
// they are written, in order; escapes of CSS are not undone.
std::vector<std::u16string> sheet_imports(std::u16string_view css);

}  // namespace shikake::honeyclient::low::page
