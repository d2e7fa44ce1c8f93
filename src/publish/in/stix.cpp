// STIX 2.1 bundles: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
//
// Every object is kept as it came, at its place in the bundle, so that the bundle can be published again
// (stix_out.cpp): an indicator with its first entry, everything else in the record's context as
// {"line": place, "object": {…}}. Place 0 is the bundle itself, without its objects.
#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "intel/json.h"
#include "publish/in/formats.h"
#include "publish/in/json_stream.h"
#include "publish/in/stix_index.h"
#include "publish/in/vocabulary.h"
#include "publish/stix_pattern.h"
#include "publish/stix_words.h"

namespace shikake::publish {
namespace {

using intel::FeedEntry;
using intel::Role;

boost::json::object placed(uint64_t place, boost::json::object object) {
  return {{"line", place}, {"object", std::move(object)}};
}

// The first of several words that names a role.
std::optional<Role> role_of_words(const boost::json::object& object, std::string_view key) {
  const auto* words = object.if_contains(key);
  if (!words || !words->is_array()) return std::nullopt;
  for (const auto& word : words->get_array()) {
    if (!word.is_string()) continue;
    if (auto role = role_from_word(word.get_string())) return role;
  }
  return std::nullopt;
}

std::optional<Role> role_of_kill_chain(const boost::json::object& object) {
  const auto* phases = object.if_contains("kill_chain_phases");
  if (!phases || !phases->is_array()) return std::nullopt;
  for (const auto& phase : phases->get_array()) {
    if (!phase.is_object()) continue;
    if (auto role = role_from_word(text_of(phase.get_object(), "phase_name"))) return role;
  }
  return std::nullopt;
}

std::vector<std::string> references_of(const boost::json::object& object) {
  std::vector<std::string> found;
  const auto* references = object.if_contains("external_references");
  if (!references || !references->is_array()) return found;
  for (const auto& reference : references->get_array()) {
    if (!reference.is_object()) continue;
    std::string_view url = text_of(reference.get_object(), "url");
    std::string_view id = text_of(reference.get_object(), "external_id");
    std::string_view source = text_of(reference.get_object(), "source_name");
    if (!url.empty())
      found.emplace_back(url);
    else if (!id.empty())
      found.push_back(std::string(source) + " " + std::string(id));
  }
  return found;
}

std::optional<uint8_t> confidence_of(const boost::json::object& object) {
  const auto* confidence = object.if_contains("confidence");
  if (!confidence || !confidence->is_int64()) return std::nullopt;
  int64_t value = confidence->get_int64();
  return value < 0 || value > 100 ? std::nullopt : std::optional(static_cast<uint8_t>(value));
}

// What our own extension says of an indicator or of one piece of evidence.
void take_extension(const boost::json::object& extension, FeedEntry& entry) {
  if (auto role = intel::role(text_of(extension, "role"))) entry.role = *role;
  if (const auto* roles = extension.if_contains("roles");
      roles && roles->is_array() && !roles->get_array().empty()) {
    const auto* first = roles->get_array().front().if_string();
    if (first) entry.role = intel::role(*first).value_or(entry.role);
  }
  if (const auto* uses = extension.if_contains("uses"); uses && uses->is_array()) {
    entry.uses = {};
    for (const auto& use : uses->get_array()) {
      auto known = use.is_string() ? intel::use_set(use.get_string()) : std::nullopt;
      if (known) entry.uses |= *known;
    }
  }
  if (const auto* aliases = extension.if_contains("aliases"); aliases && aliases->is_array()) {
    for (const auto& alias : aliases->get_array()) {
      if (alias.is_string()) entry.aliases.emplace_back(alias.get_string());
    }
  }
  if (auto confidence = confidence_of(extension)) entry.confidence = confidence;
  if (auto time = time_from_text(text_of(extension, "first_seen"))) entry.first_seen = time;
  if (auto time = time_from_text(text_of(extension, "last_seen"))) entry.last_seen = time;
  if (auto family = text_of(extension, "family"); !family.empty()) entry.family = family;
}

class Reader {
 public:
  Reader(Input& input, Collector& collector, const StixIndex& index)
      : input_(input), collector_(collector), index_(index) {}

