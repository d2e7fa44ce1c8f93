// Where a format's reader puts what it finds: accounts for every line, groups entries into records.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intel/feed.h"
#include "intel/guard.h"
#include "publish/in/input.h"
#include "publish/in/report.h"

namespace shikake::publish {

// What the reader is told about the feed, and what the user set by hand.
struct ReadOptions {
  std::string format;                // a name of formats.h; empty: found from the content
  std::string feed;                  // whose it is; empty: the format's own word, or its name
  std::string file;                  // base name
  std::string folder;                // name of the folder that it lies in: Maltrail sorts by it
  std::string family;                // for entries that name none
  std::string role;                  // a name of intel::Role, for entries that name none
  std::string tlp;                   // a name of intel::Tlp, for entries that name none
  std::vector<std::string> columns;  // CSV: "url=2", "description=Brand name"; see csv.cpp
  std::string delimiter;             // CSV: one byte; empty: found from the content
  uint32_t refusals_kept = 20;       // how many refused entries the report shows

  static void wire(auto& codec, auto& self) {
    codec(self.format, self.feed, self.file, self.folder, self.family, self.role, self.tlp, self.columns,
          self.delimiter, self.refusals_kept);
  }
};

struct ReadSinks {
  std::function<Result<>(intel::FeedRecord&&)> record;
  std::function<Result<>(intel::GuardList&&)> guard;
  std::function<Result<>(FeedSighting&&)> sighting;
};

class Collector {
 public:
  Collector(const ReadOptions& options, std::string_view format, ReadSinks sinks);

  const ReadOptions& options() const { return options_; }
  const intel::FeedRecord& head() const { return record_; }

  // From here on, records have these; ends the present one where they differ.
  Result<> group(std::string family, std::vector<std::string> references);
  void set_feed(std::string feed);  // a format's own word; the user's wins

  // An entry of the present record. It alone counts no line: see accepted().
  Result<> add(intel::FeedEntry entry);
  // An object that entries refer to.
  Result<> add_context(boost::json::object object);
  // A record is whole: what follows starts another.
  Result<> flush();
  Result<> add_guard(intel::GuardList list);
  Result<> add_sighting(FeedSighting sighting);

  void set_unit(std::string_view plural) { report_.unit = plural; }
  void accepted(uint64_t count = 1) { report_.accepted += count, report_.total += count; }
  void comment(uint64_t count = 1) { report_.comments += count, report_.total += count; }
  void skipped(std::string_view reason, uint64_t count = 1);
  void refused(uint64_t line, uint64_t offset, std::string reason, std::string_view text, uint64_t count = 1);
  void note(std::string_view what);

  // After the last flush.
  ReadReport report() && { return std::move(report_); }

 private:
  ReadOptions options_;
  ReadSinks sinks_;
  intel::FeedRecord record_;
  size_t bytes_ = 0;  // about, of the present record
  ReadReport report_;
};

}  // namespace shikake::publish
