#include "sandbox/run/influence.h"

#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/bytes.h"
#include "sandbox/run/taint_flows.h"

namespace shikake::sandbox::run {
namespace {

using taint::Range;
using taint::report::Action;
using taint::report::Run;

class Search {
 public:
  Search(const intel::RunRecord& record, std::string_view events)
      : taint_(taint::report::read_events(events)), flows_(flow_ids(record, taint_)) {
    for (const intel::RunProcess& process : record.processes)
      processes_.insert_or_assign(static_cast<int>(process.pid), process.id);
  }

  // Of all actions that fit, the labels whose ranges fit.
  std::vector<Influence> all(const std::function<bool(const Action&)>& action_fits,
                             const std::function<bool(uint32_t flow, const Range&)>& range_fits) {
    for (const Action& action : taint_.actions) {
      if (!action_fits(action)) continue;
      const bool carries = action.kind == "write" || action.kind == "send";
      add(action, action.label, carries ? "content" : "argument", "", range_fits);
      add(action, action.content, "program", "", range_fits);
      for (const uint32_t number : action.within) {
        const auto found = taint_.decisions.find(number);
        if (found == taint_.decisions.end()) continue;
        const std::string& module = found->second.module;
        add(action, found->second.label, "decided",
            fmt::format("{}+{:#x}", module.empty() ? "memory" : module, found->second.offset), range_fits);
      }
    }
    return std::move(found_);
  }

 private:
  void add(const Action& action, const std::vector<Range>& label, std::string_view how, const std::string& place,
           const std::function<bool(uint32_t, const Range&)>& fits) {
    std::map<uint32_t, std::vector<intel::RunBytes>> by_flow;
    for (const Range& range : label) {
      const auto flow = flows_.find(range.source);
      if (flow != flows_.end() && fits(flow->second, range))
        by_flow[flow->second].push_back({range.first, range.last});
    }
    for (auto& [flow, bytes] : by_flow) {
      if (found_.size() >= max_influences) return;
      Influence& one = found_.emplace_back();
      one.flow = flow;
      one.bytes = std::move(bytes);
      one.how = how;
      one.place = base::to_valid_utf8(place);
      one.effect.kind = base::to_valid_utf8(action.kind);
      one.effect.object = base::to_valid_utf8(action.arguments.empty() ? action.object : action.arguments);
      if (const auto process = processes_.find(action.pid); process != processes_.end())
        one.effect.process = process->second;
    }
  }

  Run taint_;
  std::map<uint16_t, uint32_t> flows_;
  std::map<int, uint32_t> processes_;
  std::vector<Influence> found_;
};

}  // namespace

std::vector<Influence> influenced_by(const intel::RunRecord& record, std::string_view events, uint32_t flow,
                                     uint64_t first, uint64_t last) {
  return Search(record, events).all([](const Action&) { return true; },
                                    [&](uint32_t of, const Range& range) {
                                      return of == flow && range.first <= last && range.last >= first;
                                    });
}

std::vector<Influence> influences_on(const intel::RunRecord& record, std::string_view events,
                                     std::string_view what) {
  return Search(record, events)
      .all(
          [&](const Action& action) {
            return action.object.find(what) != std::string::npos ||
                   action.arguments.find(what) != std::string::npos;
          },
          [](uint32_t, const Range&) { return true; });
}

}  // namespace shikake::sandbox::run
