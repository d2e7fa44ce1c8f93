#include "sandbox/run/taint_flows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"

namespace shikake::sandbox::run {
namespace {

using intel::RunBytes;
using intel::RunDecision;
using intel::RunEffect;
using intel::RunFlow;
using intel::RunTaintedFile;
using taint::Range;
using taint::report::Action;
using taint::report::Decision;
using taint::report::Evidence;
using taint::report::Flow;
using taint::report::Role;

// Rows of one flow: an analyst reads a few, and a loop over received bytes decides thousands of times.
constexpr size_t max_decisions = 64, max_effects = 16, max_files = 64, max_ranges = 32, max_evidence = 6;
constexpr size_t max_shown = 64;  // bytes
constexpr size_t max_instructions = 256;

std::string port_of(const std::string& end) {
  return end.substr(std::min(end.rfind(':'), end.size()));
}

std::string host_of(const std::string& end) { return end.substr(0, end.rfind(':')); }

std::string shown(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, max_shown)) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\')
      text += c;
    else
      text += fmt::format("\\x{:02x}", byte);
  }
  return text;
}

void add(std::vector<RunBytes>& all, const std::vector<Range>& label, uint16_t source) {
  for (const Range& range : label)
    if (range.source == source) add_range(all, range.first, range.last);
}

std::string text_of(const std::vector<RunBytes>& all) {
  std::string text;
  for (const RunBytes& bytes : all)
    text += fmt::format("{}{}", text.empty() ? "" : ", ",
                        bytes.first == bytes.last ? fmt::format("{}", bytes.first)
                                                  : fmt::format("{}-{}", bytes.first, bytes.last));
  return (all.size() == 1 && all[0].first == all[0].last ? "byte " : "bytes ") + text;
}

