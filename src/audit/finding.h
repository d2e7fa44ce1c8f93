// The finding record: one client, how far an infection got there, and why we think so.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/stage.h"
#include "base/clock.h"
#include "match/hits.h"

namespace shikake::audit {

struct Reason {
  int points = 0;
  std::string text;  // what the log shows, in a sentence without its full stop
  static void wire(auto& codec, auto& self) { codec(self.points, self.text); }
};

// One log line that counts.
struct Event {
  std::string log_file;
  uint64_t line = 0;                    // from 1
  std::optional<base::TimePoint> time;  // where the line has one that can be read
  Stage stage = Stage::exposed;
  std::string seen;       // what stood in the line: its URL, name or address; cut at max_seen_bytes
  std::string indicator;  // that it matched, best of several
  std::string indicator_type;
  std::string evidence;  // why that is an indicator, in one sentence
};

struct Finding {
  std::string client;  // address or name as logged; "unknown" for lines that name none
  std::string user;    // as logged, up to four with commas between; "" where the log has none
  std::string host;    // the client, where the log names it by a name
  Stage stage = Stage::exposed;
  Level level = Level::info;
  int score = 0;                // 0 to 100: the sum of the reasons' points
  std::vector<Reason> reasons;  // in the order in which they add up
  std::string action;           // what to do about it
  std::optional<base::TimePoint> first, last;
  std::string log_file;       // of the first event
  uint64_t event_count = 0;   // lines that count; guarded hits don't
  std::vector<Event> events;  // the first max_events; the one that weighs most is always among them
  uint64_t guarded_hits = 0;  // on indicators that a guard list protects
};

inline constexpr size_t max_events = 100;
inline constexpr size_t max_seen_bytes = 300;

// As `shikake audit --json` prints it; docs/schemas/finding.json. Text is made valid UTF-8. A reason is one
// string, "+85 reached a C&C server: …", so that the numbers in front add up to the score.
boost::json::object to_json(const Finding& finding);

}  // namespace shikake::audit
