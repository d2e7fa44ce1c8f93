// A table with a URL in one column and, where there are any, days in others. A header names them; without
// one the first field that looks like a URL is it, and the first that reads as a date.
#include <vector>

#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"
#include "url/refang.h"

namespace shikake::neighbourhood {

bool split_fields(std::string_view line, char separator, std::vector<std::string>& fields) {
  fields.clear();
  fields.emplace_back();
  bool quoted = false;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (quoted) {
      if (c != '"')
        fields.back() += c;
      else if (at + 1 < line.size() && line[at + 1] == '"')
        fields.back() += line[++at];
      else
        quoted = false;
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == separator) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return !quoted;
}

namespace {

struct Columns {
  std::optional<size_t> url, first, last;
};

std::optional<size_t> column(const std::vector<std::string>& header,
                             std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    for (size_t i = 0; i < header.size(); ++i)
      if (base::to_lower(base::trimmed(header[i])) == name) return i;
  return std::nullopt;
}

Columns from_header(const std::vector<std::string>& header) {
  return {column(header, {"url", "uri", "link", "address", "value", "indicator"}),
          column(header, {"first_seen", "firstseen", "first", "dateadded", "date", "time", "timestamp",
                          "created", "ts"}),
          column(header, {"last_seen", "lastseen", "last", "last_online", "updated"})};
}

Columns from_row(const std::vector<std::string>& row) {
  Columns columns;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!columns.url && url::refang(row[i]).find("://") != std::string::npos)
      columns.url = i;
    else if (!columns.first && day_from_text(row[i]))
      columns.first = i;
    else if (columns.first && !columns.last && day_from_text(row[i]))
      columns.last = i;
  }
  return columns;
}

}  // namespace

Result<> read_csv(Input& input, Rows& rows) {
  std::vector<std::string> fields;
  std::optional<Columns> columns;
  char separator = ',';
  while (true) {
    SHIKAKE_ASSIGN(std::optional<InputLine> line, input.line());
    if (!line) return {};
    if (line->too_long) {
      SHIKAKE_TRY(rows.skip("too long a line", line->number));
      continue;
    }
    if (base::trimmed(line->text).empty() || line->text.starts_with('#')) continue;
    if (!columns) {
      for (char other : {';', '\t'})
        if (line->text.find(other) != line->text.npos && line->text.find(',') == line->text.npos)
          separator = other;
    }
    if (!split_fields(line->text, separator, fields)) {
      SHIKAKE_TRY(rows.skip("a quote that never closes", line->number));
      continue;
    }
    if (!columns) {
      const Columns named = from_header(fields), found = from_row(fields);
      const bool is_header = named.url && !found.url;
      if (is_header || found.url) columns = is_header ? named : found;
      if (is_header) continue;
    }
    auto field = [&](std::optional<size_t> at) {
      return at && *at < fields.size() ? fields[*at] : std::string();
    };
    const std::string url = columns ? field(columns->url) : "";
    if (base::trimmed(url).empty())
      SHIKAKE_TRY(rows.skip("no URL in its column", line->number));
    else
      SHIKAKE_TRY(rows.url(url::refang(base::trimmed(url)), field(columns->first), field(columns->last),
                           line->number));
  }
}

}  // namespace shikake::neighbourhood
