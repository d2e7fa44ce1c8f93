#include "sandbox/report/words.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <fmt/format.h>

namespace shikake::sandbox::report {

using intel::RunBehaviour;
using intel::RunFile;
using intel::RunOutcome;
using intel::RunRecord;
using intel::Weight;

std::string size_text(uint64_t bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string duration_text(base::Duration duration) {
  const int64_t us = std::max<int64_t>(duration.count(), 0);
  if (us < 1'000'000) return fmt::format("{} ms", us / 1000);
  const int64_t seconds = us / 1'000'000;
  if (seconds < 60) return fmt::format("{:.1f} s", static_cast<double>(us) / 1e6);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

std::vector<BehaviourGroup> group_behaviours(const RunRecord& run) {
  std::vector<BehaviourGroup> groups(intel::behaviour_kinds);
  for (const RunBehaviour& behaviour : run.behaviours) {
    BehaviourGroup& group = groups[static_cast<size_t>(behaviour.kind)];
    group.row = &intel::row_of(behaviour.kind);
    group.shown.push_back(&behaviour);
    group.count += behaviour.count;
  }
  std::erase_if(groups, [](const BehaviourGroup& group) { return !group.row; });
  for (BehaviourGroup& group : groups) {
    std::stable_sort(group.shown.begin(), group.shown.end(),
                     [](const RunBehaviour* a, const RunBehaviour* b) { return a->time < b->time; });
  }
  std::stable_sort(groups.begin(), groups.end(), [](const BehaviourGroup& a, const BehaviourGroup& b) {
    if (a.row->weight != b.row->weight) return a.row->weight > b.row->weight;
    return a.shown.front()->time < b.shown.front()->time;
  });
  return groups;
}

std::string outcome_text(const RunRecord& run) {
  std::string text(intel::name(run.outcome));
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!run.outcome_detail.empty()) text += ": " + run.outcome_detail;
  return text;
}

std::vector<std::string> headlines(const RunRecord& run) {
  std::vector<std::string> all;
  for (const intel::Recognition& found : run.recognised) {
    if (found.convicts) all.push_back(fmt::format("{} recognises {}", found.source, found.name));
  }
  size_t grave = 0, suspicious = 0;
  for (const BehaviourGroup& group : group_behaviours(run)) {
    if (group.row->weight == Weight::grave) ++grave;
    if (group.row->weight == Weight::suspicious) ++suspicious;
  }
  if (grave + suspicious > 0)
    all.push_back(fmt::format("{} kinds of grave and {} of suspicious behaviour", grave, suspicious));
  for (const intel::RunFlow& flow : run.flows) {
    if (flow.role)
      all.push_back(fmt::format("{} is a {} server", remote_text(flow), intel::name(*flow.role)));
  }
  for (const std::string& leak : run.network.leaks) all.push_back("LEAK: " + leak);
  return all;
}

std::string process_text(const intel::RunProcess& process) {
  std::string name = process.argv.empty() ? process.exe : process.argv.front();
  if (const size_t slash = name.rfind('/'); slash != std::string::npos && slash + 1 < name.size())
    name = name.substr(slash + 1);
  if (name.empty()) name = "?";
  return fmt::format("{} ({})", name, process.pid);
}

namespace {

std::unordered_map<uint32_t, size_t> places(const RunRecord& run) {
  std::unordered_map<uint32_t, size_t> all;
  for (size_t i = 0; i < run.processes.size(); ++i) all.emplace(run.processes[i].id, i);
  return all;
}

}  // namespace

std::map<size_t, std::vector<size_t>> process_tree(const RunRecord& run) {
  const auto by_id = places(run);
  std::map<size_t, std::vector<size_t>> children;
  for (size_t i = 0; i < run.processes.size(); ++i) {
    size_t parent = SIZE_MAX;
    if (run.processes[i].parent) {
      const auto found = by_id.find(*run.processes[i].parent);
      // A parent stands before its children; anything else is no tree and is shown flat.
      if (found != by_id.end() && found->second < i) parent = found->second;
    }
    children[parent].push_back(i);
  }
  return children;
}

size_t place_of(const RunRecord& run, uint32_t process) {
  // Records number processes in order, so the first guess is nearly always right.
  if (process < run.processes.size() && run.processes[process].id == process) return process;
  const auto found = std::find_if(run.processes.begin(), run.processes.end(),
                                  [&](const intel::RunProcess& one) { return one.id == process; });
  return found == run.processes.end() ? SIZE_MAX : static_cast<size_t>(found - run.processes.begin());
}

std::string remote_text(const intel::RunFlow& flow) {
  if (flow.host.empty()) return flow.remote;
  const size_t colon = flow.remote.rfind(':');
  return flow.host + (colon == std::string::npos ? "" : flow.remote.substr(colon));
}

std::string gate_text(const intel::RunFlow& flow) {
  std::string text = "gate: what it sent was go or no-go, no command";
  const auto tested = std::ranges::find_if(flow.decisions, [](const intel::RunDecision& one) { return !one.offsets.empty(); });
  if (tested == flow.decisions.end()) return text;
  const intel::RunBytes& bytes = tested->offsets.front();
  const std::string module = tested->module.empty() ? "memory" : tested->module.substr(tested->module.rfind('/') + 1);
  return text + fmt::format(" (bytes {}-{} at {}+{:#x})", bytes.first, bytes.last, module, tested->offset);
}

std::vector<const RunFile*> files_by_interest(const RunRecord& run) {
  std::vector<const RunFile*> all;
  for (const RunFile& file : run.files) {
    if (file.action != intel::FileAction::read && file.action != intel::FileAction::executed)
      all.push_back(&file);
  }
  auto rank = [](const RunFile* file) { return file->program ? 0 : file->sha256 ? 1 : 2; };
  std::stable_sort(all.begin(), all.end(),
                   [&](const RunFile* a, const RunFile* b) { return rank(a) < rank(b); });
  return all;
}

}  // namespace shikake::sandbox::report
