#include "taint/report/provenance.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace shikake::taint::report {
namespace {

// Evidence kept for one role of one flow: an analyst reads a few.
constexpr size_t max_evidence = 8;
// A dispatcher's other path goes on comparing and calling; a single test with a message does not.
constexpr unsigned dispatch_branches = 1;
constexpr unsigned dispatch_calls = 2;
// Of a function that does nothing but tell words apart; what a program does after its first test has more.
constexpr unsigned chain_branches = 12;

bool names(const std::vector<Range>& label, uint16_t source, bool computed_only) {
  return std::ranges::any_of(label, [&](const Range& r) {
    return r.source == source && (!computed_only || !r.by_decision);
  });
}
// Decoding by search (find the letter, take its place) carries bytes by decision alone.
bool searched(const std::vector<Range>& label) {
  return std::ranges::all_of(label, [](const Range& r) { return r.by_decision; });
}
std::vector<Range> of(const std::vector<Range>& label, uint16_t source) {
  std::vector<Range> found;
  for (const Range& r : label)
    if (r.source == source) found.push_back(r);
  return found;
}
bool overlap(const std::vector<Range>& a, const std::vector<Range>& b, uint16_t source) {
  return std::ranges::any_of(a, [&](const Range& x) {
    return x.source == source && std::ranges::any_of(b, [&](const Range& y) {
             return y.source == source && x.first <= y.last && y.first <= x.last;
           });
  });
}
// Each source of a label once.
std::vector<uint16_t> sources(const std::vector<Range>& label) {
  std::vector<uint16_t> found;
  for (const Range& r : label)
    if (std::ranges::find(found, r.source) == found.end()) found.push_back(r.source);
  return found;
}

// What counts as doing something, where a program could have done something else.
bool acts(const Action& action) {
  static const std::set<std::string_view> kinds = {
      "exec", "create", "write", "connect", "send", "kill", "unlink", "unlinkat", "rename", "renameat",
      "renameat2", "mkdir", "mkdirat", "chmod", "fchmodat", "reboot", "mount", "init_module", "finit_module", "ptrace"};
  return !action.failed && kinds.contains(action.kind);
}

bool opens(const Action& action) {
  return action.kind == "create" || action.kind == "open" || action.kind == "openat" || action.kind == "openat2";
}

// Where a guest's own libraries lie: its folders, and those of other architectures' (/usr/arm-linux-gnueabihf/lib).
bool in_library_folder(std::string_view path) {
  for (const std::string_view folder : {"/lib/", "/lib32/", "/lib64/", "/libx32/"}) {
    if (path.starts_with(folder)) return true;
    if (path.starts_with("/usr") && path.substr(4).starts_with(folder)) return true;
  }
  if (!path.starts_with("/usr/")) return false;
  const std::string_view below = path.substr(5, path.find('/', 5) - 5);
  return below.find("-linux-") != std::string_view::npos && path.substr(5 + below.size()).starts_with("/lib/");
}

// The C library and the loader test what they are given on the way to every action (flags, lazy binding);
// what a program chooses, it chooses in its own code. A name alone makes no library of a program.
bool is_system_library(std::string_view module) {
  if (!in_library_folder(module)) return false;
  const std::string_view file = module.substr(module.rfind('/') + 1);
  if (file.find(".so") == std::string_view::npos) return false;
  for (const std::string_view start : {"ld-", "ld.so", "ld64.so", "libc.so", "libc-", "libc.musl-", "libpthread", "libuClibc-"})
    if (file.starts_with(start)) return true;
  return false;
}

// A question for a name's address (RFC 1035, section 4.1): a head of twelve bytes, one question, nothing else.
bool asks_for_a_name(std::string_view message) {
  constexpr size_t head = 12;
  if (message.size() < head + 6) return false;
  const auto at = [&](size_t i) { return static_cast<uint8_t>(message[i]); };
  const auto count = [&](size_t i) { return at(i) << 8 | at(i + 1); };
  const bool is_standard_query = (at(2) & 0xf8) == 0;
  if (!is_standard_query || count(4) != 1 || count(6) != 0 || count(8) != 0) return false;
  size_t end = head;
  while (end < message.size() && at(end) != 0 && at(end) < 64) end += 1 + at(end);
  return end > head && end + 5 <= message.size() && at(end) == 0;
}
// Over a connection its length goes before it (section 4.2.2).
bool asks_over_a_connection(std::string_view message) {
  constexpr size_t length = 2;
  if (message.size() <= length) return false;
  const size_t said = size_t{static_cast<uint8_t>(message[0])} << 8 | static_cast<uint8_t>(message[1]);
  return said == message.size() - length && asks_for_a_name(message.substr(length));
}

// Files that hold flows' bytes, by the last part of their paths, as an action may name one from its own working
// directory; and the folders that they lie in.
class Paths {
 public:
  void add(std::string_view path, uint16_t source, uint64_t& steps) {
    if (steps == 0 || !known_.emplace(path, source).second) return;
    files_[path.substr(path.rfind('/') + 1)].emplace_back(path, source);
    for (size_t end = path.rfind('/'); end != std::string_view::npos && end > 0; end = path.rfind('/', end - 1)) {
      if (steps == 0) return;
      --steps;
      const std::string_view folder = path.substr(0, end);
      if (!known_.emplace(folder, source).second) return;  // and so are those above it
      folders_[folder.substr(folder.rfind('/') + 1)].emplace_back(folder, source);
    }
  }
  // Whether a flow that fits has bytes in the file that `name` may mean.
  template <class Fits>
  bool any(std::string_view name, uint64_t& steps, Fits fits) const {
    return in(files_, name, steps, fits);
  }
  // The same of the files in the folder that it may mean.
  template <class Fits>
  bool any_inside(std::string_view name, uint64_t& steps, Fits fits) const {
    return in(folders_, name, steps, fits);
  }

