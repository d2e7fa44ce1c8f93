// What a forced run saw, into the record of the visit that it repeats.
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "honeyclient/chain/lures.h"
#include "honeyclient/low/answers.h"
#include "honeyclient/low/recorder.h"
#include "honeyclient/low/recorder_text.h"

namespace shikake::honeyclient::low {

namespace {

// What a run tells of itself, not of the page's doing.
bool tells_of_the_page(const intel::VisitEvent& event) {
  for (std::string_view kind : {"error", "network", "tls", "probe", "changed"})
    if (event.kind == kind) return false;
  return true;
}

// Not a deed that force brought about: what the page asked for by itself.
bool stands_for_itself(const intel::VisitEvent& event) {
  return event.kind == check_event;
}

}  // namespace

// Nodes of the forced run as nodes of this one; cache breakers don't make another resource.
class Recorder::Merge {
 public:
  Merge(Recorder& ours, const intel::VisitRecord& forced)
      : ours_(ours), forced_(forced), known_(forced.nodes.size()) {
    for (const intel::VisitNode& node : ours.record_.nodes) by_url_.emplace(steady_url(node.url), node.id);
  }

  // Nothing: the record is full.
  std::optional<uint32_t> node(uint32_t id) {
    if (known_[id]) return known_[id];
    const intel::VisitNode& theirs = forced_.nodes[id];
    auto known = by_url_.find(steady_url(theirs.url));
    if (known != by_url_.end()) return known_[id] = known->second;
    if ((known_[id] = ours_.node(theirs.url, "GET", "forced")))
      ours_.record_.nodes[*known_[id]].why_not = theirs.why_not;
    return known_[id];
  }

 private:
  Recorder& ours_;
  const intel::VisitRecord& forced_;
  std::map<std::string, uint32_t> by_url_;
  std::vector<std::optional<uint32_t>> known_;
};

void Recorder::absorb_edges(const intel::VisitRecord& forced, Merge& merge) {
  std::map<std::tuple<uint32_t, uint32_t, intel::Mechanism>, size_t> known;
  for (size_t i = 0; i < record_.edges.size(); ++i) {
    const intel::VisitEdge& edge = record_.edges[i];
    known.emplace(std::tuple(edge.from, edge.to, edge.mechanism), i);
  }
  for (const intel::VisitEdge& edge : forced.edges) {
    std::optional<uint32_t> from = merge.node(edge.from), to = merge.node(edge.to);
    if (!from || !to) continue;
    auto found = known.find({*from, *to, edge.mechanism});
    if (found != known.end()) {
      std::string& reason = record_.edges[found->second].decided_by;
      if (reason.empty()) reason = edge.decided_by;
      continue;
    }
    if (record_.edges.size() >= limits::max_edges) return limit("edges");
    known.emplace(std::tuple(*from, *to, edge.mechanism), record_.edges.size());
    intel::VisitEdge made = edge;
    made.from = *from;
    made.to = *to;
    made.forced = true;
    record_.edges.push_back(std::move(made));
  }
}

void Recorder::absorb_events(const intel::VisitRecord& forced, Merge& merge) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const intel::VisitEvent& one : record_.events) seen.emplace(one.kind, one.detail);
  for (const intel::VisitEvent& one : forced.events) {
    if (!tells_of_the_page(one) || !seen.emplace(one.kind, one.detail).second) continue;
    const std::optional<uint32_t> at = one.node ? merge.node(*one.node) : std::nullopt;
    if (stands_for_itself(one))
      event(one.kind, one.detail, at);
    else
      event("forced", one.kind + ": " + one.detail, at);
  }
  for (const std::string& name : forced.limits_hit) event("forced", "limit: " + name, std::nullopt);
}

void Recorder::absorb_code(const intel::VisitRecord& forced, Merge& merge) {
  std::set<std::string> evaluated;
  for (const intel::VisitSource& one : record_.evaluated) evaluated.insert(one.position.sha256.hex());
  for (const intel::VisitSource& one : forced.evaluated) {
    if (record_.evaluated.size() >= limits::max_evaluated) break;
    if (!evaluated.insert(one.position.sha256.hex()).second) continue;
    record_.evaluated.push_back(one);
    record_.evaluated.back().forced = true;
  }
  for (const intel::VisitShellcode& one : forced.shellcode) {
    std::optional<uint32_t> at = merge.node(one.node);
    if (!at || record_.shellcode.size() >= limits::max_shellcode) continue;
    record_.shellcode.push_back(one);
    record_.shellcode.back().node = *at;
    record_.shellcode.back().forced = true;
  }
}

// What would convict if the page had done it by itself is a suspicion.
void Recorder::absorb_misuses(const Recorder& other, Merge& merge) {
  constexpr std::string_view skimmer = "T1056.003";  // told as a leak
  const chain::Facts& forced = other.facts_;
  auto suspect = [&](uint32_t node, std::string what, std::vector<std::string> cves = {}) {
    std::optional<uint32_t> at = merge.node(node);
    const bool ours_too = std::ranges::any_of(facts_.misuses, [&](const chain::Misuse& ours) {
      return at && ours.node == *at && ours.what == what;
    });
    if (!at || ours_too) return;
    misuse({*at, std::move(what), std::move(cves), {}, true});
  };
  for (const chain::Misuse& one : forced.misuses) suspect(one.node, one.what, one.cves);
  for (const chain::Command& one : forced.commands)
    if (std::ranges::none_of(facts_.commands, [&](const auto& ours) { return ours.text == one.text; }))
      suspect(one.node, fmt::format("has a command run: {}", one.text.substr(0, 200)));
  for (const chain::File& one : forced.files)
    if (std::ranges::none_of(facts_.files, [&](const auto& ours) { return ours.path == one.path; }))
      suspect(one.node, fmt::format("writes a program, {}", one.path));
  for (const chain::RuleHit& one : forced.rules)
    if (std::ranges::none_of(facts_.rules, [&](const auto& ours) { return ours.what == one.what; }))
      suspect(one.node, one.what);
  for (const chain::Leak& one : forced.leaks) {
    std::optional<uint32_t> to = merge.node(one.to);
    const bool ours_too =
        std::ranges::any_of(facts_.leaks, [&](const chain::Leak& ours) { return to && ours.to == *to; });
    if (to && !ours_too) suspect(one.from, fmt::format("sends what was typed to {}", record_.nodes[*to].url));
  }
  for (const chain::Lure& one : chain::find_lures(other.record_, forced))
    if (one.verdict == intel::VisitVerdict::malicious && one.technique != skimmer)
      suspect(one.node, fmt::format("{} ({})", one.evidence, one.name));
}

void Recorder::absorb_forced(const Recorder& other) {
  const intel::VisitRecord& forced = other.record_;
  Merge merge(*this, forced);
  absorb_edges(forced, merge);
  absorb_events(forced, merge);
  absorb_code(forced, merge);
  absorb_misuses(other, merge);
  for (const std::string& name : forced.components)
    once(record_.components, name, limits::max_components);
}

}  // namespace shikake::honeyclient::low
