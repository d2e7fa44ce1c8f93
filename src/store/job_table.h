// The jobs table, for the files that write it inside a transaction of theirs.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/hash.h"
#include "store/queue.h"
#include "store/store.h"

namespace shikake::store {

// Queues a job unless it is a duplicate or its root's budget is used up. Throws as SOCI does.
Enqueued add_job(soci::session& sql, const HashKey& key, const intel::Job& job, const std::string& root,
                 int depth);

// Jobs whose subject is `subject` or whose origin is one of `origins`, newest first, at most max_jobs_shown.
inline constexpr int max_jobs_shown = 50;
Result<std::vector<JobSummary>> jobs_about(soci::session& sql, const std::string& subject,
                                           const std::set<base::Digest>& origins);

std::unique_ptr<Queue> make_queue(Store::State& state);

}  // namespace shikake::store
