#include "store/store.h"

#include <gtest/gtest.h>

#include "intel/feed.h"
#include "intel/visit.h"
#include "store/testing.h"

namespace shikake::store {
namespace {

using intel::Action;
using intel::IndicatorKey;
using intel::IndicatorType;
using intel::Point;
using intel::Role;

intel::Observation feed_of(std::vector<intel::FeedEntry> entries, base::TimePoint time,
                           const std::string& feed = "testfeed") {
  intel::FeedRecord record;
  record.feed = feed;
  record.format = "maltrail";
  record.file = "bad.txt";
  record.references = {"https://report.vendor.com/1"};
  record.entries = std::move(entries);
  intel::Observation observation;
  observation.kind = intel::ObservationKind::feed;
  observation.subject = feed;
  observation.sensor = "import-maltrail";
  observation.time = time;
  observation.record = to_json(record);
  return observation;
}

intel::FeedEntry entry(std::string_view value, Role role = Role::c2) {
  auto key = intel::guess_key(value);
  EXPECT_TRUE(key) << value;
  intel::FeedEntry made;
  made.key = *key;
  made.role = role;
  return made;
}

TEST_F(StoreTest, WhatIsPutIsFoundAfterReopening) {
  Intake intake(*store_, {});
  auto id = intake.take(feed_of({entry("evil-site.com"), entry("http://bad.net/x.php?id=1")}, clock_.now()));
  ASSERT_TRUE(id) << id.error().message();
  open();
  auto found = store_->find({IndicatorType::domain, "evil-site.com"});
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->roles, std::vector{Role::c2});
  EXPECT_TRUE((*found)->uses.has(Action::block, Point::dns));
  EXPECT_EQ((*found)->sources, std::vector<std::string>{"testfeed"});
  ASSERT_EQ((*found)->evidence.size(), 1u);
  EXPECT_EQ((*found)->evidence[0].observation, *id);
  EXPECT_EQ((*found)->evidence[0].assertion.place, "/entries/0");
  EXPECT_EQ((*found)->evidence[0].assertion.why, "testfeed lists it; see https://report.vendor.com/1");
  auto observation = store_->observation(*id);
  ASSERT_TRUE(observation && *observation);
  EXPECT_EQ(intel::id_of(**observation), *id);
}

TEST_F(StoreTest, LookupUnderstandsDefangedTextAndFindsWhatConcernsIt) {
  Intake intake(*store_, {});
  ASSERT_TRUE(
      intake.take(feed_of({entry("evil-site.com"), entry("http://www.evil-site.com/a"), entry("8.9.10.11"),
                           entry("8.9.10.0/24"), entry("8.9.10.11:80"), entry("/gate.php?id=")},
                          clock_.now())));
  auto values = [&](std::string_view text) {
    std::vector<std::string> all;
    auto found = store_->lookup(text);
    EXPECT_TRUE(found) << found.error().message();
    if (found) {
      for (const auto& one : *found) all.push_back(one.key.value);
    }
    return all;
  };
  using Values = std::vector<std::string>;
  EXPECT_EQ(values("hxxp://www[.]evil-site[.]com/a#top"),
            (Values{"http://www.evil-site.com/a", "evil-site.com"}));
  EXPECT_EQ(values("deep.www.evil-site.com"), Values{"evil-site.com"});
  EXPECT_EQ(values("notevil-site.com"), Values{});
  EXPECT_EQ(values("http://8.9.10.11/x"), (Values{"8.9.10.11:80", "8.9.10.11", "8.9.10.0/24"}));
  EXPECT_EQ(values("8.9.10.77"), Values{"8.9.10.0/24"});
  EXPECT_EQ(values("/gate.php?id="), Values{"/gate.php?id="});
  EXPECT_EQ(values("/gate.php"), Values{});
  EXPECT_FALSE(store_->lookup("what is this"));
}

TEST_F(StoreTest, ForEachFiltersAndGoesOn) {
  Intake intake(*store_, {});
  std::vector<intel::FeedEntry> entries;
  for (int i = 0; i < 9000; ++i) entries.push_back(entry("host" + std::to_string(i) + ".evil-site.com"));
  entries.push_back(entry("http://landing-site.com/", Role::landing));
  ASSERT_TRUE(intake.take(feed_of(entries, clock_.now())));
  size_t count = 0;
  ASSERT_TRUE(store_->for_each({}, [&](const auto&, Position) { return ++count, true; }));
  EXPECT_EQ(count, 9001u);
  Filter block;
  block.action = Action::block;
  block.limit = 5000;
  count = 0;
  ASSERT_TRUE(
      store_->for_each(block, [&](const auto&, Position at) { return block.after = at, ++count, true; }));
  EXPECT_EQ(count, 5000u);
  ASSERT_TRUE(
      store_->for_each(block, [&](const auto&, Position at) { return block.after = at, ++count, true; }));
  EXPECT_EQ(count, 9000u);
  Filter landing;
  landing.role = Role::landing;
  auto found = store_->list(landing);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_FALSE((*found)[0].uses.has(Action::block));
}

TEST_F(StoreTest, AFeedImportedAgainTakesItsOwnPlace) {
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now())));
  const auto first = clock_.now();
  clock_.advance(std::chrono::days(10));
  ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now())));
  ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now(), "otherfeed")));
  auto found = store_->find({IndicatorType::domain, "evil-site.com"});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->evidence.size(), 2u);
  EXPECT_EQ((*found)->first_seen, first);
  EXPECT_EQ((*found)->last_seen, clock_.now());
}

