#include "audit/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace shikake::audit {
namespace {

using intel::Role;

struct Points {
  // In the order of Manner.
  int content, answered, lookup, failed, denied, mention, inbound;
};

// The numbers behind every score; docs/audit.md explains their order. What says that malware runs weighs
// most; what only says that someone asked, or was kept from it, stays below medium unless it adds up.
constexpr Points points_c2 = {85, 85, 40, 35, 25, 15, 15};  // c2, drop
constexpr Points points_distribution = {65, 30, 25, 20, 15, 10, 15};
constexpr Points points_exploit = {45, 30, 25, 20, 15, 10, 15};
constexpr Points points_landing = {25, 15, 15, 10, 10, 15, 15};  // landing, relay
constexpr Points points_phishing = {35, 20, 20, 10, 10, 15, 15};
constexpr Points points_unknown = {50, 50, 35, 30, 15, 10, 15};  // unknown, attacker, leaker
constexpr int points_file = 65;                                  // a known-bad file came over the wire

const Points& points_of(Role role) {
  switch (role) {
    case Role::c2:
    case Role::drop:
      return points_c2;
    case Role::distribution:
      return points_distribution;
    case Role::exploit:
      return points_exploit;
    case Role::landing:
    case Role::relay:
      return points_landing;
    case Role::phishing:
      return points_phishing;
    case Role::attacker:
    case Role::leaker:
    case Role::unknown:
      return points_unknown;
  }
  SHIKAKE_CHECK(false);
}

int at(const Points& points, Manner manner) {
  return std::array{points.content, points.answered, points.lookup, points.failed,
                    points.denied,  points.mention,  points.inbound}[static_cast<size_t>(manner)];
}

Stage stage_of(Role role, match::Kind kind, Manner manner) {
  if (manner != Manner::content && manner != Manner::answered) return Stage::exposed;
  if (role == Role::c2 || role == Role::drop) return Stage::infected;  // malware obeys an empty answer too
  if (manner != Manner::content) return Stage::exposed;
  if (role == Role::distribution || kind == match::Kind::sha256) return Stage::fetched;
  if (role == Role::exploit) return Stage::attacked;
  return Stage::exposed;
}

std::string_view thing(const Judgement& judgement) {
  switch (judgement.role) {
    case Role::landing:
      return "a landing page";
    case Role::relay:
      return "a relay of an attack";
    case Role::exploit:
      return "an exploit page";
    case Role::distribution:
      return "a malware distribution site";
    case Role::c2:
      return "a C&C server";
    case Role::drop:
      return "a drop server";
    case Role::attacker:
      return "an attacker's host";
    case Role::leaker:
      return "a host that uses stolen credentials";
    case Role::phishing:
      return "a phishing site";
    case Role::unknown:
      return "something known to be bad (role unknown)";
  }
  SHIKAKE_CHECK(false);
}

}  // namespace

std::string_view name(Stage stage) {
  return std::array<std::string_view, 4>{"exposed", "attacked", "fetched",
                                         "infected"}[static_cast<size_t>(stage)];
}

std::string_view name(Level level) {
  return std::array<std::string_view, 5>{"info", "low", "medium", "high",
                                         "critical"}[static_cast<size_t>(level)];
}

Level level_of(int score) {
  constexpr int critical = 80, high = 60, medium = 35, low = 10;
  return score >= critical ? Level::critical
         : score >= high   ? Level::high
         : score >= medium ? Level::medium
         : score >= low    ? Level::low
                           : Level::info;
}

Manner manner_of(Contact contact, Outcome outcome) {
  if (contact == Contact::mention) return Manner::mention;
  if (contact == Contact::inbound) return Manner::inbound;
  if (contact == Contact::file) return Manner::content;
  if (outcome == Outcome::denied) return Manner::denied;
  if (outcome == Outcome::failed) return Manner::failed;
  if (contact == Contact::lookup) return Manner::lookup;
  return outcome == Outcome::content ? Manner::content : Manner::answered;
}

Judgement judge(Role role, match::Kind kind, match::Precision precision, uint8_t confidence, Contact contact,
                Outcome outcome) {
  Judgement judgement;
  judgement.role = role;
  judgement.precision = precision;
  judgement.manner = manner_of(contact, outcome);
  judgement.confidence = std::min<uint8_t>(confidence, 100);
  judgement.stage = stage_of(role, kind, judgement.manner);
  judgement.base = at(points_of(role), judgement.manner);
  if (contact == Contact::file) judgement.base = std::max(judgement.base, points_file);
  // A source that is not sure at all still leaves half: that something is listed says something.
  judgement.doubt = judgement.base * (100 - judgement.confidence) / 200;
  constexpr int off_for_imprecision = 10;
  if (precision != match::Precision::exact)
    judgement.imprecision = std::min(off_for_imprecision, judgement.base - judgement.doubt);
  return judgement;
}

std::string what_happened(const Judgement& judgement, bool itself) {
  const std::string_view it = thing(judgement);
  switch (judgement.manner) {
    case Manner::content:
      if (judgement.stage == Stage::fetched) return fmt::format("fetched from {}", it);
      return fmt::format("reached {}", it);
    case Manner::answered:
      return fmt::format("reached {}, which gave an answer without content", it);
    case Manner::lookup:
      return fmt::format("looked up the name of {}; the log doesn't show whether it went there", it);
    case Manner::failed:
      return fmt::format("tried to reach {}, which didn't answer", it);
    case Manner::denied:
      return fmt::format("was kept from {}", it);
    case Manner::mention:
      return fmt::format("sent or received a mention of {}", it);
    case Manner::inbound:
      return fmt::format("{} {}", itself ? "is itself" : "was contacted by", it);
  }
  SHIKAKE_CHECK(false);
}

}  // namespace shikake::audit