 private:
  using Known = std::unordered_map<std::string_view, std::vector<std::pair<std::string_view, uint16_t>>>;
  template <class Fits>
  static bool in(const Known& all, std::string_view name, uint64_t& steps, Fits fits) {
    while (name.starts_with("./")) name.remove_prefix(2);
    while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
    const auto found = all.find(name.substr(name.rfind('/') + 1));
    if (found == all.end() || name.empty()) return false;
    for (const auto& [path, source] : found->second) {
      if (steps == 0) return false;
      --steps;
      const bool same = path == name || (name[0] != '/' && path.ends_with(name) && path[path.size() - name.size() - 1] == '/');
      if (same && fits(source)) return true;
    }
    return false;
  }

  std::set<std::pair<std::string_view, uint16_t>> known_;
  Known files_, folders_;
};

class Judge {
 public:
  Judge(Run& run, uint64_t steps) : run_(run), left_(steps) {
    note_places();
    for (const auto& [source, flow] : run_.flows)
      if (!flow.file && !flow.remote.empty()) by_remote_.try_emplace(flow.remote, source);
  }

  void all() {
    for (size_t i = 0; i < run_.actions.size(); ++i) {
      distribution(i);
      drop(i);
      parent(run_.actions[i]);
      saving(run_.actions[i]);
    }
    for (size_t i = 0; i < run_.actions.size(); ++i) {
      by_argument(i);
      if (acts(run_.actions[i])) by_choice(i);
      if (left_ == 0) {
        run_.limits.insert("judging");
        return;
      }
    }
  }

 private:
  // A decision, and what is known of where it was made.
  struct Place {
    const Decision* decision = nullptr;
    size_t module = 0;  // equal for the same file
    bool library = false;
    std::vector<uint16_t> sources;
  };

  void note_places() {
    std::set<std::string_view> written;
    for (const Action& a : run_.actions) {
      if (a.failed) continue;
      if (a.kind == "create" || a.kind == "write") written.insert(a.object);
      if (a.kind.starts_with("rename")) written.insert(a.arguments);  // what it is called from then on
    }
    std::map<std::string_view, size_t> modules;
    for (const auto& [number, d] : run_.decisions) {
      const size_t module = modules.try_emplace(d.module, modules.size()).first->second;
      places_[number] = {&d, module, is_system_library(d.module) && !written.contains(d.module),
                         sources(d.label)};
    }
  }

  // A flow; null for labelled files, and for what the guest made up.
  Flow* flow(uint16_t source) {
    const auto found = run_.flows.find(source);
    return found == run_.flows.end() || found->second.file ? nullptr : &found->second;
  }

  static void add(Flow& flow, Role role, Evidence evidence) {
    auto& all = flow.roles[role];
    if (all.size() < max_evidence) all.push_back(std::move(evidence));
  }

  // Received bytes became a program: a file that was executed, or code in memory.
  void distribution(size_t index) {
    const Action& a = run_.actions[index];
    if (a.failed) return;
    for (const uint16_t source : sources(a.content)) {
      Flow* from = flow(source);
      if (from == nullptr || !names(a.content, source, !searched(a.content))) continue;
      if (a.kind == "exec") downloaded_.insert({a.pid, source});
      add(*from, Role::distribution,
          {a.kind == "code" ? "received bytes were executed in memory" : "received bytes were written to a file that was executed",
           of(a.content, source), -1, static_cast<int64_t>(index)});
    }
  }

