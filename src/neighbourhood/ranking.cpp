#include "neighbourhood/ranking.h"

#include <algorithm>
#include <cmath>

namespace shikake::neighbourhood {
namespace {

// What is believed of a rule before anything was inspected, as so many malicious and benign. A tenant that
// hosts one malicious URL mostly hosts innocent ones; a shape that tells is hardly anyone else's (the time
// split's figures say how seldom).
struct Prior {
  double malicious, benign;
};
constexpr Prior priors[] = {{1, 4}, {2, 1}, {2, 1}};
// A seed was found by somebody, not drawn from its neighbourhood, so it says less than an inspection.
constexpr double seed_weight = 0.5;
constexpr double most_seed_evidence = 5;  // a thousand seeds must not outweigh what inspections find now
// How much the set around says of one that little is known of, in inspections.
constexpr double pull[] = {0, 3, 2, 1.5, 1.5};

// Kits are moved within weeks: what was bad two months ago is half as likely to be bad still.
constexpr double half_life_days = 60;
constexpr double least_recency = 0.25;
constexpr double newly_seen = 1.5;  // odds, for a URL first seen within novelty_days
constexpr int novelty_days = 30;
constexpr double same_host = 1.3;  // odds, for a host that has a seed
// Odds, for a host above or below a seed's in its tenant: www.login.a.example and a.example beside
// login.a.example, where any other name below a.example may be somebody else's work.
constexpr double related_host = 3;
constexpr double unusual_port = 1.2;  // odds, for a port that sites don't use

// A draw of all groups serves one pick, and one more for each so many groups: a pick then costs about the
// same whatever their number.
constexpr size_t groups_a_pick = 100;

std::string directory_of(const Taken& url) {
  std::string_view path = url.url.pathname();
  return std::string(url.url.hostname()) + std::string(path.substr(0, path.rfind('/') + 1));
}

// The names above a URL's host, down to its tenant's own, nearest first.
std::vector<std::string> names_above(const Taken& url) {
  std::vector<std::string> names;
  if (url.tenant.grain != url::TenantGrain::domain && url.tenant.grain != url::TenantGrain::platform_host)
    return names;
  std::string_view host = url.url.hostname();
  while (host.size() > url.tenant.key.size()) {
    host.remove_prefix(host.find('.') + 1);
    names.emplace_back(host);
  }
  return names;
}

}  // namespace

Ranking::Ranking(const SeedIndex& seeds, const RankingOptions& options)
    : options_(options), draw_(options.seed) {
  std::vector<const std::string*> urls;  // in a fixed order: sums of doubles depend on it
  for (const auto& [url, day] : seeds.seeds()) urls.push_back(&url);
  std::sort(urls.begin(), urls.end(), [](const std::string* a, const std::string* b) { return *a < *b; });
  for (const std::string* text : urls)
    if (auto url = url::Url::parse(*text)) add_seed(take_apart(std::move(*url)));
}

// Levels: the rule; the neighbourhood; the tenant in it; the directory in that; its S2. Among tenants that
// are named alike the S2 comes first: what was learnt of a page of the kit holds for the next tenant.
std::string Ranking::key_of(Rule rule, const std::string& rule_key, const Taken& url, size_t level) const {
  std::string key(name(rule));
  if (level >= 1) key += '\n' + rule_key;
  const bool across = rule == Rule::host_shape;
  if (across && level >= 2) key += '\n' + url.path.s2;
  if (level >= (across ? 3u : 2u)) key += '\n' + url.tenant.key;
  if (level >= (across ? 4u : 3u)) key += '\n' + directory_of(url);
  if (!across && level >= 4) key += '\n' + url.path.s2;
  return key;
}

std::string Ranking::level_key(const Candidate& candidate, size_t level) const {
  const Neighbourhood& around = *candidate.around.front();
  return key_of(around.rule, around.key, candidate.url, level);
}

size_t Ranking::belief(const std::string& key) {
  auto [at, fresh] = belief_by_key_.try_emplace(key, beliefs_.size());
  if (fresh) beliefs_.emplace_back();
  return at->second;
}

void Ranking::add_seed(const Taken& seed) {
  seed_hosts_.emplace(seed.url.hostname());
  for (std::string& name : names_above(seed)) above_seeds_.insert(std::move(name));
  const std::pair<Rule, std::string> rules[] = {
      {Rule::place, place_key(seed)}, {Rule::path_shape, seed.path.s2}, {Rule::host_shape, host_key(seed)}};
  for (const auto& [rule, key] : rules) {
    for (size_t level = 1; level < levels; ++level) {
      Belief& belief_of = beliefs_[belief(key_of(rule, key, seed, level))];
      if (belief_of.malicious < most_seed_evidence) belief_of.malicious += seed_weight;
    }
  }
}

double Ranking::features(const Candidate& candidate) const {
  const int age = std::max(0, int{options_.as_of} - int{candidate.around.front()->last_seen});
  double odds = std::max(least_recency, std::exp2(-age / half_life_days));
  if (candidate.first > 0 && options_.as_of - candidate.first <= novelty_days) odds *= newly_seen;
  const std::string host(candidate.url.url.hostname());
  const std::vector<std::string> above = names_above(candidate.url);
  if (seed_hosts_.contains(host))
    odds *= same_host;
  else if (above_seeds_.contains(host) ||
           std::any_of(above.begin(), above.end(),
                       [this](const std::string& name) { return seed_hosts_.contains(name); }))
    odds *= related_host;
  if (candidate.url.url.port_number()) odds *= unusual_port;
  return odds * (1 + 0.1 * static_cast<double>(candidate.around.size() - 1));
}

size_t Ranking::add(std::vector<Candidate> candidates) {
  size_t added = 0;
  std::vector<size_t> touched;
  for (Candidate& candidate : candidates) {
    if (candidate.around.empty() || !taken_.insert(candidate.url.url.href()).second) continue;
    const std::string key = level_key(candidate, levels - 1);
    auto [at, fresh] = group_by_key_.try_emplace(key, groups_.size());
    if (fresh) {
      Group& group = groups_.emplace_back();
      for (size_t level = 0; level < levels; ++level)
        group.beliefs[level] = belief(level_key(candidate, level));
      groups_of_belief_[group.beliefs[1]].push_back(groups_.size() - 1);
    }
    groups_[at->second].candidates.push_back(candidates_.size());
    touched.push_back(at->second);
    group_of_.push_back(at->second);
    features_.push_back(features(candidate));
    inspected_.push_back(0);
    candidates_.push_back(std::move(candidate));
    ++added;
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (size_t group : touched) {
    auto& members = groups_[group].candidates;
    std::sort(members.begin(), members.end(), [&](size_t a, size_t b) {
      if (features_[a] != features_[b]) return features_[a] < features_[b];
      return candidates_[a].url.url.href() > candidates_[b].url.url.href();
    });
  }
  picks_left_ = 0;
  return added;
}

// Each level's belief leans on the one around it: Beta(counts + pull * that, …). What nothing is known of is
// as what is around it.
struct Ranking::Posterior {
  double malicious, benign;
  bool known;
};

Ranking::Posterior Ranking::posterior(const Group& group, Rule rule, size_t level, double around) const {
  const Belief& belief = beliefs_[group.beliefs[level]];
  const Prior& prior = priors[static_cast<size_t>(rule)];
  if (level == 0) return {belief.malicious + prior.malicious, belief.benign + prior.benign, true};
  return {belief.malicious + pull[level] * around, belief.benign + pull[level] * (1 - around),
          belief.malicious + belief.benign > 0};
}

double Ranking::score(size_t candidate) const {
  double share = 0;
  for (size_t level = 0; level < levels; ++level) {
    const Posterior known =
        posterior(groups_[group_of_[candidate]], candidates_[candidate].around.front()->rule, level, share);
    if (known.known) share = known.malicious / (known.malicious + known.benign);
  }
  const double odds = share / std::max(1e-9, 1 - share) * features_[candidate];
  return odds / (1 + odds);
}

std::vector<size_t> Ranking::by_score() const {
  std::vector<std::pair<double, size_t>> scored;
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (!inspected_[i]) scored.emplace_back(score(i), i);
  std::sort(scored.begin(), scored.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return candidates_[a.second].url.url.href() < candidates_[b.second].url.url.href();
  });
  std::vector<size_t> order;
  for (const auto& [value, index] : scored) order.push_back(index);
  return order;
}

// A belief is drawn once a round, so that a thousand groups that share it are not a thousand tickets.
void Ranking::draw(Group& group) {
  const size_t first = group.candidates.back();
  const Rule rule = candidates_[first].around.front()->rule;
  double share = 0;
  for (size_t level = 0; level < levels; ++level) {
    Belief& belief = beliefs_[group.beliefs[level]];
    if (belief.round != round_) {
      const Posterior known = posterior(group, rule, level, share);
      belief.drawn =
          known.known ? std::clamp(draw_.beta(known.malicious, known.benign), 1e-4, 1 - 1e-4) : share;
      belief.round = round_;
    }
    share = belief.drawn;
  }
  group.drawn = share / (1 - share) * features_[first];
}

void Ranking::draw_all() {
  ++round_;
  for (Group& group : groups_)
    if (!group.candidates.empty()) draw(group);
  picks_left_ = 1 + groups_.size() / groups_a_pick;
}

std::optional<size_t> Ranking::next() {
  while (true) {
    if (picks_left_ == 0) draw_all();
    Group* best = nullptr;
    for (Group& group : groups_)
      if (!group.candidates.empty() && (!best || group.drawn > best->drawn)) best = &group;
    if (!best) return std::nullopt;
    const size_t picked = best->candidates.back();
    best->candidates.pop_back();
    size_t& of_host = inspected_of_host_[std::string(candidates_[picked].url.url.hostname())];
    if (of_host >= options_.per_host) continue;
    ++of_host;
    inspected_[picked] = 1;
    --picks_left_;
    return picked;
  }
}

void Ranking::report(size_t candidate, bool malicious) {
  for (size_t belief_at : groups_[group_of_[candidate]].beliefs)
    (malicious ? beliefs_[belief_at].malicious : beliefs_[belief_at].benign) += 1;
  // What was learnt counts at once where it was learnt; elsewhere at the next draw.
  const auto& beside = groups_of_belief_[groups_[group_of_[candidate]].beliefs[1]];
  for (size_t group : beside)
    for (size_t level = 1; level < levels; ++level) beliefs_[groups_[group].beliefs[level]].round = 0;
  for (size_t group : beside)
    if (!groups_[group].candidates.empty()) draw(groups_[group]);
  for (const Neighbourhood* around : candidates_[candidate].around) {
    Tally& tally_of = tallies_[around];
    ++(malicious ? tally_of.malicious : tally_of.benign);
  }
}

Ranking::Tally Ranking::tally(const Neighbourhood& around) const {
  auto found = tallies_.find(&around);
  return found == tallies_.end() ? Tally{} : found->second;
}

}  // namespace shikake::neighbourhood
