// Which column of a CSV file is what.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shikake::publish {

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

// A header's word in one spelling: lower case, blanks - and . as _
std::string plain_name(std::string_view header);
// What a header's word names; nothing where it is not known.
std::optional<Column> column_of(std::string_view header);

// Where each column stands in a row.
class Layout {
 public:
  static Layout of_header(const std::vector<std::string>& header);

  // "column=header or position"; fails with invalid_usage.
  Result<> apply(const std::vector<std::string>& wishes, const std::vector<std::string>& header);

  bool has_value() const;  // a column that an entry can come from
  std::string_view get(const std::vector<std::string>& row, Column column) const;

 private:
  void set(Column column, size_t at) { positions_[static_cast<size_t>(column)] = at; }
  std::optional<size_t> position(Column column) const { return positions_[static_cast<size_t>(column)]; }

  std::array<std::optional<size_t>, column_count> positions_;
};

// The header among a file's first lines: the first that is no comment or, if that is none, the last comment
// above it. `delimiter` is nothing where no header with a known value column is found.
struct CsvHeader {
  std::optional<char> delimiter;
  bool in_comment = false;
};
CsvHeader find_csv_header(std::string_view beginning);

// For columns that the user names: the delimiter that makes the most fields of the first row.
char likely_delimiter(std::string_view beginning);

}  // namespace shikake::publish
