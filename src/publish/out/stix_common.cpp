#include "publish/out/stix_common.h"

#include <algorithm>

#include "intel/json.h"
#include "publish/uuid.h"

namespace shikake::publish {

using boost::json::object;

std::string own_id(std::string_view type, std::string_view what) {
  return std::string(type) + "--" + uuid5(own_namespace, std::string(type) + "|" + std::string(what));
}

std::string stix_time(base::TimePoint time) {
  return base::to_rfc3339(std::max(time, base::TimePoint()), 3);
}

object common(std::string_view type, std::string id, base::TimePoint created, base::TimePoint modified) {
  return {{"type", type},
          {"spec_version", "2.1"},
          {"id", std::move(id)},
          {"created", stix_time(created)},
          {"modified", stix_time(std::max(created, modified))}};
}

object identity(std::string_view name, std::string_view identity_class) {
  object out = common("identity", own_id("identity", name), from_the_start, from_the_start);
  out["name"] = name;
  out["identity_class"] = identity_class;
  return out;
}

object observable(std::string_view type, const object& contributing, object rest) {
  object out{{"type", type},
             {"spec_version", "2.1"},
             {"id", std::string(type) + "--" +
                        uuid5(stix_observable_namespace, intel::canonical_json(contributing))}};
  for (auto& [key, value] : rest) out[key] = std::move(value);
  return out;
}

std::string_view address_type(std::string_view value) {
  return value.find(':') == std::string_view::npos ? "ipv4-addr" : "ipv6-addr";
}

}  // namespace shikake::publish
