#include "audit/collector.h"

#include <fmt/format.h>

#include <utility>

#include "audit/message.h"

namespace shikake::audit {
namespace {

std::string short_evidence(const Known& known, const Intelligence& intelligence) {
  const std::string_view source = intelligence.text(known.source), family = intelligence.text(known.family);
  return fmt::format("{} lists it as {}{}{}, confidence {} of 100", source.empty() ? "the store" : source,
                     known.role == intel::Role::unknown ? "known bad" : intel::name(known.role),
                     family.empty() ? "" : " of ", family, known.confidence);
}

tl::unexpected<Error> malformed() {
  return fail(Module::audit, ErrorCode::unavailable,
              "the log reader said something that makes no sense; its word is dropped");
}

}  // namespace

Result<> Collector::take(uint8_t type, std::string_view body) {
  if (done_) return malformed();
  switch (static_cast<MessageType>(type)) {
    case MessageType::file:
      return take_file(body);
    case MessageType::finding:
      return take_finding(body);
    case MessageType::progress: {
      SHIKAKE_ASSIGN(const ProgressMessage progress, base::from_wire<ProgressMessage>(body));
      if (options_.progress) options_.progress(progress.bytes);
      return {};
    }
    case MessageType::done: {
      SHIKAKE_ASSIGN(DoneMessage done, base::from_wire<DoneMessage>(body));
      report_.limits_hit = std::move(done.limits_hit);
      done_ = true;
      return {};
    }
  }
  return malformed();
}

Result<> Collector::take_file(std::string_view body) {
  SHIKAKE_ASSIGN(FileStats stats, base::from_wire<FileStats>(body));
  if (report_.files.size() >= logs_.size()) return malformed();
  stats.name = logs_[report_.files.size()].name;
  report_.files.push_back(std::move(stats));
  return {};
}

Result<> Collector::take_finding(std::string_view body) {
  SHIKAKE_ASSIGN(FindingMessage message, base::from_wire<FindingMessage>(body));
  if (report_.findings.size() >= options_.correlation.max_clients || message.events.size() > max_events)
    return malformed();
  Finding finding = std::move(message.finding);
  if (finding.score < 0 || finding.score > 100) return malformed();
  for (EventMessage& event : message.events) {
    if (event.file >= logs_.size() || event.entry >= intelligence_.size()) return malformed();
    const Known& known = intelligence_.known(event.entry);
    finding.events.push_back({logs_[event.file].name, event.line, event.time, event.stage,
                              std::move(event.seen), known.key.value,
                              std::string(intel::name(known.key.type)), evidence_of(event.entry)});
  }
  ++report_.by_level[static_cast<size_t>(finding.level)];
  report_.findings.push_back(std::move(finding));
  return {};
}

const std::string& Collector::evidence_of(match::EntryId entry) {
  auto [at, added] = evidence_.try_emplace(entry);
  if (added) {
    const Known& known = intelligence_.known(entry);
    if (options_.evidence) at->second = options_.evidence(known.key);
    if (at->second.empty()) at->second = short_evidence(known, intelligence_);
  }
  return at->second;
}

}  // namespace shikake::audit
