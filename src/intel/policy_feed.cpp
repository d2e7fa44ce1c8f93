// From a feed's entries.
#include <algorithm>
#include <array>

#include "intel/deriver.h"
#include "intel/feed.h"
#include "intel/summary.h"

namespace shikake::intel {
namespace {

// How far each format is trusted where it says nothing itself. STIX 2.1 appendix A puts "probable" at 70.
struct FormatRow {
  std::string_view format;
  uint8_t confidence;
};
constexpr FormatRow format_rows[] = {
    {"maltrail", 75},                             // each group names a report
    {"misp", 70},                                 // to_ids says that it is fit for detection
    {"stix", 60},     {"csv", 60}, {"list", 50},  // somebody's list
};
constexpr uint8_t other_confidence = 50;
// Below this a feed itself is not sure; it is not for us to block on its word.
constexpr uint8_t least_to_block = 50;

uint8_t confidence_of(const FeedRecord& feed, const FeedEntry& entry) {
  if (entry.confidence) return *entry.confidence;
  for (const FormatRow& row : format_rows) {
    if (row.format == feed.format) return row.confidence;
  }
  return other_confidence;
}

// Roles that the names of feeds and files give away, where no entry says.
struct NameRow {
  std::string_view part;
  Role role;
};
constexpr NameRow name_rows[] = {
    {"phish", Role::phishing},
    {"c2", Role::c2},
    {"cnc", Role::c2},
    {"botnet", Role::c2},
    {"scanner", Role::attacker},
    {"bruteforce", Role::attacker},
    {"urlhaus", Role::distribution},
    {"exploit", Role::exploit},
};

Role role_of_names(const FeedRecord& feed) {
  std::string names = feed.feed + " " + feed.file;
  std::transform(names.begin(), names.end(), names.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const NameRow& row : name_rows) {
    if (names.find(row.part) != std::string::npos) return row.role;
  }
  return Role::unknown;
}

std::string why(const FeedRecord& feed, const FeedEntry& entry, const std::string& family) {
  std::string text = entry.description;
  if (text.empty()) text = feed.feed + " lists it" + (family.empty() ? "" : " as " + family);
  const auto& references = entry.references.empty() ? feed.references : entry.references;
  if (!references.empty()) text += "; see " + references.front();
  return text;
}

}  // namespace

UseSet uses_of(IndicatorType type, Role role) {
  UseSet uses;
  // A landing page is a victim's, and attackers and leakers are hosts that come to us rather than places that
  // we go to.
  if (role == Role::landing) {
    uses.add(type == IndicatorType::url ? Action::alert : Action::audit,
             type == IndicatorType::domain ? Point::dns : Point::proxy);
    return uses;
  }
  const bool comes_to_us = role == Role::attacker || role == Role::leaker;
  const Action strongest = role == Role::relay ? Action::alert : Action::block;
  switch (type) {
    case IndicatorType::url:
      uses.add(strongest, Point::proxy);
      break;
    case IndicatorType::domain:
      uses.add(strongest, Point::dns);
      uses.add(strongest, Point::proxy);
      break;
    // Addresses are shared and change hands: alone they are no reason to cut anyone off.
    case IndicatorType::ip:
    case IndicatorType::cidr:
      uses.add(comes_to_us ? Action::block : Action::alert, Point::firewall);
      break;
    case IndicatorType::ip_port:
      uses.add(strongest, Point::firewall);
      break;
    case IndicatorType::sha256:
      uses.add(strongest, Point::proxy);
      break;
    case IndicatorType::pattern:
      uses.add(Action::alert, Point::proxy);
      break;
  }
  uses.add(Action::alert, Point::ids);
  return uses;
}

Result<Derivation> derive_feed(const Observation& observation, Deriver& deriver) {
  SHIKAKE_ASSIGN(const FeedRecord feed, feed_from_json(observation.record));
  const Role named = role_of_names(feed);
  for (size_t i = 0; i < feed.entries.size(); ++i) {
    const FeedEntry& entry = feed.entries[i];
    const std::string& family = entry.family.empty() ? feed.family : entry.family;
    Assertion assertion;
    assertion.key = entry.key;
    assertion.role = entry.role == Role::unknown ? named : entry.role;
    assertion.confidence = confidence_of(feed, entry);
    assertion.uses = entry.uses;
    if (entry.uses.empty()) {
      assertion.uses = uses_of(entry.key.type, assertion.role);
      if (assertion.confidence < least_to_block) assertion.uses = without_block(assertion.uses);
    }
    assertion.tlp = entry.tlp.value_or(feed.tlp);
    assertion.source = feed.feed;
    assertion.family = family;
    assertion.why = why(feed, entry, family);
    assertion.place = "/entries/" + std::to_string(i);
    // A feed that gives no last time still lists it now.
    assertion.last_seen = entry.last_seen.value_or(observation.time);
    assertion.first_seen = std::min(entry.first_seen.value_or(assertion.last_seen), assertion.last_seen);
    assertion.valid_until = entry.valid_until;
    assertion.aliases = entry.aliases;
    deriver.add(std::move(assertion));
  }
  return deriver.take();
}

}  // namespace shikake::intel
