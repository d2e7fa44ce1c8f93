#include "store/queue.h"

#include <gtest/gtest.h>

#include "store/testing.h"

namespace shikake::store {
namespace {

using namespace std::chrono_literals;

class QueueTest : public StoreTest {
 protected:
  intel::Job job(const std::string& subject, int priority = 0, base::Duration in = 0s) {
    intel::Job made;
    made.kind = "visit";
    made.subject = subject;
    made.parameters = {{"persona", "p1"}};
    made.priority = priority;
    made.earliest = clock_.now() + in;
    return made;
  }
  std::string leased_subject() {
    auto lease = queue().lease({}, 60s);
    EXPECT_TRUE(lease) << lease.error().message();
    return lease && *lease ? (*lease)->job.job.subject : "";
  }
  JobState state_of(const Lease& lease) { return (*queue().get(lease.job.id))->state; }
  Queue& queue() { return store_->queue(); }

  intel::Observation observation(const std::string& subject) {
    intel::Observation made;
    made.kind = intel::ObservationKind::visit;
    made.subject = subject;
    made.sensor = "test";
    made.time = clock_.now();
    return made;
  }
};

TEST_F(QueueTest, HigherPriorityFirstThenOlder) {
  for (auto [subject, priority] : {std::pair{"a", 0}, {"b", 5}, {"c", 0}, {"d", -1}})
    EXPECT_EQ(*queue().enqueue(job(subject, priority)), Enqueued::queued);
  std::string order;
  for (std::string next; !(next = leased_subject()).empty();) order += next;
  EXPECT_EQ(order, "bacd");
}

TEST_F(QueueTest, NotBeforeItsTime) {
  ASSERT_TRUE(queue().enqueue(job("later", 0, 1h)));
  EXPECT_EQ(leased_subject(), "");
  EXPECT_EQ(**queue().next_due({}), clock_.now() + 1h);
  clock_.advance(1h);
  EXPECT_EQ(leased_subject(), "later");
}

TEST_F(QueueTest, OnlyTheKindsAskedFor) {
  ASSERT_TRUE(queue().enqueue(job("x")));
  const std::vector<std::string> other = {"run", "search"}, both = {"run", "visit"};
  EXPECT_FALSE(*queue().lease(other, 60s));
  EXPECT_FALSE(*queue().next_due(other));
  EXPECT_TRUE(*queue().lease(both, 60s));
}

TEST_F(QueueTest, TheSameIsNotQueuedTwiceInItsWindow) {
  EXPECT_EQ(*queue().enqueue(job("x")), Enqueued::queued);
  EXPECT_EQ(*queue().enqueue(job("x", 9, 30min)), Enqueued::duplicate);
  intel::Job other_persona = job("x");
  other_persona.parameters["persona"] = "p2";
  EXPECT_EQ(*queue().enqueue(other_persona), Enqueued::queued);
  EXPECT_EQ(*queue().enqueue(job("x", 0, deduplication_window)), Enqueued::queued);
  auto lease = queue().lease({}, 60s);
  ASSERT_TRUE(queue().complete(**lease, {}));
  EXPECT_EQ(*queue().enqueue(job("x")), Enqueued::duplicate) << "done a moment ago";
}

TEST_F(QueueTest, ALeaseThatRunsOutReturnsUntilTheAttemptsAreUsedUp) {
  ASSERT_TRUE(queue().enqueue(job("x")));
  for (int attempt = 1; attempt <= max_job_attempts; ++attempt) {
    auto lease = queue().lease({}, 60s);
    ASSERT_TRUE(lease && *lease) << attempt;
    EXPECT_EQ((*lease)->job.attempts, attempt);
    EXPECT_EQ(leased_subject(), "") << "leased twice";
    clock_.advance(60s);
  }
  EXPECT_EQ(leased_subject(), "");
  auto dead = queue().list(JobState::dead, 10);
  ASSERT_EQ(dead->size(), 1u);
  EXPECT_EQ((*dead)[0].reason, "its worker was gone before it was done");
}

TEST_F(QueueTest, ExtendKeepsALease) {
  ASSERT_TRUE(queue().enqueue(job("x")));
  auto lease = queue().lease({}, 60s);
  clock_.advance(50s);
  ASSERT_TRUE(queue().extend(**lease, 60s));
  clock_.advance(50s);
  EXPECT_EQ(leased_subject(), "");
  clock_.advance(10s);
  EXPECT_EQ(leased_subject(), "x");
  EXPECT_EQ(queue().extend(**lease, 60s).error().code, ErrorCode::conflict);
}

TEST_F(QueueTest, ALateResultIsTakenOnce) {
  ASSERT_TRUE(queue().enqueue(job("x")));
  auto slow = queue().lease({}, 60s);
  clock_.advance(61s);
  auto fast = queue().lease({}, 60s);
  ASSERT_TRUE(*fast);
  // The slow one comes back while the other is still at work.
  std::vector<Outcome> first = {{observation("first"), {}}}, second = {{observation("second"), {}}};
  ASSERT_TRUE(queue().complete(**slow, first));
  auto again = queue().complete(**fast, second);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  EXPECT_EQ(store_->totals()->observations, 1u);
  EXPECT_EQ((*queue().get((*slow)->job.id))->results, std::vector{intel::id_of(first[0].first)});
  EXPECT_FALSE(queue().fail(**fast, "too late", std::nullopt)) << "a result must not be taken back";
  EXPECT_EQ(state_of(**fast), JobState::done);
}

TEST_F(QueueTest, FailureWaitsThenDies) {
  ASSERT_TRUE(queue().enqueue(job("x")));
  for (int attempt = 1; attempt <= max_job_attempts; ++attempt) {
    auto lease = queue().lease({}, 60s);
    ASSERT_TRUE(lease && *lease);
    ASSERT_TRUE(queue().fail(**lease, "no route", clock_.now() + 5s));
    EXPECT_EQ(leased_subject(), "");
    clock_.advance(5s);
  }
  EXPECT_EQ((*queue().list(JobState::dead, 10))[0].reason, "no route");
  ASSERT_TRUE(queue().enqueue(job("y")));
  auto lease = queue().lease({}, 60s);
  ASSERT_TRUE(queue().fail(**lease, "never", std::nullopt));
  EXPECT_EQ(state_of(**lease), JobState::dead) << "nothing to wait for";
}

TEST_F(QueueTest, ReleaseDoesNotCount) {
  ASSERT_TRUE(queue().enqueue(job("x")));
  for (int i = 0; i < 2 * max_job_attempts; ++i) {
    auto lease = queue().lease({}, 60s);
    ASSERT_TRUE(lease && *lease);
    EXPECT_EQ((*lease)->job.attempts, 1);
    ASSERT_TRUE(queue().release(**lease));
    EXPECT_FALSE(queue().release(**lease)) << "not ours any more";
  }
}

TEST_F(QueueTest, OneOriginHasABudget) {
  intel::Derivation derivation;
  for (uint64_t i = 0; i < max_jobs_an_origin + 20; ++i) derivation.jobs.push_back(job(std::to_string(i)));
  auto id = store_->put(observation("hostile"), derivation);
  ASSERT_TRUE(id);
  EXPECT_EQ(store_->totals()->jobs_waiting, max_jobs_an_origin);
  // Follow-ups of follow-ups draw on the same budget.
  auto lease = queue().lease({}, 60s);
  ASSERT_TRUE(*lease);
  EXPECT_EQ((*lease)->job.job.origin, *id);
  std::vector<Outcome> more = {{observation("child"), {{}, {job("grandchild")}}}};
  ASSERT_TRUE(queue().complete(**lease, more));
  EXPECT_EQ(store_->totals()->jobs_waiting, max_jobs_an_origin - 1);
}

TEST_F(QueueTest, DescentHasADepth) {
  intel::Derivation first;
  first.jobs.push_back(job("0"));
  ASSERT_TRUE(store_->put(observation("start"), first));
  int done = 0;
  for (;; ++done) {
    auto lease = queue().lease({}, 60s);
    ASSERT_TRUE(lease);
    if (!*lease) break;
    EXPECT_EQ((*lease)->job.depth, done + 1);
    const std::string next = std::to_string(done + 1);
    std::vector<Outcome> outcome = {{observation(next), {{}, {job(next)}}}};
    ASSERT_TRUE(queue().complete(**lease, outcome));
  }
  EXPECT_EQ(done, max_job_depth);
}

TEST_F(QueueTest, JobsOutliveReopening) {
  ASSERT_TRUE(queue().enqueue(job("x", 3, 1h)));
  open();
  auto all = queue().list(std::nullopt, 10);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ((*all)[0].job.subject, "x");
  EXPECT_EQ((*all)[0].job.priority, 3);
  EXPECT_EQ((*all)[0].job.earliest, clock_.now() + 1h);
  EXPECT_EQ((*all)[0].job.parameters.at("persona").as_string(), "p1");
}

}  // namespace
}  // namespace shikake::store
