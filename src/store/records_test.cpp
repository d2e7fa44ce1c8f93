// What the code writes, checked by others' tools: python3-jsonschema against docs/schemas, sha256sum.
#include <algorithm>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <boost/json/object.hpp>
#include <fstream>
#include <iterator>

#include "intel/feed.h"
#include "intel/json.h"
#include "intel/judgement.h"
#include "intel/visit.h"
#include "store/blobs.h"
#include "store/testing.h"

namespace shikake::store {
namespace {

namespace fs = std::filesystem;

class RecordsTest : public StoreTest {
 protected:
  // Every field filled, so that the schema knows them all.
  intel::Observation full_visit() {
    intel::VisitRecord visit{
        .url = "http://www.innocent-shop.com/", .client = "low", .persona = "p", .seed = 7};
    visit.verdict = intel::VisitVerdict::malicious;
    visit.reasons = visit.limits_hit = visit.unemulated = visit.components = {"one"};
    intel::VisitNode landing{
        .id = 0, .url = visit.url, .ip = "5.6.7.8", .status = 200, .mime = "text/html", .size = 4};
    landing.sha256 = *store_->blobs().put("body");
    landing.time = clock_.now();
    landing.fetched = true;
    landing.role = intel::Role::landing;
    landing.evidence = landing.cves = {"one"};
    intel::VisitNode exploit{.id = 1, .url = "http://ek.attacker-site.com/x", .why_not = "timeout"};
    exploit.role = intel::Role::exploit;
    exploit.time = clock_.now();
    visit.nodes = {landing, exploit};
    intel::ScriptOrigin origin{{"u", base::sha256("s"), 1, 1}, "innerHTML", {{"u", base::sha256("t"), 1, 1}}};
    visit.edges = {{0, 1, intel::Mechanism::iframe, origin, true, "plugins"}};
    visit.events = {{"eval", "x", 0}};
    visit.evaluated = {{{"u", base::sha256("e"), 2, 4}, true}};
    intel::Observation observation;
    observation.kind = intel::ObservationKind::visit;
    observation.subject = visit.url;
    observation.sensor = "honeyclient-low";
    observation.sensor_version = "0.1";
    observation.vantage = "91.5.6.7";
    observation.time = clock_.now();
    observation.record = to_json(visit);
    observation.blobs = {*landing.sha256, base::sha256("never stored")};
    return observation;
  }
  intel::Observation full_feed() {
    intel::FeedRecord feed{.feed = "misp", .format = "misp", .file = "f", .part = 1, .family = "emotet"};
    feed.references = {"https://report.vendor.com/1"};
    intel::FeedEntry entry{.key = {intel::IndicatorType::url, "http://ek.attacker-site.com/x"}};
    entry.role = intel::Role::exploit;
    entry.line = 3;
    entry.confidence = 70;
    entry.first_seen = entry.last_seen = clock_.now();
    entry.valid_until = clock_.now() + std::chrono::days(9);
    entry.uses = intel::UseSet(intel::Action::block, {intel::Point::proxy});
    entry.description = entry.family = "x";
    entry.tlp = intel::Tlp::amber_strict;
    entry.references = entry.aliases = {"x"};
    entry.original = {{"id", "indicator--1"}, {"x", 0.1}};
    feed.entries = {entry, intel::FeedEntry{.key = {intel::IndicatorType::domain, "www.wikipedia.org"}}};
    feed.context.push_back(boost::json::object{{"type", "relationship"}});
    intel::Observation observation;
    observation.kind = intel::ObservationKind::feed;
    observation.subject = "misp";
    observation.sensor = "import-misp";
    observation.time = clock_.now();
    observation.record = to_json(feed);
    return observation;
  }
  std::string save(const std::string& name, const std::string& text) {
    const fs::path path = home() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  static int run(const std::string& command) {
    int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(RecordsTest, SchemasAcceptWhatTheCodeWrites) {
  ASSERT_TRUE(
      store_->put_guard({"Top sites", "", "", "", intel::GuardType::hostname, {}, {"wikipedia.org"}}));
  Intake intake(*store_, {});
  const auto visit = full_visit(), feed = full_feed();
  ASSERT_TRUE(intake.take(visit));
  ASSERT_TRUE(intake.take(feed));
  const intel::IndicatorKey key{intel::IndicatorType::url, "http://ek.attacker-site.com/x"};
  const intel::Judgement judgement{key, intel::Verdict::confirmed, "aki", "seen", clock_.now()};
  ASSERT_TRUE(store_->judge(judgement, {}));
  ASSERT_TRUE(store_->bundle(key, home() / "bundle"));

  std::string arguments;
  auto check = [&](const std::string& schema, const std::string& file) {
    arguments += " " + schema + "='" + file + "'";
  };
  check("observation", save("visit.json", canonical_json(visit)));
  check("observation", save("feed.json", canonical_json(feed)));
  check("observation", save("judgement.json", canonical_json(intel::to_observation(judgement))));
  check("visit", save("visit_record.json", intel::canonical_json(boost::json::value(visit.record))));
  check("bundle", (home() / "bundle/manifest.json").string());
  int number = 0;
  Filter all;
  all.with_evidence = true;
  ASSERT_TRUE(store_->for_each(all, [&](const intel::Indicator& indicator, Position) {
    check("indicator", save("indicator" + std::to_string(number++) + ".json",
                            intel::canonical_json(boost::json::value(intel::to_json(indicator)))));
    return true;
  }));
  EXPECT_GE(number, 4);
  const std::string script = SHIKAKE_PYTHON
      " '" SHIKAKE_SOURCE_DIR "/tests/schemas/validate.py' '" SHIKAKE_SOURCE_DIR "/docs/schemas'";
  const int status = run(script + arguments);
  if (status == 77) GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(status, 0);
  // The check can fail: a member that no schema knows is refused.
  auto odd = visit.record;
  odd["surprise"] = 1;
  EXPECT_EQ(run(script + " visit='" + save("odd.json", intel::canonical_json(boost::json::value(odd))) +
                "' > /dev/null"),
            1);
}

TEST_F(RecordsTest, BundleIsCheckedBySha256sum) {
  Intake intake(*store_, {});
  const auto visit = full_visit();
  auto id = intake.take(visit);
  ASSERT_TRUE(id);
  const intel::IndicatorKey key{intel::IndicatorType::url, "http://ek.attacker-site.com/x"};
  const fs::path folder = home() / "out" / "bundle";
  auto made = store_->bundle(key, folder);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(run("cd '" + folder.string() + "' && sha256sum --quiet -c SHA256SUMS"), 0);
  // The observation's file is its canonical form: its digest is its name and the evidence's reference.
  std::ifstream file(folder / "observations" / (id->hex() + ".json"));
  std::string canonical((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(base::sha256(canonical), *id);
  EXPECT_TRUE(fs::exists(folder / "blobs" / base::sha256("body").hex()));
  std::ifstream manifest_file(folder / "manifest.json");
  auto manifest = intel::parse_json(std::string((std::istreambuf_iterator<char>(manifest_file)), {}));
  ASSERT_TRUE(manifest);
  const auto& missing = manifest->as_object().at("missing_blobs").as_array();
  ASSERT_EQ(missing.size(), 1u) << "what is not there is told, not left out";
  // A changed byte is noticed.
  std::ofstream(folder / "blobs" / base::sha256("body").hex()) << "b0dy";
  EXPECT_NE(run("cd '" + folder.string() + "' && sha256sum --quiet -c SHA256SUMS > /dev/null 2>&1"), 0);
  auto again = store_->bundle(key, folder);
  ASSERT_FALSE(again) << "an older bundle is not overwritten";
  EXPECT_EQ(again.error().code, ErrorCode::invalid_usage);
  EXPECT_EQ(store_->bundle({intel::IndicatorType::domain, "unknown.com"}, home() / "b2").error().code,
            ErrorCode::not_found);
}

TEST_F(RecordsTest, ShowHoldsEverythingBehindAnIndicator) {
  Intake intake(*store_, {});
  ASSERT_TRUE(intake.take(full_visit()));
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(intake.take(full_feed()));
  const intel::IndicatorKey key{intel::IndicatorType::url, "http://ek.attacker-site.com/x"};
  ASSERT_TRUE(store_->judge({key, intel::Verdict::confirmed, "aki", "seen", clock_.now()}, {}));
  ASSERT_TRUE(store_->add_sighting({key, "audit:proxy.log", clock_.now(), clock_.now(), 4}));
  auto details = store_->show(key);
  ASSERT_TRUE(details) << details.error().message();
  EXPECT_EQ(details->indicator.evidence.size(), 3u);
  EXPECT_EQ(details->observations.size(), 3u);
  EXPECT_GE(details->observations[0].time, details->observations[2].time);
  ASSERT_TRUE(details->indicator.judgement);
  ASSERT_EQ(details->sightings.size(), 1u);
  EXPECT_EQ(details->sightings[0].count, 4u);
  EXPECT_EQ(details->sightings[0].source, "audit:proxy.log");
  std::vector<std::string> jobs;
  for (const JobSummary& job : details->jobs) jobs.push_back(job.kind + " " + job.state);
  std::sort(jobs.begin(), jobs.end());
  // The page again, and what its forced run led to.
  EXPECT_EQ(jobs, (std::vector<std::string>{"neighbours waiting", "visit waiting", "visit waiting"}));
  EXPECT_EQ(details->indicator.aliases, std::vector<std::string>{"x"});
  EXPECT_EQ(store_->lookup("x")->size(), 1u) << "by an alias";
}

TEST_F(RecordsTest, RejudgeGivesWhatTheFirstJudgingGave) {
  Intake intake(*store_, {});
  for (int i = 0; i < 3; ++i) {
    intel::Observation visit = full_visit();
    visit.time += std::chrono::days(i);
    visit.vantage = std::to_string(i);
    ASSERT_TRUE(intake.take(visit));
  }
  ASSERT_TRUE(intake.take(full_feed()));
  auto everything = [&] {
    std::string all;
    Filter filter;
    filter.with_evidence = true;
    EXPECT_TRUE(store_->for_each(filter, [&](const intel::Indicator& indicator, Position) {
      all += intel::canonical_json(boost::json::value(intel::to_json(indicator))) + "\n";
      return true;
    }));
    return all;
  };
  const std::string before = everything();
  auto result = store_->rejudge({});
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->observations, 4u);
  EXPECT_EQ(result->evidence_before, result->evidence_after);
  EXPECT_EQ(everything(), before);
}

// Seen from inside a range under the range's profile, then judged outside it: nothing to act on is left of
// that, and what others saw in earnest stands.
TEST_F(RecordsTest, WhatWasSeenInsideARangeStaysThere) {
  intel::Observation range = full_visit();
  range.vantage = "198.51.100.7";
  const intel::IndicatorKey key{intel::IndicatorType::url, "http://ek.attacker-site.com/x"};
  ASSERT_TRUE(Intake(*store_, {.range_profile = true}).take(range));
  EXPECT_TRUE((*store_->find(key))->uses.has(intel::Action::block));
  ASSERT_TRUE(store_->rejudge({}));
  EXPECT_FALSE((*store_->find(key))->uses.has(intel::Action::block));
  EXPECT_TRUE((*store_->find(key))->uses.has(intel::Action::audit));
  ASSERT_TRUE(Intake(*store_, {}).take(full_visit()));
  EXPECT_TRUE((*store_->find(key))->uses.has(intel::Action::block));
}

TEST_F(RecordsTest, BlobsThatNobodyNamesAreCollected) {
  using namespace std::chrono_literals;
  Intake intake(*store_, {});
  auto orphan = *store_->blobs().put("orphan");
  ASSERT_TRUE(intake.take(full_visit()));
  EXPECT_EQ(*store_->collect_blobs(std::chrono::days(90)), 0u) << "an orphan may be on its way";
  clock_.advance(2h);
  EXPECT_EQ(*store_->collect_blobs(std::chrono::days(90)), 1u);
  EXPECT_FALSE(store_->blobs().contains(orphan));
  EXPECT_TRUE(store_->blobs().contains(base::sha256("body")));
  clock_.advance(std::chrono::days(91));
  EXPECT_EQ(*store_->collect_blobs(std::chrono::days(90)), 1u) << "past its retention";
}

}  // namespace
}  // namespace shikake::store
