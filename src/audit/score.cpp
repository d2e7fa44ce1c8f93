#include "audit/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "url/ip.h"

namespace shikake::audit {
namespace {

constexpr int max_score = 100;
constexpr int points_a_further_indicator = 3, max_indicator_points = 9;
constexpr int points_a_doubling = 2, max_repeat_points = 10;  // 2, 4, 8, 16, 32 events
constexpr int points_in_order = 5;
constexpr size_t max_guard_reasons = 3;

std::string place_text(const LinePlace& place, std::span<const std::string> file_names) {
  return fmt::format("{}, line {}", file_names[place.file], place.line);
}

std::string_view imprecision_text(match::Precision precision) {
  return precision == match::Precision::host_only
             ? "the log shows the host, not which of its pages was asked for"
             : "the log leaves out what stood behind the '?' of the URL";
}

// "exposed 10:05:03, fetched 10:05:09": the stages that came one after the other, or "".
std::string order_text(const Case& of) {
  std::string text;
  std::optional<base::TimePoint> before;
  size_t count = 0;
  for (size_t stage = 0; stage < of.reached_at.size(); ++stage) {
    const auto& at = of.reached_at[stage];
    if (!at) continue;
    if (before && *at < *before) return {};
    before = at;
    text += fmt::format("{}{} {}", count++ == 0 ? "" : ", ", name(static_cast<Stage>(stage)),
                        base::to_rfc3339(*at));
  }
  return count > 1 ? text : std::string();
}

void add_guard_reasons(const Case& of, const Intelligence& intelligence, Finding& finding) {
  auto guarded = of.guarded;
  std::sort(guarded.begin(), guarded.end(), [](const auto& a, const auto& b) {
    return a.count != b.count ? a.count > b.count : a.entry < b.entry;
  });
  for (size_t i = 0; i < guarded.size() && i < max_guard_reasons; ++i) {
    finding.reasons.push_back(
        {0,
         fmt::format("{} {} on {} {} not count: it is on the list '{}'", guarded[i].count,
                     guarded[i].count == 1 ? "hit" : "hits", intelligence.known(guarded[i].entry).key.value,
                     guarded[i].count == 1 ? "does" : "do", intelligence.guard_of(guarded[i].entry))});
  }
}

void add_reasons(const Case& of, const Intelligence& intelligence, std::span<const std::string> file_names,
                 Finding& finding) {
  const Judgement& best = of.best->judgement;
  const Known& known = intelligence.known(of.best->entry);
  const auto add = [&](int points, std::string text) {
    finding.reasons.push_back({points, std::move(text)});
  };
  add(best.base, fmt::format("{}: {} ({})", what_happened(best, !of.best->to_peer), known.key.value,
                             place_text(of.best_place, file_names)));
  if (best.doubt > 0)
    add(-best.doubt, fmt::format("its source is not certain: confidence {} of 100", best.confidence));
  if (best.imprecision > 0) add(-best.imprecision, std::string(imprecision_text(best.precision)));
  const int further = static_cast<int>(of.entries.size()) - 1;
  if (further > 0)
    add(std::min(further * points_a_further_indicator, max_indicator_points),
        fmt::format("{} different indicators", of.entries.size()));
  const int doublings = static_cast<int>(std::bit_width(of.event_count)) - 1;
  if (doublings > 0)
    add(std::min(doublings * points_a_doubling, max_repeat_points),
        fmt::format("{} lines that count", of.event_count));
  if (const std::string order = order_text(of); !order.empty())
    add(points_in_order, fmt::format("the stages came one after the other: {}", order));
  const int sum = std::accumulate(finding.reasons.begin(), finding.reasons.end(), 0,
                                  [](int so_far, const Reason& reason) { return so_far + reason.points; });
  if (sum > max_score) add(max_score - sum, fmt::format("a score ends at {}", max_score));
  finding.score = std::min(sum, max_score);
}

std::string_view action_for(const Case& of, Stage stage) {
  if (!of.best) return "nothing; if the indicator is wrong, record that with 'shikake intel judge'";
  switch (stage) {
    case Stage::infected:
      return "take the host off the network and examine it: malware on it talks to its operator";
    case Stage::fetched:
      return "find the fetched file on the host and examine both before it runs or spreads";
    case Stage::attacked:
      return "examine the host: look for new files and processes since the first event";
    case Stage::exposed:
      break;
  }
  switch (of.best->judgement.manner) {
    case Manner::content:
    case Manner::answered:
      return "see what the client asked for next";
    case Manner::lookup:
      return "see in proxy or connection logs whether the client went there";
    case Manner::failed:
    case Manner::denied:
      return "find out what on the host asks for it; nothing came back this time";
    case Manner::mention:
      return "see where the mention comes from";
    case Manner::inbound:
      return "see what was asked for from there, and block it if it has no business here";
  }
  return {};
}

}  // namespace

Finding conclude(const Case& of, const Intelligence& intelligence, std::span<const std::string> file_names) {
  Finding finding;
  finding.client = of.client;
  for (const std::string& user : of.users) finding.user += (finding.user.empty() ? "" : ", ") + user;
  if (!url::IpAddress::parse(of.client) && of.client != "unknown") finding.host = of.client;
  if (of.best) {
    // The furthest stage is the client's, even where its event weighs less than another.
    for (size_t stage = 0; stage < of.reached.size(); ++stage)
      if (of.reached[stage]) finding.stage = static_cast<Stage>(stage);
    add_reasons(of, intelligence, file_names, finding);
    finding.level = level_of(finding.score);
  }
  add_guard_reasons(of, intelligence, finding);
  finding.action = action_for(of, finding.stage);
  finding.first = of.first;
  finding.last = of.last;
  if (of.event_count > 0) finding.log_file = file_names[of.first_file];
  finding.event_count = of.event_count;
  finding.guarded_hits = of.guarded_hits;
  return finding;
}

bool comes_before(const Finding& a, const Finding& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.stage != b.stage) return a.stage > b.stage;
  if (a.first != b.first) return a.first && (!b.first || *a.first < *b.first);
  return a.client < b.client;
}

}  // namespace shikake::audit
