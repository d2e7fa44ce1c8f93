#include "honeyclient/chain/chain.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/ascii.h"
#include "honeyclient/chain/lures.h"
#include "honeyclient/chain/payload.h"
#include "honeyclient/chain/site.h"

namespace shikake::honeyclient::chain {
namespace {

using intel::Mechanism;
using intel::Role;
using intel::VisitEdge;
using intel::VisitNode;
using intel::VisitRecord;
using intel::VisitVerdict;

// Ways in which a page, not the person before it, opens something.
bool opens(const VisitEdge& edge) {
  switch (edge.mechanism) {
    case Mechanism::http_redirect:
    case Mechanism::http_refresh:
    case Mechanism::meta_refresh:
    case Mechanism::frame:
    case Mechanism::iframe:
    case Mechanism::object:
    case Mechanism::embed:
    case Mechanism::applet:
    case Mechanism::location:
    case Mechanism::window_open:
    case Mechanism::form_submit:
    case Mechanism::download:
    case Mechanism::component:
      return true;
    case Mechanism::anchor:
      return edge.script.has_value();  // clicked by a script
    default:
      return false;
  }
}

std::string_view verb(const VisitEdge& edge) {
  switch (edge.mechanism) {
    case Mechanism::http_redirect:
      return "an HTTP redirect";
    case Mechanism::http_refresh:
      return "a Refresh header";
    case Mechanism::meta_refresh:
      return "a meta refresh";
    case Mechanism::frame:
      return "a frame";
    case Mechanism::iframe:
      return "an iframe";
    case Mechanism::location:
      return "a change of location";
    case Mechanism::window_open:
      return "a new window";
    case Mechanism::form_submit:
      return "a form that submits itself";
    case Mechanism::object:
    case Mechanism::embed:
    case Mechanism::applet:
      return "an embedded object";
    case Mechanism::component:
      return "a component";
    case Mechanism::anchor:
      return "a link";
    default:
      return "a download";
  }
}

bool hidden_in_data(const VisitEdge& edge) {
  return edge.script && !edge.script->ancestry.empty();
}

// "an iframe that a script made by another one wrote by document.write, line 3"; the file too, where it is
// not the page itself.
std::string how(const VisitEdge& edge, const std::string& page) {
  std::string text(verb(edge));
  if (!edge.script) return text;
  const intel::ScriptOrigin& script = *edge.script;
  // Innermost position first; the outermost is where a person finds it in the page's source.
  const intel::ScriptPosition& visible = script.ancestry.empty() ? script.position : script.ancestry.back();
  text += fmt::format(" that a script{} {}, line {}", script.ancestry.empty() ? "" : " made by another one",
                      script.written_by.empty() ? "made" : "wrote by " + script.written_by, visible.line);
  return visible.url == page ? text : text + " of " + visible.url;
}

class Judge {
 public:
  Judge(VisitRecord& visit, const Facts& facts) : visit_(visit), facts_(facts) {
    first_in_.resize(visit.nodes.size());
    sites_.reserve(visit.nodes.size());
    for (const VisitNode& node : visit.nodes) sites_.push_back(site_of(node.url));
    find_ways();
  }

  void run() {
    for (const Misuse& misuse : facts_.misuses) convict_exploit(misuse);
    for (const PayloadPlace& place : facts_.payloads)
      if (place.node < visit_.nodes.size()) give(place.node, Role::distribution, place.why);
    for (const RuleHit& hit : facts_.rules) weigh_rule(hit);
    weigh_files();
    weigh_commands();
    for (uint32_t node : facts_.downloads) weigh_download(node);
    for (const Lure& lure : find_lures(visit_, facts_)) weigh_lure(lure);
    weigh_hidden_diverts();
  }