  // What was read from the victim's files went out on it.
  void drop(size_t index) {
    const Action& a = run_.actions[index];
    Flow* to = a.kind == "send" ? flow(a.source) : nullptr;
    if (to == nullptr) return;
    for (const Range& r : a.label) {
      const auto from = run_.flows.find(r.source);
      if (r.by_decision || from == run_.flows.end() || !from->second.file) continue;
      add(*to, Role::drop, {"content of " + from->second.path + " was sent", {r}, -1, static_cast<int64_t>(index)});
    }
  }

  // The flow that something was sent on: before its first answer a datagram's is known by where it went alone.
  uint16_t spoken_to(const Action& a) const {
    if (a.source != 0) return a.source;
    const auto found = by_remote_.find(a.object);
    return found == by_remote_.end() ? uint16_t{0} : found->second;
  }

  // Its address came out of another flow's bytes; of a name server's answer, whoever gave the name.
  void parent(const Action& a) {
    if (a.kind == "send" && (asks_for_a_name(a.data) || asks_over_a_connection(a.data))) {
      const uint16_t server = spoken_to(a);
      uint16_t& named = name_servers_[server];
      named = 0;
      for (const Range& r : a.label)
        if ((!r.by_decision || searched(a.label)) && r.source != server && flow(r.source) != nullptr) named = r.source;
    }
    Flow* to = a.kind == "connect" ? flow(a.source) : nullptr;
    if (to == nullptr) return;
    for (const Range& r : a.label) {
      if ((r.by_decision && !searched(a.label)) || r.source == a.source || flow(r.source) == nullptr) continue;
      const auto server = name_servers_.find(r.source);
      const uint16_t from = server == name_servers_.end() ? r.source : server->second;
      if (from != 0) to->parent = from;
      if (server != name_servers_.end()) answered_.emplace(r.source, a.source);
    }
  }

  // Whether what was written is what came, and not words of the program's own of which some byte was made under a
  // decision. What was decoded by search has its labels on (nearly) all bytes.
  static bool is_content(const Action& a) {
    if (!searched(a.label) || a.parts.empty()) return true;
    uint64_t labelled = 0;
    for (const Part& part : a.parts) labelled += part.last - part.first + 1;
    return labelled >= a.count / 2;
  }

  // Files that take what flows send.
  void saving(const Action& a) {
    if (a.kind != "write" || a.object.empty()) return;
    for (const uint16_t source : sources(a.label))
      if (flow(source) != nullptr && names(a.label, source, !searched(a.label)) && is_content(a)) saved_.add(a.object, source, left_);
  }

  // Whether a flow is `source`, or `source` led to it by what it said: gave its address, or answered for its name.
  bool leads_to(uint16_t source, uint16_t to) {
    constexpr int longest = 16;  // redirects; a hostile guest may make a circle of them
    for (int n = 0; n < longest && to != 0; ++n) {
      if (to == source || answered_.contains({source, to})) return true;
      const Flow* next = flow(to);
      to = next == nullptr ? uint16_t{0} : next->parent;
    }
    return false;
  }

  // Clients of every kind look at an answer (a status, lengths, where else to go) and then talk on, fetch from
  // where it says and save what comes: that is what the answer is for, and no command.
  bool takes_delivery(const Action& a, uint16_t source) {
    const auto led = [&](uint16_t to) { return leads_to(source, to); };
    if (a.kind == "send" || a.kind == "connect") return led(a.source) || name_servers_.contains(a.source);
    if (a.kind == "exec" || a.kind == "kill" || a.kind == "ptrace") return false;
    if (a.kind == "write")
      for (const uint16_t from : sources(a.label))
        if (led(from)) return true;
    return saved_.any(a.object, left_, led) || unpacks(a, led);
  }

  // An archive that came brings folders with it: those that its files are put into, and folders in these.
  template <class Led>
  bool unpacks(const Action& a, const Led& led) {
    if (a.kind != "mkdir" && a.kind != "mkdirat" && a.kind != "chmod" && a.kind != "fchmodat") return false;
    std::string_view name = a.object;
    while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
    const size_t above = name.rfind('/');
    const bool inside = above != std::string_view::npos && unpacked_.contains(name.substr(0, above));
    if (!inside && !saved_.any_inside(name, left_, led)) return false;
    if (std::ranges::any_of(sources(a.label), led)) unpacked_.insert(name);
    return true;
  }

