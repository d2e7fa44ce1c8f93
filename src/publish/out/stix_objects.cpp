#include "publish/out/stix_objects.h"

#include <algorithm>
#include <boost/json.hpp>

#include "intel/json.h"
#include "publish/out/stix_common.h"
#include "publish/stix_pattern.h"
#include "publish/stix_words.h"
#include "publish/uuid.h"
#include "url/ip.h"

namespace shikake::publish {
namespace {

using boost::json::array;
using boost::json::object;
using intel::IndicatorType;
using intel::Role;

constexpr uint64_t max_count = 999'999'999;  // STIX 2.1, sections 4.14 and 5.2

object malware(std::string_view family) {
  object out = common("malware", own_id("malware", family), from_the_start, from_the_start);
  out["name"] = family;
  out["is_family"] = true;
  return out;
}

// "192.0.2.1:80" → 192.0.2.1, 80
std::pair<std::string, int64_t> endpoint(std::string_view value) {
  size_t colon = value.rfind(':');
  std::string_view host = value.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {std::string(host), std::stoll(std::string(value.substr(colon + 1)))};
}

std::string pattern_of(const intel::IndicatorKey& key) {
  std::string quoted = quote_pattern_string(key.value);
  switch (key.type) {
    case IndicatorType::url:
      return "[url:value = " + quoted + "]";
    case IndicatorType::domain:
      return "[domain-name:value = " + quoted + "]";
    case IndicatorType::ip:
    case IndicatorType::cidr:
      return "[" + std::string(address_type(key.value)) + ":value = " + quoted + "]";
    case IndicatorType::ip_port: {
      auto [host, port] = endpoint(key.value);
      return "[network-traffic:dst_ref.value = " + quote_pattern_string(host) +
             " AND network-traffic:dst_port = " + std::to_string(port) + "]";
    }
    case IndicatorType::sha256:
      return "[file:hashes.'SHA-256' = " + quoted + "]";
    case IndicatorType::pattern: {
      // A part of a URL; what LIKE gives a meaning (section 9.6.1) can't be escaped, and fits anything.
      std::string like = key.value;
      std::replace(like.begin(), like.end(), '%', '_');
      return "[url:value LIKE " + quote_pattern_string("%" + like + "%") + "]";
    }
  }
  return "";
}

object file_observable(const intel::Indicator& indicator) {
  object hashes;
  constexpr size_t md5_digits = 32, sha1_digits = 40;
  for (const std::string& alias : indicator.aliases) {
    if (alias.size() == md5_digits) hashes["MD5"] = alias;
    if (alias.size() == sha1_digits) hashes["SHA-1"] = alias;
  }
  hashes["SHA-256"] = indicator.key.value;
  object contributing;  // the first of these that there is
  for (std::string_view name : {"MD5", "SHA-1", "SHA-256"}) {
    if (!hashes.contains(name)) continue;
    contributing["hashes"] = object{{name, hashes.at(name)}};
    break;
  }
  return observable("file", contributing, {{"hashes", std::move(hashes)}});
}

// The last of them is what the indicator is about.
std::vector<object> observables_of(const intel::Indicator& indicator) {
  const intel::IndicatorKey& key = indicator.key;
  auto of_value = [](std::string_view type, const std::string& value) {
    object contributing{{"value", value}};
    return observable(type, contributing, contributing);
  };
  switch (key.type) {
    case IndicatorType::url:
      return {of_value("url", key.value)};
    case IndicatorType::domain:
      return {of_value("domain-name", key.value)};
    case IndicatorType::ip:
    case IndicatorType::cidr:
      return {of_value(address_type(key.value), key.value)};
    case IndicatorType::sha256:
      return {file_observable(indicator)};
    case IndicatorType::pattern:
      return {};
    case IndicatorType::ip_port: {
      auto [host, port] = endpoint(key.value);
      object address = of_value(address_type(host), host);
      object contributing{{"dst_port", port}, {"dst_ref", address.at("id")}, {"protocols", {"tcp"}}};
      object traffic = observable("network-traffic", contributing, contributing);
      return {std::move(address), std::move(traffic)};
    }
  }
  return {};
}

array texts(const std::vector<std::string>& list) {
  array out;
  for (const std::string& text : list) out.emplace_back(text);
  return out;
}

object extension_of(object members) {
  members["extension_type"] = "property-extension";
  return {{own_extension_id, std::move(members)}};
}

object judgement_json(const intel::Judgement& judgement) {
  return {{"analyst", judgement.analyst},
          {"time", base::to_rfc3339(judgement.time)},
          {"verdict", intel::name(judgement.verdict)},
          {"why", judgement.why}};
}

class Builder {
 public:
  explicit Builder(const intel::Indicator& indicator)
      : indicator_(indicator),
        what_(std::string(intel::name(indicator.key.type)) + "|" + indicator.key.value),
        id_(own_id("indicator", what_)),
        author_(own_id("identity", own_name)),
        first_(indicator.first_seen),
        last_(std::max(indicator.first_seen, indicator.last_seen)) {}

  std::vector<object> build(std::span<const intel::Evidence> evidence,
                            std::span<const store::Sighting> sightings) {
    out_.push_back(tlp_definition(indicator_.tlp));
    out_.push_back(identity(own_name, "system"));
    add_indicator(evidence);
    add_family();
    for (const intel::Evidence& one : evidence) add_evidence(one);
    for (const store::Sighting& one : sightings) add_sighting(one);
    return std::move(out_);
  }

 private:
  void add(object json) {
    json["object_marking_refs"] = array{tlp_marking_id(indicator_.tlp)};
    out_.push_back(std::move(json));
  }

