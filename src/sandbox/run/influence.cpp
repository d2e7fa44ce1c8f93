#include "sandbox/run/influence.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/bytes.h"
#include "sandbox/run/taint_flows.h"

namespace shikake::sandbox::run {
namespace {

using intel::RunBytes;
using taint::Range;
using taint::report::Action;
using taint::report::Part;
using taint::report::Run;

bool meet(const RunBytes& a, const RunBytes& b) { return a.first <= b.last && b.first <= a.last; }

// "~/.netrc" and "x/notes.txt" are the end of a path, "/etc/shadow" is all of it.
bool means(const std::string& asked, const std::string& path) {
  const std::string end = asked.starts_with("~/") ? asked.substr(2) : asked;
  return path == end || (!end.empty() && end[0] != '/' && path.ends_with("/" + end));
}

// The bytes of what was sent or written, those of one origin together. Other deeds have none.
std::vector<Part> parts_of(const Action& action) {
  if (action.kind != "send" && action.kind != "write") return {{0, UINT64_MAX, action.label}};
  if (!action.parts.empty()) return action.parts;
  return {{action.offset, action.offset + std::max<uint64_t>(action.count, 1) - 1, action.label}};
}

class Search {
 public:
  // Whether a label's range is asked for.
  using Wanted = std::function<bool(const Range&)>;

  Search(const intel::RunRecord& record, std::string_view events)
      : record_(record), taint_(taint::report::read_events(events)), flows_(flow_ids(record, taint_)) {
    for (const intel::RunProcess& process : record.processes)
      processes_.insert_or_assign(static_cast<int>(process.pid), process.id);
  }

  std::vector<Influence> from(const Origin& origin) {
    const Wanted wanted = [&](const Range& range) {
      if (!meet({range.first, range.last}, origin.bytes)) return false;
      if (origin.flow) return flow_of(range.source) == origin.flow;
      const std::string* file = file_of(range.source);
      return file != nullptr && means(origin.file, *file);
    };
    for (const Action& action : taint_.actions) add_all(action, all_bytes, wanted);
    return std::move(found_);
  }

  std::vector<Influence> on(const Deed& deed) {
    for (const Action& action : taint_.actions)
      for (const RunBytes& bytes : places_in(action, deed))
        if (meet(bytes, deed.bytes))
          add_all(action, {std::max(bytes.first, deed.bytes.first), std::min(bytes.last, deed.bytes.last)},
                  [](const Range&) { return true; });
    return std::move(found_);
  }

 private:
  std::optional<uint32_t> flow_of(uint16_t source) const {
    const auto found = flows_.find(source);
    return found == flows_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::string* file_of(uint16_t source) const {
    const auto found = taint_.flows.find(source);
    return found == taint_.flows.end() || !found->second.file || found->second.path.empty() ? nullptr : &found->second.path;
  }
  // The flow that it was sent on. A datagram that nobody answered is known by where it went.
  std::optional<uint32_t> receiver(const Action& action) const {
    if (action.kind != "send") return std::nullopt;
    if (action.source != 0) return flow_of(action.source);
    const auto found = std::ranges::find(record_.flows, action.object, &intel::RunFlow::remote);
    return action.object.empty() || found == record_.flows.end() ? std::nullopt : std::optional(found->id);
  }

  // Which bytes of an action are asked about; none: it is not.
  std::vector<RunBytes> places_in(const Action& action, const Deed& deed) const {
    const RunBytes whole = {action.offset, action.count == 0 ? UINT64_MAX : action.offset + action.count - 1};
    const bool carries = action.kind == "send" || action.kind == "write";
    if (deed.flow) return carries && receiver(action) == deed.flow ? std::vector{whole} : std::vector<RunBytes>();
    if (action.object.find(deed.text) != std::string::npos || action.arguments.find(deed.text) != std::string::npos)
      return {carries ? whole : all_bytes};
    std::vector<RunBytes> found;
    for (size_t at = action.data.find(deed.text); at != std::string::npos && found.size() < max_influences && !deed.text.empty();
         at = action.data.find(deed.text, at + 1))
      found.push_back({action.offset + at, action.offset + at + deed.text.size() - 1});
    return found;
  }

  // All that has a part in these bytes of an action, as far as it is wanted.
  void add_all(const Action& action, const RunBytes& bytes, const Wanted& wanted) {
    const bool carries = action.kind == "write" || action.kind == "send";
    const size_t before = found_.size();
    for (const Part& part : parts_of(action)) {
      const RunBytes lies = {part.first, part.last};
      if (meet(lies, bytes)) add(action, part.label, {carries ? "content" : "argument", "", before, carries ? &lies : nullptr}, wanted);
    }
    add(action, action.content, {"program", "", found_.size(), nullptr}, wanted);
    for (const uint32_t number : action.within) {
      const auto found = taint_.decisions.find(number);
      if (found == taint_.decisions.end()) continue;
      const std::string& module = found->second.module;
      const std::string place = fmt::format("{}+{:#x}", module.empty() ? "memory" : module, found->second.offset);
      add(action, found->second.label, {"decided", place, found_.size(), nullptr}, wanted);
    }
  }

  struct Having {
    std::string_view how;
    std::string place;
    size_t since;           // influences from here on belong to the same deed: those of one origin are one
    const RunBytes* where;  // content: where it lies
  };

  void add(const Action& action, const std::vector<Range>& label, const Having& part, const Wanted& wanted) {
    for (const Range& range : label) {
      if (!wanted(range)) continue;
      const auto flow = flow_of(range.source);
      const std::string* file = file_of(range.source);
      if (!flow && file == nullptr) continue;
      const std::string path = flow ? "" : base::to_valid_utf8(*file);
      auto one = std::find_if(found_.begin() + static_cast<std::ptrdiff_t>(part.since), found_.end(),
                              [&](const Influence& known) { return known.flow == flow && known.file == path; });
      if (one == found_.end()) {
        if (found_.size() >= max_influences) return;
        one = found_.insert(one, describe(action, part));
        one->flow = flow;
        one->file = path;
      }
      add_range(one->bytes, range.first, range.last);
      if (part.where != nullptr) add_range(one->to_bytes, part.where->first, part.where->last);
    }
  }

  Influence describe(const Action& action, const Having& part) const {
    Influence one;
    one.how = part.how;
    one.place = base::to_valid_utf8(part.place);
    one.effect.kind = base::to_valid_utf8(action.kind);
    one.effect.object = base::to_valid_utf8(action.arguments.empty() ? action.object : action.arguments);
    one.to_flow = receiver(action);
    if (const auto process = processes_.find(action.pid); process != processes_.end())
      one.effect.process = process->second;
    return one;
  }

  const intel::RunRecord& record_;
  Run taint_;
  std::map<uint16_t, uint32_t> flows_;
  std::map<int, uint32_t> processes_;
  std::vector<Influence> found_;
};

}  // namespace

std::vector<Influence> influenced_by(const intel::RunRecord& record, std::string_view events, const Origin& origin) {
  return Search(record, events).from(origin);
}

std::vector<Influence> influences_on(const intel::RunRecord& record, std::string_view events, const Deed& deed) {
  return Search(record, events).on(deed);
}

}  // namespace shikake::sandbox::run