  // Received bytes reached an action's arguments. A downloaded file's own name and content, and what an archive says
  // of the files in it, are the download, not a command; an address is a parent. One that failed was commanded all the same.
  void by_argument(size_t index) {
    const Action& a = run_.actions[index];
    if (a.kind == "connect" || a.kind == "send" || a.kind == "write" || a.kind == "code") return;
    for (const uint16_t source : sources(a.label)) {
      Flow* by = flow(source);
      if (by == nullptr || !names(a.label, source, !(a.kind == "exec" && searched(a.label)))) continue;
      if (a.kind == "exec" && names(a.content, source, false)) continue;
      if (opens(a) && by->roles.contains(Role::distribution)) continue;
      if (takes_delivery(a, source)) continue;
      if (a.failed && by->roles.contains(Role::c2)) continue;  // one of many tries along PATH
      add(*by, Role::c2, {"received bytes are an argument of " + a.kind, of(a.label, source), -1, static_cast<int64_t>(index)});
    }
  }

  // Received bytes chose this action among others.
  void by_choice(size_t index) {
    const Action& a = run_.actions[index];
    std::vector<const Place*> within;
    for (const uint32_t number : a.within)
      if (const auto found = places_.find(number); found != places_.end()) within.push_back(&found->second);
    std::set<uint16_t> convicted;
    for (const Place* place : within) {
      if (place->library) continue;
      for (const uint16_t source : place->sources) {
        Flow* by = flow(source);
        if (by == nullptr || convicted.contains(source) || interprets_download(source, *place->decision)) continue;
        if (const auto known = by->roles.find(Role::c2); known != by->roles.end() && known->second.size() >= max_evidence) continue;
        const std::string why = takes_delivery(a, source) ? "" : choice(source, *place, a, within);
        if (left_ == 0) return;
        if (why.empty()) {
          by->gate = by->gate || !tells(a, *place->decision, source);
          continue;
        }
        add(*by, Role::c2, {why, of(place->decision->label, source), place->decision->number, static_cast<int64_t>(index)});
        convicted.insert(source);
      }
    }
  }

  // How bytes are printed is decided on these bytes all the time, in a static program by what is its own code.
  static bool tells(const Action& a, const Decision& d, uint16_t source) {
    std::vector<Range> printed = a.label;
    std::erase_if(printed, [](const Range& range) { return range.by_decision; });
    return a.kind == "write" && overlap(printed, d.label, source);
  }

  // A shell that runs a downloaded script decides on the script's bytes all the time: a program that was itself
  // received does as it likes, and that is its distributor's doing already.
  bool interprets_download(uint16_t source, const Decision& d) const { return downloaded_.contains({d.pid, source}); }

  // Paths that meet only where their function ends: one of them may be all that the function does after a test that
  // sends it home. The rest of a chain of words goes on testing, and is soon through.
  static bool of_a_chain(const Decision& d) {
    return d.meets || (d.other_branches >= dispatch_branches && d.other_branches <= chain_branches);
  }

  std::string choice(uint16_t source, const Place& at, const Action& a, const std::vector<const Place*>& within) {
    const Decision& d = *at.decision;
    // Whether a downloaded program is whole and could be decoded is tested on the way to running it: a word that says
    // to run it lies beside its bytes.
    if (names(a.content, source, false) && (searched(of(d.label, source)) || overlap(a.content, d.label, source))) return {};
    // A target that a decision merely marked is an address that was made under it, not chosen by it.
    if (d.indirect) return searched(of(d.label, source)) ? "" : "received bytes chose the jump that led to " + a.kind;
    if (of_a_chain(d) && d.other_branches >= dispatch_branches && d.other_calls >= dispatch_calls)
      return "received bytes chose " + a.kind + " among other actions";
    // Tested against something else before: the end of a chain of comparisons.
    for (const Place* before : within) {
      if (left_ == 0) return {};
      --left_;
      const Decision& other = *before->decision;
      if (other.number >= d.number || other.pid != d.pid || before->module != at.module) continue;
      if (other.address == d.address || other.indirect || other.other_calls < 1) continue;
      if (!of_a_chain(other) || (!other.meets && (!of_a_chain(d) || d.other_branches < 1 || d.other_calls < 1))) continue;
      if (overlap(other.label, d.label, source)) return "received bytes were compared with several words and chose " + a.kind;
    }
    return {};
  }

  Run& run_;
  uint64_t left_;
  std::unordered_map<uint32_t, Place> places_;        // by decision
  std::set<std::pair<int, uint16_t>> downloaded_;     // processes and the flows that their programs came over
  std::unordered_map<uint16_t, uint16_t> name_servers_;  // and whose bytes the name was that was asked for last
  std::set<std::pair<uint16_t, uint16_t>> answered_;     // name servers, and the flows whose addresses they gave
  std::unordered_map<std::string_view, uint16_t> by_remote_;
  Paths saved_;
  std::set<std::string_view> unpacked_;  // folders
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

void judge(Run& run, uint64_t steps) { Judge(run, steps).all(); }

}  // namespace shikake::taint::report
