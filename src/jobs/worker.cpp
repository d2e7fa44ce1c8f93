#include "jobs/worker.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace shikake::jobs {
namespace {

// How often an idle worker that keeps on looks for new work.
constexpr std::chrono::milliseconds poll_interval{200};

// Keeps the lease of the job in hand alive, from a thread and a connection of its own.
class Heartbeat {
 public:
  Heartbeat(const std::filesystem::path& home, const base::Clock& clock, const store::Lease& lease,
            base::Duration duration)
      : thread_([=, &clock](std::stop_token stop) {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::unique_lock lock(mutex);
          std::unique_ptr<store::Store> store;  // opened only by jobs that outlive a third of their lease
          while (!wake.wait_for(lock, stop, duration / 3, [&] { return stop.stop_requested(); })) {
            store::OpenOptions options;
            options.clock = &clock;
            options.create = false;
            if (!store) {
              if (auto opened = store::Store::open(home, options)) store = std::move(*opened);
            }
            // Failing is no reason to stop the job: whoever finishes first has its result taken.
            if (store && !store->queue().extend(lease, duration)) return;
          }
        }) {}

 private:
  std::jthread thread_;
};

void tell(const Listener& listener, const store::QueuedJob& job, bool finished, std::string outcome) {
  if (listener) listener({job, finished, std::move(outcome)});
}

}  // namespace

base::Duration backoff(int attempt, std::mt19937_64& random) {
  base::Duration wait = first_backoff;
  for (int i = 1; i < attempt && wait < max_backoff; ++i) wait *= 2;
  wait = std::min(wait, max_backoff);
  // A thousandth of the whole at a time: the same numbers on every standard library.
  const auto thousandths = static_cast<int64_t>(500 + random() % 1001);
  return wait * thousandths / 1000;
}

bool may_get_better(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
    case ErrorCode::invalid_usage:
    case ErrorCode::not_found:
    case ErrorCode::refused:
    case ErrorCode::unsupported:
      return false;
    default:
      return true;
  }
}

Worker::Worker(store::Store& store, const Registry& registry, const intel::PolicySettings& settings)
    : store_(store), registry_(registry), settings_(settings) {}

Result<> Worker::give_up(const store::Lease& lease, const Error& error, Tally& tally) {
  std::optional<base::TimePoint> again;
  if (may_get_better(error.code)) again = store_.clock().now() + backoff(lease.job.attempts, random_);
  auto failed = store_.queue().fail(lease, error.message(), again);
  if (!failed) {
    if (failed.error().code != ErrorCode::conflict) return failed;
    ++tally.late;
    return {};
  }
  ++(again && lease.job.attempts < store::max_job_attempts ? tally.retried : tally.dead);
  return {};
}

Result<> Worker::do_one(const store::Lease& lease, std::stop_token stop, const Listener& listener,
                        Tally& tally) {
  tell(listener, lease.job, false, "");
  const Handler* handler = registry_.find(lease.job.job.kind);
  SHIKAKE_CHECK(handler != nullptr);
  Result<std::vector<intel::Observation>> seen = [&] {
    Heartbeat heartbeat(store_.home(), store_.clock(), lease, options_.lease);
    return (*handler)(lease.job.job, stop);
  }();
  if (!seen && seen.error().code == ErrorCode::cancelled && stop.stop_requested()) {
    tell(listener, lease.job, true, "given back");
    auto released = store_.queue().release(lease);
    if (!released && released.error().code == ErrorCode::conflict) return {};  // someone has it already
    return released;
  }
  if (!seen) {
    tell(listener, lease.job, true, seen.error().message());
    return give_up(lease, seen.error(), tally);
  }
  std::vector<store::Outcome> outcomes;
  for (intel::Observation& observation : *seen) {
    auto derived = intel::derive(observation, store_, settings_);
    if (!derived) {
      tell(listener, lease.job, true, derived.error().message());
      return give_up(lease, derived.error(), tally);
    }
    outcomes.emplace_back(std::move(observation), std::move(*derived));
  }
  auto completed = store_.queue().complete(lease, outcomes);
  if (!completed && completed.error().code == ErrorCode::conflict) {
    ++tally.late;
    tell(listener, lease.job, true, "late");
    return {};
  }
  if (!completed) return completed;
  ++tally.done;
  tally.observations += outcomes.size();
  tell(listener, lease.job, true, "done");
  return {};
}

Result<Tally> Worker::run_until_idle(std::span<const std::string> kinds, const WorkerOptions& options,
                                     std::stop_token stop, const Listener& listener) {
  options_ = options;
  random_.seed(options.seed);
  std::vector<std::string> wanted(kinds.begin(), kinds.end());
  if (wanted.empty()) wanted = registry_.kinds();
  for (const std::string& kind : wanted) {
    if (registry_.find(kind)) continue;
    return fail(Module::jobs, ErrorCode::invalid_usage,
                "nothing here does jobs of the kind \"" + kind + "\"");
  }
  Tally tally;
  if (wanted.empty()) return tally;
  const auto until = std::chrono::steady_clock::now() + options.keep_on_for.value_or(base::Duration(0));
  uint64_t taken = 0;
  while (!stop.stop_requested() && taken < options.most_jobs) {
    SHIKAKE_ASSIGN(std::optional<store::Lease> lease, store_.queue().lease(wanted, options.lease));
    if (lease) {
      ++taken;
      SHIKAKE_TRY(do_one(*lease, stop, listener, tally));
    } else if (options.keep_on_for && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(poll_interval);
    } else {
      break;
    }
    if (options.keep_on_for && std::chrono::steady_clock::now() >= until) break;
  }
  SHIKAKE_ASSIGN(tally.next_due, store_.queue().next_due(wanted));
  return tally;
}

}  // namespace shikake::jobs
