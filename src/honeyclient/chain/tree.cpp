#include "honeyclient/chain/tree.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/display.h"

namespace shikake::honeyclient::chain {
namespace {

using intel::VisitEdge;
using intel::VisitNode;
using intel::VisitRecord;

constexpr size_t max_url_shown = 90;       // columns; --json has the whole
constexpr size_t max_sentences_shown = 5;  // reasons, limits and the like, each
constexpr size_t max_facts_shown = 40;     // of documents and machine code

std::string shown(const std::string& url) {
  return base::for_terminal(base::defang(url), max_url_shown);
}

std::string_view paint(intel::Role role) {
  switch (role) {
    case intel::Role::landing:
      return "\033[33m";
    case intel::Role::relay:
      return "\033[35m";
    default:
      return "\033[31m";
  }
}

std::string size_text(uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 10'000'000) return fmt::format("{} KB", bytes / 1000);
  return fmt::format("{} MB", bytes / 1'000'000);
}

class Tree {
 public:
  Tree(const VisitRecord& visit, const TreeOptions& options)
      : visit_(visit),
        options_(options),
        children_(visit.nodes.size()),
        told_(visit.nodes.size()),
        wanted_(visit.nodes.size()) {
    for (const VisitEdge& edge : visit.edges)
      if (edge.from < children_.size() && edge.to < children_.size()) children_[edge.from].push_back(&edge);
    mark_wanted();
  }

  std::string render() {
    if (visit_.nodes.empty()) return "";
    std::string text = "  " + line(visit_.nodes[0], nullptr) + "\n";
    told_[0] = true;
    branch(0, "  ", text);
    if (left_out_ > 0) text += fmt::format("  … and {} more\n", left_out_);
    if (bystanders_ > 0)
      text += fmt::format("  and {} {} without a part in it (--all shows them)\n", bystanders_,
                          bystanders_ == 1 ? "resource" : "resources");
    return text;
  }

 private:
  // Nodes with a role, and all that lead to them. In a visit without any, everything is wanted.
  void mark_wanted() {
    const bool all = options_.bystanders || std::ranges::none_of(visit_.nodes, [](const VisitNode& node) {
                       return node.role.has_value();
                     });
    for (size_t i = 0; i < wanted_.size(); ++i) wanted_[i] = all || visit_.nodes[i].role.has_value();
    if (all) return;
    for (bool grew = true; grew;) {
      grew = false;
      for (const VisitEdge& edge : visit_.edges) {
        if (edge.to < wanted_.size() && edge.from < wanted_.size() && wanted_[edge.to] && !wanted_[edge.from])
          grew = wanted_[edge.from] = true;
      }
    }
  }

  // Iterative would read worse; depth is bounded by max_depth.
  static constexpr size_t max_depth = 40;
  void branch(uint32_t from, const std::string& indent, std::string& text) {
    std::vector<const VisitEdge*> out;
    for (const VisitEdge* edge : children_[from]) {
      if (!wanted_[edge->to]) {
        if (!told_[edge->to]) ++bystanders_;
        told_[edge->to] = true;
      } else if (!told_[edge->to]) {
        told_[edge->to] = true;
        out.push_back(edge);
      }
    }
    for (size_t i = 0; i < out.size(); ++i) {
      const bool last = i + 1 == out.size();
      if (++lines_ > options_.max_lines || indent.size() > max_depth * 3) {
        ++left_out_;
        continue;
      }
      text += fmt::format("{}{} {}\n", indent, last ? "└─" : "├─", line(visit_.nodes[out[i]->to], out[i]));
      branch(out[i]->to, indent + (last ? "   " : "│  "), text);
    }
  }

  std::string line(const VisitNode& node, const VisitEdge* edge) const {
    std::string text;
    if (edge) {
      text += fmt::format("{}", intel::name(edge->mechanism));
      if (edge->script && !edge->script->written_by.empty())
        text += fmt::format(" by {}", base::for_terminal(edge->script->written_by, 40));
      if (edge->script)
        text += fmt::format(" (script line {}{})", edge->script->position.line,
                            edge->script->ancestry.empty() ? "" : ", eval'd");
      text += ": ";
    }
    if (node.role) {
      const std::string role(intel::name(*node.role));
      text += options_.color ? fmt::format("{}{}\033[0m  ", paint(*node.role), role)
                             : fmt::format("[{}]  ", role);
    }
    text += shown(node.url);
    if (!node.fetched) {
      text += fmt::format("   not fetched: {}", base::for_terminal(node.why_not, 60));
    } else if (node.size > 0) {
      text +=
          fmt::format("   {} {}, {}", node.status, base::for_terminal(node.mime, 60), size_text(node.size));
    } else if (node.status > 0) {
      text += fmt::format("   {}", node.status);
    }
    return text;
  }

