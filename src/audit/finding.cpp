#include "audit/finding.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "base/bytes.h"

namespace shikake::audit {
namespace {

boost::json::value text(std::string_view from) {
  return boost::json::string(base::to_valid_utf8(from));
}

boost::json::value time(const std::optional<base::TimePoint>& from) {
  if (!from) return nullptr;
  return boost::json::string(base::to_rfc3339(*from));
}

}  // namespace

boost::json::object to_json(const Finding& finding) {
  boost::json::array reasons, events;
  for (const Reason& reason : finding.reasons)
    reasons.push_back(text(fmt::format("{:+} {}", reason.points, reason.text)));
  for (const Event& event : finding.events) {
    events.push_back(boost::json::object{{"log_file", text(event.log_file)},
                                         {"line", event.line},
                                         {"time", time(event.time)},
                                         {"stage", text(name(event.stage))},
                                         {"seen", text(event.seen)},
                                         {"indicator", text(event.indicator)},
                                         {"indicator_type", text(event.indicator_type)},
                                         {"evidence", text(event.evidence)}});
  }
  return {{"client", text(finding.client)},     {"user", text(finding.user)},
          {"host", text(finding.host)},         {"stage", text(name(finding.stage))},
          {"level", text(name(finding.level))}, {"score", finding.score},
          {"reasons", std::move(reasons)},      {"action", text(finding.action)},
          {"first", time(finding.first)},       {"last", time(finding.last)},
          {"log_file", text(finding.log_file)}, {"event_count", finding.event_count},
          {"events", std::move(events)},        {"guarded_hits", finding.guarded_hits}};
}

}  // namespace shikake::audit
