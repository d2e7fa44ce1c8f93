// What every log format's fuzzer holds: a line that the strict parser takes is read the same by the lenient
// one, no line is lost or counted twice, and whatever the bytes are, a plain mention of a bad host is found.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/reader.h"
#include "audit/test_intelligence.h"
#include "audit/time_text.h"
#include "base/check.h"

namespace shikake::audit {

inline void check_same_time(std::string_view a, std::string_view b) {
  const auto time_a = time_from_log(a), time_b = time_from_log(b);
  SHIKAKE_CHECK(time_a.has_value() == time_b.has_value());
  // A number that went through a double may differ in the last decimal kept.
  if (time_a) SHIKAKE_CHECK(std::llabs(base::to_micros(*time_a) - base::to_micros(*time_b)) <= 1);
}

inline void check_same(const Record& strict, const Record& lenient) {
  SHIKAKE_CHECK(strict.client == lenient.client);
  SHIKAKE_CHECK(strict.user == lenient.user);
  SHIKAKE_CHECK(strict.peer == lenient.peer);
  SHIKAKE_CHECK(strict.outcome == lenient.outcome);
  check_same_time(strict.time, lenient.time);
  SHIKAKE_CHECK(strict.seen.size() == lenient.seen.size());
  for (size_t i = 0; i < strict.seen.size(); ++i) {
    const Observable &a = strict.seen[i], &b = lenient.seen[i];
    SHIKAKE_CHECK(a.what == b.what && a.contact == b.contact && a.port == b.port);
    SHIKAKE_CHECK(a.text == b.text && a.rest == b.rest);
  }
}

inline void check_lines(const Format& format, std::string_view text) {
  constexpr size_t padding = 64;  // simdjson's
  FileState state;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string padded(line);
    padded.append(padding, '\0');
    const std::string_view same(padded.data(), line.size());
    Record strict, lenient;
    strict.reserve(line.size());
    lenient.reserve(line.size());
    FileState before = state;
    const Parsed by_strict = format.strict(same, state, strict);
    // The strict parser's views point into its state where a list was parted; it is done with before the
    // next.
    const Parsed by_lenient = format.lenient(same, before, lenient);
    if (by_strict == Parsed::refused) continue;
    SHIKAKE_CHECK(by_lenient == by_strict);
    if (by_strict == Parsed::record) check_same(strict, lenient);
  }
}

inline const Intelligence& fuzz_intelligence() {
  static const Intelligence intelligence = test_intelligence();
  return intelligence;
}

inline FileStats read_whole(std::string_view bytes, const Format* forced, const ReadLimits& limits,
                            const CorrelationLimits& correlation = {}) {
  Correlator correlator(fuzz_intelligence(), correlation);
  Reader reader(fuzz_intelligence(), correlator, limits, forced);
  const base::UniqueFd file = file_of(bytes);
  FileStats stats = reader.read(file.get(), "fuzz", 0);
  SHIKAKE_CHECK(stats.lines == stats.parsed + stats.lenient + stats.unreadable + stats.other);
  uint64_t events = 0, guarded = 0;
  for (const Case& of : correlator.cases()) events += of.event_count, guarded += of.guarded_hits;
  SHIKAKE_CHECK(events <= stats.hits && guarded == stats.guarded);
  SHIKAKE_CHECK((events == 0) == (stats.hits == 0));
  return stats;
}

inline int fuzz_format(std::string_view name, const uint8_t* data, size_t size) {
  const Format* format = format_by_name(name);
  SHIKAKE_CHECK(format != nullptr);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_lines(*format, text);
  for (const Format* forced : {format, static_cast<const Format*>(nullptr)}) {
    const FileStats stats = read_whole(text, forced, {.max_line_bytes = 300});
    if (stats.packing != "none" || !stats.error.empty()) continue;
    uint64_t lines = 0;
    for (size_t at = 0; at < text.size(); ++lines) at = std::min(text.find('\n', at), text.size()) + 1;
    SHIKAKE_CHECK(stats.lines == lines);
  }
  // After whatever came before, a plain line is still understood.
  const std::string with_hit =
      std::string(text) +
      "\n1700000000.0 1 192.0.2.1 TCP_MISS/200 5 GET http://c2.example/ - HIER_DIRECT/192.0.2.2 -\n";
  const FileStats stats = read_whole(with_hit, nullptr, {});
  if (stats.packing == "none" && stats.error.empty()) SHIKAKE_CHECK(stats.hits + stats.guarded > 0);
  return 0;
}

}  // namespace shikake::audit
