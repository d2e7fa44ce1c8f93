// What outsiders wrote, made harmless before a person sees it.
#pragma once

#include <string>
#include <string_view>

namespace shikake::base {

// Control bytes (C0 but for tab, DEL, C1), bidirectional overrides and ill-formed UTF-8 become visible
// escapes such as \x1b and \u202e; a newline becomes \n. So no text can move the cursor, recolour,
// reorder or fake a line. At most `limit` characters, then "…".
std::string for_terminal(std::string_view text, size_t limit = 2000);

// & < > " ' as character references, and the escapes of for_terminal.
std::string for_html(std::string_view text);

// One CSV field as RFC 4180 quotes it; one that a spreadsheet would take for a formula (= + - @ tab CR
// first) gets a leading apostrophe.
std::string for_csv(std::string_view text);
// The field as it was before for_csv: takes off the protecting apostrophe.
std::string_view from_csv_field(std::string_view text);

// http://a.example/x -> hxxp://a[.]example/x; only the scheme and the host's dots change.
std::string defang(std::string_view url_or_host);
// The same for every URL in a sentence.
std::string defang_text(std::string_view sentence);

}  // namespace shikake::base
