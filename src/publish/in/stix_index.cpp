#include "publish/in/stix_index.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.h"
#include "intel/json.h"
#include "publish/in/report.h"
#include "publish/in/vocabulary.h"
#include "publish/stix_words.h"

namespace shikake::publish {
namespace {

using intel::Role;

// Which of several indicated things names the family: the first of these types that there is.
constexpr std::string_view family_types[] = {"malware", "tool", "intrusion-set", "campaign", "threat-actor"};

std::optional<size_t> family_rank(std::string_view type) {
  for (size_t i = 0; i < std::size(family_types); ++i) {
    if (family_types[i] == type) return i;
  }
  return std::nullopt;
}

// Identifiers are 50 bytes and more; a bundle may have millions. Equal keys of unlike identifiers would
// need a collision in the first 64 bits of SHA-256.
uint64_t key_of(std::string_view id) {
  uint64_t key;
  auto digest = base::sha256(id);
  __builtin_memcpy(&key, digest.bytes.data(), sizeof key);
  return key;
}

std::vector<std::string_view> texts_of(const boost::json::object& object, std::string_view key) {
  std::vector<std::string_view> texts;
  const auto* list = object.if_contains(key);
  if (!list || !list->is_array()) return texts;
  for (const auto& value : list->get_array()) {
    if (const auto* text = value.if_string()) texts.emplace_back(*text);
  }
  return texts;
}

}  // namespace

struct StixIndex::State {
  struct Named {
    std::string name;
    std::optional<size_t> family;  // rank among family_types
    Role role = Role::unknown;     // of infrastructure
  };
  struct Place {  // of an object in the file
    uint64_t offset;
    uint32_t size;
  };

