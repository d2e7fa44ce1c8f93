#include "neighbourhood/campaign.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>

#include "intel/fields.h"

namespace shikake::neighbourhood {

namespace json = boost::json;

Campaign::Campaign(Corpus* corpus, SeedIndex& seeds, CampaignOptions options, Known known)
    : corpus_(corpus),
      seeds_(seeds),
      options_(options),
      known_(std::move(known)),
      ranking_(seeds, options.ranking) {}

Result<> Campaign::gather() {
  if (!corpus_) return {};
  SHIKAKE_ASSIGN(SearchResult result, search(*corpus_, seeds_, options_.limits, known_));
  cut_ += result.cut;
  ranking_.add(std::move(result.candidates));
  return {};
}

Result<> Campaign::gather_around(const Taken& seed) {
  if (!corpus_) return {};
  SHIKAKE_ASSIGN(SearchResult result, search_around(*corpus_, seeds_, seed, options_.limits, known_));
  cut_ += result.cut;
  ranking_.add(std::move(result.candidates));
  return {};
}

void Campaign::add_listed(const std::vector<Seen>& urls) {
  listed_.insert(listed_.end(), urls.begin(), urls.end());
  ranking_.add(near_ones(seeds_, urls, known_));
}

Result<> Campaign::run(const Inspector& inspect) {
  while (steps_.size() < options_.budget) {
    const std::optional<size_t> pick = ranking_.next();
    if (!pick) return {};
    const double score = ranking_.score(*pick);
    SHIKAKE_ASSIGN(Inspection result, inspect(ranking_[*pick]));
    // What is merely suspicious speaks for neither side.
    if (result.malicious || result.verdict == "benign") ranking_.report(*pick, result.malicious);
    steps_.push_back({*pick, score, result});
    if (!result.malicious) continue;
    ++found_;
    const Taken seed = ranking_[*pick].url;
    seeds_.add(seed, options_.ranking.as_of);
    ranking_.add_seed(seed);
    if (corpus_) {
      SHIKAKE_ASSIGN(SearchResult more, search_around(*corpus_, seeds_, seed, options_.limits, known_));
      cut_ += more.cut;
      ranking_.add(std::move(more.candidates));
    }
    // A list has no index; a shape that has just become wide enough may reach anywhere in it.
    if (!listed_.empty()) ranking_.add(near_ones(seeds_, listed_, known_));
  }
  return {};
}

Result<> Campaign::find_patterns() {
  std::set<const Neighbourhood*> seen;
  for (const Step& step : steps_) {
    const Candidate& candidate = ranking_[step.candidate];
    for (const Neighbourhood* around : candidate.around) {
      if (!seen.insert(around).second) continue;
      auto pattern = pattern_of(*around, ranking_.tally(*around), candidate.url);
      if (!pattern) continue;
      patterns_.push_back(std::move(*pattern));
    }
  }
  if (!corpus_) return {};
  return measure(patterns_, *corpus_, options_.measured,
                 [this](const std::string& href) { return seeds_.contains(href); });
}

namespace {

std::string date(Day day) {
  return intel::json_time(time_of(day));
}

json::object row_of(const Candidate& candidate) {
  const Neighbourhood& around = *candidate.around.front();
  const Taken& url = candidate.url;
  json::array seeds, rules;
  for (const std::string& seed : around.seeds) seeds.push_back(json::value(seed));
  for (const Neighbourhood* each : candidate.around)
    rules.push_back({{"rule", name(each->rule)}, {"key", each->key}});
  json::object row{{"url", url.url.href()},     {"tk", url.tenant.key},
                   {"s1", url.path.s1},         {"s2", url.path.s2},
                   {"s3", url.path.s3},         {"host", url.host.folded},
                   {"rule", name(around.rule)}, {"neighbourhoods", std::move(rules)},
                   {"seeds", std::move(seeds)}, {"seed_last_seen", date(around.last_seen)}};
  if (candidate.last > 0) row["first_seen"] = date(candidate.first), row["last_seen"] = date(candidate.last);
  return row;
}

json::object row_of(const Pattern& pattern) {
  return {{"pattern", pattern.glob},        {"regex", pattern.regex},
          {"squid", squid_line(pattern)},   {"suricata", suricata_rule(pattern)},
          {"rule", name(pattern.rule)},     {"key", pattern.key},
          {"malicious", pattern.malicious}, {"inspected", pattern.inspected},
          {"benign", pattern.benign},       {"met", pattern.met},
          {"measured", pattern.measured},   {"false_positive_rate", pattern.false_positive_rate()}};
}

}  // namespace

json::object Campaign::record() const {
  json::array candidates;
  uint64_t rank = 0, without_answer = 0;
  for (const Step& step : steps_) {
    json::object row = row_of(ranking_[step.candidate]);
    row["score"] = step.score;
    row["rank"] = ++rank;
    row["inspected"] = true;
    row["verdict"] = step.result.verdict;
    if (!step.result.visit.empty()) row["visit"] = step.result.visit;
    without_answer += step.result.verdict.empty();
    candidates.push_back(std::move(row));
  }
  const std::vector<size_t> rest = ranking_.by_score();
  for (size_t i = 0; i < rest.size() && i < options_.listed; ++i) {
    json::object row = row_of(ranking_[rest[i]]);
    row["score"] = ranking_.score(rest[i]);
    row["rank"] = ++rank;
    row["inspected"] = false;
    row["verdict"] = "";
    if (i < options_.queued) row["queued"] = true;
    candidates.push_back(std::move(row));
  }
  json::array patterns;
  for (const Pattern& pattern : patterns_) patterns.push_back(row_of(pattern));
  return {{"as_of", date(options_.ranking.as_of)},
          {"seed", options_.ranking.seed},
          {"candidates", std::move(candidates)},
          {"patterns", std::move(patterns)},
          {"totals",
           {{"seeds", seeds_.size()},
            {"candidates", ranking_.size()},
            {"inspected", steps_.size()},
            {"malicious", found_},
            {"without_answer", without_answer},
            {"cut", cut_}}}};
}

intel::Observation to_observation(const Campaign& campaign, std::string subject, base::TimePoint time) {
  intel::Observation observation;
  observation.kind = intel::ObservationKind::neighbour;
  observation.subject = std::move(subject);
  observation.sensor = sensor;
  observation.sensor_version = sensor_version;
  observation.time = time;
  observation.record = campaign.record();
  return observation;
}

}  // namespace shikake::neighbourhood
