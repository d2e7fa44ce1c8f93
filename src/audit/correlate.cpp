#include "audit/correlate.h"

#include <algorithm>

namespace shikake::audit {
namespace {

constexpr size_t max_distinct = 64;  // indicators remembered a client; a score stops counting far below
constexpr size_t max_users = 4;      // of a machine that several people use
constexpr size_t max_name_bytes = 256;

// How closely an indicator fits, for hits that weigh the same.
int specificity(intel::IndicatorType type) {
  switch (type) {
    case intel::IndicatorType::sha256:
      return 6;
    case intel::IndicatorType::url:
      return 5;
    case intel::IndicatorType::ip_port:
      return 4;
    case intel::IndicatorType::pattern:
      return 3;
    case intel::IndicatorType::domain:
      return 2;
    case intel::IndicatorType::ip:
      return 1;
    case intel::IndicatorType::cidr:
      return 0;
  }
  return 0;
}

void remember(std::vector<match::EntryId>& entries, match::EntryId entry) {
  if (entries.size() < max_distinct && std::find(entries.begin(), entries.end(), entry) == entries.end())
    entries.push_back(entry);
}

}  // namespace

Case* Correlator::find_or_add(std::string_view client) {
  std::string key(client.empty() ? std::string_view("unknown") : client.substr(0, max_name_bytes));
  if (auto found = index_.find(key); found != index_.end()) return &cases_[found->second];
  if (cases_.size() >= limits_.max_clients) {
    ++events_beyond_clients_;
    return nullptr;
  }
  cases_.emplace_back().client = key;
  index_.emplace(std::move(key), cases_.size() - 1);
  return &cases_.back();
}

void Correlator::take(std::string_view client, std::string_view user, const LinePlace& place,
                      const std::vector<LineHit>& hits) {
  const auto lighter = [&](const LineHit& a, const LineHit& b) {
    if (a.judgement.points() != b.judgement.points()) return a.judgement.points() < b.judgement.points();
    if (a.judgement.stage != b.judgement.stage) return a.judgement.stage < b.judgement.stage;
    const int fit_a = specificity(intelligence_.known(a.entry).key.type);
    const int fit_b = specificity(intelligence_.known(b.entry).key.type);
    return fit_a != fit_b ? fit_a < fit_b : a.entry > b.entry;
  };
  const LineHit& heaviest = *std::max_element(hits.begin(), hits.end(), lighter);
  Case* to = find_or_add(client);
  if (to == nullptr) return;
  if (to->event_count++ == 0) to->first_file = place.file;
  if (place.time) {
    to->first = to->first ? std::min(*to->first, *place.time) : *place.time;
    to->last = to->last ? std::max(*to->last, *place.time) : *place.time;
  }
  if (!user.empty() && to->users.size() < max_users) {
    std::string name(user.substr(0, max_name_bytes));
    if (std::find(to->users.begin(), to->users.end(), name) == to->users.end())
      to->users.push_back(std::move(name));
  }
  const auto stage = static_cast<size_t>(heaviest.judgement.stage);
  to->reached[stage] = true;
  if (place.time && (!to->reached_at[stage] || *place.time < *to->reached_at[stage]))
    to->reached_at[stage] = place.time;
  ++to->by_manner[static_cast<size_t>(heaviest.judgement.manner)];
  remember(to->entries, heaviest.entry);
  keep_event(*to, heaviest, place);
  if (!to->best || lighter(*to->best, heaviest)) {
    to->best = heaviest;
    to->best->seen = {};
    to->best_place = place;
  }
}

// The first ones; and the heaviest, in the last one's place.
void Correlator::keep_event(Case& to, const LineHit& hit, const LinePlace& place) {
  const bool heaviest = !to.best || hit.judgement.points() > to.best->judgement.points();
  const bool full = to.events.size() >= max_events || event_bytes_ >= limits_.max_event_bytes;
  event_bytes_used_up_ = event_bytes_used_up_ || event_bytes_ >= limits_.max_event_bytes;
  if (full && !heaviest) return;
  const size_t seen_bytes = std::min(hit.seen.size(), max_seen_bytes);
  if (full && !to.events.empty()) {
    event_bytes_ -= sizeof(Case::KeptEvent) + to.events.back().seen.size();
    to.events.pop_back();
  }
  event_bytes_ += sizeof(Case::KeptEvent) + seen_bytes;
  to.events.push_back({place, hit.entry, hit.judgement.stage, hit.judgement.points(),
                       std::string(hit.seen.substr(0, seen_bytes))});
}

void Correlator::take_guarded(std::string_view client, match::EntryId entry) {
  Case* to = find_or_add(client);
  if (to == nullptr) return;
  ++to->guarded_hits;
  for (auto& known : to->guarded) {
    if (known.entry != entry) continue;
    ++known.count;
    return;
  }
  if (to->guarded.size() < max_distinct) to->guarded.push_back({entry, 1});
}

}  // namespace shikake::audit
