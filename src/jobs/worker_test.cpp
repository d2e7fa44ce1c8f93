#include "jobs/worker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "store/testing.h"

namespace shikake::jobs {
namespace {

using namespace std::chrono_literals;
using store::JobState;

intel::Observation seen(const intel::Job& job, base::TimePoint time) {
  intel::Observation observation;
  observation.kind = intel::ObservationKind::visit;
  observation.subject = job.subject;
  observation.sensor = "test";
  observation.time = time;
  observation.record = {{"url", job.subject}, {"verdict", "benign"}};
  return observation;
}

class WorkerTest : public store::StoreTest {
 protected:
  void enqueue(const std::string& subject) {
    intel::Job job;
    job.kind = "visit";
    job.subject = subject;
    job.earliest = clock_.now();
    ASSERT_EQ(*store_->queue().enqueue(job), store::Enqueued::queued);
  }
  Result<Tally> run(Handler handler, std::stop_token stop = {}, WorkerOptions options = {}) {
    Registry registry;
    registry.add("visit", std::move(handler));
    intel::PolicySettings settings;
    return Worker(*store_, registry, settings).run_until_idle({}, options, stop);
  }
};

TEST_F(WorkerTest, DoesAllThatIsDue) {
  for (int i = 0; i < 5; ++i) enqueue("http://site" + std::to_string(i) + ".com/");
  auto tally = run([&](const intel::Job& job, std::stop_token) -> Result<std::vector<intel::Observation>> {
    return std::vector{seen(job, clock_.now())};
  });
  ASSERT_TRUE(tally) << tally.error().message();
  EXPECT_EQ(tally->done, 5u);
  EXPECT_EQ(tally->observations, 5u);
  EXPECT_EQ(store_->totals()->observations, 5u);
  EXPECT_FALSE(tally->next_due);
}

struct FailureRow {
  const char* name;
  ErrorCode code;
  int attempts;
};
class Failure : public WorkerTest, public ::testing::WithParamInterface<FailureRow> {};
TEST_P(Failure, IsTriedAgainOnlyWhereThatMayHelp) {
  enqueue("http://site.com/");
  int attempts = 0;
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(run([&](const intel::Job&, std::stop_token) -> Result<std::vector<intel::Observation>> {
      ++attempts;
      return fail(Module::net, GetParam().code, "it went wrong");
    }));
    clock_.advance(max_backoff * 2);
  }
  EXPECT_EQ(attempts, GetParam().attempts);
  auto dead = store_->queue().list(JobState::dead, 10);
  ASSERT_EQ(dead->size(), 1u);
  EXPECT_EQ((*dead)[0].reason, "net: it went wrong");
}
INSTANTIATE_TEST_SUITE_P(Rows, Failure,
                         ::testing::Values(FailureRow{"timeout", ErrorCode::timeout, store::max_job_attempts},
                                           FailureRow{"unavailable", ErrorCode::unavailable,
                                                      store::max_job_attempts},
                                           FailureRow{"refused", ErrorCode::refused, 1},
                                           FailureRow{"invalid", ErrorCode::invalid_input, 1}),
                         [](const auto& row) { return row.param.name; });

TEST(Backoff, GrowsAndIsTheSameForTheSameSeed) {
  std::mt19937_64 random(1), same(1);
  base::Duration before{0};
  for (int attempt = 1; attempt < 20; ++attempt) {
    base::Duration wait = backoff(attempt, random);
    EXPECT_EQ(wait, backoff(attempt, same));
    base::Duration whole =
        std::min<base::Duration>(first_backoff * (1 << std::min(attempt - 1, 10)), max_backoff);
    EXPECT_GE(wait, whole / 2) << attempt;
    EXPECT_LE(wait, whole * 3 / 2) << attempt;
    before = wait;
  }
  EXPECT_LE(before, max_backoff * 3 / 2);
}

TEST_F(WorkerTest, StopGivesTheJobBack) {
  enqueue("http://site.com/");
  std::stop_source source;
  auto tally = run(
      [&](const intel::Job&, std::stop_token stop) -> Result<std::vector<intel::Observation>> {
        source.request_stop();
        EXPECT_TRUE(stop.stop_requested());
        return fail(Module::honeyclient, ErrorCode::cancelled, "stopped");
      },
      source.get_token());
  ASSERT_TRUE(tally);
  EXPECT_EQ(tally->done + tally->retried + tally->dead, 0u);
  auto jobs = store_->queue().list(JobState::waiting, 10);
  ASSERT_EQ(jobs->size(), 1u);
  EXPECT_EQ((*jobs)[0].attempts, 0);
}

// Read by the thread that extends leases while the test moves it.
class SharedClock final : public base::Clock {
 public:
  base::TimePoint now() const override { return base::from_micros(micros_); }
  void advance(base::Duration by) { micros_ += by.count(); }

