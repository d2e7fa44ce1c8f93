#include "neighbours.h"

#include <filesystem>

#include "base/clock.h"

namespace shikake::app {

using namespace neighbourhood;

Result<> add_store_seeds(const store::Store& store, Day as_of, SeedIndex& seeds) {
  store::Filter filter;
  filter.type = intel::IndicatorType::url;
  return store.for_each(filter, [&](const intel::Indicator& indicator, store::Position) {
    const bool judged_false =
        indicator.judgement && indicator.judgement->verdict == intel::Verdict::false_positive;
    const auto day = day_of(indicator.last_seen);
    if (judged_false || !day || *day > as_of || !indicator.guarded_by.empty()) return true;
    if (auto url = corpus_url(indicator.key.value)) seeds.add(take_apart(std::move(*url)), *day);
    return true;
  });
}

Known known_to(const store::Store* store) {
  if (!store) return {};
  return [store](const std::string& href) {
    auto key = intel::canonical_value(intel::IndicatorType::url, href);
    if (!key) return false;
    auto found = store->find({intel::IndicatorType::url, *key});
    return found && *found;
  };
}

jobs::Handler neighbours_handler(store::Store& store, std::filesystem::path folder) {
  return [&store, folder = std::move(folder)](const intel::Job& job,
                                              std::stop_token) -> Result<std::vector<intel::Observation>> {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "CORPUS", ignored)) return std::vector<intel::Observation>{};
    SHIKAKE_ASSIGN(Corpus corpus, Corpus::open(folder));
    const base::TimePoint now = store.clock().now();
    const Day today = day_of(now).value_or(0);
    SeedIndex seeds;
    SHIKAKE_TRY(add_store_seeds(store, today, seeds));
    SHIKAKE_ASSIGN(url::Url subject, corpus_url(job.subject));
    const Taken seed = take_apart(std::move(subject));
    seeds.add(seed, today);
    CampaignOptions options;
    options.ranking.as_of = today;
    options.listed = options.queued = visits_a_search;
    Campaign campaign(&corpus, seeds, options, known_to(&store));
    SHIKAKE_TRY(campaign.gather_around(seed));
    return std::vector<intel::Observation>{to_observation(campaign, job.subject, now)};
  };
}

}  // namespace shikake::app
