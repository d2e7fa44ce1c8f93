#include "audit/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "audit/collector.h"
#include "audit/message.h"
#include "audit/score.h"
#include "base/check.h"
#include "cell/forked.h"
#include "url/url.h"

namespace shikake::audit {
namespace {

using Send = std::function<Result<>(MessageType, const std::string&)>;

FindingMessage message_of(const Case& of, const Intelligence& intelligence,
                          std::span<const std::string> names) {
  FindingMessage message;
  message.finding = conclude(of, intelligence, names);
  for (const Case::KeptEvent& event : of.events)
    message.events.push_back(
        {event.place.file, event.place.line, event.place.time, event.stage, event.entry, event.seen});
  return message;
}

std::vector<std::string> limits_hit(const Correlator& correlator, const AuditOptions& options) {
  std::vector<std::string> hit;
  if (const uint64_t lost = correlator.events_beyond_clients(); lost > 0)
    hit.push_back(fmt::format("max_clients: {} lines or hits of further clients left out after {} clients",
                              lost, options.correlation.max_clients));
  if (correlator.event_bytes_used_up())
    hit.push_back(fmt::format("max_event_bytes: later events are counted but not shown after {} bytes",
                              options.correlation.max_event_bytes));
  return hit;
}

// The child's whole work.
Result<> read_and_tell(const std::vector<LogInput>& logs, const Intelligence& intelligence,
                       const AuditOptions& options, const Send& send) {
  Correlator correlator(intelligence, options.correlation);
  Reader reader(intelligence, correlator, options.read, format_by_name(options.format));
  Result<> told;
  reader.on_progress = [&](uint64_t bytes) {
    if (told) told = send(MessageType::progress, base::to_wire(ProgressMessage{bytes}));
  };
  std::vector<std::string> names;
  for (size_t i = 0; i < logs.size(); ++i) {
    names.push_back(logs[i].name);
    SHIKAKE_TRY(send(MessageType::file,
                     base::to_wire(reader.read(logs[i].fd, logs[i].name, static_cast<uint32_t>(i)))));
  }
  if (!told) return told;
  std::vector<std::pair<Finding, const Case*>> ordered;  // findings without events are small
  for (const Case& of : correlator.cases()) ordered.emplace_back(conclude(of, intelligence, names), &of);
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& a, const auto& b) { return comes_before(a.first, b.first); });
  for (const auto& [finding, of] : ordered)
    SHIKAKE_TRY(send(MessageType::finding, base::to_wire(message_of(*of, intelligence, names))));
  return send(MessageType::done, base::to_wire(DoneMessage{limits_hit(correlator, options)}));
}

Result<> run_confined(const std::vector<LogInput>& logs, const Intelligence& intelligence,
                      const AuditOptions& options, Collector& collector) {
  // ICU loads its tables when they are first asked for, which the child may not.
  static const bool warm = url::Url::parse("http://b\u00FCcher.example/").has_value();
  SHIKAKE_CHECK(warm);
  cell::ForkedChild::Options child_options{.keep = {}, .max_frame_bytes = max_message_bytes};
  for (const LogInput& log : logs) child_options.keep.push_back(log.fd);
  SHIKAKE_ASSIGN(
      cell::ForkedChild child, cell::ForkedChild::start(child_options, [&](base::FrameChannel& parent) {
        const auto done =
            read_and_tell(logs, intelligence, options, [&](MessageType type, const std::string& body) {
              return parent.send(static_cast<uint8_t>(type), body, base::Deadline::never());
            });
        return done ? 0 : 1;
      }));
  while (!collector.done()) {
    auto frame = child.channel().receive(base::Deadline::never());
    if (!frame) {
      using namespace std::chrono_literals;
      SHIKAKE_ASSIGN(const base::WaitStatus status, child.wait(base::Deadline::after(5s)));
      return fail(
          Module::audit, ErrorCode::unavailable,
          fmt::format("the confined log reader ended before its work was done: it {}", status.describe()));
    }
    SHIKAKE_TRY(collector.take(frame->type, frame->body));
  }
  return {};
}

}  // namespace

Result<AuditReport> run(const std::vector<LogInput>& logs, const Intelligence& intelligence,
                        const AuditOptions& options) {
  if (options.format != "auto" && format_by_name(options.format) == nullptr) {
    std::string known;
    for (const Format& format : formats()) known += fmt::format(", {}", format.name);
    return fail(Module::audit, ErrorCode::invalid_usage,
                fmt::format("there is no log format '{}'; there are: auto{}", options.format, known));
  }
  Collector collector(logs, intelligence, options);
  if (options.confined) {
    SHIKAKE_TRY(run_confined(logs, intelligence, options, collector));
  } else {
    SHIKAKE_TRY(read_and_tell(logs, intelligence, options, [&](MessageType type, const std::string& body) {
      return collector.take(static_cast<uint8_t>(type), body);
    }));
  }
  return collector.report();
}

}  // namespace shikake::audit