  Result<> read() {
    SHIKAKE_TRY(collector_.add_context(placed(0, index_.envelope())));
    return read_json_pieces(input_, "objects", [&](const JsonPiece& piece) -> Result<> {
      if (!piece.element) return {};
      return object(piece);
    });
  }

 private:
  Result<> object(const JsonPiece& piece) {
    if (piece.too_long) {
      collector_.refused(piece.line, piece.offset, "an object larger than 16 MiB", piece.text);
      return {};
    }
    auto value = intel::parse_json(piece.text);
    if (!value) {
      collector_.refused(piece.line, piece.offset + value.error().offset.value_or(0), value.error().what,
                         piece.text);
      return {};
    }
    if (!value->is_object() || text_of(value->get_object(), "type").empty()) {
      collector_.refused(piece.line, piece.offset, "not an object with a type", piece.text);
      return {};
    }
    boost::json::object& whole = value->get_object();
    uint64_t place = piece.index + 1;
    if (text_of(whole, "type") == "indicator") return indicator(piece, place, std::move(whole));
    collector_.comment();
    return collector_.add_context(placed(place, std::move(whole)));
  }

  // Kept for publishing again, though it gives no entry.
  Result<> keep(std::string_view reason, uint64_t place, boost::json::object whole) {
    collector_.skipped(reason);
    return collector_.add_context(placed(place, std::move(whole)));
  }

  Result<> indicator(const JsonPiece& piece, uint64_t place, boost::json::object whole) {
    if (const auto* revoked = whole.if_contains("revoked");
        revoked && revoked->is_bool() && revoked->get_bool())
      return keep("revoked by its author", place, std::move(whole));
    FeedEntry common;
    common.line = place;
    describe(whole, common);

    std::vector<intel::IndicatorKey> keys;
    std::vector<std::string> aliases;
    const boost::json::object* extension = own_extension(whole);
    if (extension && text_of(*extension, "type") == intel::name(intel::IndicatorType::pattern)) {
      auto canonical = intel::canonical_value(intel::IndicatorType::pattern, text_of(*extension, "value"));
      if (canonical) keys.push_back({intel::IndicatorType::pattern, *std::move(canonical)});
    } else {
      if (auto type = text_of(whole, "pattern_type"); type != "stix")
        return keep("a pattern that is not STIX's: " + std::string(type.substr(0, 40)), place,
                    std::move(whole));
      auto pattern = parse_pattern(text_of(whole, "pattern"));
      if (!pattern) {
        collector_.refused(piece.line, piece.offset, pattern.error().message(), text_of(whole, "pattern"));
        return collector_.add_context(placed(place, std::move(whole)));
      }
      auto values = simple_values(*pattern);
      if (!values) return keep(values.error().what, place, std::move(whole));
      SHIKAKE_ASSIGN(keys, canonical_keys(piece, *values, aliases));
    }
    if (keys.empty()) return collector_.add_context(placed(place, std::move(whole)));
    common.aliases.insert(common.aliases.end(), aliases.begin(), aliases.end());
    collector_.accepted();
    return add_entries(std::move(common), keys, std::move(whole));
  }

  // Those that are values at all; where none is, the object is refused.
  Result<std::vector<intel::IndicatorKey>> canonical_keys(const JsonPiece& piece,
                                                          const std::vector<PatternValue>& values,
                                                          std::vector<std::string>& aliases) {
    std::vector<intel::IndicatorKey> keys;
    std::optional<Error> refusal;
    for (const PatternValue& value : values) {
      auto canonical = intel::canonical_value(value.type, value.value);
      if (!canonical) {
        refusal = std::move(canonical).error();
        continue;
      }
      intel::IndicatorKey key{value.type, *std::move(canonical)};
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
      if (values.size() == 1) aliases = value.aliases;
    }
    if (keys.empty() && refusal)
      collector_.refused(piece.line, piece.offset, refusal->what, piece.text);
    else if (refusal)
      collector_.note("a value beside good ones in a pattern is malformed");
    return keys;
  }

