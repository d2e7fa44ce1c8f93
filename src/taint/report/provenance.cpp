#include "taint/report/provenance.h"

#include <algorithm>
#include <set>

namespace shikake::taint::report {
namespace {

// Evidence kept for one role of one flow: an analyst reads a few.
constexpr size_t max_evidence = 8;
// A dispatcher's other path goes on comparing and calling; a single test with a message does not.
constexpr unsigned dispatch_branches = 1;
constexpr unsigned dispatch_calls = 2;

bool names(const std::vector<Range>& label, uint16_t source, bool computed_only) {
  return std::any_of(label.begin(), label.end(), [&](const Range& r) {
    return r.source == source && (!computed_only || !r.by_decision);
  });
}
// Decoding by search (find the letter, take its place) carries bytes by decision alone.
bool searched(const std::vector<Range>& label) {
  return std::all_of(label.begin(), label.end(), [](const Range& r) { return r.by_decision; });
}
std::vector<Range> of(const std::vector<Range>& label, uint16_t source) {
  std::vector<Range> found;
  for (const Range& r : label)
    if (r.source == source) found.push_back(r);
  return found;
}
bool overlap(const std::vector<Range>& a, const std::vector<Range>& b, uint16_t source) {
  for (const Range& x : of(a, source))
    for (const Range& y : of(b, source))
      if (x.first <= y.last && y.first <= x.last) return true;
  return false;
}

// What counts as doing something, where a program could have done something else.
bool acts(const Action& action) {
  static const std::set<std::string_view> kinds = {
      "exec", "create", "write", "connect", "send", "kill", "unlink", "unlinkat", "rename", "renameat",
      "renameat2", "mkdir", "mkdirat", "chmod", "fchmodat", "reboot", "mount", "init_module", "finit_module", "ptrace"};
  return kinds.contains(action.kind);
}

// The C library and the loader test what they are given on the way to every action (flags, lazy binding);
// what a program chooses, it chooses in its own code.
bool is_system_library(std::string_view module) {
  const std::string_view file = module.substr(module.rfind('/') + 1);
  return file.starts_with("ld-") || file.starts_with("ld.so") || file.starts_with("libc.so") ||
         file.starts_with("libc-") || file.starts_with("libpthread");
}

class Judge {
 public:
  explicit Judge(Run& run) : run_(run) {}

  void all() {
    for (auto& [source, flow] : run_.flows) {
      if (flow.file) continue;
      distribution(flow);
      drop(flow);
      parent(flow);
    }
    for (auto& [source, flow] : run_.flows)
      if (!flow.file) command(flow);
  }

 private:
  static void add(Flow& flow, Role role, Evidence evidence) {
    auto& all = flow.roles[role];
    if (all.size() < max_evidence) all.push_back(std::move(evidence));
  }

  // Received bytes became a program: a file that was executed, or code in memory.
  void distribution(Flow& flow) {
    for (size_t i = 0; i < run_.actions.size(); ++i) {
      const Action& a = run_.actions[i];
      if (!names(a.content, flow.source, !searched(a.content))) continue;
      const bool code = a.kind == "code";
      add(flow, Role::distribution,
          {code ? "received bytes were executed in memory" : "received bytes were written to a file that was executed",
           of(a.content, flow.source), -1, static_cast<int64_t>(i)});
    }
  }

  // What was read from the victim's files went out on it.
  void drop(Flow& flow) {
    for (size_t i = 0; i < run_.actions.size(); ++i) {
      const Action& a = run_.actions[i];
      if (a.kind != "send" || a.source != flow.source) continue;
      for (const Range& r : a.label) {
        const auto from = run_.flows.find(r.source);
        if (r.by_decision || from == run_.flows.end() || !from->second.file) continue;
        add(flow, Role::drop, {"content of " + from->second.path + " was sent", {r}, -1, static_cast<int64_t>(i)});
      }
    }
  }

