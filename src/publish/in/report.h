// What became of every line (or object) of a feed: each is counted in exactly one of accepted, skipped,
// refused and comments.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace shikake::publish {

// What its format does not allow.
struct Refusal {
  uint64_t line = 0;    // from 1; in JSON documents too
  uint64_t offset = 0;  // of the line or object, in bytes from 0
  std::string reason;   // a clause: "not a domain, an address or a URL"
  std::string text;     // the beginning of what was refused, as it stands there

  static void wire(auto& codec, auto& self) { codec(self.line, self.offset, self.reason, self.text); }
};

struct Count {
  std::string what;
  uint64_t count = 0;

  static void wire(auto& codec, auto& self) { codec(self.what, self.count); }
};

struct ReadReport {
  std::string format;
  std::string unit;       // what is counted, a plural: "lines", "attributes", "objects", "values"
  uint64_t total = 0;     // accepted + skipped + refused + comments
  uint64_t accepted = 0;  // gave at least one entry
  uint64_t skipped = 0;   // well-formed, but nothing that an indicator can hold; why: skips
  uint64_t refused = 0;   // malformed; the first ones: refusals
  uint64_t comments = 0;  // blank lines, comments, headers; objects that only describe others
  uint64_t entries = 0;   // one line can give several
  uint64_t records = 0;   // feed records, each one observation
  uint64_t guards = 0;    // values of guard lists
  uint64_t sightings = 0;
  std::vector<Count> skips;  // by reason
  std::vector<Count> notes;  // what was left out of accepted entries: "date not understood"
  std::vector<Refusal> refusals;

  static void wire(auto& codec, auto& self) {
    codec(self.format, self.unit, self.total, self.accepted, self.skipped, self.refused, self.comments,
          self.entries, self.records, self.guards, self.sightings, self.skips, self.notes, self.refusals);
  }
};

// STIX 2.1, section 5.2: a sighting's count is at most this.
inline constexpr uint64_t most_sightings = 999'999'999;

// That an indicator was met, as a feed reports it.
struct FeedSighting {
  uint8_t type = 0;             // intel::IndicatorType
  std::string value;            // canonical
  std::string source;           // the STIX id of the sighting: reported once, however often it is read
  base::TimePoint first, last;  // in this order
  uint64_t count = 1;           // up to most_sightings

  static void wire(auto& codec, auto& self) {
    codec(self.type, self.value, self.source, self.first, self.last, self.count);
  }
};

}  // namespace shikake::publish
