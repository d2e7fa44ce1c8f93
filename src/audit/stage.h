// How far an infection got, judged from one thing seen: docs/audit.md has these tables for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/record.h"
#include "intel/model.h"
#include "match/hits.h"

namespace shikake::audit {

enum class Stage : uint8_t { exposed, attacked, fetched, infected };  // rising
constexpr Stage wire_last(Stage) {
  return Stage::infected;
}
std::string_view name(Stage stage);

enum class Level : uint8_t { info, low, medium, high, critical };  // rising
constexpr Level wire_last(Level) {
  return Level::critical;
}
std::string_view name(Level level);
Level level_of(int score);

// How near the client came to the thing: contact and outcome as one word. From nearest to farthest.
enum class Manner : uint8_t {
  content,   // reached it and got something
  answered,  // reached it and got an answer without content
  lookup,    // only its name was resolved
  failed,    // tried, and nothing answered
  denied,    // tried, and was kept from it
  mention,   // it stands in what the client sent or received
  inbound,   // it came to the client
};
Manner manner_of(Contact contact, Outcome outcome);

struct Judgement {
  Stage stage = Stage::exposed;
  Manner manner = Manner::content;
  intel::Role role = intel::Role::unknown;
  match::Precision precision = match::Precision::exact;
  uint8_t confidence = 0;
  int base = 0;         // points for stage, role and manner
  int doubt = 0;        // points off for confidence
  int imprecision = 0;  // points off for a log that doesn't show all of the indicator
  int points() const { return base - doubt - imprecision; }
};

Judgement judge(intel::Role role, match::Kind kind, match::Precision precision, uint8_t confidence,
                Contact contact, Outcome outcome);

// "reached a C&C server", "looked up the name of a distribution site": what happened, for a reason's
// sentence. `itself`: an inbound thing is the client, not one that came to it.
std::string what_happened(const Judgement& judgement, bool itself);

}  // namespace shikake::audit
