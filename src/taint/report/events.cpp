#include <boost/json.hpp>

#include "taint/report/provenance.h"

namespace shikake::taint::report {
namespace {

namespace json = boost::json;

// A hostile guest may flood; a run's real events stay far below.
constexpr size_t max_decisions = 200000;
constexpr size_t max_actions = 100000;
constexpr size_t max_received = size_t{1} << 16;

uint64_t number(const json::object& o, std::string_view key) {
  const json::value* v = o.if_contains(key);
  if (v == nullptr) return 0;
  if (v->is_uint64()) return v->as_uint64();
  return v->is_int64() ? static_cast<uint64_t>(v->as_int64()) : 0;
}
std::string text(const json::object& o, std::string_view key) {
  const json::value* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string(v->as_string()) : std::string();
}
bool flag(const json::object& o, std::string_view key) {
  const json::value* v = o.if_contains(key);
  return v != nullptr && v->is_bool() && v->as_bool();
}

std::vector<Range> ranges(const json::object& o, std::string_view key) {
  std::vector<Range> found;
  const json::value* v = o.if_contains(key);
  if (v == nullptr || !v->is_array()) return found;
  for (const json::value& one : v->as_array()) {
    if (!one.is_array() || one.as_array().size() != 4 || found.size() >= max_ranges) continue;
    uint64_t n[4] = {};
    for (size_t i = 0; i < 4; ++i) {
      const json::value& part = one.as_array()[i];
      n[i] = part.is_int64() ? static_cast<uint64_t>(part.as_int64()) : part.is_uint64() ? part.as_uint64() : 0;
    }
    found.push_back({static_cast<uint16_t>(n[0]), n[3] != 0, static_cast<uint32_t>(n[1]), static_cast<uint32_t>(n[2])});
  }
  return found;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) break;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

void read_received(const json::object& o, Run& run) {
  const auto found = run.flows.find(static_cast<uint16_t>(number(o, "source")));
  if (found == run.flows.end()) return;
  const std::string hex = text(o, "data");
  const uint64_t offset = number(o, "offset");
  std::string& to = found->second.received;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    const uint64_t at = offset + i / 2;
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (at >= max_received || high < 0 || low < 0) break;
    if (to.size() <= at) to.resize(at + 1);
    to[at] = static_cast<char>(high << 4 | low);
  }
}

void read_source(const json::object& o, Run& run) {
  const auto source = static_cast<uint16_t>(number(o, "source"));
  if (source == 0) return;
  Flow& flow = run.flows[source];
  flow.source = source;
  flow.file = text(o, "kind") == "file";
  flow.protocol = text(o, "protocol");
  flow.local = text(o, "local");
  flow.remote = text(o, "remote");
  flow.path = text(o, "path");
}

void read_decision(const json::object& o, Run& run) {
  if (run.decisions.size() >= max_decisions) return;
  Decision d;
  d.number = static_cast<uint32_t>(number(o, "number"));
  d.pid = static_cast<int>(number(o, "pid"));
  d.address = number(o, "address");
  d.taken = number(o, "taken");
  d.indirect = flag(o, "indirect");
  d.other_branches = static_cast<unsigned>(number(o, "other_branches"));
  d.other_calls = static_cast<unsigned>(number(o, "other_calls"));
  d.label = ranges(o, "label");
  if (const json::value* place = o.if_contains("place"); place != nullptr && place->is_object()) {
    d.module = text(place->as_object(), "module");
    d.offset = number(place->as_object(), "offset");
  }
  for (const Range& range : d.label)
    if (const auto flow = run.flows.find(range.source); flow != run.flows.end())
      flow->second.coarsened = flow->second.coarsened || flag(o, "coarsened");
  run.decisions[d.number] = std::move(d);
}

void read_action(const json::object& o, Run& run) {
  if (run.actions.size() >= max_actions) return;
  Action a;
  a.pid = static_cast<int>(number(o, "pid"));
  a.kind = text(o, "kind");
  a.object = text(o, "object");
  a.arguments = text(o, "arguments");
  if (o.if_contains("channel") != nullptr) a.channel = static_cast<int64_t>(number(o, "channel"));
  a.source = static_cast<uint16_t>(number(o, "source"));
  a.offset = number(o, "offset");
  a.count = number(o, "count");
  a.label = ranges(o, "label");
  a.content = ranges(o, "content");
  if (a.kind == "send") a.data = from_hex(text(o, "data"));
  if (const json::value* within = o.if_contains("within"); within != nullptr && within->is_array())
    for (const json::value& one : within->as_array())
      if (one.is_int64()) a.within.push_back(static_cast<uint32_t>(one.as_int64()));
  run.actions.push_back(std::move(a));
}

// Received bytes that ran as code are an action of their own.
void read_code(const json::object& o, Run& run) {
  if (run.actions.size() >= max_actions) return;
  Action a;
  a.pid = static_cast<int>(number(o, "pid"));
  a.kind = "code";
  a.content = ranges(o, "label");
  run.actions.push_back(std::move(a));
}

}  // namespace

Run read_events(std::string_view lines) {
  Run run;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    if (line.empty()) continue;
    boost::system::error_code error;
    const json::value parsed = json::parse(json::string_view(line.data(), line.size()), error);
    if (error || !parsed.is_object()) {
      ++run.bad_lines;
      continue;
    }
    const json::object& o = parsed.as_object();
    const std::string kind = text(o, "event");
    if (kind == "source") read_source(o, run);
    else if (kind == "received") read_received(o, run);
    else if (kind == "decision") read_decision(o, run);
    else if (kind == "action") read_action(o, run);
    else if (kind == "code") read_code(o, run);
    else if (kind == "without_rule") ++run.without_rule[text(o, "bytes")];
    else ++run.bad_lines;
  }
  return run;
}

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
    o["decision"] = json::object{{"pid", d.pid}, {"module", d.module}, {"offset", d.offset}, {"indirect", d.indirect}};
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
