// CSV: RFC 4180 (CR LF, quotes where needed, no comments, for it knows none), one indicator a row. Fields
// that a spreadsheet would run as a formula get an apostrophe in front (base/display.h), which our own
// reader takes off again. The column names are those that `intel import` knows.
#include <fmt/format.h>

#include "base/display.h"
#include "publish/out/selection.h"

namespace shikake::publish {
namespace {

constexpr std::string_view columns[] = {"type",      "value",       "role",      "uses",    "confidence",
                                        "score",     "tlp",         "source",    "family",  "first_seen",
                                        "last_seen", "valid_until", "sightings", "verdict", "description"};

template <class List, class Text>
std::string joined(const List& list, Text text) {
  std::string out;
  for (const auto& one : list) {
    if (!out.empty()) out += ' ';
    out += text(one);
  }
  return out;
}

std::string row_of(const intel::Indicator& indicator) {
  const std::string fields[] = {
      std::string(intel::name(indicator.key.type)),
      indicator.key.value,
      joined(indicator.roles, [](intel::Role role) { return std::string(intel::name(role)); }),
      joined(intel::names(indicator.uses), [](const std::string& use) { return use; }),
      std::to_string(indicator.confidence),
      std::to_string(indicator.score),
      std::string(intel::name(indicator.tlp)),
      joined(indicator.sources, [](const std::string& source) { return source; }),
      indicator.family,
      base::to_rfc3339(indicator.first_seen),
      base::to_rfc3339(indicator.last_seen),
      indicator.expires ? base::to_rfc3339(*indicator.expires) : "",
      std::to_string(indicator.sightings),
      indicator.judgement ? std::string(intel::name(indicator.judgement->verdict)) : "",
      indicator.evidence.empty() ? "" : indicator.evidence.front().assertion.why,
  };
  static_assert(std::size(fields) == std::size(columns));
  std::string row;
  for (const std::string& field : fields) {
    if (!row.empty()) row += ',';
    row += base::for_csv(field);
  }
  return row + "\r\n";
}

}  // namespace

Result<ExportReport> write_csv(const ByteSink& sink, const ExportOptions& options,
                               const store::Store& store) {
  std::string chunk;
  for (std::string_view column : columns) chunk.append(chunk.empty() ? "" : ",").append(column);
  chunk += "\r\n";
  constexpr size_t chunk_bytes = 64 << 10;
  SHIKAKE_ASSIGN(
      ExportReport report,
      select_indicators(options, store, true, [&](const intel::Indicator& indicator) -> Result<Written> {
        chunk += row_of(indicator);
        if (chunk.size() >= chunk_bytes) {
          SHIKAKE_TRY(sink(chunk));
          chunk.clear();
        }
        return Written::yes;
      }));
  SHIKAKE_TRY(sink(chunk));
  return report;
}

}  // namespace shikake::publish
