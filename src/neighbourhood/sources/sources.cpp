#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/checked.h"
#include "neighbourhood/sources/source.h"
#include "neighbourhood/sources/text.h"

namespace shikake::neighbourhood {
namespace {

struct Format {
  std::string_view name;
  Result<> (*read)(Input&, Rows&);
};
constexpr Format formats[] = {
    {"list", read_list}, {"csv", read_csv}, {"cdx", read_cdx}, {"warc", read_warc}, {"hosts", read_hosts},
};

constexpr size_t looked_at = 4096;  // enough for a first line

// By its first line that says something.
std::string_view guess(std::string_view start) {
  if (start.starts_with("WARC/")) return "warc";
  std::string_view line;
  while (!start.empty()) {
    const size_t end = std::min(start.find('\n'), start.size());
    line = start.substr(0, end);
    start.remove_prefix(std::min(end + 1, start.size()));
    if (is_cdx_line(line)) return "cdx";
    if (!base::trimmed(line).empty() && !is_comment(line)) break;
  }
  line = base::trimmed(line);
  if (line.starts_with('{')) return "hosts";
  const size_t comma = line.find(','), scheme = line.find("://");
  const std::string head = base::to_lower(line);
  const bool is_table = line.find_first_of(",;\t") != line.npos;
  if (scheme == line.npos)
    return is_table && (head.find("url") != head.npos || head.find("uri") != head.npos) ? "csv" : "hosts";
  // A comma may stand in a URL: a table has another column before the URL, or a quote.
  return (comma < scheme || line.starts_with('"')) ? "csv" : "list";
}

std::optional<int> digits(std::string_view text) {
  if (text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  return base::parse_integer<int>(text);
}

std::optional<Day> day_of_date(std::optional<int> year, std::optional<int> month, std::optional<int> day) {
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::chrono::sys_days days(date);
  // Past what a corpus can say is in the future all the same.
  if (days > std::chrono::sys_days(std::chrono::days(UINT16_MAX))) return Day{UINT16_MAX};
  return day_of(days);
}

}  // namespace

std::optional<Day> day_from_text(std::string_view text) {
  text = base::trimmed(text);
  const bool dashed = text.size() >= 10 && text[4] == text[7] && (text[4] == '-' || text[4] == '/');
  if (dashed && (text.size() == 10 || text[10] == 'T' || text[10] == ' '))
    return day_of_date(digits(text.substr(0, 4)), digits(text.substr(5, 2)), digits(text.substr(8, 2)));
  text = text.substr(0, text.find('.'));
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  constexpr size_t cdx_digits = 14, date_digits = 8;
  if (text.size() == cdx_digits || text.size() == date_digits)
    return day_of_date(digits(text.substr(0, 4)), digits(text.substr(4, 2)), digits(text.substr(6, 2)));
  auto seconds = base::parse_integer<int64_t>(text);
  // What is shorter is a count of something else.
  if (!seconds || text.size() < 9 || text.size() > 11) return std::nullopt;
  return day_of(base::TimePoint(std::chrono::seconds(*seconds)));
}

Result<> Rows::url(std::string_view text, std::string_view first, std::string_view last, uint64_t line) {
  const bool dated = !base::trimmed(first).empty() || !base::trimmed(last).empty();
  std::optional<Day> from = day_from_text(first), to = day_from_text(last);
  if (dated && !from && !to) return sink_.skip("a date that is none", line);
  const Day begin = from.value_or(to.value_or(today_)), end = to.value_or(begin);
  if (begin > today_ || end > today_) return sink_.skip("a time in the future", line);
  if (is_valid_text(text)) return sink_.url(text, std::min(begin, end), std::max(begin, end), line);
  return sink_.url(with_bytes_escaped(text), std::min(begin, end), std::max(begin, end), line);
}

Result<> Rows::host(std::string_view name, std::string_view first, std::string_view last, uint64_t line) {
  name = base::trimmed(name);
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.ends_with('.')) name.remove_suffix(1);
  // Service names (_dmarc, _sip._tcp) are no hosts, and what holds any of these is no name.
  if (name.empty() || name.starts_with('_') || name.find_first_of(" /\\?#@:<>\"") != name.npos)
    return sink_.skip("not a host name", line);
  return url("http://" + std::string(name) + "/", first, last, line);
}

std::string source_format_names() {
  std::string names;
  for (const Format& format : formats) names += (names.empty() ? "" : ", ") + std::string(format.name);
  return names;
}

Result<std::string> read_source(Input& input, const SourceOptions& options, RowSink& sink) {
  SHIKAKE_ASSIGN(std::string_view start, input.peek(looked_at));
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
    return fail(Module::neighbourhood, ErrorCode::unsupported,
                "the file is UTF-16; make it UTF-8 first (iconv -t UTF-8)");
  constexpr std::string_view mark = "\xEF\xBB\xBF";  // of UTF-8
  std::string name = options.format;
  if (start.starts_with(mark)) {
    SHIKAKE_TRY(input.skip(mark.size()));
    SHIKAKE_ASSIGN(start, input.peek(looked_at));
  }
  if (name == "auto") name = guess(start);
  auto format = std::find_if(std::begin(formats), std::end(formats),
                             [&](const Format& one) { return one.name == name; });
  if (format == std::end(formats)) {
    return fail(Module::neighbourhood, ErrorCode::invalid_usage,
                "there is no source format \"" + name + "\"; there are: " + source_format_names());
  }
  Rows rows(sink, options.today);
  SHIKAKE_TRY(format->read(input, rows));
  return name;
}

}  // namespace shikake::neighbourhood
