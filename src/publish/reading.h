// For tests, fuzzers and benchmarks: a feed in memory, read in this process.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "intel/feed.h"
#include "publish/in/formats.h"

namespace shikake::publish {

struct Reading {
  ReadReport report;
  std::vector<intel::FeedRecord> records;
  std::vector<intel::GuardList> guards;
  std::vector<FeedSighting> sightings;

  std::vector<intel::FeedEntry> entries() const {
    std::vector<intel::FeedEntry> all;
    for (const intel::FeedRecord& record : records)
      all.insert(all.end(), record.entries.begin(), record.entries.end());
    return all;
  }
};

inline Result<Reading> read_input(Input& input, const ReadOptions& options) {
  Reading reading;
  ReadSinks sinks;
  sinks.record = [&](intel::FeedRecord&& record) -> Result<> {
    reading.records.push_back(std::move(record));
    return {};
  };
  sinks.guard = [&](intel::GuardList&& list) -> Result<> {
    reading.guards.push_back(std::move(list));
    return {};
  };
  sinks.sighting = [&](FeedSighting&& sighting) -> Result<> {
    reading.sightings.push_back(std::move(sighting));
    return {};
  };
  SHIKAKE_ASSIGN(reading.report, read_feed(input, options, std::move(sinks)));
  return reading;
}

inline Result<Reading> read_bytes(std::string_view bytes, const ReadOptions& options = {}) {
  Input input(bytes);
  return read_input(input, options);
}

}  // namespace shikake::publish