 private:
  // A page may ask for a picture at the very URL that it opens next: ways that open all along go first.
  void find_ways() {
    const auto fits = [&](const VisitEdge& edge) {
      return edge.to < first_in_.size() && edge.from < first_in_.size() && edge.to != edge.from &&
             edge.to != 0 && !first_in_[edge.to];
    };
    // Edges stand in the order in which they were made, so hardly ever does one pass not do.
    for (bool found = true; found;) {
      found = false;
      for (size_t i = 0; i < visit_.edges.size(); ++i) {
        const VisitEdge& edge = visit_.edges[i];
        if (!fits(edge) || !opens(edge) || (edge.from != 0 && !first_in_[edge.from])) continue;
        first_in_[edge.to] = i;
        found = true;
      }
    }
    for (size_t i = 0; i < visit_.edges.size(); ++i)
      if (fits(visit_.edges[i])) first_in_[visit_.edges[i].to] = i;
  }

  // Edges from node 0 to `node`, by the way that each was first reached. Empty for node 0 itself, and for a
  // node that hangs in the air.
  std::vector<const VisitEdge*> path_to(uint32_t node) const {
    std::vector<const VisitEdge*> path;
    while (node != 0) {
      if (!first_in_[node] || path.size() > visit_.nodes.size()) return {};
      path.push_back(&visit_.edges[*first_in_[node]]);
      node = path.back()->from;
    }
    std::ranges::reverse(path);
    return path;
  }

  void raise(VisitVerdict verdict, std::string reason) {
    if (std::ranges::find(visit_.reasons, reason) != visit_.reasons.end()) return;
    // Strongest first: a malicious reason goes before the suspicious ones.
    if (verdict > visit_.verdict) {
      visit_.reasons.insert(visit_.reasons.begin(), std::move(reason));
      visit_.verdict = verdict;
    } else {
      visit_.reasons.push_back(std::move(reason));
    }
  }

  VisitNode* node(uint32_t id) { return id < visit_.nodes.size() ? &visit_.nodes[id] : nullptr; }

  // A stronger role stays: a page that attacks is an exploit page whatever else it does.
  void give(uint32_t id, Role role, std::string evidence) {
    VisitNode& it = visit_.nodes[id];
    auto strength = [](Role one) {
      return one == Role::landing ? 0 : one == Role::relay ? 1 : one == Role::distribution ? 2 : 3;
    };
    if (!it.role || strength(role) > strength(*it.role)) {
      it.role = role;
      it.evidence.clear();
    }
    if (it.role == role && std::ranges::find(it.evidence, evidence) == it.evidence.end())
      it.evidence.push_back(std::move(evidence));
  }

  // Landing and relays of the way to `target`. Steps within the first site are that site's own affair; the
  // landing page is the last of them.
  void name_the_way(const std::vector<const VisitEdge*>& path, uint32_t target) {
    bool left = false;
    for (const VisitEdge* edge : path) {
      if (edge->from == target) return;
      const std::string& to_site = sites_[edge->to];
      const bool leaves = !to_site.empty() && to_site != sites_[0];
      if (!left && !leaves) continue;
      give(edge->from, left ? Role::relay : Role::landing,
           fmt::format("leads to {} by {}", visit_.nodes[edge->to].url,
                       how(*edge, visit_.nodes[edge->from].url)));
      left = true;
    }
  }

  void convict_exploit(const Misuse& misuse) {
    VisitNode* page = node(misuse.node);
    if (!page) return;
    if (misuse.forced)
      return raise(VisitVerdict::suspicious,
                   fmt::format("{} {}, in a run by force alone", page->url, misuse.what));
    if (!misuse.vouched) return raise(VisitVerdict::suspicious, fmt::format("{} {}", page->url, misuse.what));
    raise(VisitVerdict::malicious, fmt::format("{} {}", page->url, misuse.what));
    name_the_way(path_to(misuse.node), misuse.node);
    give(misuse.node, Role::exploit, misuse.what);
    if (misuse.file && node(*misuse.file))
      give(*misuse.file, Role::distribution,
           fmt::format("served the file of {} bytes that {} wrote to the visitor's disk",
                       node(*misuse.file)->size, page->url));
    for (const std::string& cve : misuse.cves)
      if (std::ranges::find(page->cves, cve) == page->cves.end()) page->cves.push_back(cve);
  }

