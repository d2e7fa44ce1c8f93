#include "publish/out/stix_archive.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "publish/in/vocabulary.h"
#include "publish/stix_words.h"

namespace shikake::publish {
namespace {

using boost::json::array;
using boost::json::object;

// Millions of identifiers are held at once, each by the first 64 bits of its SHA-256.
uint64_t short_name(std::string_view id) {
  uint64_t name;
  auto digest = base::sha256(id);
  __builtin_memcpy(&name, digest.bytes.data(), sizeof name);
  return name;
}

// An object of a bundle, as a feed record holds it (in/stix.cpp).
struct Held {
  uint64_t place;
  const object* json;
  std::vector<const object*> entries;  // of an indicator
};

const array* list_of(const object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value ? value->if_array() : nullptr;
}

uint64_t number_of(const object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  if (value && value->is_uint64()) return value->get_uint64();
  return value && value->is_int64() && value->get_int64() > 0 ? static_cast<uint64_t>(value->get_int64()) : 0;
}

std::vector<Held> objects_of(const object& record) {
  std::map<uint64_t, Held> by_place;
  if (const array* context = list_of(record, "context")) {
    for (const auto& placed : *context) {
      if (!placed.is_object()) continue;
      uint64_t place = number_of(placed.get_object(), "line");
      const auto* json = placed.get_object().if_contains("object");
      if (json && json->is_object()) by_place[place] = {place, &json->get_object(), {}};
    }
  }
  if (const array* entries = list_of(record, "entries")) {
    for (const auto& entry : *entries) {
      if (!entry.is_object()) continue;
      const object& one = entry.get_object();
      Held& held = by_place[number_of(one, "line")];
      held.place = number_of(one, "line");
      held.entries.push_back(&one);
      const auto* original = one.if_contains("original");
      if (original && original->is_object()) held.json = &original->get_object();
    }
  }
  std::vector<Held> all;
  for (auto& [place, held] : by_place) {
    if (held.json) all.push_back(std::move(held));  // else its object is in the record before
  }
  return all;
}

bool is_stix(const intel::Observation& observation, const std::string& source) {
  return observation.kind == intel::ObservationKind::feed &&
         text_of(observation.record, "format") == "stix" && (source.empty() || observation.subject == source);
}

// Everything that an object speaks of, but not who made it and how it is marked.
void for_each_subject(const object& json, const std::function<void(std::string_view)>& each) {
  for (const auto& [key, value] : json) {
    std::string_view name = key;
    if (name == "created_by_ref" || name == "object_marking_refs") continue;
    if (name.ends_with("_ref") && value.is_string()) each(value.get_string());
    if (!name.ends_with("_refs") || !value.is_array()) continue;
    for (const auto& one : value.get_array()) {
      if (one.is_string()) each(one.get_string());
    }
  }
}

}  // namespace

struct StixArchive::State {
  const store::Store& store;
  ExportOptions options;
  std::unordered_set<base::Digest> observations;
  std::unordered_map<std::string, intel::Tlp> markings;  // that bundles define themselves
  std::vector<std::pair<uint64_t, int64_t>> versions;    // short name, time of its latest version; sorted
  std::vector<bool> written;                             // beside versions
  std::unordered_set<uint64_t> dropped;
  std::set<intel::IndicatorKey> false_positives;
  std::map<std::string, object> envelopes;  // by id
  uint64_t objects = 0;                     // all versions
  ExportReport left_out;

  using Visit = std::function<Result<>(const Held&)>;
  Result<> walk(const Visit& visit) const {
    Result<> failure;
    SHIKAKE_TRY(store.for_each_observation([&](const base::Digest&, const intel::Observation& observation) {
      if (!is_stix(observation, options.source)) return true;
      for (const Held& held : objects_of(observation.record)) {
        if (held.place == 0) continue;
        failure = visit(held);
        if (!failure) return false;
      }
      return true;
    }));
    return failure;
  }

  static int64_t version_of(const object& json) {
    auto time = time_from_text(text_of(json, "modified"));
    return time ? base::to_micros(*time) : INT64_MIN;
  }

  size_t index_of(uint64_t name) const {
    auto at = std::lower_bound(versions.begin(), versions.end(), std::pair(name, INT64_MIN));
    return at != versions.end() && at->first == name ? static_cast<size_t>(at - versions.begin())
                                                     : versions.size();
  }

  intel::Tlp tlp_of(const Held& held) const {
    intel::Tlp strictest = intel::Tlp::clear;
    if (const array* refs = list_of(*held.json, "object_marking_refs")) {
      for (const auto& ref : *refs) {
        if (!ref.is_string()) continue;
        auto tlp = tlp_of_marking_id(ref.get_string());
        if (!tlp) {
          auto own = markings.find(std::string(ref.get_string()));
          if (own != markings.end()) tlp = own->second;
        }
        if (tlp) strictest = std::max(strictest, *tlp);
      }
    }
    return strictest;
  }

