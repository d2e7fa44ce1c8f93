#include "intel/run.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <unordered_map>

#include "intel/fields.h"
#include "intel/names.h"

namespace shikake::intel {
namespace {

namespace json = boost::json;
using Name = std::string_view;

constexpr std::array<Name, 8> outcome_names = {"exited",  "killed",  "timed_out", "limits",
                                               "stopped", "refused", "not_run",   "partial"};
constexpr std::array<Name, 3> network_names = {"closed", "open", "none"};
constexpr std::array<Name, 6> action_names = {"created", "changed", "renamed", "deleted", "executed", "read"};
constexpr std::array<Name, 2> direction_names = {"outgoing", "incoming"};

// --- writing: empty members that most rows lack are left out --------------------------------------

void put(json::object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}
void put(json::object& out, std::string_view key, const std::optional<base::Digest>& digest) {
  if (digest) out[key] = digest->hex();
}
void put(json::object& out, std::string_view key, const std::optional<base::TimePoint>& time) {
  if (time) out[key] = json_time(*time);
}
void put(json::object& out, std::string_view key, const std::optional<uint32_t>& number) {
  if (number) out[key] = *number;
}
void put(json::object& out, std::string_view key, const std::vector<std::string>& texts) {
  if (!texts.empty()) out[key] = json_texts(texts);
}

json::object write(const RunSample& sample) {
  json::object out{{"name", sample.name}, {"sha256", sample.sha256.hex()}, {"md5", sample.md5},
                   {"sha1", sample.sha1}, {"size", sample.size},           {"type", sample.type},
                   {"mime", sample.mime}, {"facts", sample.facts}};
  put(out, "ssdeep", sample.ssdeep);
  put(out, "tlsh", sample.tlsh);
  return out;
}

json::object write(const Recognition& found) {
  json::object out{{"source", found.source}, {"name", found.name}, {"convicts", found.convicts}};
  put(out, "sha256", found.sha256);
  put(out, "detail", found.detail);
  return out;
}

json::object write(const RunBound& bound) {
  return {{"name", bound.name}, {"value", bound.value}, {"held_by", bound.held_by}};
}

json::object write(const RunInterface& interface) {
  return {
      {"where", interface.where}, {"name", interface.name}, {"addresses", json_texts(interface.addresses)}};
}

json::object write(const RunQuestion& question) {
  return {{"time", json_time(question.time)},
          {"name", question.name},
          {"type", question.type},
          {"answers", json_texts(question.answers)}};
}

json::object write(const RunProcess& process) {
  json::object out{{"id", process.id},
                   {"pid", process.pid},
                   {"exe", process.exe},
                   {"cwd", process.cwd},
                   {"argv", json_texts(process.argv)},
                   {"env", json_texts(process.env)},
                   {"start", json_time(process.start)},
                   {"threads", process.threads}};
  put(out, "parent", process.parent);
  put(out, "end", process.end);
  put(out, "how_ended", process.how_ended);
  put(out, "image", process.image);
  return out;
}

template <class Row>
json::array write(const std::vector<Row>& rows);

json::object write(const RunBytes& bytes) {
  return {{"first", bytes.first}, {"last", bytes.last}};
}

json::object write(const RunEffect& effect) {
  json::object out{{"kind", effect.kind}, {"object", effect.object}};
  put(out, "process", effect.process);
  return out;
}

json::object write(const RunDecision& decision) {
  json::object out{{"offsets", write(decision.offsets)}, {"bytes", decision.bytes},
                   {"module", decision.module},          {"offset", decision.offset},
                   {"indirect", decision.indirect},      {"effects", write(decision.effects)}};
  put(out, "symbol", decision.symbol);
  put(out, "process", decision.process);
  return out;
}

json::object write(const RunTaintedFile& file) {
  json::object out{{"path", file.path}, {"offsets", write(file.offsets)}, {"executed", file.executed}};
  put(out, "encoding", file.encoding);
  return out;
}

json::object write(const RunInstruction& instruction) {
  return {{"bytes", instruction.bytes}, {"count", instruction.count}};
}

json::object write(const RunFlow& flow) {
  json::object out{{"id", flow.id},
                   {"local", flow.local},
                   {"remote", flow.remote},
                   {"protocol", flow.protocol},
                   {"transport", flow.transport},
                   {"direction", name(flow.direction)},
                   {"bytes_in", flow.bytes_in},
                   {"bytes_out", flow.bytes_out},
                   {"start", json_time(flow.start)},
                   {"evidence", json_texts(flow.evidence)}};
  put(out, "host", flow.host);
  put(out, "sni", flow.sni);
  put(out, "ja3", flow.ja3);
  put(out, "end", flow.end);
  put(out, "process", flow.process);
  put(out, "stream_sha256", flow.stream_sha256);
  put(out, "urls", flow.urls);
  put(out, "decision", flow.decision);
  if (flow.role) out["role"] = name(*flow.role);
  put(out, "parent_flow", flow.parent_flow);
  if (flow.gate) out["gate"] = true;
  if (flow.coarsened) out["coarsened"] = true;
  if (!flow.decisions.empty()) out["decisions"] = write(flow.decisions);
  if (!flow.to_files.empty()) out["to_files"] = write(flow.to_files);
  if (!flow.from_files.empty()) out["from_files"] = write(flow.from_files);
  return out;
}

json::object write(const RunFile& file) {
  json::object out{{"path", file.path},           {"action", name(file.action)}, {"size", file.size},
                   {"program", file.program},     {"kept", file.kept},           {"process", file.process},
                   {"time", json_time(file.time)}};
  put(out, "to", file.to);
  put(out, "sha256", file.sha256);
  put(out, "type", file.type);
  put(out, "why_not", file.why_not);
  return out;
}

json::object write(const RunDump& dump) {
  return {{"sha256", dump.sha256.hex()},
          {"size", dump.size},
          {"address", dump.address},
          {"process", dump.process},
          {"time", json_time(dump.time)},
          {"why", dump.why},
          {"type", dump.type}};
}

json::object write(const RunBehaviour& behaviour) {
  json::object out{{"kind", name(behaviour.kind)}, {"technique", technique(behaviour.kind)},
                   {"process", behaviour.process}, {"time", json_time(behaviour.time)},
                   {"object", behaviour.object},   {"proof", behaviour.proof},
                   {"count", behaviour.count}};
  put(out, "flow", behaviour.flow);
  return out;
}

json::object write(const RunNote& note) {
  return {{"time", json_time(note.time)}, {"process", note.process}, {"text", note.text}};
}

json::object write(const RunChild& child) {
  json::object out{{"sha256", child.sha256.hex()}, {"name", child.name}, {"why", child.why}};
  put(out, "observation", child.observation);
  return out;
}

template <class Row>
json::array write(const std::vector<Row>& rows) {
  json::array out;
  out.reserve(rows.size());
  for (const Row& row : rows) out.emplace_back(write(row));
  return out;
}

json::object write(const RunNet& network) {
  json::object out{{"mode", name(network.mode)},
                   {"packets", network.packets},
                   {"packets_out", network.packets_out},
                   {"bytes_out", network.bytes_out},
                   {"interfaces", write(network.interfaces)},
                   {"sockets", json_texts(network.sockets)},
                   {"descriptors", json_texts(network.descriptors)},
                   {"leaks", json_texts(network.leaks)}};
  put(out, "capture", network.capture);
  return out;
}

// Beside the id of a process, which is what joins the rows, its number as the program saw it.
void add_pids(json::array& rows, const std::unordered_map<uint64_t, uint32_t>& pids) {
  for (json::value& row : rows) {
    json::object& object = row.get_object();
    const json::value* id = object.if_contains("process");
    const auto pid = id ? pids.find(id->to_number<uint64_t>()) : pids.end();
    if (pid != pids.end()) object["pid"] = pid->second;
  }
}

// --- reading --------------------------------------------------------------------------------------

uint32_t read_u32(Fields& in, std::string_view key) {
  return static_cast<uint32_t>(in.number(key, UINT32_MAX));
}
std::optional<uint32_t> read_optional_u32(Fields& in, std::string_view key) {
  auto number = in.optional_number(key, UINT32_MAX);
  return number ? std::optional(static_cast<uint32_t>(*number)) : std::nullopt;
}
uint64_t read_count(Fields& in, std::string_view key) {
  return in.optional_number(key, UINT64_MAX).value_or(0);
}
base::Duration read_duration(Fields& in, std::string_view key) {
  return base::Duration(static_cast<int64_t>(in.optional_number(key, INT64_MAX).value_or(0)));
}

void read(Fields& in, RunSample& sample) {
  sample.name = in.text_or_empty("name");
  sample.sha256 = in.digest("sha256");
  sample.md5 = in.text_or_empty("md5");
  sample.sha1 = in.text_or_empty("sha1");
  sample.ssdeep = in.text_or_empty("ssdeep");
  sample.tlsh = in.text_or_empty("tlsh");
  sample.size = read_count(in, "size");
  sample.type = in.text_or_empty("type");
  sample.mime = in.text_or_empty("mime");
  if (const json::object* facts = in.object("facts")) sample.facts = *facts;
}

void read(Fields& in, Recognition& found) {
  found.source = in.text("source");
  found.name = in.text("name");
  found.sha256 = in.optional_digest("sha256");
  found.detail = in.text_or_empty("detail");
  found.convicts = in.flag("convicts", false);
}

void read(Fields& in, RunBound& bound) {
  bound.name = in.text("name");
  bound.value = in.text_or_empty("value");
  bound.held_by = in.text_or_empty("held_by");
}

void read(Fields& in, RunInterface& interface) {
  interface.where = in.text("where");
  interface.name = in.text("name");
  interface.addresses = in.texts("addresses");
}

void read(Fields& in, RunQuestion& question) {
  question.time = in.time("time");
  question.name = in.text("name");
  question.type = in.text_or_empty("type");
  question.answers = in.texts("answers");
}

void read(Fields& in, RunProcess& process) {
  process.id = read_u32(in, "id");
  process.parent = read_optional_u32(in, "parent");
  process.pid = read_u32(in, "pid");
  process.exe = in.text_or_empty("exe");
  process.cwd = in.text_or_empty("cwd");
  process.argv = in.texts("argv");
  process.env = in.texts("env");
  process.start = in.time("start");
  process.end = in.optional_time("end");
  process.how_ended = in.text_or_empty("how_ended");
  process.threads = read_u32(in, "threads");
  process.image = in.optional_digest("image");
}

template <class Row>
void read(Fields& in, std::string_view key, std::vector<Row>& rows);

void read(Fields& in, RunBytes& bytes) {
  bytes.first = read_count(in, "first");
  bytes.last = read_count(in, "last");
}

void read(Fields& in, RunEffect& effect) {
  effect.kind = in.text("kind");
  effect.object = in.text_or_empty("object");
  effect.process = read_optional_u32(in, "process");
}

void read(Fields& in, RunDecision& decision) {
  read(in, "offsets", decision.offsets);
  decision.bytes = in.text_or_empty("bytes");
  decision.module = in.text_or_empty("module");
  decision.symbol = in.text_or_empty("symbol");
  decision.offset = read_count(in, "offset");
  decision.indirect = in.flag("indirect", false);
  decision.process = read_optional_u32(in, "process");
  read(in, "effects", decision.effects);
}

void read(Fields& in, RunTaintedFile& file) {
  file.path = in.text("path");
  read(in, "offsets", file.offsets);
  file.executed = in.flag("executed", false);
  file.encoding = in.text_or_empty("encoding");
}

void read(Fields& in, RunInstruction& instruction) {
  instruction.bytes = in.text("bytes");
  instruction.count = read_count(in, "count");
}

void read(Fields& in, RunFlow& flow) {
  flow.id = read_u32(in, "id");
  flow.local = in.text_or_empty("local");
  flow.remote = in.text("remote");
  flow.host = in.text_or_empty("host");
  flow.sni = in.text_or_empty("sni");
  flow.ja3 = in.text_or_empty("ja3");
  flow.protocol = in.text_or_empty("protocol");
  flow.transport = in.text_or_empty("transport");
  flow.direction = in.named("direction", flow_direction);
  flow.bytes_in = read_count(in, "bytes_in");
  flow.bytes_out = read_count(in, "bytes_out");
  flow.start = in.time("start");
  flow.end = in.optional_time("end");
  flow.process = read_optional_u32(in, "process");
  flow.stream_sha256 = in.optional_digest("stream_sha256");
  flow.urls = in.texts("urls");
  flow.decision = in.text_or_empty("decision");
  flow.role = in.optional_named("role", role);
  flow.evidence = in.texts("evidence");
  flow.parent_flow = read_optional_u32(in, "parent_flow");
  flow.gate = in.flag("gate", false);
  flow.coarsened = in.flag("coarsened", false);
  read(in, "decisions", flow.decisions);
  read(in, "to_files", flow.to_files);
  read(in, "from_files", flow.from_files);
}

void read(Fields& in, RunFile& file) {
  file.path = in.text("path");
  file.action = in.named("action", file_action);
  file.to = in.text_or_empty("to");
  file.sha256 = in.optional_digest("sha256");
  file.size = read_count(in, "size");
  file.type = in.text_or_empty("type");
  file.program = in.flag("program", false);
  file.kept = in.flag("kept", false);
  file.why_not = in.text_or_empty("why_not");
  file.process = read_u32(in, "process");
  file.time = in.time("time");
}

void read(Fields& in, RunDump& dump) {
  dump.sha256 = in.digest("sha256");
  dump.size = read_count(in, "size");
  dump.address = read_count(in, "address");
  dump.process = read_u32(in, "process");
  dump.time = in.time("time");
  dump.why = in.text_or_empty("why");
  dump.type = in.text_or_empty("type");
}

void read(Fields& in, RunBehaviour& behaviour) {
  behaviour.kind = in.named("kind", behaviour_kind);
  behaviour.process = read_u32(in, "process");
  behaviour.time = in.time("time");
  behaviour.object = in.text_or_empty("object");
  behaviour.proof = in.text_or_empty("proof");
  behaviour.count = in.optional_number("count", UINT64_MAX).value_or(1);
  behaviour.flow = read_optional_u32(in, "flow");
}

void read(Fields& in, RunNote& note) {
  note.time = in.time("time");
  note.process = read_u32(in, "process");
  note.text = in.text_or_empty("text");
}

void read(Fields& in, RunChild& child) {
  child.sha256 = in.digest("sha256");
  child.name = in.text_or_empty("name");
  child.why = in.text_or_empty("why");
  child.observation = in.optional_digest("observation");
}

template <class Row>
void read(Fields& in, std::string_view key, std::vector<Row>& rows) {
  in.objects(key, [&](Fields& fields) { read(fields, rows.emplace_back()); });
}

void read(Fields& in, RunNet& network) {
  network.mode = in.named("mode", run_network);
  network.packets = read_count(in, "packets");
  network.packets_out = read_count(in, "packets_out");
  network.bytes_out = read_count(in, "bytes_out");
  read(in, "interfaces", network.interfaces);
  network.sockets = in.texts("sockets");
  network.descriptors = in.texts("descriptors");
  network.leaks = in.texts("leaks");
  network.capture = in.optional_digest("capture");
}

}  // namespace

std::string_view name(RunOutcome outcome) {
  return name_in(outcome_names, outcome);
}
std::string_view name(RunNetwork network) {
  return name_in(network_names, network);
}
std::string_view name(FileAction action) {
  return name_in(action_names, action);
}
std::string_view name(FlowDirection direction) {
  return name_in(direction_names, direction);
}
std::optional<RunOutcome> run_outcome(std::string_view name) {
  return value_in<RunOutcome>(outcome_names, name);
}
std::optional<RunNetwork> run_network(std::string_view name) {
  return value_in<RunNetwork>(network_names, name);
}
std::optional<FileAction> file_action(std::string_view name) {
  return value_in<FileAction>(action_names, name);
}
std::optional<FlowDirection> flow_direction(std::string_view name) {
  return value_in<FlowDirection>(direction_names, name);
}

json::object to_json(const RunRecord& run) {
  json::array files = write(run.files), flows = write(run.flows), behaviours = write(run.behaviours);
  std::unordered_map<uint64_t, uint32_t> pids;
  for (const RunProcess& process : run.processes) pids.emplace(process.id, process.pid);
  for (json::array* rows : {&files, &flows, &behaviours}) add_pids(*rows, pids);
  json::object out{{"sample", write(run.sample)},
                   {"outcome", name(run.outcome)},
                   {"outcome_detail", run.outcome_detail},
                   {"complete", run.complete},
                   {"limits_hit", json_texts(run.limits_hit)},
                   {"remarks", json_texts(run.remarks)},
                   {"arguments", json_texts(run.arguments)},
                   {"environment", json_texts(run.environment)},
                   {"user", run.user},
                   {"profile", run.profile},
                   {"start", json_time(run.start)},
                   {"elapsed_us", run.elapsed.count()},
                   {"skipped_us", run.skipped.count()},
                   {"bounds", write(run.bounds)},
                   {"network", write(run.network)},
                   {"dns", write(run.dns)},
                   {"processes", write(run.processes)},
                   {"files", std::move(files)},
                   {"dumps", write(run.dumps)},
                   {"flows", std::move(flows)},
                   {"behaviours", std::move(behaviours)},
                   {"notes", write(run.notes)},
                   {"recognised", write(run.recognised)},
                   {"children", write(run.children)},
                   {"output_bytes", run.output_bytes}};
  put(out, "emulator", run.emulator);
  put(out, "taint_events", run.taint_events);
  if (run.taint_tables) out["taint_tables"] = *run.taint_tables;
  if (!run.unsupported_instructions.empty())
    out["unsupported_instructions"] = write(run.unsupported_instructions);
  put(out, "parent", run.parent);
  put(out, "output", run.output);
  return out;
}

Result<RunRecord> run_from_json(const json::object& record) {
  Fields in(record, "");
  RunRecord run;
  if (!in.nested("sample", [&](Fields& sample) { read(sample, run.sample); }))
    in.wrong("sample", "is missing");
  run.outcome = in.named("outcome", run_outcome);
  run.outcome_detail = in.text_or_empty("outcome_detail");
  run.complete = in.flag("complete", true);
  run.limits_hit = in.texts("limits_hit");
  run.remarks = in.texts("remarks");
  run.arguments = in.texts("arguments");
  run.environment = in.texts("environment");
  run.user = in.text_or_empty("user");
  run.profile = in.text_or_empty("profile");
  run.emulator = in.text_or_empty("emulator");
  run.start = in.time("start");
  run.elapsed = read_duration(in, "elapsed_us");
  run.skipped = read_duration(in, "skipped_us");
  read(in, "bounds", run.bounds);
  in.nested("network", [&](Fields& network) { read(network, run.network); });
  read(in, "dns", run.dns);
  read(in, "processes", run.processes);
  read(in, "files", run.files);
  read(in, "dumps", run.dumps);
  read(in, "flows", run.flows);
  read(in, "behaviours", run.behaviours);
  read(in, "notes", run.notes);
  read(in, "recognised", run.recognised);
  read(in, "children", run.children);
  run.parent = in.optional_digest("parent");
  run.output = in.optional_digest("output");
  run.output_bytes = read_count(in, "output_bytes");
  run.taint_events = in.optional_digest("taint_events");
  if (record.contains("taint_tables")) run.taint_tables = in.flag("taint_tables", true);
  read(in, "unsupported_instructions", run.unsupported_instructions);
  if (in.error()) return fail(*in.error());
  return run;
}

}  // namespace shikake::intel