  const VisitRecord& visit_;
  const TreeOptions& options_;
  std::vector<std::vector<const VisitEdge*>> children_;
  std::vector<bool> told_, wanted_;
  size_t lines_ = 0, left_out_ = 0, bystanders_ = 0;
};

std::string sentences(std::string_view label, const std::vector<std::string>& texts,
                      size_t most = max_sentences_shown) {
  std::string text;
  for (size_t i = 0; i < std::min(texts.size(), most); ++i)
    text += fmt::format("  {:<10} {}\n", i == 0 ? label : "",
                        base::for_terminal(base::defang_text(texts[i]), 300));
  if (texts.size() > most) text += fmt::format("  {:<10} … and {} more\n", "", texts.size() - most);
  return text;
}

std::vector<std::string> chain_evidence(const VisitRecord& visit) {
  std::vector<std::string> texts;
  for (const VisitNode& node : visit.nodes)
    if (node.role && !node.evidence.empty())
      texts.push_back(
          fmt::format("{} {}: {}", intel::name(*node.role), base::defang(node.url), node.evidence.front()));
  return texts;
}

// The files that the chain ends in.
std::vector<std::string> files(const VisitRecord& visit) {
  std::vector<std::string> texts;
  for (const VisitNode& node : visit.nodes)
    if (node.role == intel::Role::distribution && node.sha256)
      texts.push_back(fmt::format("{} · {} · {}", node.sha256->hex(), node.mime, size_text(node.size)));
  return texts;
}

// What documents and machine code came to.
std::vector<std::string> taken_apart(const VisitRecord& visit) {
  std::vector<std::string> texts;
  for (const intel::VisitShellcode& code : visit.shellcode) {
    texts.push_back(
        fmt::format("machine code, {} bytes, found by {}, {}", code.size, code.how, code.outcome));
    for (const intel::VisitCall& call : code.calls)
      texts.push_back(fmt::format("  {}({})", call.function, fmt::join(call.arguments, ", ")));
  }
  for (const intel::VisitFile& file : visit.files) {
    const auto* document = file.facts.if_contains("document");
    if (!document || !document->is_object() || file.node >= visit.nodes.size()) continue;
    const auto& facts = document->as_object();
    auto text = [](const boost::json::object& object, std::string_view key) {
      const auto* value = object.if_contains(key);
      return value && value->is_string() ? std::string(value->as_string()) : std::string();
    };
    texts.push_back(fmt::format("{}{}: {}", file.inside.empty() ? "" : file.inside + " in ",
                                visit.nodes[file.node].url, text(facts, "format")));
    if (const auto* traits = facts.if_contains("traits"); traits && traits->is_array())
      for (const auto& one : traits->as_array())
        if (one.is_object())
          texts.push_back(fmt::format("  {} {} {}", text(one.as_object(), "name"),
                                      text(one.as_object(), "detail"), text(one.as_object(), "cve")));
    if (const auto* links = facts.if_contains("links"); links && links->is_array())
      for (const auto& one : links->as_array())
        if (one.is_object())
          texts.push_back(
              fmt::format("  {} {}", text(one.as_object(), "how"), text(one.as_object(), "target")));
  }
  return texts;
}

}  // namespace

std::string render_tree(const VisitRecord& visit, const TreeOptions& options) {
  const std::string verdict(intel::name(visit.verdict));
  std::string text = fmt::format(
      "{}: {}{}\n", shown(visit.url),
      options.color && visit.verdict != intel::VisitVerdict::benign ? "\033[1;31m" + verdict + "\033[0m"
                                                                    : verdict,
      visit.persona.empty() ? "" : fmt::format(" (seen as {})", base::for_terminal(visit.persona, 40)));
  text += sentences("because", visit.reasons) + "\n" + Tree(visit, options).render() + "\n";
  text += sentences("evidence", chain_evidence(visit));
  text += sentences("file", files(visit));
  text += sentences("inside", taken_apart(visit), max_facts_shown);
  text += sentences("limits", visit.limits_hit);
  if (!visit.nodes.empty() && !visit.nodes[0].fetched)
    text += sentences("incomplete", {"not visited: " + visit.nodes[0].why_not});
  else if (!visit.complete && !visit.unemulated.empty())
    text += sentences("incomplete", visit.unemulated);
  else if (!visit.complete && visit.limits_hit.empty())
    text += sentences("incomplete", {"the visit could not be finished"});
  return text;
}

}  // namespace shikake::honeyclient::chain
