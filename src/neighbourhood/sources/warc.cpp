// WARC 1.0 and 1.1 (ISO 28500, https://iipc.github.io/warc-specifications/): of each record its target and
// its date, and of a page its links; other contents are passed over. Line numbers count header lines, as
// contents are no lines.
#include <algorithm>

#include "base/checked.h"
#include "neighbourhood/sources/links.h"
#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"
#include "url/url.h"

namespace shikake::neighbourhood {
namespace {

constexpr size_t most_header_lines = 200;  // real ones have a dozen

struct Record {
  std::string kind, target, date, content_type;
  std::optional<uint64_t> length;
};

// One header line into the record.
void read_header(std::string_view line, Record& record) {
  const size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::string name = base::to_lower(base::trimmed(line.substr(0, colon)));
  std::string_view value = base::trimmed(line.substr(colon + 1));
  if (name == "warc-target-uri") {
    // WARC 1.0's grammar had it in <>.
    if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
    record.target = value;
  } else if (name == "warc-type") {
    record.kind = base::to_lower(value);
  } else if (name == "content-type") {
    record.content_type = base::to_lower(value);
  } else if (name == "warc-date") {
    record.date = value;
  } else if (name == "content-length") {
    record.length = base::parse_integer<uint64_t>(value);
  }
}

bool is_page(std::string_view content_type) {
  return content_type.starts_with("text/html") || content_type.starts_with("application/xhtml");
}

std::string_view charset_of(std::string_view content_type) {
  const size_t at = content_type.find("charset=");
  if (at == content_type.npos) return {};
  std::string_view charset = content_type.substr(at + 8);
  charset = charset.substr(0, charset.find(';'));
  if (charset.starts_with('"')) charset.remove_prefix(1);
  return charset.substr(0, charset.find('"'));
}

// A page within what a record holds; `text` empty where there is none.
struct Page {
  std::string_view text;
  std::string content_type;
  bool coded = false;  // compressed or in chunks, as some crawlers keep answers
};

Page page_of(const Record& record, std::string_view content) {
  if (record.kind == "resource" && is_page(record.content_type)) return {content, record.content_type};
  if (record.kind != "response" || !record.content_type.starts_with("application/http")) return {};
  // An answer as the server sent it: status line, headers, an empty line, the body.
  Page page;
  size_t at = content.find('\n');
  while (at != content.npos) {
    content.remove_prefix(at + 1);
    at = content.find('\n');
    const std::string_view line = base::trimmed(content.substr(0, at));
    if (line.empty()) break;
    const size_t colon = std::min(line.find(':'), line.size());
    const std::string name = base::to_lower(base::trimmed(line.substr(0, colon)));
    const std::string value = base::to_lower(base::trimmed(line.substr(std::min(colon + 1, line.size()))));
    if (name == "content-type") page.content_type = value;
    if (name == "content-encoding" || name == "transfer-encoding") page.coded |= value != "identity";
  }
  if (at == content.npos || !is_page(page.content_type)) return {};
  page.text = content.substr(at + 1);
  return page;
}

Result<> read_links(const Record& record, std::string_view content, Rows& rows, uint64_t line) {
  const Page page = page_of(record, content);
  if (page.text.empty()) return {};
  if (page.coded) return rows.skip("a page kept compressed or in chunks: its links are not read", line);
  auto address = url::Url::parse(record.target);
  if (!address || !address->is_http()) return {};
  return for_each_link(page.text, charset_of(page.content_type), *address,
                       [&](std::string_view link) { return rows.url(link, record.date, "", line); });
}

}  // namespace

Result<> read_warc(Input& input, Rows& rows) {
  bool lost = false;  // told once, until a record begins again
  while (true) {
    SHIKAKE_ASSIGN(std::optional<InputLine> line, input.line());
    if (!line) return {};
    if (base::trimmed(line->text).empty()) continue;
    if (!line->text.starts_with("WARC/")) {
      if (!lost) SHIKAKE_TRY(rows.skip("no WARC record where one should begin", line->number));
      lost = true;
      continue;
    }
    lost = false;
    const uint64_t begins = line->number;
    Record record;
    bool complete = false;
    for (size_t count = 0; count < most_header_lines && !complete; ++count) {
      SHIKAKE_ASSIGN(std::optional<InputLine> header, input.line());
      if (!header) break;
      complete = header->text.empty();
      if (!header->too_long) read_header(header->text, record);
    }
    if (!complete || !record.length) {
      SHIKAKE_TRY(
          rows.skip(complete ? "a WARC record without a length" : "a WARC header that never ends", begins));
      lost = true;
      continue;
    }
    // Records about the file itself (warcinfo) have no target; dns: and others are sorted out as no web URLs.
    if (!record.target.empty()) {
      SHIKAKE_TRY(rows.url(record.target, record.date, "", begins));
      if (record.kind == "resource" || record.kind == "response") {
        SHIKAKE_ASSIGN(std::string_view content,
                       input.peek(std::min<uint64_t>(*record.length, most_page_bytes)));
        SHIKAKE_TRY(read_links(record, content, rows, begins));
      }
    }
    SHIKAKE_ASSIGN(bool whole, input.skip(*record.length));
    if (!whole) return rows.skip("a WARC record that is cut short", begins);
  }
}

}  // namespace shikake::neighbourhood
