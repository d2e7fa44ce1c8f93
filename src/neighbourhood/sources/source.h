// What a corpus is filled from: lists, CSV with dates, CDX and CDXJ, WARC, passive DNS and certificate lists.
// One file a format and one row in sources.cpp. Bytes are read as hostile: each row that makes no sense is
// counted with its reason and its line, and the next one is read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "neighbourhood/day.h"
#include "neighbourhood/sources/input.h"

namespace shikake::neighbourhood {

struct SourceOptions {
  std::string format = "auto";
  Day today = 0;  // for rows without a date; a later day is in the future
  static void wire(auto& codec, auto& self) { codec(self.format, self.today); }
};

// Where rows go. Views are good until the call returns; the days are in order and not in the future.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual Result<> url(std::string_view text, Day first, Day last, uint64_t line) = 0;
  virtual Result<> skip(std::string_view reason, uint64_t line) = 0;
};

// What each format's reader is given.
class Rows {
 public:
  Rows(RowSink& sink, Day today) : sink_(sink), today_(today) {}
  // Dates as the source wrote them; "" for none. Times in the future and dates that are none are skipped.
  Result<> url(std::string_view text, std::string_view first, std::string_view last, uint64_t line);
  // A bare name as DNS and certificates have it: "*." is taken off, a dot at the end too.
  Result<> host(std::string_view name, std::string_view first, std::string_view last, uint64_t line);
  Result<> skip(std::string_view reason, uint64_t line) { return sink_.skip(reason, line); }

 private:
  RowSink& sink_;
  Day today_;
};

// The day that a text names: 2020-01-06, 2020/01/06 08:10:00, RFC 3339, 20200106081000 (CDX), seconds since
// 1970. Nothing for anything else.
std::optional<Day> day_from_text(std::string_view text);

// "list, csv, cdx, warc, hosts": for messages and help.
std::string source_format_names();

// Reads all of it; returns the name of the format found. Fails where nothing can be read at all: io,
// invalid_usage (no such format), unsupported (UTF-16), corrupted (packed bytes damaged or cut short; what
// came before it has been handed on).
Result<std::string> read_source(Input& input, const SourceOptions& options, RowSink& sink);

// One format each. The first line or record may have been looked at already, not taken.
Result<> read_list(Input& input, Rows& rows);
Result<> read_csv(Input& input, Rows& rows);
Result<> read_cdx(Input& input, Rows& rows);
Result<> read_warc(Input& input, Rows& rows);
Result<> read_hosts(Input& input, Rows& rows);

}  // namespace shikake::neighbourhood
