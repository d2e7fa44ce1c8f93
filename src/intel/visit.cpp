#include "intel/visit.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "intel/fields.h"
#include "intel/names.h"

namespace shikake::intel {
namespace {

namespace json = boost::json;
using Name = std::string_view;

constexpr std::array<Name, 3> verdict_names = {"benign", "suspicious", "malicious"};
constexpr std::array<Name, 25> mechanism_names = {
    "http_redirect", "http_refresh", "meta_refresh",  "frame",    "iframe", "script",     "object",
    "embed",         "applet",       "link",          "image",    "media",  "stylesheet", "location",
    "window_open",   "form_submit",  "anchor",        "xhr",      "fetch",  "beacon",     "websocket",
    "worker",        "download",     "import_module", "component"};

constexpr uint64_t max_node_id = UINT32_MAX;

json::object to_json(const ScriptPosition& position) {
  return {{"url", position.url},
          {"sha256", position.sha256.hex()},
          {"line", position.line},
          {"column", position.column}};
}

json::array to_json(const std::vector<ScriptPosition>& positions) {
  json::array out;
  for (const ScriptPosition& position : positions) out.emplace_back(to_json(position));
  return out;
}

json::object to_json(const VisitNode& node) {
  json::object out{{"id", node.id},
                   {"url", node.url},
                   {"ip", node.ip},
                   {"status", node.status},
                   {"mime", node.mime},
                   {"size", node.size},
                   {"time", json_time(node.time)},
                   {"fetched", node.fetched},
                   {"evidence", json_texts(node.evidence)},
                   {"cves", json_texts(node.cves)}};
  if (node.sha256) out["sha256"] = node.sha256->hex();
  if (!node.why_not.empty()) out["why_not"] = node.why_not;
  if (node.role) out["role"] = name(*node.role);
  return out;
}

json::object to_json(const ScriptOrigin& origin) {
  json::object script = to_json(origin.position);
  if (!origin.written_by.empty()) script["written_by"] = origin.written_by;
  script["ancestry"] = to_json(origin.ancestry);
  return script;
}

json::object to_json(const VisitEdge& edge) {
  json::object out{
      {"from", edge.from}, {"to", edge.to}, {"mechanism", name(edge.mechanism)}, {"forced", edge.forced}};
  if (edge.script) out["script"] = to_json(*edge.script);
  if (!edge.decided_by.empty()) out["decided_by"] = edge.decided_by;
  return out;
}

json::object to_json(const VisitShellcode& code) {
  json::array calls, files, decoders;
  for (const VisitCall& call : code.calls) {
    json::object one{{"function", call.function}, {"arguments", json_texts(call.arguments)}};
    if (call.offset) one["offset"] = *call.offset;
    calls.emplace_back(std::move(one));
  }
  for (const VisitWrittenFile& file : code.files)
    files.emplace_back(json::object{{"path", file.path}, {"sha256", file.sha256.hex()}, {"size", file.size}});
  for (const VisitDecoder& decoder : code.decoders)
    decoders.emplace_back(json::object{{"offset", decoder.offset}, {"bytes", decoder.bytes}});
  json::object out{{"node", code.node},
                   {"how", code.how},
                   {"sha256", code.sha256.hex()},
                   {"size", code.size},
                   {"begins", code.begins},
                   {"outcome", code.outcome},
                   {"calls", std::move(calls)},
                   {"urls", json_texts(code.urls)},
                   {"commands", json_texts(code.commands)},
                   {"connections", json_texts(code.connections)},
                   {"files", std::move(files)},
                   {"decoders", std::move(decoders)},
                   {"forced", code.forced}};
  if (code.script) out["script"] = to_json(*code.script);
  return out;
}

json::object to_json(const VisitSource& source) {
  json::object out = to_json(source.position);
  out["forced"] = source.forced;
  return out;
}

json::object to_json(const VisitFile& file) {
  json::object out{{"node", file.node}, {"facts", file.facts}};
  if (!file.inside.empty()) out["inside"] = file.inside;
  return out;
}

json::object to_json(const VisitEvent& event) {
  json::object out{{"kind", event.kind}, {"detail", event.detail}};
  if (event.node) out["node"] = *event.node;
  return out;
}

uint32_t read_u32(Fields& in, std::string_view key) {
  return static_cast<uint32_t>(in.number(key, UINT32_MAX));
}

ScriptPosition read_position(Fields& in) {
  ScriptPosition position;
  position.url = in.text_or_empty("url");
  position.sha256 = in.digest("sha256");
  position.line = read_u32(in, "line");
  position.column = read_u32(in, "column");
  return position;
}

ScriptOrigin read_origin(Fields& in) {
  ScriptOrigin origin;
  origin.position = read_position(in);
  origin.written_by = in.text_or_empty("written_by");
  in.objects("ancestry", [&](Fields& eval) { origin.ancestry.push_back(read_position(eval)); });
  return origin;
}

VisitShellcode read_shellcode(Fields& in) {
  VisitShellcode code;
  code.node = static_cast<uint32_t>(in.number("node", max_node_id));
  code.how = in.text_or_empty("how");
  in.nested("script", [&](Fields& script) { code.script = read_origin(script); });
  code.sha256 = in.digest("sha256");
  code.size = in.number("size", UINT64_MAX);
  code.begins = read_u32(in, "begins");
  code.outcome = in.text("outcome");
  in.objects("calls", [&](Fields& one) {
    VisitCall call;
    call.function = one.text("function");
    call.arguments = one.texts("arguments");
    if (auto offset = one.optional_number("offset", UINT32_MAX)) call.offset = static_cast<uint32_t>(*offset);
    code.calls.push_back(std::move(call));
  });
  code.urls = in.texts("urls");
  code.commands = in.texts("commands");
  code.connections = in.texts("connections");
  in.objects("files", [&](Fields& file) {
    code.files.push_back(
        {file.text_or_empty("path"), file.digest("sha256"), file.number("size", UINT64_MAX)});
  });
  in.objects("decoders", [&](Fields& one) {
    code.decoders.push_back({read_u32(one, "offset"), read_u32(one, "bytes")});
  });
  code.forced = in.flag("forced", false);
  return code;
}

VisitNode read_node(Fields& in) {
  constexpr uint64_t max_status = 999;  // three digits, RFC 9112 section 4
  VisitNode node;
  node.id = static_cast<uint32_t>(in.number("id", max_node_id));
  node.url = in.text("url");
  node.ip = in.text_or_empty("ip");
  node.status = static_cast<int>(in.optional_number("status", max_status).value_or(0));
  node.mime = in.text_or_empty("mime");
  node.size = in.optional_number("size", UINT64_MAX).value_or(0);
  node.sha256 = in.optional_digest("sha256");
  node.time = in.time("time");
  node.fetched = in.flag("fetched", false);
  node.why_not = in.text_or_empty("why_not");
  node.role = in.optional_named("role", role);
  node.evidence = in.texts("evidence");
  node.cves = in.texts("cves");
  return node;
}

VisitEdge read_edge(Fields& in) {
  VisitEdge edge;
  edge.from = static_cast<uint32_t>(in.number("from", max_node_id));
  edge.to = static_cast<uint32_t>(in.number("to", max_node_id));
  edge.mechanism = in.named("mechanism", mechanism);
  edge.forced = in.flag("forced", false);
  edge.decided_by = in.text_or_empty("decided_by");
  in.nested("script", [&](Fields& script) { edge.script = read_origin(script); });
  return edge;
}

VisitEvent read_event(Fields& in) {
  VisitEvent event;
  event.kind = in.text("kind");
  event.detail = in.text_or_empty("detail");
  if (auto node = in.optional_number("node", max_node_id)) event.node = static_cast<uint32_t>(*node);
  return event;
}

}  // namespace

std::string_view name(VisitVerdict verdict) {
  return name_in(verdict_names, verdict);
}
std::string_view name(Mechanism mechanism) {
  return mechanism == Mechanism::unknown ? "unknown" : name_in(mechanism_names, mechanism);
}
std::optional<VisitVerdict> visit_verdict(std::string_view name) {
  return value_in<VisitVerdict>(verdict_names, name);
}
std::optional<Mechanism> mechanism(std::string_view name) {
  if (name == "unknown") return Mechanism::unknown;
  return value_in<Mechanism>(mechanism_names, name);
}

json::object to_json(const VisitRecord& visit) {
  json::array nodes, edges, events, shellcode, files, evaluated;
  for (const VisitNode& node : visit.nodes) nodes.emplace_back(to_json(node));
  for (const VisitEdge& edge : visit.edges) edges.emplace_back(to_json(edge));
  for (const VisitEvent& event : visit.events) events.emplace_back(to_json(event));
  for (const VisitShellcode& code : visit.shellcode) shellcode.emplace_back(to_json(code));
  for (const VisitFile& file : visit.files) files.emplace_back(to_json(file));
  for (const VisitSource& source : visit.evaluated) evaluated.emplace_back(to_json(source));
  return {{"url", visit.url},
          {"client", visit.client},
          {"persona", visit.persona},
          {"seed", visit.seed},
          {"verdict", name(visit.verdict)},
          {"complete", visit.complete},
          {"reasons", json_texts(visit.reasons)},
          {"limits_hit", json_texts(visit.limits_hit)},
          {"unemulated", json_texts(visit.unemulated)},
          {"nodes", std::move(nodes)},
          {"edges", std::move(edges)},
          {"events", std::move(events)},
          {"components", json_texts(visit.components)},
          {"shellcode", std::move(shellcode)},
          {"files", std::move(files)},
          {"evaluated", std::move(evaluated)}};
}

Result<VisitRecord> visit_from_json(const json::object& record) {
  Fields in(record, "");
  VisitRecord visit;
  visit.url = in.text("url");
  visit.client = in.text_or_empty("client");
  visit.persona = in.text_or_empty("persona");
  visit.seed = in.optional_number("seed", UINT64_MAX).value_or(0);
  visit.verdict = in.named("verdict", visit_verdict);
  visit.complete = in.flag("complete", true);
  visit.reasons = in.texts("reasons");
  visit.limits_hit = in.texts("limits_hit");
  visit.unemulated = in.texts("unemulated");
  in.objects("nodes", [&](Fields& node) { visit.nodes.push_back(read_node(node)); });
  in.objects("edges", [&](Fields& edge) { visit.edges.push_back(read_edge(edge)); });
  in.objects("events", [&](Fields& event) { visit.events.push_back(read_event(event)); });
  visit.components = in.texts("components");
  in.objects("shellcode", [&](Fields& code) { visit.shellcode.push_back(read_shellcode(code)); });
  in.objects("files", [&](Fields& file) {
    VisitFile one;
    one.node = static_cast<uint32_t>(file.number("node", max_node_id));
    one.inside = file.text_or_empty("inside");
    if (const json::object* facts = file.object("facts")) one.facts = *facts;
    visit.files.push_back(std::move(one));
  });
  in.objects("evaluated", [&](Fields& eval) {
    VisitSource source{read_position(eval)};
    source.forced = eval.flag("forced", false);
    visit.evaluated.push_back(std::move(source));
  });
  if (in.error()) return fail(*in.error());
  return visit;
}

}  // namespace shikake::intel