  void add_indicator(std::span<const intel::Evidence> evidence) {
    object json = common("indicator", id_, first_, last_);
    json["created_by_ref"] = author_;
    json["name"] = indicator_.key.value;
    if (!evidence.empty() && !evidence.front().assertion.why.empty())
      json["description"] = evidence.front().assertion.why;
    Role role = indicator_.roles.empty() ? Role::unknown : indicator_.roles.front();
    json["indicator_types"] = array{role == Role::landing ? "compromised" : "malicious-activity"};
    json["pattern"] = pattern_of(indicator_.key);
    json["pattern_type"] = "stix";
    json["valid_from"] = stix_time(first_);
    if (indicator_.expires && *indicator_.expires > indicator_.first_seen)
      json["valid_until"] = stix_time(*indicator_.expires);
    json["confidence"] = indicator_.confidence;
    if (std::string_view phase = kill_chain_phase(role); !phase.empty())
      json["kill_chain_phases"] =
          array{object{{"kill_chain_name", "lockheed-martin-cyber-kill-chain"}, {"phase_name", phase}}};
    array roles;
    for (Role one : indicator_.roles) roles.emplace_back(intel::name(one));
    object members;
    if (!roles.empty()) members["roles"] = std::move(roles);
    if (!indicator_.uses.empty()) members["uses"] = texts(intel::names(indicator_.uses));
    if (indicator_.judgement) members["judgement"] = judgement_json(*indicator_.judgement);
    if (!indicator_.aliases.empty()) members["aliases"] = texts(indicator_.aliases);
    if (indicator_.key.type == IndicatorType::pattern) {
      members["type"] = intel::name(indicator_.key.type);
      members["value"] = indicator_.key.value;
    }
    json["extensions"] = extension_of(std::move(members));
    add(std::move(json));
  }

  object relationship(std::string_view type, std::string_view target, std::string_view what_for,
                      base::TimePoint created, base::TimePoint modified) const {
    std::string name =
        id_ + "|" + std::string(type) + "|" + std::string(target) + "|" + std::string(what_for);
    object json = common("relationship", own_id("relationship", name), created, modified);
    json["created_by_ref"] = author_;
    json["relationship_type"] = type;
    json["source_ref"] = id_;
    json["target_ref"] = target;
    return json;
  }

  void add_family() {
    if (indicator_.family.empty()) return;
    object json = malware(indicator_.family);
    std::string id(json.at("id").as_string());
    out_.push_back(std::move(json));
    add(relationship("indicates", id, "", first_, first_));
  }

  std::string add_identity(std::string_view name) {
    object json = identity(name.empty() ? std::string_view("unknown") : name, "unspecified");
    std::string id(json.at("id").as_string());
    out_.push_back(std::move(json));
    return id;
  }

  // What a source saw; "" for a pattern, which is no thing that can be seen.
  std::string add_observed(const intel::Assertion& said, const std::string& name, const std::string& source) {
    std::vector<object> observables = observables_of(indicator_);
    if (observables.empty()) return "";
    array refs;
    for (object& one : observables) {
      refs.emplace_back(one.at("id"));
      out_.push_back(std::move(one));
    }
    std::string id = own_id("observed-data", name);
    object json = common("observed-data", id, said.first_seen, said.last_seen);
    json["created_by_ref"] = source;
    json["first_observed"] = stix_time(said.first_seen);
    json["last_observed"] = stix_time(std::max(said.first_seen, said.last_seen));
    json["number_observed"] = 1;
    json["object_refs"] = std::move(refs);
    add(std::move(json));
    return id;
  }

  void add_evidence(const intel::Evidence& evidence) {
    const intel::Assertion& said = evidence.assertion;
    std::string name = id_ + "|" + evidence.observation.hex() + "|" + said.place + "|" +
                       std::string(intel::name(said.role)) + "|" + said.why;
    std::string source = add_identity(said.source);
    std::string observed = add_observed(said, name, source);
    object json = observed.empty()
                      ? relationship("related-to", source, name, said.first_seen, said.last_seen)
                      : relationship("based-on", observed, name, said.first_seen, said.last_seen);
    json["description"] = said.why.empty() ? "listed by " + said.source : said.why;
    object members{{"confidence", said.confidence},
                   {"first_seen", base::to_rfc3339(said.first_seen)},
                   {"last_seen", base::to_rfc3339(said.last_seen)},
                   {"observation", evidence.observation.hex()},
                   {"role", intel::name(said.role)},
                   {"source", said.source}};
    if (!said.uses.empty()) members["uses"] = texts(intel::names(said.uses));
    if (!said.family.empty()) members["family"] = said.family;
    if (!said.place.empty()) members["place"] = said.place;
    json["extensions"] = extension_of(std::move(members));
    add(std::move(json));
  }

  void add_sighting(const store::Sighting& sighting) {
    object json =
        common("sighting", own_id("sighting", id_ + "|" + sighting.source), sighting.first, sighting.last);
    json["created_by_ref"] = author_;
    json["where_sighted_refs"] = array{add_identity(sighting.source)};
    json["sighting_of_ref"] = id_;
    json["first_seen"] = stix_time(sighting.first);
    json["last_seen"] = stix_time(std::max(sighting.first, sighting.last));
    json["count"] = std::min(sighting.count, max_count);
    add(std::move(json));
  }

  const intel::Indicator& indicator_;
  std::string what_, id_, author_;
  base::TimePoint first_, last_;
  std::vector<object> out_;
};

}  // namespace

std::vector<object> stix_objects(const intel::Indicator& indicator, std::span<const intel::Evidence> evidence,
                                 std::span<const store::Sighting> sightings) {
  return Builder(indicator).build(evidence, sightings);
}

}  // namespace shikake::publish