  Result<> gather();
  Result<uint64_t ExportReport::*> reason_to_drop(const Held& held) const;
  Result<> decide();
};

// First look: which observations, which markings, which versions.
Result<> StixArchive::State::gather() {
  SHIKAKE_TRY(store.for_each_observation([&](const base::Digest& id, const intel::Observation& observation) {
    if (!is_stix(observation, options.source)) return true;
    observations.insert(id);
    for (const Held& held : objects_of(observation.record)) {
      if (held.place == 0) {
        envelopes.insert_or_assign(std::string(text_of(*held.json, "id")), *held.json);
        continue;
      }
      std::string_view name = text_of(*held.json, "id");
      if (text_of(*held.json, "type") == "marking-definition") {
        if (auto tlp = tlp_of_definition(*held.json)) markings.emplace(name, *tlp);
      }
      versions.emplace_back(short_name(name), version_of(*held.json));
    }
    return true;
  }));
  objects = versions.size();
  // Of each name the latest version.
  std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  });
  versions.erase(std::unique(versions.begin(), versions.end(),
                             [](const auto& a, const auto& b) { return a.first == b.first; }),
                 versions.end());
  SHIKAKE_ASSIGN(auto judgements, store.judgements());
  for (intel::Judgement& judgement : judgements) {
    if (judgement.verdict == intel::Verdict::false_positive) false_positives.insert(std::move(judgement.key));
  }
  return {};
}

// Why an object stays here, as the counter that says so; null where it may go.
Result<uint64_t ExportReport::*> StixArchive::State::reason_to_drop(const Held& held) const {
  if (tlp_of(held) > options.tlp_limit) return &ExportReport::above_tlp;
  if (text_of(*held.json, "type") != "indicator") return nullptr;
  bool for_a_use = options.action || options.min_score > 0;
  if (held.entries.empty()) return for_a_use ? &ExportReport::inexpressible : nullptr;
  uint64_t ExportReport::*reason = nullptr;
  for (const object* entry : held.entries) {
    auto type = intel::indicator_type(text_of(*entry, "type"));
    if (!type) continue;
    intel::IndicatorKey key{*type, std::string(text_of(*entry, "value"))};
    if (false_positives.contains(key)) {
      reason = &ExportReport::false_positives;
      continue;
    }
    if (!for_a_use) return nullptr;
    SHIKAKE_ASSIGN(auto indicator, store.find(key));
    bool fit = indicator && indicator->guarded_by.empty() && indicator->score >= options.min_score &&
               (!options.action || (options.point ? indicator->uses.has(*options.action, *options.point)
                                                  : indicator->uses.has(*options.action)));
    if (fit) return nullptr;
    reason =
        indicator && !indicator->guarded_by.empty() ? &ExportReport::guarded : &ExportReport::without_use;
  }
  return reason;
}

// What stays here takes along what speaks of it: a relationship to nowhere says nothing, and might tell.
Result<> StixArchive::State::decide() {
  SHIKAKE_TRY(walk([&](const Held& held) -> Result<> {
    SHIKAKE_ASSIGN(auto reason, reason_to_drop(held));
    if (reason && dropped.insert(short_name(text_of(*held.json, "id"))).second) ++(left_out.*reason);
    return {};
  }));
  for (size_t before = 0; before != dropped.size();) {
    before = dropped.size();
    SHIKAKE_TRY(walk([&](const Held& held) -> Result<> {
      bool speaks = false;
      for_each_subject(*held.json,
                       [&](std::string_view id) { speaks = speaks || dropped.contains(short_name(id)); });
      if (speaks) dropped.insert(short_name(text_of(*held.json, "id")));
      return {};
    }));
  }
  return {};
}

StixArchive::StixArchive(std::unique_ptr<State> state) : state_(std::move(state)) {}
StixArchive::StixArchive(StixArchive&&) noexcept = default;
StixArchive::~StixArchive() = default;

Result<StixArchive> StixArchive::open(const store::Store& store, const ExportOptions& options) {
  StixArchive archive(std::unique_ptr<State>(new State{.store = store, .options = options}));
  State& state = *archive.state_;
  SHIKAKE_TRY(state.gather());
  if (!state.observations.empty()) SHIKAKE_TRY(state.decide());
  state.written.assign(state.versions.size(), false);
  return archive;
}

bool StixArchive::holds(const base::Digest& observation) const {
  return state_->observations.contains(observation);
}

bool StixArchive::has_object(std::string_view id) const {
  return state_->index_of(short_name(id)) < state_->versions.size();
}

const ExportReport& StixArchive::left_out() const {
  return state_->left_out;
}

const object* StixArchive::sole_envelope() const {
  bool whole =
      state_->envelopes.size() == 1 && state_->dropped.empty() && state_->objects == state_->versions.size();
  return whole ? &state_->envelopes.begin()->second : nullptr;
}

Result<> StixArchive::for_each_object(const std::function<Result<>(const object&)>& each) {
  if (state_->observations.empty()) return {};
  return state_->walk([&](const Held& held) -> Result<> {
    uint64_t name = short_name(text_of(*held.json, "id"));
    size_t index = state_->index_of(name);
    if (index == state_->versions.size() || state_->written[index] || state_->dropped.contains(name))
      return {};
    if (State::version_of(*held.json) != state_->versions[index].second) return {};
    state_->written[index] = true;
    return each(*held.json);
  });
}

}  // namespace shikake::publish
