#include "intel/summary.h"

#include <algorithm>

#include "intel/decay.h"

namespace shikake::intel {
namespace {

template <class T>
void add_once(std::vector<T>& all, const T& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

struct Standing {
  uint8_t score = 0;
  bool expired = false;
  base::TimePoint expires;
};

Standing standing(const Assertion& said, const IndicatorKey& key, std::optional<base::TimePoint> seen_since,
                  base::TimePoint at) {
  const DecayParameters& parameters = decay_of(key.type);
  base::TimePoint last = seen_since ? std::max(said.last_seen, *seen_since) : said.last_seen;
  Standing now;
  now.score = decayed(said.confidence, at - last, parameters);
  now.expires = last + time_to_expiry(said.confidence, parameters);
  if (said.valid_until) now.expires = std::min(now.expires, *said.valid_until);
  now.expired = now.score < parameters.threshold || (said.valid_until && *said.valid_until <= at);
  if (now.expired && said.valid_until && *said.valid_until <= at) now.score = 0;
  return now;
}

}  // namespace

UseSet audit_only(UseSet uses) {
  UseSet left;
  for (Point point : {Point::proxy, Point::dns, Point::firewall, Point::ids}) {
    if (uses.has(Action::audit, point) || uses.has(Action::alert, point) || uses.has(Action::block, point))
      left.add(Action::audit, point);
  }
  return left;
}

UseSet without_block(UseSet uses) {
  for (Point point : {Point::proxy, Point::dns, Point::firewall, Point::ids}) {
    if (uses.has(Action::block, point)) uses.add(Action::alert, point);
  }
  uses.remove(Action::block);
  return uses;
}

Indicator summarize(IndicatorKey key, std::vector<Evidence> evidence, std::optional<Judgement> judgement,
                    const Sightings& sightings, base::TimePoint at) {
  std::stable_sort(evidence.begin(), evidence.end(), [](const Evidence& a, const Evidence& b) {
    return a.assertion.confidence > b.assertion.confidence;
  });
  const bool confirmed = judgement && judgement->verdict == Verdict::confirmed;
  const bool refuted = judgement && judgement->verdict == Verdict::false_positive;
  std::optional<base::TimePoint> seen_since = sightings.last;
  if (confirmed) seen_since = std::max(seen_since.value_or(judgement->time), judgement->time);

  Indicator all;
  bool first = true;
  for (Evidence& one : evidence) {
    Assertion& said = one.assertion;
    Assertion weighed;  // without the texts, which standing() has no use for
    weighed.confidence = confirmed ? std::max(said.confidence, confirmed_confidence) : said.confidence;
    weighed.last_seen = said.last_seen;
    weighed.valid_until = said.valid_until;
    Standing now = standing(weighed, key, seen_since, at);
    all.confidence = std::max(all.confidence, weighed.confidence);
    all.score = std::max(all.score, now.score);
    all.uses |= now.expired ? audit_only(said.uses) : said.uses;
    all.expires = std::max(all.expires.value_or(now.expires), now.expires);
    all.tlp = std::max(all.tlp, said.tlp);
    all.first_seen = first ? said.first_seen : std::min(all.first_seen, said.first_seen);
    all.last_seen = first ? said.last_seen : std::max(all.last_seen, said.last_seen);
    add_once(all.roles, said.role);
    add_once(all.sources, said.source);
    if (all.family.empty()) all.family = said.family;
    if (all.guarded_by.empty()) all.guarded_by = said.guarded_by;
    for (const std::string& alias : said.aliases) add_once(all.aliases, alias);
    first = false;
  }
  if (!all.guarded_by.empty()) all.uses.remove(Action::block);
  if (all.roles.size() > 1) std::erase(all.roles, Role::unknown);
  if (seen_since) all.last_seen = std::max(all.last_seen, *seen_since);
  if (refuted) {
    all.uses = {};
    all.score = 0;
  }
  all.key = std::move(key);
  all.sightings = sightings.count;
  all.judgement = std::move(judgement);
  all.evidence = std::move(evidence);
  return all;
}

}  // namespace shikake::intel
