// CSV with named columns. Columns are known by the names that feeds give them (table below), or named by
// the user: "url=Address" by a header, "url=2" by a position (from 1). Rows that begin with # are
// comments; the last one above the data may be the header, as in abuse.ch's dumps.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "base/display.h"
#include "publish/in/csv_records.h"
#include "publish/in/formats.h"
#include "publish/in/vocabulary.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using intel::FeedEntry;
using intel::IndicatorType;

enum class Column : uint8_t {
  value,
  type,
  url,
  domain,
  ip,
  port,
  sha256,
  md5,
  sha1,
  role,
  family,
  confidence,
  tlp,
  uses,
  first_seen,
  last_seen,
  valid_until,
  description,
  reference,
};
constexpr size_t column_count = static_cast<size_t>(Column::reference) + 1;

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

// Types as a type column names them, besides our own names; nothing: found from the value.
constexpr std::pair<std::string_view, IndicatorType> type_words[] = {
    {"uri", IndicatorType::url},
    {"hostname", IndicatorType::domain},
    {"fqdn", IndicatorType::domain},
    {"domain_name", IndicatorType::domain},
    {"ipv4", IndicatorType::ip},
    {"ipv6", IndicatorType::ip},
    {"ip_dst", IndicatorType::ip},
    {"ip_src", IndicatorType::ip},
    {"ip_address", IndicatorType::ip},
    {"ipv4_addr", IndicatorType::ip},
    {"ipv6_addr", IndicatorType::ip},
    {"sha256_hash", IndicatorType::sha256},
    {"ip_dst|port", IndicatorType::ip_port},
};