TEST_F(StoreTest, FalsePositiveOutlivesImportAndRejudge) {
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com"), entry("other-site.com")}, clock_.now())));
  const IndicatorKey key{IndicatorType::domain, "evil-site.com"};
  ASSERT_TRUE(store_->judge({key, intel::Verdict::false_positive, "aki", "our own site", clock_.now()}, {}));
  for (int round = 0; round < 3; ++round) {
    auto found = store_->find(key);
    ASSERT_TRUE(found && *found);
    EXPECT_TRUE((*found)->uses.empty()) << round;
    EXPECT_EQ((*found)->score, 0) << round;
    ASSERT_TRUE((*found)->judgement);
    EXPECT_EQ((*found)->judgement->why, "our own site");
    clock_.advance(std::chrono::hours(1));
    if (round == 0) {
      ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now())));
    }
    if (round == 1) {
      ASSERT_TRUE(store_->rejudge({}));
    }
  }
  ASSERT_TRUE(store_->judge({key, intel::Verdict::confirmed, "aki", "was wrong", clock_.now()}, {}));
  auto found = store_->find(key);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->confidence, 95);
  EXPECT_TRUE((*found)->uses.has(Action::block, Point::dns));
}

TEST_F(StoreTest, GuardTakesBlockAndIsNamed) {
  ASSERT_TRUE(
      store_->put_guard({"Top sites", "", "1", "", intel::GuardType::hostname, {}, {"evil-site.com"}}));
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.take(feed_of({entry("www.evil-site.com")}, clock_.now())));
  const IndicatorKey key{IndicatorType::domain, "www.evil-site.com"};
  auto found = store_->find(key);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->guarded_by, "Top sites");
  EXPECT_FALSE((*found)->uses.has(Action::block));
  EXPECT_FALSE((*found)->uses.has(Action::alert));
  EXPECT_TRUE((*found)->uses.has(Action::audit, Point::dns));
  // A changed guard is applied to old observations by rejudge.
  ASSERT_TRUE(store_->remove_guard("Top sites"));
  ASSERT_TRUE(store_->rejudge({}));
  found = store_->find(key);
  EXPECT_EQ((*found)->guarded_by, "");
  EXPECT_TRUE((*found)->uses.has(Action::block, Point::dns));
}

TEST_F(StoreTest, HostileTextComesBackHarmlessOrWhole) {
  using namespace std::string_literals;
  intel::FeedEntry hostile = entry("evil-site.com");
  hostile.description = "a\0b'; DROP TABLE evidence; -- \x1b[31m"s;
  hostile.family = "bad \xFF utf-8";
  hostile.valid_until = base::TimePoint();  // the epoch itself is an end, not none
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.take(feed_of({hostile}, clock_.now())));
  auto found = store_->find({IndicatorType::domain, "evil-site.com"});
  ASSERT_TRUE(found && *found);
  const intel::Assertion& said = (*found)->evidence[0].assertion;
  EXPECT_TRUE(said.why.starts_with(hostile.description)) << said.why;
  EXPECT_EQ(said.family, "bad \uFFFD utf-8");
  ASSERT_TRUE(said.valid_until);
  EXPECT_LE(*said.valid_until, base::from_micros(1));
  EXPECT_EQ((*found)->score, 0);
}

TEST_F(StoreTest, BatchIsAllOrNothing) {
  {
    auto batch = store_->batch();
    ASSERT_TRUE(batch);
    Intake intake(*store_, {});
    ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now())));
  }
  EXPECT_EQ(store_->totals()->indicators, 0u);
  {
    auto batch = store_->batch();
    Intake intake(*store_, {});
    ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now())));
    ASSERT_TRUE(batch->commit());
  }
  EXPECT_EQ(store_->totals()->indicators, 1u);
}

TEST_F(StoreTest, DecayAndExpiry) {
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.take(feed_of({entry("evil-site.com")}, clock_.now())));
  const IndicatorKey key{IndicatorType::domain, "evil-site.com"};
  EXPECT_EQ((*store_->find(key))->score, 75);
  clock_.advance(std::chrono::days(30));  // 75 * (1 - (30/120)^(1/2))
  EXPECT_EQ((*store_->find(key))->score, 38);
  EXPECT_TRUE((*store_->find(key))->uses.has(Action::block));
  clock_.advance(std::chrono::days(30));  // 75 * (1 - (60/120)^(1/2)) = 22, below 30
  EXPECT_EQ((*store_->find(key))->score, 22);
  EXPECT_FALSE((*store_->find(key))->uses.has(Action::block));
  EXPECT_TRUE((*store_->find(key))->uses.has(Action::audit));
  // A sighting makes it young again.
  ASSERT_TRUE(store_->add_sighting({key, "audit:proxy.log", clock_.now(), clock_.now(), 3}));
  EXPECT_EQ((*store_->find(key))->score, 75);
  EXPECT_EQ((*store_->find(key))->sightings, 3u);
  auto none = store_->expire(clock_.now());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->indicators, 0u);
  clock_.advance(std::chrono::days(100));
  auto gone = store_->expire(clock_.now());
  ASSERT_TRUE(gone) << gone.error().message();
  EXPECT_EQ(gone->indicators, 1u);
  EXPECT_FALSE(*store_->find(key));
}

}  // namespace
}  // namespace shikake::store
