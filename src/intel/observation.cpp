// Observations, indicators and evidence as JSON.
#include <boost/json/array.hpp>

#include "intel/fields.h"
#include "intel/json.h"
#include "intel/model.h"

namespace shikake::intel {
namespace {

// The members of an observation in the order of the canonical form.
void append_member(std::string& out, std::string_view key, std::string_view text) {
  out += ',';
  append_json_string(out, key);
  out += ':';
  append_json_string(out, text);
}

}  // namespace

std::string canonical_json(const Observation& observation) {
  std::string out = "{\"blobs\":[";
  for (size_t i = 0; i < observation.blobs.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, observation.blobs[i].hex());
  }
  out += ']';
  append_member(out, "kind", name(observation.kind));
  out += ",\"record\":";
  append_canonical_json(out, observation.record);
  append_member(out, "sensor", observation.sensor);
  append_member(out, "sensor_version", observation.sensor_version);
  append_member(out, "subject", observation.subject);
  append_member(out, "time", json_time(observation.time));
  append_member(out, "vantage", observation.vantage);
  out += '}';
  return out;
}

base::Digest id_of(const Observation& observation) {
  return base::sha256(canonical_json(observation));
}

Result<Observation> observation_from_json(std::string_view text) {
  SHIKAKE_ASSIGN(boost::json::value value, parse_json(text));
  boost::json::object* object = value.if_object();
  if (!object) return fail(Module::intel, ErrorCode::invalid_input, "an observation is a JSON object");
  Fields in(*object, "");
  Observation observation;
  for (const std::string& hex : in.texts("blobs")) {
    auto digest = base::Digest::from_hex(hex);
    if (!digest) in.wrong("blobs", "holds something that is not a SHA-256 in hexadecimal");
    observation.blobs.push_back(digest.value_or(base::Digest{}));
  }
  observation.kind = in.named("kind", observation_kind);
  observation.sensor = in.text("sensor");
  observation.sensor_version = in.text_or_empty("sensor_version");
  observation.subject = in.text("subject");
  observation.time = in.time("time");
  observation.vantage = in.text_or_empty("vantage");
  if (!in.object("record")) in.wrong("record", "is missing");
  if (in.error()) return fail(*in.error());
  observation.record = std::move(object->at("record").as_object());
  return observation;
}

boost::json::object to_json(const Evidence& evidence) {
  const Assertion& said = evidence.assertion;
  boost::json::object out{{"observation", evidence.observation.hex()},
                          {"place", said.place},
                          {"why", said.why},
                          {"source", said.source},
                          {"role", name(said.role)},
                          {"uses", json_texts(names(said.uses))},
                          {"confidence", said.confidence},
                          {"tlp", name(said.tlp)},
                          {"first_seen", json_time(said.first_seen)},
                          {"last_seen", json_time(said.last_seen)}};
  if (!said.family.empty()) out["family"] = said.family;
  if (!said.guarded_by.empty()) out["guarded_by"] = said.guarded_by;
  if (said.valid_until) out["valid_until"] = json_time(*said.valid_until);
  return out;
}

boost::json::object to_json(const Indicator& indicator) {
  boost::json::array roles;
  for (Role role : indicator.roles) roles.emplace_back(name(role));
  boost::json::object out{{"type", name(indicator.key.type)},
                          {"value", indicator.key.value},
                          {"roles", std::move(roles)},
                          {"uses", json_texts(names(indicator.uses))},
                          {"confidence", indicator.confidence},
                          {"score", indicator.score},
                          {"tlp", name(indicator.tlp)},
                          {"sources", json_texts(indicator.sources)},
                          {"first_seen", json_time(indicator.first_seen)},
                          {"last_seen", json_time(indicator.last_seen)},
                          {"sightings", indicator.sightings},
                          {"aliases", json_texts(indicator.aliases)}};
  if (!indicator.family.empty()) out["family"] = indicator.family;
  if (!indicator.guarded_by.empty()) out["guarded_by"] = indicator.guarded_by;
  if (indicator.expires) out["expires"] = json_time(*indicator.expires);
  if (indicator.judgement) {
    out["judgement"] = boost::json::object{{"verdict", name(indicator.judgement->verdict)},
                                           {"analyst", indicator.judgement->analyst},
                                           {"why", indicator.judgement->why},
                                           {"time", json_time(indicator.judgement->time)}};
  }
  if (!indicator.evidence.empty()) {
    boost::json::array evidence;
    for (const Evidence& one : indicator.evidence) evidence.emplace_back(to_json(one));
    out["evidence"] = std::move(evidence);
  }
  return out;
}

}  // namespace shikake::intel