  void weigh_rule(const RuleHit& hit) {
    VisitNode* body = node(hit.node);
    if (!body) return;
    raise(hit.malicious ? VisitVerdict::malicious : VisitVerdict::suspicious, body->url + ": " + hit.what);
    if (!hit.malicious) return;
    name_the_way(path_to(hit.node), hit.node);
    give(hit.node,
         payload_by_mime(body->mime).kind == PayloadKind::program ? Role::distribution : Role::exploit,
         hit.what);
  }

  // A program that a script writes is suspicious; that it has it run, or took it from the network, is what
  // droppers do.
  void weigh_files() {
    for (const File& file : facts_.files) {
      if (!node(file.node)) continue;
      const std::string name = base::to_lower(file.path.substr(file.path.find_last_of("\\/") + 1));
      const bool ran = name.size() > 3 && std::ranges::any_of(facts_.commands, [&](const Command& command) {
                         return base::to_lower(command.text).find(name) != std::string::npos;
                       });
      VisitNode* source = file.served_by ? node(*file.served_by) : nullptr;
      std::string what = fmt::format("wrote a {} to {}", file.kind, file.path);
      if (source && source->id != file.node) what += " that came from " + source->url;
      if (ran) what += ", and had it run";
      const bool scripts_only = file.kind == "Windows script";  // administrators write and run those too
      const bool malicious = ran && (!scripts_only || source);
      raise(malicious ? VisitVerdict::malicious : VisitVerdict::suspicious,
            visit_.nodes[file.node].url + " " + what);
      if (!malicious) continue;
      name_the_way(path_to(file.node), file.node);
      give(file.node, Role::exploit, what);
      if (source && source->id != file.node)
        give(source->id, Role::distribution,
             fmt::format("served a {} of {} bytes that {} wrote and ran", file.kind, source->size,
                         visit_.nodes[file.node].url));
    }
  }

  // A shell that is told to fetch something from the network needs nobody's program.
  void weigh_commands() {
    for (const Command& command : facts_.commands) {
      if (!node(command.node)) continue;
      const bool fetches = command.text.find("://") != std::string::npos || command.fetches;
      const std::string what =
          fmt::format("had a command run{}: {}", fetches ? " that fetches" : "", command.text.substr(0, 200));
      raise(fetches ? VisitVerdict::malicious : VisitVerdict::suspicious,
            visit_.nodes[command.node].url + " " + what);
      if (!fetches) continue;
      name_the_way(path_to(command.node), command.node);
      give(command.node, Role::exploit, what);
    }
  }

  // The document that had the file fetched: past the redirects in front of it.
  static const VisitEdge* fetched_by(const std::vector<const VisitEdge*>& path) {
    for (auto edge = path.rbegin(); edge != path.rend(); ++edge)
      if ((*edge)->mechanism != Mechanism::http_redirect) return *edge;
    return nullptr;  // redirects alone: the visited URL is a link to the file
  }

  // Redirects of the file's own request are how mirrors are chosen: what counts is who led to the asking
  // page.
  size_t sites_between(const std::vector<const VisitEdge*>& path, const VisitEdge& cause,
                       uint32_t target) const {
    std::vector<std::string_view> sites;
    for (const VisitEdge* edge : path) {
      if (edge == &cause) break;
      const std::string& site = sites_[edge->to];
      if (edge->to != target && !site.empty() && site != sites_[0] && site != sites_[target] &&
          std::ranges::find(sites, site) == sites.end())
        sites.push_back(site);
    }
    return sites.size();
  }