std::string plain_name(std::string_view header) {
  std::string out = lower(trimmed(header));
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

// Where each column stands in a row.
class Layout {
 public:
  static Layout of_header(const std::vector<std::string>& header) {
    Layout layout;
    for (size_t i = 0; i < header.size(); ++i) {
      auto column = column_of(header[i]);
      if (column && !layout.position(*column)) layout.set(*column, i);
    }
    return layout;
  }

  // "column=header or position"
  Result<> apply(const std::vector<std::string>& wishes, const std::vector<std::string>& header) {
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
      auto found = std::find_if(header.begin(), header.end(), [&](const std::string& name) {
        return plain_name(name) == plain_name(place);
      });
      if (found == header.end())
        return fail(Module::publish, ErrorCode::invalid_usage,
                    "the header has no column \"" + std::string(place) + "\"");
      set(*column, static_cast<size_t>(found - header.begin()));
    }
    return {};
  }

  bool has_value() const {
    for (Column column : {Column::value, Column::url, Column::domain, Column::ip, Column::sha256}) {
      if (position(column)) return true;
    }
    return false;
  }
  std::string_view get(const std::vector<std::string>& row, Column column) const {
    auto at = position(column);
    if (!at || *at >= row.size()) return {};
    return trimmed(base::from_csv_field(row[*at]));
  }

 private:
  void set(Column column, size_t at) { positions_[static_cast<size_t>(column)] = at; }
  std::optional<size_t> position(Column column) const { return positions_[static_cast<size_t>(column)]; }

  std::array<std::optional<size_t>, column_count> positions_;
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

// The header's line among those at the beginning: the first that is no comment or, if that is none, the
// last comment above it.
struct Header {
  std::optional<char> delimiter;
  bool in_comment = false;
};
Header find_header(std::string_view beginning) {
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

class Reader {
 public:
  Reader(Collector& collector, CsvRecords& records, bool header_in_comment)
      : collector_(collector), records_(records), header_in_comment_(header_in_comment) {}

  Result<> read() {
    for (;;) {
      SHIKAKE_ASSIGN(std::optional<CsvRecord> record, records_.next());
      if (!record) return {};
      std::string_view text = trimmed(record->text);
      if (text.empty() || text.starts_with('#')) {
        SHIKAKE_TRY(comment(*record, text));
      } else if (!record->malformed.empty()) {
        collector_.refused(record->line, record->offset, record->malformed, record->text, record->lines);
      } else if (!layout_) {
        SHIKAKE_TRY(first_row(*record));
      } else {
        SHIKAKE_TRY(row(*record));
      }
    }
  }

 private:
  Result<> comment(const CsvRecord& record, std::string_view text) {
    collector_.comment(record.lines);
    if (layout_ || !header_in_comment_ || text.empty() || record.fields.empty()) return {};
    Layout layout = Layout::of_header(record.fields);
    if (layout.has_value()) comment_header_ = record.fields;
    return {};
  }

  Result<> first_row(const CsvRecord& record) {
    bool data = !comment_header_.empty();  // then this row is the first of the data
    const std::vector<std::string>& header = data ? comment_header_ : record.fields;
    Layout layout = Layout::of_header(header);
    bool known = layout.has_value();
    SHIKAKE_TRY(layout.apply(collector_.options().columns, header));
    if (!layout.has_value()) {
      Error error{Module::publish, ErrorCode::invalid_input,
                  "no column has a name that is known (url, domain, ip, sha256, value, …); name one, for "
                  "example --column url=2"};
      error.line = record.line;
      error.offset = record.offset;
      return fail(std::move(error));
    }
    layout_ = layout;
    if (data) return row(record);
    // Columns that the user placed by number: there may be no header at all.
    if (!known && entry_of(record)) return row(record);
    collector_.comment(record.lines);
    return {};
  }

  std::string_view get(const CsvRecord& record, Column column) const {
    return layout_->get(record.fields, column);
  }

  Result<intel::IndicatorKey> key_of(IndicatorType type, std::string_view value) const {
    if (type != IndicatorType::pattern) {
      auto key = intel::guess_key(value);  // puts back what was defanged
      if (key && key->type == type) return key;
    }
    SHIKAKE_ASSIGN(std::string canonical, intel::canonical_value(type, value));
    return intel::IndicatorKey{type, std::move(canonical)};
  }

  Result<intel::IndicatorKey> value_key(const CsvRecord& record, std::string_view value) const {
    std::string type = plain_name(get(record, Column::type));
    if (auto own = intel::indicator_type(type); own && *own != IndicatorType::ip) return key_of(*own, value);
    for (auto [word, known] : type_words) {
      if (word == type && known != IndicatorType::ip && known != IndicatorType::ip_port)
        return key_of(known, value);
    }
    return intel::guess_key(value);  // "ip" is also said of networks, and of addresses with a port
  }

  // The row's own subject: the most particular of its values. A URL's row does not convict its host.
  Result<intel::IndicatorKey> entry_of(const CsvRecord& record) const {
    if (auto value = get(record, Column::value); !value.empty()) return value_key(record, value);
    if (auto url = get(record, Column::url); !url.empty()) return key_of(IndicatorType::url, url);
    if (auto hash = get(record, Column::sha256); !hash.empty()) return key_of(IndicatorType::sha256, hash);
    if (auto ip = get(record, Column::ip); !ip.empty()) {
      auto port = get(record, Column::port);
      if (port.empty()) return intel::guess_key(ip);
      bool v6 = ip.find(':') != std::string_view::npos;
      return key_of(IndicatorType::ip_port, v6 ? "[" + std::string(ip) + "]:" + std::string(port)
                                               : std::string(ip) + ":" + std::string(port));
    }
    if (auto domain = get(record, Column::domain); !domain.empty()) return intel::guess_key(domain);
    return fail(Module::publish, ErrorCode::invalid_input, "the row has no value");
  }

  std::optional<base::TimePoint> time(const CsvRecord& record, Column column) {
    auto text = get(record, column);
    auto found = time_from_text(text);
    if (!found && !text.empty()) collector_.note("a date that is not understood");
    return found;
  }

  void describe(const CsvRecord& record, FeedEntry& entry) {
    entry.description = get(record, Column::description);
    entry.family = get(record, Column::family);
    auto role = get(record, Column::role);
    role = role.substr(0, role.find(' '));  // our own lists several, the strongest first
    entry.role = role_from_word(get(record, Column::role))
                     .value_or(role_from_word(role).value_or(intel::Role::unknown));
    if (auto word = get(record, Column::confidence); !word.empty()) {
      entry.confidence = confidence_from_word(word);
      if (!entry.confidence) collector_.note("a confidence that is not understood");
    }
    if (auto word = get(record, Column::tlp); !word.empty()) {
      entry.tlp = tlp_from_word(word);
      if (!entry.tlp) entry.tlp = intel::Tlp::red;  // a marking that nobody here can read allows nothing
    }
    std::string_view uses = get(record, Column::uses);
    while (!uses.empty()) {
      std::string_view word = uses.substr(0, uses.find(' '));
      uses = trimmed(uses.substr(word.size()));
      if (auto use = intel::use_set(word))
        entry.uses |= *use;
      else
        collector_.note("a use that is not understood");
    }
    entry.first_seen = time(record, Column::first_seen);
    entry.last_seen = time(record, Column::last_seen);
    if (!entry.last_seen) entry.last_seen = entry.first_seen;
    entry.valid_until = time(record, Column::valid_until);
    if (auto text = get(record, Column::reference); !text.empty()) entry.references.emplace_back(text);
    for (Column column : {Column::md5, Column::sha1}) {
      auto hash = get(record, column);
      if (!hash.empty() && entry.key.type == IndicatorType::sha256) entry.aliases.push_back(lower(hash));
    }
  }

  Result<> row(const CsvRecord& record) {
    auto key = entry_of(record);
    if (!key) {
      collector_.refused(record.line, record.offset, key.error().what, record.text, record.lines);
      return {};
    }
    FeedEntry entry;
    entry.key = *std::move(key);
    entry.line = record.line;
    describe(record, entry);
    collector_.accepted(record.lines);
    return collector_.add(std::move(entry));
  }

  Collector& collector_;
  CsvRecords& records_;
  bool header_in_comment_;
  std::vector<std::string> comment_header_;
  std::optional<Layout> layout_;
};

}  // namespace

bool recognise_csv(std::string_view beginning) {
  return find_header(beginning).delimiter.has_value();
}

Result<> read_csv(Input& input, Collector& collector) {
  constexpr size_t probe_bytes = size_t{64} << 10;
  SHIKAKE_ASSIGN(std::string_view beginning, input.peek(probe_bytes));
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (beginning.starts_with(byte_order_mark)) beginning.remove_prefix(byte_order_mark.size());
  Header header = find_header(beginning.substr(0, probe_bytes));
  const std::string& wish = collector.options().delimiter;
  if (wish.size() > 1)
    return fail(Module::publish, ErrorCode::invalid_usage, "a delimiter is one byte, not \"" + wish + "\"");
  char delimiter = !wish.empty() ? wish[0] : header.delimiter.value_or(',');
  CsvRecords records(input, delimiter);
  return Reader(collector, records, header.in_comment).read();
}

}  // namespace shikake::publish
