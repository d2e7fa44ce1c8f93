// Which candidate to inspect next: the one that a draw from what is believed of its neighbourhoods says is
// most likely malicious (Thompson sampling). docs/neighbourhood.md, "Ranking".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "neighbourhood/draw.h"
#include "neighbourhood/seeds.h"

namespace shikake::neighbourhood {

struct Candidate {
  Taken url;
  Day first = 0, last = 0;                   // in the corpus it came from; 0: it has no days
  std::vector<const Neighbourhood*> around;  // closest rule first, never empty; the index outlives it
};

struct RankingOptions {
  uint64_t seed = 1;
  Day as_of = 0;          // "now": recency and novelty are counted from here
  size_t per_host = 100;  // inspections of one host, at most: nobody's server is to suffer
};

class Ranking {
 public:
  Ranking(const SeedIndex& seeds, const RankingOptions& options);

  // Known ones, and those that are seeds, are not taken again. Returns how many were new.
  size_t add(std::vector<Candidate> candidates);
  // Another known malicious URL, found meanwhile.
  void add_seed(const Taken& seed);

  // The next to inspect; nothing when none is left that a host's limit allows. Each comes once.
  std::optional<size_t> next();
  // What came of it: counts for, or against, its neighbourhoods.
  void report(size_t candidate, bool malicious);

  const Candidate& operator[](size_t candidate) const { return candidates_[candidate]; }
  size_t size() const { return candidates_.size(); }
  // Expected yield of an inspection, 0 to 1, as believed now.
  double score(size_t candidate) const;
  // All that were not inspected, best first; ties by URL.
  std::vector<size_t> by_score() const;

  struct Tally {
    uint64_t malicious = 0, benign = 0;  // inspected
  };
  Tally tally(const Neighbourhood& around) const;

 private:
  // What is believed of one set of URLs: counts of malicious and benign, seeds in part.
  struct Belief {
    double malicious = 0, benign = 0;
    double drawn = 0;
    uint64_t round = 0;  // in which it was drawn
  };
  // From widest to narrowest. A set that nothing is known of is believed to be as the one around it.
  static constexpr size_t levels = 5;
  struct Group {
    size_t beliefs[levels];          // into beliefs_
    std::vector<size_t> candidates;  // to be inspected, best features last
    double drawn = 0;                // odds of the best of them, by the last draw
  };
  size_t belief(const std::string& key);
  std::string level_key(const Candidate& candidate, size_t level) const;
  std::string key_of(Rule rule, const std::string& rule_key, const Taken& url, size_t level) const;
  double features(const Candidate& candidate) const;
  void draw(Group& group);
  void draw_all();
  struct Posterior;
  Posterior posterior(const Group& group, Rule rule, size_t level, double around) const;

  const RankingOptions options_;
  Draw draw_;
  std::vector<Candidate> candidates_;
  std::vector<double> features_;
  std::vector<size_t> group_of_;
  std::vector<uint8_t> inspected_;
  std::unordered_set<std::string> taken_;  // URLs
  std::vector<Group> groups_;
  std::unordered_map<std::string, size_t> group_by_key_, belief_by_key_;
  std::vector<Belief> beliefs_;
  std::unordered_map<size_t, std::vector<size_t>> groups_of_belief_;  // of a neighbourhood's
  uint64_t round_ = 0;
  size_t picks_left_ = 0;  // until all are drawn anew
  std::unordered_map<std::string, size_t> inspected_of_host_;
  std::unordered_map<const Neighbourhood*, Tally> tallies_;
  std::unordered_set<std::string> seed_hosts_, above_seeds_;
};

}  // namespace shikake::neighbourhood
