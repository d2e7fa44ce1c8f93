#include "neighbourhood/search.h"

#include <algorithm>
#include <map>
#include <set>

namespace shikake::neighbourhood {
namespace {

class Search {
 public:
  Search(Corpus& corpus, const SeedIndex& seeds, const SearchLimits& limits, const Known& known)
      : corpus_(corpus), seeds_(seeds), limits_(limits), known_(known) {}

  Result<> around(const Taken& seed) {
    if (asked_.insert("p" + place_key(seed)).second) {
      SHIKAKE_ASSIGN(Listing listing, corpus_.same_place(seed.url, limits_.per_place));
      take(listing);
      // The seed itself stands in many corpora; it is asked for as any other would be.
    }
    if (asked_.insert("s" + seed.path.s2).second) {
      SHIKAKE_ASSIGN(Listing listing, corpus_.same_path_shape(seed.url, limits_.per_shape));
      SHIKAKE_TRY(take_with_tenants(listing));
    }
    if (asked_.insert("h" + seed.host.folded).second) {
      SHIKAKE_ASSIGN(Listing listing, corpus_.same_host_shape(seed.url, limits_.per_shape));
      SHIKAKE_TRY(take_with_tenants(listing));
    }
    return {};
  }

  SearchResult finish() {
    SearchResult result;
    result.cut = cut_;
    for (auto& [url, candidate] : found_) result.candidates.push_back(std::move(candidate));
    return result;
  }

 private:
  void take(const Listing& listing) {
    cut_ += listing.more;
    for (Candidate& candidate : near_ones(seeds_, listing.urls, known_)) {
      std::string href = candidate.url.url.href();
      found_.try_emplace(std::move(href), std::move(candidate));
    }
  }

  // A shape's listing has one URL of each tenant: what else that tenant has of the kind is looked up.
  Result<> take_with_tenants(const Listing& listing) {
    take(listing);
    for (const Seen& seen : listing.urls) {
      auto url = url::Url::parse(seen.url);
      if (!url || !tenants_.insert(url::tenant_key(*url)).second) continue;
      SHIKAKE_ASSIGN(Listing of_tenant, corpus_.same_tenant(*url, limits_.per_tenant));
      take(of_tenant);
    }
    return {};
  }

  Corpus& corpus_;
  const SeedIndex& seeds_;
  const SearchLimits& limits_;
  const Known& known_;
  std::set<std::string> asked_, tenants_;
  std::map<std::string, Candidate> found_;
  uint64_t cut_ = 0;
};

}  // namespace

std::vector<Candidate> near_ones(const SeedIndex& seeds, const std::vector<Seen>& urls, const Known& known) {
  std::vector<Candidate> candidates;
  for (const Seen& seen : urls) {
    auto url = corpus_url(seen.url);
    if (!url || seeds.contains(url->href()) || (known && known(url->href()))) continue;
    Candidate candidate{take_apart(std::move(*url)), seen.first, seen.last, {}};
    candidate.around = seeds.around(candidate.url);
    if (!candidate.around.empty()) candidates.push_back(std::move(candidate));
  }
  return candidates;
}

Result<SearchResult> search(Corpus& corpus, const SeedIndex& seeds, const SearchLimits& limits,
                            const Known& known) {
  std::vector<const std::string*> urls;
  for (const auto& [url, day] : seeds.seeds()) urls.push_back(&url);
  std::sort(urls.begin(), urls.end(), [](const std::string* a, const std::string* b) { return *a < *b; });
  Search search(corpus, seeds, limits, known);
  for (const std::string* text : urls) {
    SHIKAKE_ASSIGN(url::Url url, url::Url::parse(*text));
    SHIKAKE_TRY(search.around(take_apart(std::move(url))));
  }
  return search.finish();
}

Result<SearchResult> search_around(Corpus& corpus, const SeedIndex& seeds, const Taken& seed,
                                   const SearchLimits& limits, const Known& known) {
  Search search(corpus, seeds, limits, known);
  SHIKAKE_TRY(search.around(seed));
  return search.finish();
}

}  // namespace shikake::neighbourhood
