#include "publish/in/csv_columns.h"

#include <algorithm>

#include "base/checked.h"
#include "base/display.h"
#include "publish/in/csv_records.h"
#include "publish/in/vocabulary.h"

namespace shikake::publish {
namespace {

struct ColumnName {
  std::string_view name;  // lower case, blanks - and . as _
  Column column;
};

// Our own names first, each the one that --column takes.
constexpr ColumnName column_names[] = {
    {"value", Column::value},
    {"type", Column::type},
    {"url", Column::url},
    {"domain", Column::domain},
    {"ip", Column::ip},
    {"port", Column::port},
    {"sha256", Column::sha256},
    {"md5", Column::md5},
    {"sha1", Column::sha1},
    {"role", Column::role},
    {"family", Column::family},
    {"confidence", Column::confidence},
    {"tlp", Column::tlp},
    {"uses", Column::uses},
    {"first_seen", Column::first_seen},
    {"last_seen", Column::last_seen},
    {"valid_until", Column::valid_until},
    {"description", Column::description},
    {"reference", Column::reference},
    // What others call them.
    {"indicator", Column::value},
    {"ioc", Column::value},
    {"ioc_value", Column::value},
    {"observable", Column::value},
    {"indicator_value", Column::value},
    {"ioc_type", Column::type},
    {"indicator_type", Column::type},
    {"uri", Column::url},
    {"phish_url", Column::url},
    {"malicious_url", Column::url},
    {"hostname", Column::domain},
    {"host", Column::domain},
    {"fqdn", Column::domain},
    {"domain_name", Column::domain},
    {"ip_address", Column::ip},
    {"ipaddress", Column::ip},
    {"dst_ip", Column::ip},
    {"dest_ip", Column::ip},
    {"ip_dst", Column::ip},
    {"dst_port", Column::port},
    {"dest_port", Column::port},
    {"sha256_hash", Column::sha256},
    {"sha_256", Column::sha256},
    {"md5_hash", Column::md5},
    {"sha1_hash", Column::sha1},
    {"sha_1", Column::sha1},
    {"roles", Column::role},
    {"threat", Column::role},
    {"threat_type", Column::role},
    {"malware", Column::family},
    {"malware_family", Column::family},
    {"malware_printable", Column::family},
    {"campaign", Column::family},
    {"signature", Column::family},
    {"confidence_level", Column::confidence},
    {"date", Column::first_seen},
    {"time", Column::first_seen},
    {"timestamp", Column::first_seen},
    {"dateadded", Column::first_seen},
    {"date_added", Column::first_seen},
    {"first_seen_utc", Column::first_seen},
    {"firstseen", Column::first_seen},
    {"submission_time", Column::first_seen},
    {"last_seen_utc", Column::last_seen},
    {"lastseen", Column::last_seen},
    {"last_online", Column::last_seen},
    {"expires", Column::valid_until},
    {"comment", Column::description},
    {"comments", Column::description},
    {"note", Column::description},
    {"title", Column::description},
    {"why", Column::description},
    {"references", Column::reference},
    {"urlhaus_link", Column::reference},
    {"phish_detail_url", Column::reference},
    {"report", Column::reference},
};

// The delimiter under which a line has the most known columns; nothing where none has a value.
std::optional<char> find_delimiter(std::string_view line) {
  std::optional<char> best;
  size_t most = 0;
  for (char delimiter : {',', ';', '\t'}) {
    std::string malformed;
    auto fields = split_csv(line, delimiter, malformed);
    if (!fields || !Layout::of_header(*fields).has_value()) continue;
    auto known = static_cast<size_t>(std::count_if(
        fields->begin(), fields->end(), [](const std::string& f) { return column_of(f).has_value(); }));
    if (known > most) {
      most = known;
      best = delimiter;
    }
  }
  return best;
}

}  // namespace

std::string plain_name(std::string_view header) {
  std::string out = base::to_lower(trimmed(header));
  if (out.starts_with('#')) out = trimmed(std::string_view(out).substr(1));
  for (char& c : out) {
    if (c == ' ' || c == '-' || c == '.') c = '_';
  }
  return out;
}

std::optional<Column> column_of(std::string_view header) {
  std::string name = plain_name(header);
  for (const ColumnName& row : column_names) {
    if (row.name == name) return row.column;
  }
  return std::nullopt;
}

Layout Layout::of_header(const std::vector<std::string>& header) {
  Layout layout;
  for (size_t i = 0; i < header.size(); ++i) {
    auto column = column_of(header[i]);
    if (column && !layout.position(*column)) layout.set(*column, i);
  }
  return layout;
}

Result<> Layout::apply(const std::vector<std::string>& wishes, const std::vector<std::string>& header) {
  for (const std::string& wish : wishes) {
    size_t equals = wish.find('=');
    auto column = column_of(std::string_view(wish).substr(0, equals));
    if (equals == std::string::npos || !column)
      return fail(Module::publish, ErrorCode::invalid_usage,
                  "\"" + wish + "\" names no column; write, for example, url=2 or url=Address");
    std::string_view place = std::string_view(wish).substr(equals + 1);
    if (auto position = base::parse_integer<size_t>(place); position && *position > 0) {
      set(*column, *position - 1);
      continue;
    }
    auto found = std::find_if(header.begin(), header.end(),
                              [&](const std::string& name) { return plain_name(name) == plain_name(place); });
    if (found == header.end())
      return fail(Module::publish, ErrorCode::invalid_usage,
                  "the header has no column \"" + std::string(place) + "\"");
    set(*column, static_cast<size_t>(found - header.begin()));
  }
  return {};
}

bool Layout::has_value() const {
  for (Column column : {Column::value, Column::url, Column::domain, Column::ip, Column::sha256}) {
    if (position(column)) return true;
  }
  return false;
}

std::string_view Layout::get(const std::vector<std::string>& row, Column column) const {
  auto at = position(column);
  if (!at || *at >= row.size()) return {};
  return trimmed(base::from_csv_field(row[*at]));
}

CsvHeader find_csv_header(std::string_view beginning) {
  std::string_view last_comment;
  for (size_t begin = 0; begin < beginning.size();) {
    size_t end = std::min(beginning.find('\n', begin), beginning.size());
    std::string_view line = trimmed(beginning.substr(begin, end - begin));
    begin = end + 1;
    if (line.empty()) continue;
    if (line.starts_with('#')) {
      if (find_delimiter(line.substr(1))) last_comment = line;
      continue;
    }
    if (auto delimiter = find_delimiter(line)) return {delimiter, false};
    if (!last_comment.empty()) return {find_delimiter(last_comment.substr(1)), true};
    return {};
  }
  return {};
}

char likely_delimiter(std::string_view beginning) {
  for (size_t begin = 0; begin < beginning.size();) {
    size_t end = std::min(beginning.find('\n', begin), beginning.size());
    std::string_view line = trimmed(beginning.substr(begin, end - begin));
    begin = end + 1;
    if (line.empty() || line.starts_with('#')) continue;
    char best = ',';
    size_t most = 0;
    for (char delimiter : {',', ';', '\t'}) {
      std::string malformed;
      auto fields = split_csv(line, delimiter, malformed);
      if (!fields || !malformed.empty() || fields->size() <= most) continue;
      most = fields->size();
      best = delimiter;
    }
    return best;
  }
  return ',';
}
}  // namespace shikake::publish