  void describe(const boost::json::object& whole, FeedEntry& entry) {
    std::string_view id = text_of(whole, "id");
    entry.description = text_of(whole, "description");
    if (entry.description.empty()) entry.description = text_of(whole, "name");
    entry.confidence = confidence_of(whole);
    entry.family = index_.family_of(id);
    entry.tlp = index_.tlp_of(whole);
    entry.references = references_of(whole);
    entry.first_seen = time_from_text(text_of(whole, "valid_from"));
    entry.last_seen = entry.first_seen;
    // Whoever says it anew still means it.
    if (auto modified = time_from_text(text_of(whole, "modified")); modified && modified > entry.last_seen)
      entry.last_seen = modified;
    entry.valid_until = time_from_text(text_of(whole, "valid_until"));
    auto role = role_of_kill_chain(whole);
    if (!role) role = role_of_words(whole, "labels");
    if (!role) role = role_of_words(whole, "indicator_types");
    entry.role = role.value_or(index_.role_of(id));
    if (const auto* extension = own_extension(whole)) take_extension(*extension, entry);
  }

  // One entry a piece of evidence, where the bundle has ours; else one for the indicator.
  Result<> add_entries(FeedEntry common, const std::vector<intel::IndicatorKey>& keys,
                       boost::json::object whole) {
    std::string id(text_of(whole, "id"));
    SHIKAKE_ASSIGN(std::vector<boost::json::object> evidence, index_.evidence_of(id, input_));
    bool first = true;
    for (const intel::IndicatorKey& key : keys) {
      FeedEntry entry = common;
      entry.key = key;
      if (evidence.empty()) SHIKAKE_TRY(add(std::move(entry), first, whole));
      for (const boost::json::object& one : evidence) {
        FeedEntry piece = entry;
        piece.description = text_of(one, "description");
        piece.uses = {};
        take_extension(*own_extension(one), piece);
        piece.aliases = common.aliases;
        SHIKAKE_TRY(add(std::move(piece), first, whole));
      }
      for (StixIndex::Seen& seen : index_.sightings_of(id)) {
        SHIKAKE_TRY(collector_.add_sighting({static_cast<uint8_t>(key.type), key.value, std::move(seen.id),
                                             seen.first, seen.last, seen.count}));
      }
    }
    return {};
  }

  // The object stays with its first entry alone.
  Result<> add(FeedEntry entry, bool& first, boost::json::object& whole) {
    if (first) entry.original = std::move(whole);
    first = false;
    return collector_.add(std::move(entry));
  }

  Input& input_;
  Collector& collector_;
  const StixIndex& index_;
};

}  // namespace

bool recognise_stix(std::string_view beginning) {
  std::vector<std::string> names = json_member_names(beginning);
  auto has = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return has("objects") ||
         (has("type") && has("id") && beginning.find("\"bundle") != std::string_view::npos) ||
         (has("type") && has("id") && has("spec_version"));
}

Result<> read_stix(Input& input, Collector& collector) {
  collector.set_unit("objects");
  SHIKAKE_ASSIGN(StixIndex index, StixIndex::build(input));
  std::string_view type = text_of(index.envelope(), "type");
  if (type != "bundle")
    return fail(Module::publish, ErrorCode::invalid_input,
                "this is no STIX bundle" +
                    (type.empty() ? std::string() : " but a single " + std::string(type)) +
                    "; put it into {\"type\": \"bundle\", \"id\": \"bundle--…\", \"objects\": [ … ]}");
  return Reader(input, collector, index).read();
}

}  // namespace shikake::publish
