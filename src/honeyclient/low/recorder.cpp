#include "honeyclient/low/recorder.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/bytes.h"
#include "honeyclient/chain/payload.h"

namespace shikake::honeyclient::low {

namespace {

// Whatever a worker says becomes well-formed and bounded text.
std::string text(std::string_view from, size_t longest) {
  return base::to_valid_utf8(from.substr(0, longest));
}

// URLs as the record holds them; data: URLs carry whole files.
constexpr size_t max_url = 8192;

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

}  // namespace

Recorder::Recorder(const VisitOptions& options, BlobSink& blobs) : blobs_(blobs), clock_(*options.clock) {
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
    intel::ScriptOrigin script{position(origin->position), text(origin->written_by, 100), {}};
    for (const Position& one : origin->ancestry) {
      if (script.ancestry.size() >= limits::max_positions) break;
      script.ancestry.push_back(position(one));
    }
    key += " " + script.position.url + script.position.sha256.hex() + " " +
           std::to_string(script.position.line) + ":" + std::to_string(script.position.column);
    edge.script = std::move(script);
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

void Recorder::component(const ComponentUse& use, uint32_t node) {
  std::string name = text(use.name, 200);
  if (record_.components.size() < 500) once(record_.components, name);
  std::string detail = name;
  if (!use.member.empty()) detail += "." + text(use.member, 200) + "(";
  for (size_t i = 0; i < use.lengths.size() && i < 16; ++i) {
    std::string argument = i < use.arguments.size() ? text(use.arguments[i], 80) : "";
    detail += (i ? ", " : "") + argument;
    if (use.lengths[i] > 80) detail += "… (" + std::to_string(use.lengths[i]) + " characters)";
  }
  if (!use.member.empty()) detail += ")";
  event("component", detail, node);
  uint32_t longest = use.lengths.empty() ? 0 : *std::ranges::max_element(use.lengths);
  if (use.member.empty() || longest <= limits::overlong_argument || facts_.misuses.size() >= 100) return;
  facts_.misuses.push_back(
      {node,
       fmt::format("gave {}.{} an argument of {} characters", name, text(use.member, 200), longest),
       {}});
}

void Recorder::evaluated(const Evaluated& source) {
  evaluated_bytes_ += source.text.size();
  if (record_.evaluated.size() >= limits::max_evaluated || evaluated_bytes_ > limits::max_evaluated_bytes)
    return limit("evaluated");
  intel::ScriptPosition made = position(source.by);
  made.sha256 = base::sha256(source.text);
  if (blobs_put_.insert(made.sha256.hex()).second)
    if (auto put = blobs_.put(made.sha256, source.text); !put) blob_failed(put.error());
  record_.evaluated.push_back(std::move(made));
}

void Recorder::download(uint32_t id) {
  if (std::ranges::find(facts_.downloads, id) == facts_.downloads.end()) facts_.downloads.push_back(id);
  event("download", record_.nodes[id].url, id);
}

void Recorder::body(uint32_t id, std::string_view bytes, std::string_view declared) {
  intel::VisitNode& node = record_.nodes[id];
  std::string essence(declared.substr(0, declared.find(';')));
  std::ranges::transform(essence, essence.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  auto url = url::Url::parse(node.url);
  chain::Payload payload = chain::payload_of(bytes, essence, url ? url->pathname() : std::string_view());
  node.mime = payload.kind != chain::PayloadKind::none ? std::string(payload.mime) : text(essence, 100);
  base::Digest digest = base::sha256(bytes);
  if (blobs_put_.insert(digest.hex()).second)
    if (auto put = blobs_.put(digest, bytes); !put) blob_failed(put.error());
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