 private:
  std::atomic<int64_t> micros_{base::to_micros(*base::from_rfc3339("2026-03-01T12:00:00Z"))};
};

TEST_F(WorkerTest, AJobLongerThanItsLeaseKeepsIt) {
  enqueue("http://site.com/");
  SharedClock clock;
  store::OpenOptions open_options;
  open_options.clock = &clock;
  store_ = std::move(*store::Store::open(home(), open_options));
  WorkerOptions options;
  options.lease = 300ms;
  int extended = 0;
  auto tally = run(
      [&](const intel::Job& job, std::stop_token) -> Result<std::vector<intel::Observation>> {
        auto own = store::Store::open(home(), open_options);
        EXPECT_TRUE(own);
        const auto until = [&] { return (*(*own)->queue().list(JobState::leased, 1))[0].lease_until; };
        for (; extended < 3; ++extended) {
          const base::TimePoint before = until();
          clock.advance(200ms);
          const auto patience = std::chrono::steady_clock::now() + 60s;
          while (until() == before && std::chrono::steady_clock::now() < patience)
            std::this_thread::sleep_for(20ms);
          EXPECT_GT(until(), before);
        }
        return std::vector{seen(job, clock.now())};
      },
      {}, options);
  ASSERT_TRUE(tally) << tally.error().message();
  EXPECT_EQ(tally->done, 1u);
  EXPECT_EQ(extended, 3);
}

TEST_F(WorkerTest, UnknownKindIsRefused) {
  Registry registry;
  intel::PolicySettings settings;
  const std::vector<std::string> kinds = {"dance"};
  auto tally = Worker(*store_, registry, settings).run_until_idle(kinds);
  ASSERT_FALSE(tally);
  EXPECT_EQ(tally.error().code, ErrorCode::invalid_usage);
}

// A worker process; never returns. Each job takes a moment, so that a kill hits one in the middle.
[[noreturn]] void work_in_child(const std::filesystem::path& home, uint64_t seed) {
  auto store = store::Store::open(home);
  if (!store) _exit(3);
  Registry registry;
  registry.add("visit",
               [&](const intel::Job& job, std::stop_token) -> Result<std::vector<intel::Observation>> {
                 std::this_thread::sleep_for(std::chrono::milliseconds(5 + seed % 7));
                 return std::vector{seen(job, base::system_clock().now())};
               });
  intel::PolicySettings settings;
  WorkerOptions options;
  options.lease = 1s;
  options.seed = seed;
  options.keep_on_for = 20s;
  auto tally = Worker(**store, registry, settings).run_until_idle({}, options);
  _exit(tally ? 0 : 4);
}

TEST_F(WorkerTest, ManyProcessesDoEachJobOnceThoughSomeAreKilled) {
  constexpr int jobs = 120, workers = 4, kills = 8;
  store_ = std::move(*store::Store::open(home()));
  clock_.set(base::system_clock().now());
  for (int i = 0; i < jobs; ++i) enqueue("http://site" + std::to_string(i) + ".com/");
  store_.reset();  // a SQLite connection must not cross a fork

  std::set<pid_t> children;
  uint64_t seed = 0;
  auto start = [&] {
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) work_in_child(home(), seed);
    children.insert(child);
    ++seed;
  };
  for (int i = 0; i < workers; ++i) start();
  for (int i = 0; i < kills; ++i) {
    std::this_thread::sleep_for(40ms);
    pid_t victim = *children.begin();
    ::kill(victim, SIGKILL);
    ::waitpid(victim, nullptr, 0);
    children.erase(victim);
    start();
  }
  store_ = std::move(*store::Store::open(home()));
  const auto patience = std::chrono::steady_clock::now() + 60s;
  while (store_->totals()->jobs_waiting > 0 && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(50ms);
  for (pid_t child : children) ::kill(child, SIGKILL);
  for (pid_t child : children) ::waitpid(child, nullptr, 0);

  auto done = store_->queue().list(JobState::done, 1000);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->size(), static_cast<size_t>(jobs));
  std::set<std::string> subjects;
  for (const auto& job : *done) {
    EXPECT_EQ(job.results.size(), 1u) << job.job.subject;
    subjects.insert(job.job.subject);
  }
  EXPECT_EQ(subjects.size(), static_cast<size_t>(jobs));
  EXPECT_EQ(store_->totals()->observations, static_cast<uint64_t>(jobs));
}

}  // namespace
}  // namespace shikake::jobs
