#include <algorithm>

#include <boost/json.hpp>

#include "taint/report/provenance.h"

namespace shikake::taint::report {

namespace json = boost::json;

namespace {

json::array to_array(const std::vector<Range>& label) {
  json::array all;
  for (const Range& r : label)
    all.push_back(json::object{{"flow", r.source}, {"first", r.first}, {"last", r.last}, {"by_decision", r.by_decision}});
  return all;
}

std::string printable(std::string_view bytes) {
  std::string shown;
  for (const char c : bytes) shown += c >= 0x20 && c < 0x7f ? c : '.';
  return shown;
}

json::object to_object(const Run& run, const Flow& flow, const Evidence& evidence) {
  json::object o{{"why", evidence.why}, {"bytes", to_array(evidence.bytes)}};
  for (const Range& range : evidence.bytes) {
    if (range.source != flow.source || range.first >= flow.received.size()) continue;
    constexpr size_t most_shown = 64;
    o["content"] = printable(std::string_view(flow.received).substr(range.first, std::min<size_t>(range.last - range.first + 1, most_shown)));
    break;
  }
  if (evidence.decision >= 0) {
    const Decision& d = run.decisions.at(static_cast<uint32_t>(evidence.decision));
    o["decision"] = json::object{{"pid", d.pid}, {"module", d.module}, {"symbol", d.symbol}, {"offset", d.offset},
                                 {"indirect", d.indirect}};
  }
  if (evidence.action >= 0) {
    const Action& a = run.actions[static_cast<size_t>(evidence.action)];
    o["effect"] = json::object{{"kind", a.kind}, {"pid", a.pid}, {"object", a.object}, {"arguments", a.arguments}};
  }
  return o;
}

}  // namespace

std::string to_json(const Run& run) {
  json::array flows;
  for (const auto& [source, flow] : run.flows) {
    if (flow.file) continue;
    json::object o{{"id", source}, {"protocol", flow.protocol}, {"local", flow.local}, {"remote", flow.remote},
                   {"gate", flow.gate}, {"coarsened", flow.coarsened}};
    if (flow.parent != 0) o["parent_flow"] = flow.parent;
    json::object roles;
    for (const auto& [role, evidence] : flow.roles) {
      json::array all;
      for (const Evidence& one : evidence) all.push_back(to_object(run, flow, one));
      roles[std::string(name(role))] = std::move(all);
    }
    o["roles"] = std::move(roles);
    flows.push_back(std::move(o));
  }
  json::array unsupported;
  for (const auto& [bytes, count] : run.without_rule) unsupported.push_back(json::object{{"bytes", bytes}, {"met", count}});
  const json::object whole{{"flows", std::move(flows)},
                           {"decisions", run.decisions.size()},
                           {"actions", run.actions.size()},
                           {"unsupported_instructions", std::move(unsupported)}};
  return json::serialize(whole);
}

}  // namespace shikake::taint::report
