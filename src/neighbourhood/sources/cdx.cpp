// CDX (https://iipc.github.io/warc-specifications/specifications/cdx-format/cdx-2015/) and CDXJ: one capture
// a line, "urlkey timestamp original …" or "urlkey timestamp {json}". A header " CDX N b a …" says in which
// columns timestamp (b) and original URL (a) stand; without one they are the second and the third.
#include <boost/json.hpp>

#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"

namespace shikake::neighbourhood {
namespace {

std::string_view take_word(std::string_view& rest) {
  const size_t begin = std::min(rest.find_first_not_of(' '), rest.size());
  rest.remove_prefix(begin);
  const size_t end = std::min(rest.find(' '), rest.size());
  std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

struct Columns {
  size_t stamp = 1, url = 2;
};

Columns from_header(std::string_view header) {
  Columns columns;
  std::string_view rest = header;
  take_word(rest);  // "CDX"
  for (size_t i = 0; !base::trimmed(rest).empty(); ++i) {
    std::string_view letter = take_word(rest);
    if (letter == "b") columns.stamp = i;
    if (letter == "a") columns.url = i;
  }
  return columns;
}

Result<> read_json(std::string_view stamp, std::string_view text, Rows& rows, uint64_t line) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  const boost::json::object* object = error ? nullptr : value.if_object();
  const boost::json::value* url = object ? object->if_contains("url") : nullptr;
  if (!url || !url->is_string()) return rows.skip("no capture", line);
  return rows.url(std::string_view(url->get_string()), stamp, "", line);
}

}  // namespace

Result<> read_cdx(Input& input, Rows& rows) {
  Columns columns;
  bool has_header = false;
  while (true) {
    SHIKAKE_ASSIGN(std::optional<InputLine> line, input.line());
    if (!line) return {};
    std::string_view text = line->text;
    if (line->too_long) {
      SHIKAKE_TRY(rows.skip("too long a line", line->number));
    } else if (text.starts_with(" CDX ")) {
      columns = from_header(text);
      has_header = true;
    } else if (base::trimmed(text).empty() || text.starts_with('!')) {
      continue;  // CDXJ's own remarks begin with "!"
    } else if (!has_header && !is_cdx_line(text)) {
      SHIKAKE_TRY(rows.skip("no capture", line->number));
    } else if (size_t brace = text.find(" {"); brace != text.npos && brace <= text.find(' ') + 15) {
      std::string_view rest = text;
      take_word(rest);
      std::string_view stamp = take_word(rest);
      SHIKAKE_TRY(read_json(stamp, base::trimmed(rest), rows, line->number));
    } else {
      std::string_view rest = text, stamp, url;
      for (size_t i = 0; i <= std::max(columns.stamp, columns.url); ++i) {
        std::string_view word = take_word(rest);
        if (i == columns.stamp) stamp = word;
        if (i == columns.url) url = word;
      }
      if (url.empty() || !day_from_text(stamp))
        SHIKAKE_TRY(rows.skip("no capture", line->number));
      else
        SHIKAKE_TRY(rows.url(url, stamp, "", line->number));
    }
  }
}

}  // namespace shikake::neighbourhood
