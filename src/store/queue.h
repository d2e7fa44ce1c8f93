// The durable queue of jobs, in the store's database; several workers in several processes may share it.
// Every call is a transaction of its own.
//
//   waiting ──lease──► leased ──complete──► done
//      ▲                 │ fail, lease runs out
//      └───── backoff ───┤
//                        └── attempts used up ──► dead (with its reason)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/result.h"
#include "intel/model.h"
#include "intel/policy.h"

namespace shikake::store {

// The same kind, subject and parameters are not queued again for a time this near to an earlier one's.
inline constexpr base::Duration deduplication_window = std::chrono::hours(1);
// Jobs that descend from one observation, and how many steps from it: a hostile page must not be able to
// make us visit the Internet.
inline constexpr uint64_t max_jobs_an_origin = 100;
inline constexpr int max_job_depth = 10;
inline constexpr int max_job_attempts = 5;

enum class JobState : uint8_t { waiting, leased, done, dead };
std::string_view name(JobState state);

struct QueuedJob {
  uint64_t id = 0;
  intel::Job job;
  JobState state = JobState::waiting;
  int attempts = 0;                   // begun so far
  int depth = 0;                      // follow-ups of follow-ups
  base::TimePoint lease_until;        // while leased
  std::string reason;                 // of the last failure, or why dead
  std::vector<base::Digest> results;  // observations that it gave
};

struct Lease {
  QueuedJob job;
  std::string token;  // whose lease it is; complete and fail want it
};

// Why a job was not queued.
enum class Enqueued : uint8_t { queued, duplicate, over_budget, too_deep };

using Outcome = std::pair<intel::Observation, intel::Derivation>;

class Queue {
 public:
  virtual ~Queue() = default;

  virtual Result<Enqueued> enqueue(const intel::Job& job) = 0;

  // The job of one of `kinds` (all, if empty) with the highest priority whose time has come, oldest first;
  // nothing where there is none. Leases of the dead that ran out count as waiting (or dead, attempts used
  // up).
  virtual Result<std::optional<Lease>> lease(std::span<const std::string> kinds, base::Duration duration) = 0;
  virtual Result<> extend(const Lease& lease, base::Duration duration) = 0;  // conflict: no longer ours

  // Stores what the job gave and its follow-up jobs and marks it done, in one transaction. Taken once: a
  // worker that comes late, when the job is done already, gets conflict and nothing of it is stored. One
  // that comes late while another works on the job still has its result taken.
  virtual Result<> complete(const Lease& lease, std::span<const Outcome> outcomes) = 0;
  // Tries again at `retry_at`, or is dead where that is nothing or max_job_attempts have been made.
  virtual Result<> fail(const Lease& lease, std::string_view reason,
                        std::optional<base::TimePoint> retry_at) = 0;
  // Gives the lease back untouched: the attempt does not count (Ctrl-C).
  virtual Result<> release(const Lease& lease) = 0;

  // When the next waiting job or the next lease to run out comes due; nothing where there is neither.
  virtual Result<std::optional<base::TimePoint>> next_due(std::span<const std::string> kinds) const = 0;
  virtual Result<std::optional<QueuedJob>> get(uint64_t id) const = 0;
  virtual Result<std::vector<QueuedJob>> list(std::optional<JobState> state, uint64_t limit) const = 0;
};

}  // namespace shikake::store
