#include "honeyclient/low/recorder.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/ascii.h"
#include "base/bytes.h"
#include "honeyclient/chain/bait.h"
#include "honeyclient/chain/lures.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/low/script_file.h"
#include "triage/matcher.h"
#include "triage/triage.h"

namespace shikake::honeyclient::low {

namespace {

// Whatever a worker says becomes well-formed and bounded text.
std::string text(std::string_view from, size_t longest) {
  return base::to_valid_utf8(from.substr(0, longest));
}

// URLs as the record holds them; data: URLs carry whole files.
constexpr size_t max_url = 8192;
constexpr size_t max_reason = 400;  // of an edge's decided_by

intel::ScriptPosition position(const Position& from) {
  intel::ScriptPosition made;
  made.url = text(from.url, max_url);
  if (from.sha256.size() == made.sha256.bytes.size())
    std::ranges::transform(from.sha256, made.sha256.bytes.begin(),
                           [](char c) { return static_cast<uint8_t>(c); });
  made.line = from.line;
  made.column = from.column;
  return made;
}

void once(std::vector<std::string>& list, std::string_view value) {
  if (std::ranges::find(list, value) == list.end()) list.emplace_back(value);
}

std::vector<std::string> texts(const std::vector<std::string>& from, size_t longest) {
  std::vector<std::string> out;
  for (const std::string& one : from) out.push_back(text(one, longest));
  return out;
}

intel::ScriptOrigin script_origin(const Origin& origin) {
  intel::ScriptOrigin script{position(origin.position), text(origin.written_by, 100), {}};
  for (const Position& one : origin.ancestry) {
    if (script.ancestry.size() >= limits::max_positions) break;
    script.ancestry.push_back(position(one));
  }
  return script;
}

}  // namespace

Recorder::Recorder(const VisitOptions& options, BlobSink& blobs)
    : blobs_(blobs),
      rules_(options.rules),
      script_file_(options.content && is_script_file_type(options.content_type)),
      clock_(*options.clock) {
  record_.url = options.url;
  record_.client = "low";
  record_.persona = options.persona;
  record_.seed = options.seed;
}

std::optional<uint32_t> Recorder::node(const std::string& url, std::string_view method,
                                       std::string_view request_body) {
  // Digests, because URLs and bodies may be of any length.
  std::string key =
      std::string(method) + " " + base::sha256(url).hex() + " " + base::sha256(request_body).hex();
  if (auto found = nodes_.find(key); found != nodes_.end()) return found->second;
  if (record_.nodes.size() >= limits::max_record_nodes) {
    limit("record-nodes");
    return std::nullopt;
  }
  auto id = static_cast<uint32_t>(record_.nodes.size());
  nodes_.emplace(std::move(key), id);
  intel::VisitNode node;
  node.id = id;
  node.url = text(url, max_url);
  node.time = clock_.now();
  record_.nodes.push_back(std::move(node));
  return id;
}

void Recorder::edge(uint32_t from, uint32_t to, intel::Mechanism mechanism,
                    const std::optional<Origin>& origin) {
  intel::VisitEdge edge;
  edge.from = from;
  edge.to = to;
  edge.mechanism = mechanism;
  std::string key =
      std::to_string(from) + " " + std::to_string(to) + " " + std::string(intel::name(mechanism));
  if (origin) {
    intel::ScriptOrigin script = script_origin(*origin);
    key += " " + script.position.url + script.position.sha256.hex() + " " +
           std::to_string(script.position.line) + ":" + std::to_string(script.position.column);
    edge.script = std::move(script);
    edge.decided_by = text(origin->decided_by, max_reason);
  }
  if (!edges_.insert(key).second) return;
  if (record_.edges.size() >= limits::max_edges) return limit("edges");
  record_.edges.push_back(std::move(edge));
}

void Recorder::event(std::string_view kind, std::string_view detail, std::optional<uint32_t> node) {
  if (record_.events.size() >= limits::max_events) return limit("events");
  record_.events.push_back({text(kind, 40), text(detail, limits::max_detail), node});
}

void Recorder::limit(std::string_view name) {
  if (record_.limits_hit.size() < 100) once(record_.limits_hit, text(name, 40));
  record_.complete = false;
}

void Recorder::unemulated(std::string_view what, bool matters) {
  if (record_.unemulated.size() < 500) once(record_.unemulated, text(what, 200));
  if (matters) record_.complete = false;
}

std::vector<Recorder::Hop> Recorder::component(const ComponentUse& use, uint32_t node) {
  std::string name = text(use.name, 200);
  std::string member = text(use.member, 200);
  if (record_.components.size() < limits::max_components) once(record_.components, name);
  std::string detail = name;
  if (!member.empty()) detail += "." + member + "(";
  for (size_t i = 0; i < use.lengths.size() && i < 16; ++i) {
    std::string argument = i < use.arguments.size() ? text(use.arguments[i], 80) : "";
    detail += (i ? ", " : "") + argument;
    if (use.lengths[i] > 80) detail += "… (" + std::to_string(use.lengths[i]) + " characters)";
  }
  if (!member.empty()) detail += ")";
  event("component", detail, node);

  const components::Component* row = components::find(name);
  if (!row) {
    convict_unknown(use, name, member, node);
    return {};
  }
  std::vector<std::string> arguments;
  for (const std::string& one : use.arguments) arguments.push_back(base::to_valid_utf8(one));
  return weigh(*row, {member, arguments, use.lengths}, node);
}

// No advisory speaks of it; an argument that overruns what its author foresaw is misuse all the same.
void Recorder::convict_unknown(const ComponentUse& use, const std::string& name, const std::string& member,
                               uint32_t node) {
  // Its methods went nowhere: what they would have done is not in the record.
  if (!member.empty()) incomplete();
  const uint32_t longest = use.lengths.empty() ? 0 : *std::ranges::max_element(use.lengths);
  if (member.empty() || longest <= limits::overlong_argument) return;
  misuse({node, fmt::format("gave {}.{} an argument of {} characters", name, member, longest), {}, {}});
}

void Recorder::misuse(chain::Misuse misuse) {
  constexpr size_t most = 100;  // the first tell what the page is
  auto same = [&](const chain::Misuse& one) { return one.node == misuse.node && one.what == misuse.what; };
  if (facts_.misuses.size() < most && std::ranges::none_of(facts_.misuses, same))
    facts_.misuses.push_back(std::move(misuse));
}

std::vector<Recorder::Hop> Recorder::weigh(const components::Component& row, const components::Use& use,
                                           uint32_t node) {
  std::vector<Hop> hops;
  const bool of_right = script_file_ && row.behaviour != components::Behaviour::absorbs;
  if (auto conviction = components::judge(row, use); conviction && !of_right)
    misuse({node, conviction->what + " (" + conviction->misuse->source + ")", conviction->misuse->cves, {}});
  for (const components::Misuse& one : row.misuses) {
    if (one.trait != components::Trait::command || !components::matches(one, use)) continue;
    std::string command;
    for (const std::string& argument : use.arguments) command += (command.empty() ? "" : " ") + argument;
    event("command", row.name + ": " + command, node);
    std::vector<std::string> addresses = components::addresses_in(command);
    if (facts_.commands.size() < 100)
      facts_.commands.push_back({node, text(command, limits::max_detail), !addresses.empty()});
    for (std::string& address : addresses) hops.push_back({std::move(address), true, row.name});
  }
  const bool fetches = std::ranges::any_of(
      row.fetches, [&](const std::string& one) { return components::same_name(one, use.member); });
  if (fetches)
    for (const std::string& argument : use.arguments)
      if (components::is_address(argument)) hops.push_back({argument, false, row.name});
  return hops;
}

void Recorder::wrote_file(const WroteFile& file, uint32_t node) {
  const base::Digest digest = base::sha256(file.bytes);
  if (blobs_put_.insert(digest.hex()).second) {
    if (auto put = blobs_.put(digest, file.bytes); !put) blob_failed(put.error());
    match_rules(file.bytes, "a file that it wrote", node);
  }
  const std::string path = text(file.path, 500);
  const chain::Payload payload = chain::payload_of(file.bytes, "", base::to_lower(path));
  const std::string_view what = payload.kind == chain::PayloadKind::none ? "file" : payload.name;
  event("file",
        fmt::format("{} wrote {}: a {} of {} bytes, sha256 {}", text(file.component, 100), path, what,
                    file.bytes.size(), digest.hex()),
        node);
  const components::Component* row = components::find(file.component);
  if (!row) return;
  const std::string arguments[] = {path};
  const uint32_t lengths[] = {static_cast<uint32_t>(path.size())};
  auto conviction = components::judge(*row, {"SaveToFile", arguments, lengths, true});
  // The same bytes came from somewhere: that is who serves what is dropped.
  std::optional<uint32_t> source;
  for (const intel::VisitNode& one : record_.nodes)
    if (one.sha256 == digest && one.size > 0) source = one.id;
  const bool program = payload.kind == chain::PayloadKind::program;
  if (facts_.files.size() < 100)
    facts_.files.push_back({node, path, std::string(payload.name), program, source});
  if (conviction && !script_file_)
    misuse(
        {node, conviction->what + " (" + conviction->misuse->source + ")", conviction->misuse->cves, source});
}

void Recorder::match_rules(std::string_view bytes, std::string_view what, uint32_t node) {
  if (!rules_ || bytes.empty()) return;
  auto found = rules_->match(bytes);
  if (!found) return limit("rules");
  for (const triage::RuleMatch& rule : *found) {
    const std::string said = rule.description.empty() ? "" : ": " + rule.description;
    event("yara", fmt::format("{} matches {} ({}){}", what, rule.rule, rule.source, said), node);
    auto tagged = [&](std::string_view tag) { return std::ranges::find(rule.tags, tag) != rule.tags.end(); };
    if (!tagged("malicious") && !tagged("suspicious")) continue;
    if (facts_.rules.size() < 100)
      facts_.rules.push_back(
          {node, fmt::format("{} matches the rule {}{}", what, rule.rule, said), tagged("malicious")});
  }
}

void Recorder::evaluated(const Evaluated& source, uint32_t node) {
  evaluated_bytes_ += source.text.size();
  if (record_.evaluated.size() >= limits::max_evaluated || evaluated_bytes_ > limits::max_evaluated_bytes)
    return limit("evaluated");
  intel::VisitSource made{position(source.by)};
  const base::Digest digest = base::sha256(source.text);
  made.position.sha256 = digest;
  if (blobs_put_.insert(digest.hex()).second) {
    if (auto put = blobs_.put(digest, source.text); !put) blob_failed(put.error());
    match_rules(source.text, "a script made by " + text(source.how, 40), node);
  }
  record_.evaluated.push_back(std::move(made));
}

base::Digest Recorder::keep(std::string_view bytes) {
  const base::Digest digest = base::sha256(bytes);
  if (blobs_put_.insert(digest.hex()).second)
    if (auto put = blobs_.put(digest, bytes); !put) blob_failed(put.error());
  return digest;
}

bool Recorder::shellcode(uint32_t node, const MachineCode& code, const shellcode::Report& report) {
  // Code that was made, and then sprayed behind sleds, is one.
  for (const intel::VisitShellcode& known : record_.shellcode)
    if (known.node == node && known.calls.size() == report.calls.size() &&
        known.urls == texts(report.urls, max_url) &&
        known.commands == texts(report.commands, limits::max_detail) &&
        known.connections == texts(report.connections, limits::max_detail))
      return false;
  intel::VisitShellcode made;
  made.node = node;
  made.how = text(code.how, 100);
  if (code.origin) made.script = script_origin(*code.origin);
  made.sha256 = keep(code.bytes);
  made.size = code.bytes.size();
  made.begins = report.begins;
  made.outcome = shellcode::name(report.outcome);
  for (const shellcode::Call& call : report.calls) {
    made.calls.push_back({text(call.function, 200), texts(call.arguments, limits::max_detail), {}});
    if (call.offset != shellcode::no_offset) made.calls.back().offset = call.offset;
  }
  made.urls = texts(report.urls, max_url);
  made.commands = texts(report.commands, limits::max_detail);
  made.connections = texts(report.connections, limits::max_detail);
  for (const shellcode::WrittenFile& file : report.files)
    made.files.push_back({text(file.path, limits::max_detail), keep(file.bytes), file.bytes.size()});
  for (const shellcode::Decoder& decoder : report.decoders)
    made.decoders.push_back({decoder.offset, decoder.bytes});
  std::string what = fmt::format("carries machine code for Windows ({} bytes, found by {}) that calls {}",
                                 made.size, made.how, made.calls.front().function);
  if (!made.urls.empty())
    what += fmt::format(" and downloads {}", made.urls.front());
  else if (!made.commands.empty())
    what += fmt::format(" and starts \"{}\"", made.commands.front());
  else if (!made.connections.empty())
    what += fmt::format(" and {}", made.connections.front());
  event("shellcode", what, node);
  facts_.misuses.push_back({node, std::move(what), {}});
  record_.shellcode.push_back(std::move(made));
  return true;
}

void Recorder::file(uint32_t node, const std::string& inside, const triage::Triage& facts,
                    const std::vector<base::Digest>& kept) {
  intel::VisitFile file;
  file.node = node;
  file.inside = text(inside, limits::max_detail);
  file.facts = triage::to_json(facts);
  // Kept small: the file itself is a blob.
  if (auto* strings = file.facts["strings"].if_object()) strings->erase("values");
  if (!kept.empty()) {
    boost::json::array names;
    for (const base::Digest& one : kept) names.emplace_back(one.hex());
    file.facts["kept"] = std::move(names);
  }
  record_.files.push_back(std::move(file));
  if (!facts.complete) limit("documents");
  if (!facts.document) return;
  const std::string where = inside.empty() ? "" : " (" + text(inside, 200) + ")";
  for (const triage::DocumentTrait& trait : facts.document->traits) {
    if (!trait.convicts) continue;
    std::string what = fmt::format("is a {}{} with {}{}{}", text(facts.document->format, 60), where,
                                   trait.name, trait.detail.empty() ? "" : ": " + text(trait.detail, 200),
                                   trait.cve.empty() ? "" : ", " + trait.cve);
    event("document", what, node);
    facts_.misuses.push_back(
        {node, std::move(what), trait.cve.empty() ? std::vector<std::string>() : std::vector{trait.cve}});
  }
}

base::Digest Recorder::part(uint32_t node, std::string_view path, std::string_view bytes, bool of_archive) {
  if (of_archive) {
    const chain::Payload payload = chain::payload_of(bytes, "", base::to_lower(path));
    const std::string_view what = payload.kind == chain::PayloadKind::none ? "file" : payload.name;
    event("member",
          fmt::format("{}: a {} of {} bytes, sha256 {}", text(path, 300), what, bytes.size(),
                      base::sha256(bytes).hex()),
          node);
    match_rules(bytes, "a file in its archive", node);
  } else {
    match_rules(bytes, "a part of it", node);
  }
  return keep(bytes);
}

void Recorder::payload(uint32_t id, std::string why) {
  facts_.payloads.push_back({id, text(why, limits::max_detail)});
}

void Recorder::download(uint32_t id) {
  if (std::ranges::find(facts_.downloads, id) == facts_.downloads.end()) facts_.downloads.push_back(id);
  event("download", record_.nodes[id].url, id);
}

void Recorder::happened(std::string_view kind, std::string_view detail, uint32_t node) {
  constexpr size_t most = 200;
  if (facts_.signs.size() < most)
    if (auto sign = chain::sign_named(kind))
      facts_.signs.push_back({*sign, node, text(detail, limits::max_detail)});
  event(kind, detail, node);
}

void Recorder::sent(uint32_t from, uint32_t to, const Asked& asked) {
  constexpr size_t most = 50, searched = 1u << 20;
  if (facts_.leaks.size() >= most) return;
  chain::Bait bait = std::max(chain::bait_in(std::string_view(asked.url).substr(0, searched)),
                              chain::bait_in(std::string_view(asked.body).substr(0, searched)));
  if (bait == chain::Bait::none) return;
  facts_.leaks.push_back({from, to, asked.mechanism, bait == chain::Bait::encoded,
                          asked.origin ? text(asked.origin->position.url, max_url) : std::string()});
}

void Recorder::body(uint32_t id, std::string_view bytes, std::string_view declared,
                    std::string_view saved_as) {
  intel::VisitNode& node = record_.nodes[id];
  std::string essence(declared.substr(0, declared.find(';')));
  std::ranges::transform(essence, essence.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  auto url = url::Url::parse(node.url);
  std::string path(url ? url->pathname() : std::string_view());
  if (!saved_as.empty()) {
    path = saved_as.substr(0, limits::max_argument_text);
    event("file", path, id);
    // Saved and opened, it is Windows' script host that runs it.
    if (path.ends_with(".js")) path += "e";
  }
  chain::Payload payload = chain::payload_of(bytes, essence, path);
  if (payload.kind == chain::PayloadKind::archive)
    if (std::string names = chain::zip_names(bytes); !names.empty()) event("archive", names, id);
  node.mime = payload.kind != chain::PayloadKind::none ? std::string(payload.mime) : text(essence, 100);
  const base::Digest digest = base::sha256(bytes);
  if (!blobs_put_.contains(digest.hex())) {
    keep(bytes);
    match_rules(bytes, "its body", id);
  }
  if (node.sha256 && *node.sha256 != digest)
    event("changed", "another answer at the same URL, sha256 " + digest.hex(), id);
  node.sha256 = digest;
  node.size = bytes.size();
}

void Recorder::blob_failed(const Error& error) {
  if (!failure_) failure_ = error;
}

intel::VisitRecord Recorder::finish() {
  chain::judge(record_, facts_);
  return std::move(record_);
}

}  // namespace shikake::honeyclient::low