bool all_of(std::string_view bytes, std::string_view set) {
  return std::all_of(bytes.begin(), bytes.end(), [&](char c) {
    return set.find(c) != std::string_view::npos || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

// What bytes that left look like, by their alphabet and how evenly they are spread.
std::string encoding_of(std::string_view bytes) {
  constexpr size_t enough = 16;
  if (bytes.size() < enough) return "";
  std::array<size_t, 256> counts{};
  bool text = true;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    ++counts[byte];
    text &= (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\r' || byte == '\t' || byte >= 0xc2;
  }
  if (all_of(bytes, "\r\n")) return "hexadecimal";
  if (all_of(bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZghijklmnopqrstuvwxyz+/=-_\r\n")) return "base64";
  if (text) return "text";
  double entropy = 0;
  for (const size_t count : counts)
    if (count != 0) {
      const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
      entropy -= share * std::log2(share);
    }
  return fmt::format("binary, {:.1f} bits a byte", entropy);
}

// Of flows in the record, by the number that the events give them. A socket that was not bound when it was first
// looked at has its port alone; a datagram socket's flows share it, and are told apart by whom they are with.
std::map<uint16_t, size_t> places(const intel::RunRecord& record, const taint::report::Run& taint) {
  std::map<uint16_t, size_t> found;
  std::set<size_t> taken;
  const auto is_of = [](const Flow& flow, const RunFlow& row, bool remote_known) {
    if (row.transport != flow.protocol) return false;
    // Echoes have no ports; in their place the record has their number, sockets the protocol's or none.
    if (row.transport == "icmp") return host_of(flow.remote) == host_of(row.remote);
    return port_of(flow.local) == port_of(row.local) && (!remote_known || flow.remote == row.remote);
  };
  for (const bool remote_known : {true, false}) {
    for (const auto& [source, flow] : taint.flows) {
      if (flow.file || flow.remote.empty() == remote_known) continue;
      std::vector<size_t> fitting;
      for (size_t place = 0; place < record.flows.size(); ++place) {
        const RunFlow& row = record.flows[place];
        if (!taken.contains(place) && is_of(flow, row, remote_known)) fitting.push_back(place);
      }
      // Who it was with is not known: of several, none may be blamed.
      if (fitting.empty() || (!remote_known && fitting.size() > 1)) continue;
      found[source] = fitting.front();
      taken.insert(fitting.front());
    }
  }
  return found;
}

class Join {
 public:
  Join(intel::RunRecord& record, const taint::report::Run& taint) : record_(record), taint_(taint) {
    for (const intel::RunProcess& process : record.processes)
      processes_.insert_or_assign(static_cast<int>(process.pid), process.id);
  }

  void all() {
    places_ = places(record_, taint_);
    index();
    for (const auto& [source, place] : places_) {
      RunFlow& row = record_.flows[place];
      const Flow& flow = taint_.flows.at(source);
      row.gate |= flow.gate;
      row.coarsened |= flow.coarsened;
      if (const auto parent = places_.find(flow.parent); flow.parent != 0 && parent != places_.end())
        row.parent_flow = record_.flows[parent->second].id;
      to_files(row, source);
      from_files(row, source);
      decisions(row, flow);
      roles(row, flow);
    }
    for (const auto& [bytes, count] : taint_.without_rule)
      if (record_.unsupported_instructions.size() < max_instructions)
        record_.unsupported_instructions.push_back({bytes, count});
    say_what_is_missing();
  }

 private:
  std::optional<uint32_t> process(int pid) const {
    const auto found = processes_.find(pid);
    return found == processes_.end() ? std::nullopt : std::optional(found->second);
  }

  // What each flow had a part in, so that no flow looks through everything.
  void index() {
    for (const Action& action : taint_.actions) {
      if (!action.failed)
        for (const uint32_t number : action.within) actions_of_[number].push_back(&action);
      if (action.kind == "send") sends_[action.source].push_back(&action);
      if (action.kind == "write" && !action.object.empty())
        for (const uint16_t source : sources(action.label)) writes_[source].push_back(&action);
      if (action.kind == "exec" && !action.failed && action.channel >= 0) executed_.insert(action.channel);
    }
    for (const auto& [number, decision] : taint_.decisions)
      for (const uint16_t source : sources(decision.label)) decisions_[source].push_back(&decision);
  }
  static std::set<uint16_t> sources(const std::vector<Range>& label) {
    std::set<uint16_t> found;
    for (const Range& range : label) found.insert(range.source);
    return found;
  }
  template <class T>
  static const std::vector<const T*>& of(const std::map<uint16_t, std::vector<const T*>>& all, uint16_t source) {
    static const std::vector<const T*> none;
    const auto found = all.find(source);
    return found == all.end() ? none : found->second;
  }

  // A reader must not take what was not followed for what did not happen.
  void say_what_is_missing() {
    const auto say = [&](std::string text) { record_.remarks.push_back("taint: " + std::move(text)); };
    if (!taint_.limits.empty())
      say(fmt::format("the run made more events than are judged ({}): roles and evidence may be missing",
                      fmt::join(taint_.limits, ", ")));
    if (taint_.bad_lines > 0)
      say(fmt::format("{} of its events make no sense: a program may have written them", taint_.bad_lines));
    for (const auto& [source, flow] : taint_.flows)
      if (!flow.roles.empty() && !places_.contains(source))
        say(fmt::format("a flow with {} is {}, and none of the flows that were seen is known to be it",
                        flow.remote.empty() ? "an unknown address" : base::to_valid_utf8(flow.remote),
                        taint::report::name(flow.roles.begin()->first)));
    for (const auto& [what, count] : taint_.lost)
      say(fmt::format("not everything was followed: {} ({} times)", base::to_valid_utf8(what), count));
  }

  static std::string object_of(const Action& action) {
    std::string text = action.arguments.empty() ? action.object : action.arguments;
    if (text.size() > 512) text.resize(512);
    return base::to_valid_utf8(text);
  }

  RunEffect effect(const Action& action) const {
    return {action.kind, object_of(action), process(action.pid)};
  }

  static void add_effect(std::vector<RunEffect>& all, RunEffect effect) {
    const bool known = std::ranges::any_of(all, [&](const RunEffect& one) {
      return one.kind == effect.kind && one.object == effect.object && one.process == effect.process;
    });
    if (!known && all.size() < max_effects) all.push_back(std::move(effect));
  }

  void decisions(RunFlow& row, const Flow& flow) {
    std::map<std::pair<std::string, uint64_t>, size_t> known;
    std::set<uint32_t> proofs;
    for (const auto& [role, evidence] : flow.roles)
      for (const Evidence& one : evidence)
        if (one.decision >= 0) proofs.insert(static_cast<uint32_t>(one.decision));
    // Those that a role rests on come first: the rest may be many.
    for (const bool proving : {true, false}) {
      for (const Decision* made : of(decisions_, flow.source)) {
        const Decision& decision = *made;
        const uint32_t number = decision.number;
        if (proofs.contains(number) != proving) continue;
        std::vector<RunBytes> offsets;
        add(offsets, decision.label, flow.source);
        const auto actions = actions_of_.find(number);
        if (offsets.empty() || (!proving && actions == actions_of_.end())) continue;
        const auto [place, fresh] =
            known.emplace(std::pair(decision.module, decision.offset), row.decisions.size());
        if (fresh && row.decisions.size() >= max_decisions) {
          known.erase(place);
          continue;
        }
        if (fresh) row.decisions.push_back(describe(decision));
        RunDecision& said = row.decisions[place->second];
        for (const RunBytes& bytes : offsets) add_range(said.offsets, bytes.first, bytes.last);
        if (actions != actions_of_.end())
          for (const Action* action : actions->second) add_effect(said.effects, effect(*action));
        said.bytes = content(flow, said.offsets);
      }
    }
  }

  RunDecision describe(const Decision& decision) const {
    RunDecision row;
    row.module = base::to_valid_utf8(decision.module);
    row.symbol = base::to_valid_utf8(decision.symbol);
    row.offset = decision.offset;
    row.indirect = decision.indirect;
    row.process = process(decision.pid);
    return row;
  }

  static std::string content(const Flow& flow, const std::vector<RunBytes>& offsets) {
    std::string bytes;
    for (const RunBytes& range : offsets)
      for (uint64_t at = range.first;
           at <= range.last && at < flow.received.size() && bytes.size() < max_shown; ++at)
        bytes += flow.received[at];
    return shown(bytes);
  }

  void to_files(RunFlow& row, uint16_t source) {
    std::map<int64_t, size_t> known;  // by channel
    for (const Action* write : of(writes_, source)) {
      const Action& action = *write;
      std::vector<RunBytes> offsets;
      for (const Range& range : action.label)
        if (range.source == source && !range.by_decision) add_range(offsets, range.first, range.last);
      if (offsets.empty()) continue;
      const auto [place, fresh] = known.emplace(action.channel, row.to_files.size());
      if (fresh && row.to_files.size() >= max_files) {
        known.erase(place);
        continue;
      }
      if (fresh) row.to_files.push_back({.path = base::to_valid_utf8(action.object)});
      for (const RunBytes& bytes : offsets) add_range(row.to_files[place->second].offsets, bytes.first, bytes.last);
    }
    for (const auto& [channel, place] : known) row.to_files[place].executed = executed_.contains(channel);
  }

  void from_files(RunFlow& row, uint16_t source) {
    std::map<uint16_t, size_t> known;
    for (const Action* send : of(sends_, source)) {
      const Action& action = *send;
      for (const Range& range : action.label) {
        const auto from = taint_.flows.find(range.source);
        if (range.by_decision || from == taint_.flows.end() || !from->second.file) continue;
        const auto [place, fresh] = known.emplace(range.source, row.from_files.size());
        if (fresh && row.from_files.size() >= max_files) {
          known.erase(place);
          continue;
        }
        if (fresh)
          row.from_files.push_back(
              {.path = base::to_valid_utf8(from->second.path), .encoding = encoding_of(action.data)});
        add_range(row.from_files[place->second].offsets, range.first, range.last);
      }
    }
  }

  void roles(RunFlow& row, const Flow& flow) {
    constexpr std::pair<Role, intel::Role> order[] = {{Role::c2, intel::Role::c2},
                                                      {Role::drop, intel::Role::drop},
                                                      {Role::distribution, intel::Role::distribution}};
    for (const auto& [role, as] : order) {
      const auto found = flow.roles.find(role);
      if (found == flow.roles.end() || found->second.empty()) continue;
      // A flow that also commands or takes loot is blocked for that; its other roles stay in the evidence.
      if (!row.role) row.role = as;
      for (const Evidence& evidence : found->second) {
        const std::string text = fmt::format("{}: {}", intel::name(as), sentence(row, flow, role, evidence));
        if (row.evidence.size() < max_evidence && std::ranges::find(row.evidence, text) == row.evidence.end())
          row.evidence.push_back(text);
      }
    }
    if (row.role) row.gate = false;
  }

  std::string sentence(const RunFlow& row, const Flow& flow, Role role, const Evidence& evidence) const {
    const Action* action =
        evidence.action >= 0 ? &taint_.actions[static_cast<size_t>(evidence.action)] : nullptr;
    std::vector<RunBytes> offsets;
    for (const Range& range : evidence.bytes) add_range(offsets, range.first, range.last);
    if (role == Role::drop) {
      std::string left;
      for (const RunTaintedFile& file : row.from_files)
        if (!evidence.bytes.empty() && taint_.flows.at(evidence.bytes.front().source).path == file.path)
          left = file.encoding.empty() ? "" : " (" + file.encoding + ")";
      return fmt::format("{}: its {}{}", evidence.why, text_of(offsets), left);
    }
    std::string text = fmt::format("{} of what it sent", text_of(offsets));
    if (role == Role::c2) text += fmt::format(" (\"{}\")", content(flow, offsets));
    text += ": " + evidence.why;
    if (evidence.decision >= 0) {
      const Decision& decision = taint_.decisions.at(static_cast<uint32_t>(evidence.decision));
      text += decision.module.empty()
                  ? fmt::format(", in memory at {:#x}", decision.address)
                  : fmt::format(", {} {}+{:#x}",
                                decision.symbol.empty() ? "at" : "in " + base::to_valid_utf8(decision.symbol) + " at",
                                base::to_valid_utf8(decision.module), decision.offset);
    }
    if (action && !object_of(*action).empty()) text += ": " + object_of(*action);
    if (role == Role::distribution && action && !action->object.empty())
      text += fmt::format(" ({})", base::to_valid_utf8(action->object));
    return text;
  }

  intel::RunRecord& record_;
  const taint::report::Run& taint_;
  std::map<int, uint32_t> processes_;
  std::map<uint16_t, size_t> places_;  // of flows in the record, by source
  std::map<uint32_t, std::vector<const Action*>> actions_of_;  // by decision
  // By source:
  std::map<uint16_t, std::vector<const Decision*>> decisions_;
  std::map<uint16_t, std::vector<const Action*>> writes_, sends_;
  std::set<int64_t> executed_;  // channels of files that ran
};

}  // namespace

void add_range(std::vector<RunBytes>& all, uint64_t first, uint64_t last) {
  const auto before = [](uint64_t end, uint64_t begin) { return end < begin && begin - end > 1; };  // a gap between them
  auto from = std::ranges::find_if(all, [&](const RunBytes& known) { return !before(known.last, first); });
  const auto to = std::find_if(from, all.end(), [&](const RunBytes& known) { return before(last, known.first); });
  if (from == to) {
    if (all.size() < max_ranges) all.insert(from, {first, last});
    return;
  }
  from->first = std::min(from->first, first);
  from->last = std::max(std::prev(to)->last, last);
  all.erase(std::next(from), to);
}

std::map<uint16_t, uint32_t> flow_ids(const intel::RunRecord& record, const taint::report::Run& taint) {
  std::map<uint16_t, uint32_t> ids;
  for (const auto& [source, place] : places(record, taint)) ids[source] = record.flows[place].id;
  return ids;
}

void add_taint(intel::RunRecord& record, const taint::report::Run& taint) {
  Join(record, taint).all();
}

}  // namespace shikake::sandbox::run