  void weigh_download(uint32_t id) {
    VisitNode* file = node(id);
    if (!file) return;
    const Payload payload = payload_by_mime(file->mime);
    const std::vector<const VisitEdge*> path = path_to(id);
    const VisitEdge* cause = fetched_by(path);
    const bool from_a_misuser = cause && visit_.nodes[cause->from].role == Role::exploit;
    // Archives and documents are what people link to; only an attack makes them payloads.
    if (!cause || !std::ranges::all_of(path, [](const VisitEdge* edge) { return opens(*edge); })) return;
    if (payload.kind == PayloadKind::none || (payload.kind != PayloadKind::program && !from_a_misuser))
      return;
    const bool elsewhere = !sites_[id].empty() && sites_[id] != sites_[0];
    if (!elsewhere && !from_a_misuser) return;

    const size_t between = sites_between(path, *cause, id);
    const bool hidden =
        std::ranges::any_of(path, [](const VisitEdge* edge) { return hidden_in_data(*edge); });
    const bool malicious = from_a_misuser || between > 0 || hidden;
    std::string came = fmt::format("a {} of {} bytes came without a click from {}, by {}", payload.name,
                                   file->size, file->url, how(*cause, visit_.nodes[cause->from].url));
    if (between > 0) came += fmt::format(", over {} other {}", between, between == 1 ? "site" : "sites");
    raise(malicious ? VisitVerdict::malicious : VisitVerdict::suspicious, came);

    name_the_way(path, id);
    // Who sends the file without being where the way began is the page that attacks: a page of another site,
    // or one of the first to which others led back.
    if (malicious && cause->from != 0 && (between > 0 || sites_[cause->from] != sites_[0]))
      give(cause->from, Role::exploit,
           fmt::format("makes the browser fetch {} ({}) by {}", file->url, payload.name,
                       how(*cause, visit_.nodes[cause->from].url)));
    give(id, Role::distribution,
         fmt::format("served a {} of {} bytes that nobody had asked for", payload.name, file->size));
  }

  void weigh_lure(const Lure& lure) {
    std::string named(lure.name);
    if (!lure.technique.empty()) named += fmt::format(" ({})", lure.technique);
    visit_.events.push_back({"lure", named + ": " + lure.evidence, lure.node});
    if (lure.verdict == VisitVerdict::benign) return;
    raise(lure.verdict, fmt::format("{} {} ({})", visit_.nodes[lure.node].url, lure.evidence, named));
    name_the_way(path_to(lure.node), lure.node);
    if (lure.role) give(lure.node, *lure.role, lure.evidence);
    if (lure.other && lure.other_role) give(*lure.other, *lure.other_role, named + ": " + lure.evidence);
  }

  bool evaluated(const intel::ScriptOrigin& script) const {
    // The last of the ancestry is what the page itself holds.
    if (script.ancestry.empty()) return false;
    return facts_.evaluated.contains(script.position.sha256) ||
           std::any_of(
               script.ancestry.begin(), script.ancestry.end() - 1,
               [&](const intel::ScriptPosition& one) { return facts_.evaluated.contains(one.sha256); });
  }

  // Packed libraries use eval too, but they don't send visitors to other sites.
  void weigh_hidden_diverts() {
    if (visit_.verdict != VisitVerdict::benign) return;
    for (const VisitEdge& edge : visit_.edges) {
      if (edge.forced || !opens(edge) || !edge.script || !evaluated(*edge.script) ||
          edge.to >= sites_.size() || edge.from >= sites_.size())
        continue;
      const bool elsewhere =
          !sites_[edge.to].empty() && !sites_[edge.from].empty() && sites_[edge.to] != sites_[edge.from];
      if (elsewhere)
        raise(VisitVerdict::suspicious,
              fmt::format("{} leads to {} by {}", visit_.nodes[edge.from].url, visit_.nodes[edge.to].url,
                          how(edge, visit_.nodes[edge.from].url)));
    }
  }

  VisitRecord& visit_;
  const Facts& facts_;
  std::vector<std::optional<size_t>> first_in_;  // index of the edge that first reached a node
  std::vector<std::string> sites_;               // tenant key of a node
};

}  // namespace

void judge(VisitRecord& visit, const Facts& facts) {
  if (!visit.nodes.empty()) Judge(visit, facts).run();
}

}  // namespace shikake::honeyclient::chain
