// Zeek's logs, whichever way they are written: the fields that say who met what, and what a line with them
// means. https://docs.zeek.org/en/master/script-reference/log-files.html
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/record.h"

namespace shikake::audit {

enum class ZeekField : uint8_t {
  path_name,  // "_path": which log it is; absent in most JSON logs
  ts,
  orig_h,
  orig_p,
  resp_h,
  resp_p,
  query,
  answers,
  rcode_name,
  rejected,  // dns
  method,
  host,
  uri,
  referrer,
  username,
  status_code,
  proxied,  // http
  server_name,
  established,  // ssl
  conn_state,
  orig_bytes,
  resp_bytes,
  proto,  // conn
  helo,
  mailfrom,
  x_originating_ip,
  smtp_path,  // smtp
  arg,
  user,
  data_resp_h,  // ftp
  san_dns,
  san_ip,
  subject,  // x509, and subject in ssl
  sha256,
  tx_hosts,
  rx_hosts,
  seen_bytes,  // files
  count_,
};
constexpr size_t zeek_fields = static_cast<size_t>(ZeekField::count_);

// The field of that name in a header or of that JSON key; "id_orig_h" and its like, as some shippers rename
// them, are known too.
std::optional<ZeekField> zeek_field(std::string_view name);

// One line's values; "" where unset. Of lists, the first value, and all others in `more`.
struct ZeekLine {
  std::array<std::string_view, zeek_fields> values{};
  std::vector<std::pair<ZeekField, std::string_view>> more;

  std::string_view operator[](ZeekField field) const { return values[static_cast<size_t>(field)]; }
  void add(ZeekField field, std::string_view value) {
    std::string_view& slot = values[static_cast<size_t>(field)];
    if (slot.empty())
      slot = value;
    else if (!value.empty())
      more.emplace_back(field, value);
  }
  void clear() {
    values.fill({});
    more.clear();
  }
};

// Nothing where no field says anything about anyone.
bool zeek_to_record(const ZeekLine& line, Record& record);

// What the '#' lines of a TSV log say.
struct ZeekHeader {
  char separator = '\t';
  std::string set_separator = ",";
  std::string empty_field = "(empty)";
  std::string unset_field = "-";
  std::string path;
  std::vector<std::optional<ZeekField>> columns;  // by #fields; empty before one is seen
  ZeekLine line;                                  // reused from line to line
};

// JSON lines of one log have the same keys in the same order: what was asked last time is the guess for this.
struct ZeekKeyOrder {
  struct Key {
    std::string name;
    std::optional<ZeekField> field;
  };
  std::vector<Key> keys;
  size_t next = 0;
  ZeekLine line;  // reused from line to line

  std::optional<ZeekField> field(std::string_view name);
};

// "\x09" and its like as bytes, in the record's arena where anything changes.
std::string_view zeek_unescape(std::string_view text, Record& record);

}  // namespace shikake::audit
