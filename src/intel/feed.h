// The feed record: one group of entries that an outside source publishes with one reason. Written by
// src/publish, read by policy.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "intel/model.h"

namespace shikake::intel {

struct FeedEntry {
  IndicatorKey key;               // canonical already
  Role role = Role::unknown;
  uint64_t line = 0;              // in the file, from 1 (STIX: place of its object in the bundle); 0: none
  std::optional<uint8_t> confidence;   // the feed's own, 0 to 100
  std::optional<base::TimePoint> first_seen, last_seen, valid_until;
  UseSet uses;                    // the feed's own wish (MISP to_ids, a CSV column); empty: policy decides
  std::string description;        // one sentence, may be empty
  // Where the source says these of one entry; empty: the record's hold.
  std::string family;
  std::optional<Tlp> tlp;
  std::vector<std::string> references;
  std::vector<std::string> aliases;
  boost::json::object original;   // the source's own object (STIX, MISP) kept whole for export; may be empty
};

struct FeedRecord {
  std::string feed;      // "maltrail", "misp", a name given with --source
  std::string format;    // "maltrail", "stix", "misp", "csv", "list", "warninglist"
  std::string file;      // base name, no path of the importing machine
  uint64_t part = 0;     // from 0, rising, where one file gives several records
  std::string family;    // malware family or campaign; may be empty
  Tlp tlp = Tlp::clear;
  std::vector<std::string> references;  // URLs of reports: the evidence a person can check
  std::vector<FeedEntry> entries;       // at most max_feed_entries
  boost::json::array context;           // other objects that the entries refer to (STIX relationships, …)
};

// A longer group becomes several observations, so that one observation stays small in memory.
inline constexpr size_t max_feed_entries = 10'000;

boost::json::object to_json(const FeedRecord& feed);
Result<FeedRecord> feed_from_json(const boost::json::object& record);

}  // namespace shikake::intel
