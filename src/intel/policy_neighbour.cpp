// From a neighbourhood search: what it found is evidence beside the visit's own; a pattern speaks for URLs
// that nobody has seen; and the best of what is not inspected yet is to be visited.
#include <chrono>
#include <unordered_map>

#include <fmt/format.h>

#include "intel/deriver.h"
#include "intel/fields.h"
#include "url/url.h"

namespace shikake::intel {
namespace {

// The visit convicts; that the URL was sought and found where it was expected adds to it.
constexpr uint8_t found_confidence = 60;
constexpr uint8_t pattern_confidence = 60;
// Of innocent URLs, at most so many may meet a pattern that raises an alarm.
constexpr double most_false_positives = 0.0005;
// Between two visits to one host that one search asks for: nobody's server is to notice.
constexpr std::chrono::seconds host_interval{2};
constexpr int candidate_priority = -5;  // behind what somebody asked for, before looking again at old chains

std::string first_seed(Fields& candidate) {
  const std::vector<std::string> seeds = candidate.texts("seeds");
  return seeds.empty() ? "" : seeds.back();
}

void add_found(Fields& candidate, const std::string& url, size_t index, const Observation& observation,
               Deriver& deriver) {
  auto canonical = canonical_value(IndicatorType::url, url);
  if (!canonical) return;
  Assertion assertion;
  assertion.key = {IndicatorType::url, std::move(*canonical)};
  assertion.uses = UseSet(Action::audit, {Point::proxy});
  assertion.confidence = found_confidence;
  assertion.source = observation.sensor;
  const std::string rule = candidate.text_or_empty("rule");
  assertion.why = "neighbour of " + first_seed(candidate) + " by " + rule + " (" +
                  candidate.text_or_empty(rule == "s2"        ? "s2"
                                          : rule == "host+s1" ? "host"
                                                              : "s1") +
                  ")";
  const std::string visit = candidate.text_or_empty("visit");
  if (!visit.empty()) assertion.why += ", convicted by visit " + visit;
  assertion.place = "/candidates/" + std::to_string(index);
  assertion.first_seen = assertion.last_seen = observation.time;
  deriver.add(std::move(assertion));
}

void add_pattern(Fields& pattern, size_t index, const Observation& observation, Deriver& deriver) {
  Assertion assertion;
  assertion.key = {IndicatorType::pattern, pattern.text("pattern")};
  const uint64_t met = pattern.number("met", UINT64_MAX), measured = pattern.number("measured", UINT64_MAX);
  // What it meets and nobody has judged, by the share of innocents to be expected after so many inspections.
  const double innocent =
      static_cast<double>(met) / static_cast<double>(pattern.number("inspected", UINT32_MAX) + 2);
  const bool rare = measured > 0 && innocent <= most_false_positives * static_cast<double>(measured);
  // Never block: URLs that nobody has looked at are not proven, and hosts of others may meet it.
  assertion.uses = UseSet(rare ? Action::alert : Action::audit, {Point::proxy, Point::ids});
  assertion.confidence = pattern_confidence;
  assertion.source = observation.sensor;
  assertion.why = "all of " + std::to_string(pattern.number("malicious", UINT64_MAX)) +
                  " known URLs of this make (" + pattern.text_or_empty("rule") + " " +
                  pattern.text_or_empty("key") + ") are malicious; " + std::to_string(met) + " of " +
                  std::to_string(measured) + " other URLs meet it";
  if (measured > 0)
    assertion.why +=
        fmt::format(", false-positive rate at most {:.2g}", innocent / static_cast<double>(measured));
  assertion.place = "/patterns/" + std::to_string(index);
  assertion.first_seen = assertion.last_seen = observation.time;
  deriver.add(std::move(assertion));
}

}  // namespace

Result<Derivation> derive_neighbour(const Observation& observation, Deriver& deriver) {
  Fields record(observation.record, "");
  size_t index = 0;
  std::unordered_map<std::string, int> visits_of_host;
  record.objects("candidates", [&](Fields& candidate) {
    const std::string url = candidate.text("url");
    if (candidate.text_or_empty("verdict") == "malicious")
      add_found(candidate, url, index, observation, deriver);
    if (candidate.flag("queued", false)) {
      Job job;
      job.kind = "visit";
      job.subject = url;
      job.priority = candidate_priority;
      auto parsed = url::Url::parse(url);
      const int before = visits_of_host[parsed ? std::string(parsed->hostname()) : url]++;
      job.earliest = observation.time + before * host_interval;
      deriver.add(std::move(job));
    }
    ++index;
  });
  index = 0;
  record.objects("patterns", [&](Fields& pattern) { add_pattern(pattern, index++, observation, deriver); });
  if (record.error()) return fail(*record.error());
  return deriver.take();
}

}  // namespace shikake::intel
