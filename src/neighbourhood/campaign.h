// One campaign: seeds, their candidates, a budget of inspections, and what came of it. What an inspection
// convicts becomes a seed at once.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <vector>

#include "intel/model.h"
#include "neighbourhood/pattern.h"
#include "neighbourhood/search.h"

namespace shikake::neighbourhood {

inline constexpr std::string_view sensor = "neighbourhood";
inline constexpr std::string_view sensor_version = "1";

struct CampaignOptions {
  RankingOptions ranking;
  SearchLimits limits;
  size_t budget = 0;              // inspections
  size_t listed = 1000;           // candidates in the record, at most, besides those inspected
  size_t queued = 0;              // of those not inspected, so many of the best are to be visited by jobs
  uint64_t measured = 1'000'000;  // URLs of the corpus that a pattern is held against
};

struct Inspection {
  bool malicious = false;
  std::string
      verdict;        // "malicious", "suspicious", "benign"; "" where there was no answer: counts as neither
  std::string visit;  // the observation's id, for the evidence
};
using Inspector = std::function<Result<Inspection>(const Candidate&)>;

class Campaign {
 public:
  // `corpus` may be null, with candidates from lists alone. All outlive the campaign.
  Campaign(Corpus* corpus, SeedIndex& seeds, CampaignOptions options, Known known);

  Result<> gather();                          // from the corpus
  Result<> gather_around(const Taken& seed);  // of one seed alone
  void add_listed(const std::vector<Seen>& urls);
  // Spends the budget. An inspection that fails ends the campaign; what was learnt stands.
  Result<> run(const Inspector& inspect);
  Result<> find_patterns();

  const Ranking& ranking() const { return ranking_; }
  struct Step {
    size_t candidate;
    double score;  // when it was picked
    Inspection result;
  };
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<Pattern>& patterns() const { return patterns_; }
  uint64_t found() const { return found_; }

  // As the observation's record and as `shikake neighbours --json` has it (docs/neighbourhood.md).
  boost::json::object record() const;
  // Malicious found against inspections made, as SVG.
  std::string yield_plot() const;

 private:
  Corpus* corpus_;
  SeedIndex& seeds_;
  CampaignOptions options_;
  Known known_;
  Ranking ranking_;
  std::vector<Seen> listed_;
  std::vector<Step> steps_;
  std::vector<Pattern> patterns_;
  uint64_t cut_ = 0, found_ = 0;
};

intel::Observation to_observation(const Campaign& campaign, std::string subject, base::TimePoint time);

}  // namespace shikake::neighbourhood
