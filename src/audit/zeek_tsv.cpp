// Zeek's own form: a header of '#' lines, then one line a record, fields parted by a separator that the
// header names. https://docs.zeek.org/en/master/log-formats.html#zeek-tsv-format-logs

#include <cstring>

#include "audit/format.h"
#include "audit/tokens.h"

namespace shikake::audit {
namespace {

bool is_list(ZeekField field) {
  switch (field) {
    case ZeekField::answers:
    case ZeekField::smtp_path:
    case ZeekField::san_dns:
    case ZeekField::san_ip:
    case ZeekField::tx_hosts:
    case ZeekField::rx_hosts:
      return true;
    default:
      return false;
  }
}

// "#key<separator>value"; but "#separator \x09", which comes first, has a blank.
Parsed read_header(std::string_view line, ZeekHeader& header, Record& record) {
  const size_t key_end = line.find_first_of(std::string{' ', header.separator});
  const std::string_view key = line.substr(1, key_end - 1);
  std::string_view value = key_end == std::string_view::npos ? std::string_view() : line.substr(key_end + 1);
  if (key == "separator") {
    value = zeek_unescape(value, record);
    header = ZeekHeader{};
    if (value.size() == 1) header.separator = value[0];
  } else if (key == "set_separator") {
    if (!value.empty()) header.set_separator = value;
  } else if (key == "empty_field") {
    header.empty_field = value;
  } else if (key == "unset_field") {
    header.unset_field = value;
  } else if (key == "path") {
    header.path = value;
  } else if (key == "fields") {
    // More than any log has; a hostile header of a megabyte must not cost that much for each line.
    constexpr size_t max_columns = 1024;
    header.columns.clear();
    while (!value.empty() && header.columns.size() < max_columns) {
      const size_t end = std::min(value.find(header.separator), value.size());
      header.columns.push_back(zeek_field(value.substr(0, end)));
      value.remove_prefix(std::min(end + 1, value.size()));
    }
  } else if (key != "types" && key != "open" && key != "close") {
    return Parsed::refused;
  }
  return Parsed::nothing;
}

void add_list(ZeekLine& line, ZeekField field, std::string_view text, const ZeekHeader& header,
              Record& record) {
  while (true) {
    const size_t end = text.find(header.set_separator);
    line.add(field, zeek_unescape(text.substr(0, end), record));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + header.set_separator.size());
  }
}

// Fills header.line; tells how many fields the text has.
size_t read_fields(std::string_view text, ZeekHeader& header, Record& record) {
  ZeekLine& line = header.line;
  line.clear();
  if (!header.path.empty()) line.add(ZeekField::path_name, header.path);
  size_t column = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const void* found = std::memchr(at, header.separator, static_cast<size_t>(end - at));
    const char* field_end = found ? static_cast<const char*>(found) : end;
    if (column < header.columns.size() && header.columns[column]) {
      const std::string_view value(at, static_cast<size_t>(field_end - at));
      const ZeekField field = *header.columns[column];
      if (value != header.unset_field && value != header.empty_field) {
        if (is_list(field))
          add_list(line, field, value, header, record);
        else
          line.add(field, zeek_unescape(value, record));
      }
    }
    ++column;
    if (!found) return column;
    at = field_end + 1;
  }
}

}  // namespace

Parsed zeek_tsv_strict(std::string_view line, FileState& state, Record& record) {
  if (line.empty()) return Parsed::nothing;
  if (line[0] == '#') return read_header(line, state.zeek, record);
  if (state.zeek.columns.empty()) return Parsed::refused;
  if (read_fields(line, state.zeek, record) != state.zeek.columns.size()) return Parsed::refused;
  // Every log's first field is a time; without this any line with the right number of tabs would do.
  if (const auto ts = state.zeek.line[ZeekField::ts]; !ts.empty() && !is_digit(ts[0])) return Parsed::refused;
  return zeek_line_to_record(line, state.zeek.line, record);
}

// Too few or too many fields: those that are there are read in their columns.
Parsed zeek_tsv_lenient(std::string_view line, FileState& state, Record& record) {
  if (line.empty()) return Parsed::nothing;
  if (line[0] == '#') return read_header(line, state.zeek, record);
  if (state.zeek.columns.empty()) return Parsed::refused;
  if (read_fields(line, state.zeek, record) < 2) return Parsed::refused;
  return zeek_line_to_record(line, state.zeek.line, record);
}

}  // namespace shikake::audit
