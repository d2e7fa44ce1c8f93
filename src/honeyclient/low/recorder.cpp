#include "honeyclient/low/recorder.h"

#include <algorithm>

#include "base/ascii.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/low/recorder_text.h"
#include "honeyclient/low/request.h"
#include "honeyclient/low/script_file.h"

namespace shikake::honeyclient::low {

Recorder::Recorder(const VisitOptions& options, BlobSink& blobs)
    : blobs_(blobs),
      rules_(options.rules),
      known_bad_(options.known_bad),
      script_file_(options.content && is_script_file_type(options.content_type)),
      clock_(*options.clock) {
  record_.url = options.url;
  record_.client = "low";
  record_.persona = options.persona;
  record_.seed = options.seed;
}

std::optional<uint32_t> Recorder::node(const std::string& url, std::string_view method,
                                       std::string_view request_body, intel::Mechanism mechanism) {
  // Digests, because URLs and bodies may be of any length.
  std::string key =
      std::string(method) + " " + base::sha256(url).hex() + " " + base::sha256(request_body).hex();
  if (auto found = nodes_.find(key); found != nodes_.end()) return found->second;
  if (record_.nodes.size() >= room_for(mechanism, limits::max_record_nodes)) {
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
  if (record_.edges.size() >= room_for(mechanism, limits::max_edges)) return limit("edges");
  record_.edges.push_back(std::move(edge));
}

void Recorder::event(std::string_view kind, std::string_view detail, std::optional<uint32_t> node) {
  if (record_.events.size() >= limits::max_events) return limit("events");
  record_.events.push_back({text(kind, 40), text(detail, limits::max_detail), node});
}

void Recorder::limit(std::string_view name) {
  once(record_.limits_hit, text(name, 40), max_limits);
  record_.complete = false;
}

void Recorder::unemulated(std::string_view what, bool matters) {
  if (!once(record_.unemulated, text(what, 200), max_names)) limit("unemulated");
  if (matters) record_.complete = false;
}

base::Digest Recorder::keep(std::string_view bytes) {
  const base::Digest digest = base::sha256(bytes);
  if (blobs_put_.insert(digest.hex()).second)
    if (auto put = blobs_.put(digest, bytes); !put) blob_failed(put.error());
  return digest;
}

void Recorder::download(uint32_t id) {
  if (std::ranges::find(facts_.downloads, id) == facts_.downloads.end()) facts_.downloads.push_back(id);
  event("download", record_.nodes[id].url, id);
}

void Recorder::body(uint32_t id, std::string_view bytes, std::string_view declared,
                    std::optional<std::string_view> saved_as) {
  intel::VisitNode& node = record_.nodes[id];
  const std::string essence = base::to_lower(declared.substr(0, declared.find(';')));
  auto url = url::Url::parse(node.url);
  std::string path(url ? url->pathname() : std::string_view());
  if (saved_as && !saved_as->empty()) {
    path = saved_as->substr(0, limits::max_argument_text);
    event("file", path, id);
  }
  const std::string name = base::to_lower(path);
  const chain::Payload payload =
      saved_as ? chain::payload_of_saved(bytes, name) : chain::payload_of(bytes, essence, name);
  if (payload.kind == chain::PayloadKind::archive) archive(id, bytes);
  const base::Digest digest = take_in(bytes, "its body", id);
  if (node.sha256 && *node.sha256 != digest) {
    event("changed", "another answer at the same URL, sha256 " + digest.hex(), id);
    // What it gave once convicts it, however often it gives something else.
    const auto kept = chain::payload_by_mime(node.mime).kind;
    if (payload.kind == chain::PayloadKind::none && kept != chain::PayloadKind::none) return;
  }
  node.mime = payload.kind != chain::PayloadKind::none ? std::string(payload.mime) : text(essence, 100);
  node.sha256 = digest;
  node.size = bytes.size();
}

void Recorder::archive(uint32_t id, std::string_view bytes) {
  const chain::ZipNames names = chain::zip_names(bytes);
  std::string all;
  for (const auto& list : {names.programs, names.others})
    for (const std::string& name : list) all += name + "\n";
  if (!all.empty()) event("archive", all, id);
  const bool only_programs = names.others.empty() && !names.programs.empty();
  if (only_programs || !std::ranges::all_of(names.programs, chain::is_source_name)) carrier(id);
}

void Recorder::carrier(uint32_t id) {
  if (std::ranges::find(facts_.carriers, id) == facts_.carriers.end()) facts_.carriers.push_back(id);
}

void Recorder::blob_failed(const Error& error) {
  if (!failure_) failure_ = error;
}

intel::VisitRecord Recorder::finish() {
  // Nothing came of the visited URL itself: that nothing was seen says nothing.
  if (!record_.nodes.empty() && !record_.nodes[0].fetched) incomplete();
  chain::judge(record_, facts_);
  return std::move(record_);
}

}  // namespace shikake::honeyclient::low
