#include "intel_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/display.h"
#include "intel/visit.h"

namespace shikake::app {
namespace {

// One screen: what a person reads first; --json and `intel bundle` have the rest.
constexpr size_t max_evidence_shown = 8;
constexpr size_t max_chain_shown = 12;
constexpr size_t max_rows_shown = 5;

std::string day_and_time(base::TimePoint time) {
  return base::to_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
}

std::string_view strongest_action(intel::UseSet uses) {
  for (intel::Action action : {intel::Action::block, intel::Action::alert, intel::Action::audit})
    if (uses.has(action)) return intel::name(action);
  return "none";
}

// "block at proxy, dns; alert at ids"
std::string uses_text(intel::UseSet uses) {
  std::string text;
  for (intel::Action action : {intel::Action::block, intel::Action::alert, intel::Action::audit}) {
    std::string points;
    for (intel::Point point :
         {intel::Point::proxy, intel::Point::dns, intel::Point::firewall, intel::Point::ids}) {
      if (uses.has(action, point))
        points += fmt::format("{}{}", points.empty() ? "" : ", ", intel::name(point));
    }
    if (!points.empty())
      text += fmt::format("{}{} at {}", text.empty() ? "" : "; ", intel::name(action), points);
  }
  return text.empty() ? "nothing" : text;
}

std::string roles_text(const std::vector<intel::Role>& roles) {
  std::string text;
  for (intel::Role role : roles) text += fmt::format("{}{}", text.empty() ? "" : ", ", intel::name(role));
  return text;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts)
    all += fmt::format("{}{}", all.empty() ? "" : ", ", base::for_terminal(text));
  return all;
}

// The convicted nodes of the visit, in the order in which they were reached.
std::string chain_text(const intel::Observation& observation) {
  if (observation.kind != intel::ObservationKind::visit) return {};
  Result<intel::VisitRecord> visit = intel::visit_from_json(observation.record);
  if (!visit) return {};
  std::string text;
  size_t shown = 0;
  for (const intel::VisitNode& node : visit->nodes) {
    if (!node.role) continue;
    if (++shown > max_chain_shown) return text + "       …\n";
    text += fmt::format("       {:<13} {}\n", intel::name(*node.role),
                        base::for_terminal(base::defang(node.url), 100));
  }
  return text;
}

std::string evidence_text(const store::Details& details) {
  const std::vector<intel::Evidence>& all = details.indicator.evidence;
  std::string text = fmt::format("\n  Why ({} {})\n", all.size(),
                                 all.size() == 1 ? "piece of evidence" : "pieces of evidence");
  std::vector<base::Digest> told;
  for (size_t i = 0; i < std::min(all.size(), max_evidence_shown); ++i) {
    const intel::Assertion& said = all[i].assertion;
    text += fmt::format("  {:>2}. {} (confidence {}): {}\n", i + 1, intel::name(said.role), said.confidence,
                        base::for_terminal(base::defang_text(said.why), 400));
    auto seen = std::ranges::find_if(
        details.observations, [&](const auto& one) { return intel::id_of(one) == all[i].observation; });
    const std::string place = said.place.empty() ? "" : fmt::format(" at {}", base::for_terminal(said.place));
    if (seen == details.observations.end()) {
      text += fmt::format("      {} · observation {}{}\n", base::for_terminal(said.source),
                          all[i].observation.hex(), place);
      continue;
    }
    text += fmt::format("      {} of {}, {} {} · {}\n      observation {}{}\n", intel::name(seen->kind),
                        base::for_terminal(base::defang(seen->subject), 100),
                        base::for_terminal(seen->sensor), base::for_terminal(seen->sensor_version),
                        day_and_time(seen->time), all[i].observation.hex().substr(0, 16), place);
    if (std::ranges::find(told, all[i].observation) == told.end()) {
      told.push_back(all[i].observation);
      text += chain_text(*seen);
    }
  }
  if (all.size() > max_evidence_shown)
    text += fmt::format("      … and {} more (--json)\n", all.size() - max_evidence_shown);
  return text;
}

std::string judgement_text(const intel::Judgement& judgement) {
  return fmt::format("  judged      {} by {}, {}: {}\n",
                     judgement.verdict == intel::Verdict::confirmed ? "confirmed" : "false positive",
                     base::for_terminal(judgement.analyst), day_and_time(judgement.time),
                     base::for_terminal(judgement.why, 200));
}

std::string surroundings_text(const store::Details& details) {
  std::string text;
  for (size_t i = 0; i < std::min(details.sightings.size(), max_rows_shown); ++i) {
    const store::Sighting& sighting = details.sightings[i];
    text += fmt::format("{}{} × {}, {} to {}\n", i == 0 ? "\n  Seen in use\n      " : "      ",
                        sighting.count, base::for_terminal(sighting.source), day_and_time(sighting.first),
                        day_and_time(sighting.last));
  }
  for (size_t i = 0; i < std::min(details.jobs.size(), max_rows_shown); ++i) {
    const store::JobSummary& job = details.jobs[i];
    text +=
        fmt::format("{}{} {} · {} · not before {}\n", i == 0 ? "\n  Work\n      " : "      ", job.kind,
                    base::for_terminal(base::defang(job.subject), 80), job.state, day_and_time(job.earliest));
  }
  return text;
}

}  // namespace

std::string shown_value(const intel::IndicatorKey& key) {
  const bool clickable =
      key.type != intel::IndicatorType::sha256 && key.type != intel::IndicatorType::pattern;
  return base::for_terminal(clickable ? base::defang(key.value) : key.value, 200);
}

std::string list_header() {
  return fmt::format("{:>5}  {:<8} {:<14} {:<6} {}", "SCORE", "TYPE", "ROLE", "USE", "VALUE");
}

std::string list_line(const intel::Indicator& indicator) {
  std::string note;
  if (!indicator.guarded_by.empty())
    note = fmt::format("   (guarded: {})", base::for_terminal(indicator.guarded_by, 40));
  if (indicator.judgement)
    note +=
        indicator.judgement->verdict == intel::Verdict::confirmed ? "   (confirmed)" : "   (false positive)";
  return fmt::format("{:>5}  {:<8} {:<14} {:<6} {}{}", indicator.score, intel::name(indicator.key.type),
                     indicator.roles.empty() ? "unknown" : intel::name(indicator.roles.front()),
                     strongest_action(indicator.uses), shown_value(indicator.key), note);
}

std::string show_text(const store::Details& details) {
  const intel::Indicator& it = details.indicator;
  std::string text = shown_value(it.key) + "\n";
  auto add = [&text](std::string_view label, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {:<11} {}\n", label, value);
  };
  add("what", fmt::format("{} · {}{}", intel::name(it.key.type), roles_text(it.roles),
                          it.family.empty() ? "" : " · " + base::for_terminal(it.family, 60)));
  add("use", uses_text(it.uses));
  if (!it.guarded_by.empty())
    add("guarded by", fmt::format("{}: never a block entry", base::for_terminal(it.guarded_by)));
  add("score", fmt::format("{} of 100 now, {} when last seen", it.score, it.confidence));
  add("seen", fmt::format("first {}, last {}{}", day_and_time(it.first_seen), day_and_time(it.last_seen),
                          it.expires ? fmt::format(", expires {}", day_and_time(*it.expires)) : ""));
  add("source", fmt::format("{} · TLP:{}", joined(it.sources), intel::name(it.tlp)));
  add("also", joined(it.aliases));
  if (it.judgement) text += judgement_text(*it.judgement);
  return text + evidence_text(details) + surroundings_text(details);
}

}  // namespace shikake::app