  // Its address came out of another flow's bytes.
  void parent(Flow& flow) {
    for (const Action& a : run_.actions) {
      if (a.kind != "connect" || a.source != flow.source) continue;
      for (const Range& r : a.label)
        if ((!r.by_decision || searched(a.label)) && r.source != flow.source && run_.flows.contains(r.source) && !run_.flows[r.source].file)
          flow.parent = r.source;
    }
  }

  void command(Flow& flow) {
    for (size_t i = 0; i < run_.actions.size(); ++i) {
      const Action& a = run_.actions[i];
      by_argument(flow, a, i);
      if (acts(a)) by_choice(flow, a, i);
    }
  }

  // Received bytes reached an action's arguments. A downloaded file's own name and content are the
  // download, not a command; an address is a parent.
  void by_argument(Flow& flow, const Action& a, size_t index) {
    if (a.kind == "connect" || a.kind == "send" || a.kind == "write") return;
    if (!names(a.label, flow.source, !(a.kind == "exec" && searched(a.label)))) return;
    if (a.kind == "exec" && names(a.content, flow.source, false)) return;
    const bool writes = a.kind == "create" || a.kind == "open" || a.kind == "openat";
    if (writes && flow.roles.contains(Role::distribution)) return;
    add(flow, Role::c2, {"received bytes are an argument of " + a.kind, of(a.label, flow.source), -1,
                         static_cast<int64_t>(index)});
  }

  // Received bytes chose this action among others.
  void by_choice(Flow& flow, const Action& a, size_t index) {
    // A program that was itself received does as it likes: that is its distributor's doing already.
    for (const uint32_t number : a.within) {
      const auto found = run_.decisions.find(number);
      if (found == run_.decisions.end() || !names(found->second.label, flow.source, false)) continue;
      const Decision& d = found->second;
      if (is_system_library(d.module)) continue;
      if (interprets_download(flow, d)) continue;
      const std::string why = choice(flow, d, a);
      if (why.empty()) {
        flow.gate = true;
        continue;
      }
      add(flow, Role::c2, {why, of(d.label, flow.source), d.number, static_cast<int64_t>(index)});
      return;
    }
  }

  // A shell that runs a downloaded script decides on the script's bytes all the time.
  bool interprets_download(const Flow& flow, const Decision& d) const {
    if (!flow.roles.contains(Role::distribution)) return false;
    return std::any_of(run_.actions.begin(), run_.actions.end(), [&](const Action& a) {
      return a.kind == "exec" && a.pid == d.pid && names(a.content, flow.source, !searched(a.content));
    });
  }

  std::string choice(const Flow& flow, const Decision& d, const Action& a) const {
    // A target that a decision merely marked is an address that was made under it, not chosen by it.
    if (d.indirect) return searched(of(d.label, flow.source)) ? "" : "received bytes chose the jump that led to " + a.kind;
    if (d.other_branches >= dispatch_branches && d.other_calls >= dispatch_calls)
      return "received bytes chose " + a.kind + " among other actions";
    // Tested against something else before: the end of a chain of comparisons.
    for (const auto& [number, other] : run_.decisions) {
      if (number >= d.number) break;
      if (other.pid != d.pid || other.module != d.module || other.address == d.address || other.indirect) continue;
      const bool passed_over = std::find(a.within.begin(), a.within.end(), number) != a.within.end();
      if (passed_over && overlap(other.label, d.label, flow.source) && other.other_calls >= 1)
        return "received bytes were compared with several words and chose " + a.kind;
    }
    return {};
  }

  Run& run_;
};

}  // namespace

std::string_view name(Role role) {
  switch (role) {
    case Role::c2: return "c2";
    case Role::distribution: return "distribution";
    case Role::drop: return "drop";
  }
  return "unknown";
}

void judge(Run& run) { Judge(run).all(); }

}  // namespace shikake::taint::report
