// WARC 1.0 and 1.1 (ISO 28500, https://iipc.github.io/warc-specifications/): of each record its target and
// its date; the content is passed over. Line numbers count header lines, as contents are no lines.
#include "base/checked.h"
#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"

namespace shikake::neighbourhood {
namespace {

constexpr size_t most_header_lines = 200;  // real ones have a dozen

struct Record {
  std::string target, date;
  std::optional<uint64_t> length;
};

// One header line into the record.
void read_header(std::string_view line, Record& record) {
  const size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::string name = lower(trim(line.substr(0, colon)));
  std::string_view value = trim(line.substr(colon + 1));
  if (name == "warc-target-uri") {
    // WARC 1.0's grammar had it in <>.
    if (value.starts_with('<') && value.ends_with('>')) value = value.substr(1, value.size() - 2);
    record.target = value;
  } else if (name == "warc-date") {
    record.date = value;
  } else if (name == "content-length") {
    record.length = base::parse_integer<uint64_t>(value);
  }
}

}  // namespace

Result<> read_warc(Input& input, Rows& rows) {
  bool lost = false;  // told once, until a record begins again
  while (true) {
    SHIKAKE_ASSIGN(std::optional<InputLine> line, input.line());
    if (!line) return {};
    if (trim(line->text).empty()) continue;
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
    if (!record.target.empty()) SHIKAKE_TRY(rows.url(record.target, record.date, "", begins));
    SHIKAKE_ASSIGN(bool whole, input.skip(*record.length));
    if (!whole) return rows.skip("a WARC record that is cut short", begins);
  }
}

}  // namespace shikake::neighbourhood
