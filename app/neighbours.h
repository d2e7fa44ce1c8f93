// Neighbourhood search wired to the store: what `neighbours` and the job of that kind have in common.
#pragma once

#include <string>
#include <vector>

#include "command.h"
#include "jobs/registry.h"
#include "neighbourhood/campaign.h"
#include "store/store.h"

namespace shikake::app {

// Every URL that the store holds a malicious URL's evidence of, not judged false, with the day it was last
// seen; none seen after `as_of`.
Result<> add_store_seeds(const store::Store& store, neighbourhood::Day as_of,
                         neighbourhood::SeedIndex& seeds);
// Whether a URL is an indicator already.
neighbourhood::Known known_to(const store::Store* store);

// Does a job of kind "neighbours": searches a corpus around its subject and answers with an observation of
// which policy makes visits. Seeds are the subject and all that the store holds. All outlive the handler.
inline constexpr size_t visits_a_search = 20;  // an origin's budget must last for what these find
jobs::Handler neighbours_handler(store::Store& store, std::filesystem::path corpus);

}  // namespace shikake::app
