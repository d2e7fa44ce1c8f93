// Every feed format, over any bytes. The first byte chooses the format (or none: found by content).
// Holds: no crash; every line or object is counted exactly once; every entry's value is canonical; a record
// survives its own JSON.
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "intel/json.h"
#include "publish/reading.h"

using namespace shikake;

namespace {

// The readers of lines count lines; this counts them in another way.
uint64_t lines_of(std::string_view bytes) {
  uint64_t lines = 0;
  for (char c : bytes) lines += c == '\n' ? 1 : 0;
  return lines + (bytes.empty() || bytes.ends_with('\n') ? 0 : 1);
}

void check(const publish::Reading& reading, std::string_view bytes) {
  const publish::ReadReport& report = reading.report;
  SHIKAKE_CHECK(report.total == report.accepted + report.skipped + report.refused + report.comments);
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (report.unit == "lines") {
    if (bytes.starts_with(byte_order_mark)) bytes.remove_prefix(byte_order_mark.size());
    SHIKAKE_CHECK(report.total == lines_of(bytes));
  }
  uint64_t entries = 0;
  for (const intel::FeedRecord& record : reading.records) {
    SHIKAKE_CHECK(record.entries.size() <= intel::max_feed_entries);
    for (const intel::FeedEntry& entry : record.entries) {
      auto canonical = intel::canonical_value(entry.key.type, entry.key.value);
      SHIKAKE_CHECK(canonical && *canonical == entry.key.value);
    }
    entries += record.entries.size();
    std::string json = intel::canonical_json(intel::to_json(record));
    auto parsed = intel::parse_json(json);
    SHIKAKE_CHECK(parsed && parsed->is_object());
    auto again = intel::feed_from_json(parsed->get_object());
    SHIKAKE_CHECK(again.has_value());
    SHIKAKE_CHECK(intel::canonical_json(intel::to_json(*again)) == json);
  }
  SHIKAKE_CHECK(report.entries == entries);
  SHIKAKE_CHECK(report.records == reading.records.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  auto formats = publish::input_formats();
  publish::ReadOptions options;
  size_t choice = data[0] % (formats.size() + 1);
  if (choice < formats.size()) options.format = formats[choice].name;
  options.file = "ek_name.txt";
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto reading = publish::read_bytes(bytes, options);
  if (reading) check(*reading, bytes);
  return 0;
}
