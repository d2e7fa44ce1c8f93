// STIX 2.1: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
//
// A bundle holds what came in as STIX, as it came, and behind it what we know ourselves. One object a line,
// members sorted. So a bundle that is imported into an empty home and exported again is the same, byte for
// byte if it was one of ours.
#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "intel/json.h"
#include "publish/out/selection.h"
#include "publish/out/stix_archive.h"
#include "publish/out/stix_objects.h"
#include "publish/stix_words.h"
#include "publish/uuid.h"

namespace shikake::publish {
namespace {

using boost::json::object;

class Body {
 public:
  explicit Body(Spool spool) : spool_(std::move(spool)) {}

  Result<> add(const object& json) {
    std::string line = objects_ == 0 ? "\n" : ",\n";
    intel::append_canonical_json(line, json);
    digest_.update(line);
    ++objects_;
    return spool_.write(line);
  }
  uint64_t objects() const { return objects_; }
  std::string bundle_id() { return "bundle--" + uuid5(own_namespace, digest_.finish().hex()); }
  Result<> copy_to(const ByteSink& sink) { return spool_.copy_to(sink); }

 private:
  Spool spool_;
  base::Sha256 digest_;
  uint64_t objects_ = 0;
};

// Nothing else refers to these, so a bundle of millions needs no memory of them. Addresses are also those of
// endpoints, and files of several digests.
bool is_own(std::string_view type) {
  constexpr std::string_view types[] = {"indicator", "sighting",    "relationship",   "observed-data",
                                        "url",       "domain-name", "network-traffic"};
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

// What we know ourselves: evidence and sightings that no imported bundle brought.
Result<bool> add_own(Body& body, const intel::Indicator& indicator, const StixArchive& archive,
                     const ExportOptions& options, const store::Store& store,
                     std::unordered_set<std::string>& shared) {
  std::vector<intel::Evidence> evidence;
  for (const intel::Evidence& one : indicator.evidence) {
    if (!archive.holds(one.observation) && one.assertion.tlp <= options.tlp_limit) evidence.push_back(one);
  }
  std::vector<store::Sighting> sightings;
  if (indicator.sightings > 0) {
    SHIKAKE_ASSIGN(store::Details details, store.show(indicator.key));
    for (store::Sighting& one : details.sightings) {
      if (!one.source.starts_with("sighting--")) sightings.push_back(std::move(one));
    }
  }
  if (evidence.empty() && sightings.empty()) return false;
  std::set<std::string, std::less<>> own;
  for (const object& json : stix_objects(indicator, evidence, sightings)) {
    std::string_view id = text_of(json, "id");
    if (archive.has_object(id)) continue;
    // Each once: of what is the indicator's own only here, of what others may refer to as well in the whole
    // bundle.
    const bool first = is_own(text_of(json, "type")) ? own.emplace(id).second : shared.emplace(id).second;
    if (!first) continue;
    SHIKAKE_TRY(body.add(json));
  }
  return true;
}

Result<> write_bundle(const ByteSink& sink, Body& body, const object* envelope) {
  object members;
  if (envelope) members = *envelope;
  std::string id(text_of(members, "id"));
  members.erase("id");
  members.erase("type");
  if (id.empty()) id = body.bundle_id();
  std::string head = "{\"type\":\"bundle\",\"id\":";
  intel::append_json_string(head, id);
  if (!members.empty()) {
    std::string others = intel::canonical_json(members);
    head += "," + others.substr(1, others.size() - 2);
  }
  if (body.objects() == 0) return sink(head + "}\n");  // the schema forbids an empty list
  SHIKAKE_TRY(sink(head + ",\"objects\":["));
  SHIKAKE_TRY(body.copy_to(sink));
  return sink("\n]}\n");
}

}  // namespace

Result<ExportReport> write_stix(const ByteSink& sink, const ExportOptions& options,
                                const store::Store& store) {
  SHIKAKE_ASSIGN(StixArchive archive, StixArchive::open(store, options));
  SHIKAKE_ASSIGN(Spool spool, Spool::open());
  Body body(std::move(spool));
  uint64_t replayed = 0;
  SHIKAKE_TRY(archive.for_each_object([&](const object& json) -> Result<> {
    if (text_of(json, "type") == "indicator") ++replayed;
    return body.add(json);
  }));
  uint64_t imported_objects = body.objects();
  std::unordered_set<std::string> shared;
  uint64_t own = 0;
  SHIKAKE_ASSIGN(
      ExportReport report,
      select_indicators(options, store, true, [&](const intel::Indicator& indicator) -> Result<Written> {
        SHIKAKE_ASSIGN(bool added, add_own(body, indicator, archive, options, store, shared));
        if (added) ++own;
        return Written::yes;
      }));
  // An indicator of a bundle is counted there, whatever our policy makes of its value.
  report.entries = replayed + own;
  report.inexpressible += archive.left_out().inexpressible;
  const object* envelope = body.objects() == imported_objects ? archive.sole_envelope() : nullptr;
  SHIKAKE_TRY(write_bundle(sink, body, envelope));
  return report;
}

}  // namespace shikake::publish
