// One URL a line, as people and proxies keep them: defanged or not, with or without scheme; # and //
// comments. What follows blanks behind the URL is not part of it.
#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"
#include "url/refang.h"

namespace shikake::neighbourhood {

Result<> read_list(Input& input, Rows& rows) {
  while (true) {
    SHIKAKE_ASSIGN(std::optional<InputLine> line, input.line());
    if (!line) return {};
    if (line->too_long) {
      SHIKAKE_TRY(rows.skip("too long a line", line->number));
      continue;
    }
    std::string_view text = base::trimmed(line->text);
    if (text.empty() || is_comment(text)) continue;
    text = text.substr(0, text.find_first_of(" \t"));
    std::string plain = url::refang(text);
    if (plain.find("://") == plain.npos) plain.insert(0, "http://");
    SHIKAKE_TRY(rows.url(plain, "", "", line->number));
  }
}

}  // namespace shikake::neighbourhood
