// Candidates: URLs of a corpus, or of a list, that lie in a neighbourhood of the seeds and are not known.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "neighbourhood/corpus.h"
#include "neighbourhood/ranking.h"
#include "neighbourhood/seeds.h"

namespace shikake::neighbourhood {

struct SearchLimits {
  size_t per_place = 256;  // URLs of one tenant and structure; a crawl has millions of some
  size_t per_shape = 32;   // other tenants of one shape
  size_t per_tenant = 64;  // of such a tenant's URLs looked at for more of the kind
};

struct SearchResult {
  std::vector<Candidate> candidates;  // in a fixed order, each URL once
  uint64_t cut = 0;                   // questions whose answers a limit cut
};

// `known`: URLs that need no inspection (indicators already). Seeds never are candidates.
using Known = std::function<bool(const std::string& href)>;

Result<SearchResult> search(Corpus& corpus, const SeedIndex& seeds, const SearchLimits& limits,
                            const Known& known);
// The same around one seed of the index alone: what a newly found one brings.
Result<SearchResult> search_around(Corpus& corpus, const SeedIndex& seeds, const Taken& seed,
                                   const SearchLimits& limits, const Known& known);
// Of these, those that lie in a neighbourhood.
std::vector<Candidate> near_ones(const SeedIndex& seeds, const std::vector<Seen>& urls, const Known& known);

}  // namespace shikake::neighbourhood
