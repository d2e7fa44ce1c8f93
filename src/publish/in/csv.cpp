// CSV with named columns. Columns are known by the names that feeds give them (csv_columns.cpp), or named by
// the user: "url=Address" by a header, "url=2" by a position (from 1). Rows that begin with # are
// comments; the last one above the data may be the header, as in abuse.ch's dumps.
#include <optional>
#include <utility>

#include "publish/in/csv_columns.h"
#include "publish/in/csv_records.h"
#include "publish/in/formats.h"
#include "publish/in/vocabulary.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using intel::FeedEntry;
using intel::IndicatorType;

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
      if (!hash.empty() && entry.key.type == IndicatorType::sha256)
        entry.aliases.push_back(base::to_lower(hash));
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
  return find_csv_header(beginning).delimiter.has_value();
}

Result<> read_csv(Input& input, Collector& collector) {
  constexpr size_t probe_bytes = size_t{64} << 10;
  SHIKAKE_ASSIGN(std::string_view beginning, input.peek(probe_bytes));
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (beginning.starts_with(byte_order_mark)) beginning.remove_prefix(byte_order_mark.size());
  CsvHeader header = find_csv_header(beginning.substr(0, probe_bytes));
  const std::string& wish = collector.options().delimiter;
  if (wish.size() > 1)
    return fail(Module::publish, ErrorCode::invalid_usage, "a delimiter is one byte, not \"" + wish + "\"");
  char delimiter = !wish.empty() ? wish[0] : header.delimiter.value_or(likely_delimiter(beginning));
  CsvRecords records(input, delimiter);
  return Reader(collector, records, header.in_comment).read();
}

}  // namespace shikake::publish
