// Takes jobs from the store's queue and does them: `shikake work`.
//
// Any number of workers, in any number of processes, may share a store. A worker that dies (kill -9, power)
// holds its job no longer than its lease; the next one does it again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "intel/policy.h"
#include "jobs/registry.h"
#include "store/queue.h"
#include "store/store.h"

namespace shikake::jobs {

// How long a dead worker's job stays lost. The lease of a living worker is extended three times in that time,
// whatever its job takes.
inline constexpr base::Duration default_lease = std::chrono::seconds(60);
// The first retry comes after this, each later one after twice as long, at most after max_backoff; each
// times a factor between 0.5 and 1.5 drawn by lot, so that jobs that failed together don't return together.
inline constexpr base::Duration first_backoff = std::chrono::seconds(30);
inline constexpr base::Duration max_backoff = std::chrono::hours(1);

// `attempt` counts from 1.
base::Duration backoff(int attempt, std::mt19937_64& random);
// Whether trying the same again may give something else.
bool may_get_better(ErrorCode code);

struct WorkerOptions {
  base::Duration lease = default_lease;
  uint64_t seed = 0;  // of the backoff's jitter
  // Goes on until this much time has passed, waiting for jobs to come due; without it stops when none is due.
  std::optional<base::Duration> keep_on_for;
  uint64_t most_jobs = UINT64_MAX;
};

struct Tally {
  uint64_t done = 0;
  uint64_t retried = 0;  // failed, to be tried again
  uint64_t dead = 0;     // failed for good
  uint64_t late = 0;     // done, but another worker had been faster
  uint64_t observations = 0;
  std::optional<base::TimePoint> next_due;  // of the jobs that wait for their time
};

// Told about each job as it starts and ends, for progress; may be empty.
struct JobEvent {
  const store::QueuedJob& job;
  bool finished = false;
  std::string outcome;  // "done", "late", or the error
};
using Listener = std::function<void(const JobEvent&)>;

class Worker {
 public:
  // Store and registry outlive the worker.
  Worker(store::Store& store, const Registry& registry, const intel::PolicySettings& settings);

  // Does due jobs of these kinds (all that are registered, if empty) until none is due. When `stop` is asked
  // for, the job in hand is given back as if it had never been taken. Fails only when the store does.
  Result<Tally> run_until_idle(std::span<const std::string> kinds, const WorkerOptions& options = {},
                               std::stop_token stop = {}, const Listener& listener = {});

 private:
  Result<> do_one(const store::Lease& lease, std::stop_token stop, const Listener& listener, Tally& tally);
  Result<> give_up(const store::Lease& lease, const Error& error, Tally& tally);

  store::Store& store_;
  const Registry& registry_;
  const intel::PolicySettings settings_;
  WorkerOptions options_;
  std::mt19937_64 random_;
};

}  // namespace shikake::jobs
