// From single hits to one case a client, in bounded memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/finding.h"
#include "audit/intelligence.h"
#include "audit/stage.h"

namespace shikake::audit {

// One hit of one line, before it is weighed.
struct LineHit {
  match::EntryId entry = 0;
  Judgement judgement;
  bool to_peer = false;  // inbound: it came to the record's peer; else the client itself is the thing
  std::string_view seen;
};

struct LinePlace {
  uint32_t file = 0;  // index
  uint64_t line = 0;
  std::optional<base::TimePoint> time;
};

struct CorrelationLimits {
  // Clients with hits. A network has fewer; forged addresses don't fill the memory.
  size_t max_clients = 100'000;
  // Of all kept events together.
  size_t max_event_bytes = size_t{64} << 20;
};

// Events and what they say about one client.
struct Case {
  struct KeptEvent {
    LinePlace place;
    match::EntryId entry = 0;
    Stage stage = Stage::exposed;
    int points = 0;
    std::string seen;
  };
  struct GuardedHits {
    match::EntryId entry = 0;
    uint64_t count = 0;
  };

  std::string client;
  std::vector<std::string> users;
  std::optional<base::TimePoint> first, last;
  uint32_t first_file = 0;
  uint64_t event_count = 0;
  std::array<uint64_t, 7> by_manner{};                       // events, by how near they came
  std::array<std::optional<base::TimePoint>, 4> reached_at;  // first time of each stage
  std::array<bool, 4> reached{};
  std::optional<LineHit> best;  // heaviest; its `seen` is not kept
  LinePlace best_place;
  std::vector<match::EntryId> entries;  // distinct, heaviest of each line, at most max_distinct
  std::vector<KeptEvent> events;
  uint64_t guarded_hits = 0;
  std::vector<GuardedHits> guarded;  // distinct, at most max_distinct
};

class Correlator {
 public:
  Correlator(const Intelligence& intelligence, const CorrelationLimits& limits)
      : intelligence_(intelligence), limits_(limits) {}

  // The hits of one line that concern one client, none of them guarded.
  void take(std::string_view client, std::string_view user, const LinePlace& place,
            const std::vector<LineHit>& hits);
  void take_guarded(std::string_view client, match::EntryId entry);

  // In the order of their first hit.
  const std::vector<Case>& cases() const { return cases_; }
  uint64_t events_beyond_clients() const { return events_beyond_clients_; }
  bool event_bytes_used_up() const { return event_bytes_used_up_; }

 private:
  Case* find_or_add(std::string_view client);
  void keep_event(Case& to, const LineHit& hit, const LinePlace& place);

  const Intelligence& intelligence_;
  CorrelationLimits limits_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<Case> cases_;
  size_t event_bytes_ = 0;
  uint64_t events_beyond_clients_ = 0;
  bool event_bytes_used_up_ = false;
};

}  // namespace shikake::audit
