#include <array>

#include "audit/format.h"

namespace shikake::audit {
namespace {

// In the order in which they are tried. No line is well-formed in two of them.
constexpr std::array<Format, 4> table = {{
    {"squid", "Squid access.log", squid_strict, squid_lenient},
    {"apache", "Apache common or combined", apache_strict, apache_lenient},
    {"zeek-tsv", "Zeek, tab-separated", zeek_tsv_strict, zeek_tsv_lenient},
    {"zeek-json", "Zeek, JSON lines", zeek_json_strict, zeek_json_lenient},
}};

}  // namespace

std::span<const Format> formats() {
  return table;
}

const Format* format_by_name(std::string_view name) {
  for (const Format& format : table)
    if (format.name == name) return &format;
  return nullptr;
}

Parsed zeek_line_to_record(std::string_view text, const ZeekLine& line, Record& record) {
  if (zeek_to_record(line, record)) return Parsed::record;
  if (line[ZeekField::ts].empty()) return Parsed::refused;
  plain_text(text, record);
  return record.seen.empty() ? Parsed::nothing : Parsed::record;
}

}  // namespace shikake::audit