  boost::json::object envelope;
  std::unordered_map<std::string, Named> named;
  std::unordered_map<std::string, intel::Tlp> markings;
  std::unordered_multimap<uint64_t, std::string> indicates;  // indicator → id of what it indicates
  std::unordered_multimap<uint64_t, Seen> sightings;
  std::vector<std::pair<uint64_t, Place>> evidence;  // by key, then in the bundle's order
  size_t links = 0;
};

StixIndex::StixIndex() : state_(std::make_unique<State>()) {}
StixIndex::StixIndex(StixIndex&&) noexcept = default;
StixIndex& StixIndex::operator=(StixIndex&&) noexcept = default;
StixIndex::~StixIndex() = default;

const boost::json::object& StixIndex::envelope() const {
  return state_->envelope;
}

Result<StixIndex> StixIndex::build(Input& input) {
  StixIndex index;
  SHIKAKE_TRY(read_json_pieces(input, "objects", [&](const JsonPiece& piece) { return index.take(piece); }));
  std::stable_sort(index.state_->evidence.begin(), index.state_->evidence.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  SHIKAKE_TRY(input.rewind());
  return index;
}

Result<> StixIndex::take(const JsonPiece& piece) {
  if (piece.too_long) return {};  // the second pass says so
  auto value = intel::parse_json(piece.text);
  if (!piece.element) {
    if (value && piece.member != "objects") state_->envelope[piece.member] = *std::move(value);
    return {};
  }
  if (!value || !value->is_object()) return {};
  return take_object(value->get_object(), piece);
}

Result<> StixIndex::take_object(const boost::json::object& object, const JsonPiece& piece) {
  std::string_view type = text_of(object, "type");
  std::string_view id = text_of(object, "id");
  if (state_->links == max_stix_links)
    return fail(Module::publish, ErrorCode::limit,
                "the bundle has more than 20 million relationships, notes and sightings; split it");
  if (type == "relationship") {
    take_relationship(object, piece);
  } else if (type == "sighting") {
    Seen seen;
    seen.id = id;
    auto first = time_from_text(text_of(object, "first_seen"));
    auto last = time_from_text(text_of(object, "last_seen"));
    auto created = time_from_text(text_of(object, "created")).value_or(base::TimePoint());
    seen.last = last.value_or(first.value_or(created));
    seen.first = std::min(first.value_or(seen.last), seen.last);
    if (const auto* count = object.if_contains("count"); count && count->is_int64() && count->get_int64() > 0)
      seen.count = std::min(static_cast<uint64_t>(count->get_int64()), most_sightings);
    state_->sightings.emplace(key_of(text_of(object, "sighting_of_ref")), std::move(seen));
    ++state_->links;
  } else if (type == "marking-definition") {
    if (auto tlp = tlp_of_definition(object)) state_->markings.emplace(id, *tlp);
  } else if (type == "identity" || type == "infrastructure" || family_rank(type)) {
    State::Named named{std::string(text_of(object, "name")), family_rank(type), Role::unknown};
    for (std::string_view word : texts_of(object, "infrastructure_types")) {
      if (auto role = role_from_word(word)) named.role = *role;
    }
    state_->named.insert_or_assign(std::string(id), std::move(named));
    ++state_->links;
  }
  return {};
}

void StixIndex::take_relationship(const boost::json::object& object, const JsonPiece& piece) {
  std::string_view source = text_of(object, "source_ref");
  if (!source.starts_with("indicator--")) return;
  if (own_extension(object))
    state_->evidence.push_back({key_of(source), {piece.offset, static_cast<uint32_t>(piece.text.size())}});
  else if (text_of(object, "relationship_type") == "indicates")
    state_->indicates.emplace(key_of(source), text_of(object, "target_ref"));
  ++state_->links;
}

std::string_view StixIndex::family_of(std::string_view indicator) const {
  const State::Named* best = nullptr;
  auto [from, to] = state_->indicates.equal_range(key_of(indicator));
  for (auto link = from; link != to; ++link) {
    auto target = state_->named.find(link->second);
    if (target == state_->named.end() || !target->second.family) continue;
    const State::Named& named = target->second;
    bool better = !best || std::pair(*named.family, std::string_view(named.name)) <
                               std::pair(*best->family, std::string_view(best->name));
    if (better) best = &named;
  }
  return best ? std::string_view(best->name) : std::string_view();
}

Role StixIndex::role_of(std::string_view indicator) const {
  auto [from, to] = state_->indicates.equal_range(key_of(indicator));
  for (auto link = from; link != to; ++link) {
    auto target = state_->named.find(link->second);
    if (target != state_->named.end() && target->second.role != Role::unknown) return target->second.role;
  }
  return Role::unknown;
}

std::vector<StixIndex::Seen> StixIndex::sightings_of(std::string_view indicator) const {
  std::vector<Seen> seen;
  auto [from, to] = state_->sightings.equal_range(key_of(indicator));
  for (auto link = from; link != to; ++link) seen.push_back(link->second);
  return seen;
}

std::optional<intel::Tlp> StixIndex::tlp_of(const boost::json::object& object) const {
  std::optional<intel::Tlp> strictest;
  for (std::string_view ref : texts_of(object, "object_marking_refs")) {
    auto tlp = tlp_of_marking_id(ref);
    if (!tlp) {
      auto defined = state_->markings.find(std::string(ref));
      if (defined != state_->markings.end()) tlp = defined->second;
    }
    if (tlp && (!strictest || *tlp > *strictest)) strictest = tlp;
  }
  return strictest;
}

Result<std::vector<boost::json::object>> StixIndex::evidence_of(std::string_view indicator,
                                                                const Input& input) const {
  std::vector<boost::json::object> found;
  uint64_t key = key_of(indicator);
  auto at = std::lower_bound(state_->evidence.begin(), state_->evidence.end(), key,
                             [](const auto& entry, uint64_t wanted) { return entry.first < wanted; });
  for (; at != state_->evidence.end() && at->first == key; ++at) {
    SHIKAKE_ASSIGN(std::string text, input.slice(at->second.offset, at->second.size));
    SHIKAKE_ASSIGN(boost::json::value value, intel::parse_json(text));
    if (value.is_object()) found.push_back(std::move(value.get_object()));
  }
  return found;
}

std::string_view StixIndex::name_of(std::string_view id) const {
  auto named = state_->named.find(std::string(id));
  return named == state_->named.end() ? std::string_view() : std::string_view(named->second.name);
}

}  // namespace shikake::publish
