#include "intel/decay.h"

#include <gtest/gtest.h>

#include "intel/summary.h"

namespace shikake::intel {
namespace {

using std::chrono::days;

struct DecayRow {
  const char* name;
  int base, age_days;
  DecayParameters parameters;
  int score;
};
class Decay : public ::testing::TestWithParam<DecayRow> {};
TEST_P(Decay, FollowsTheFormula) {
  const DecayRow& row = GetParam();
  EXPECT_EQ(decayed(static_cast<uint8_t>(row.base), days(row.age_days), row.parameters), row.score);
}
// Worked out by hand from base * (1 - (t / lifetime)^(1 / speed)).
INSTANTIATE_TEST_SUITE_P(Rows, Decay,
                         ::testing::Values(DecayRow{"new", 80, 0, {120, 2, 30}, 80},
                                           DecayRow{"quarter_of_life", 80, 30, {120, 2, 30}, 40},
                                           DecayRow{"half_of_life", 80, 60, {120, 2, 30}, 23},
                                           DecayRow{"at_the_end", 80, 120, {120, 2, 30}, 0},
                                           DecayRow{"long_after", 80, 5000, {120, 2, 30}, 0},
                                           DecayRow{"linear", 100, 25, {100, 1, 30}, 75},
                                           DecayRow{"late_fall", 100, 50, {100, 0.5, 30}, 75},
                                           DecayRow{"clock_ahead", 80, -3, {120, 2, 30}, 80},
                                           DecayRow{"phishing_model_of_misp", 80, 1, {3, 2.3, 30}, 30}),
                         [](const auto& row) { return row.param.name; });

TEST(Decay, ExpiryIsWhereTheScoreFallsBelowTheThreshold) {
  for (int type = 0; type <= static_cast<int>(IndicatorType::sha256); ++type) {
    const DecayParameters& parameters = decay_of(static_cast<IndicatorType>(type));
    for (int base = 1; base <= 100; ++base) {
      const auto confidence = static_cast<uint8_t>(base);
      base::Duration life = time_to_expiry(confidence, parameters);
      if (base < parameters.threshold) {
        EXPECT_EQ(life.count(), 0) << base;
        continue;
      }
      EXPECT_GE(decayed(confidence, life - std::chrono::seconds(1), parameters), parameters.threshold)
          << base;
      EXPECT_LT(decayed(confidence, life + std::chrono::seconds(1), parameters), parameters.threshold)
          << base;
    }
  }
}

const base::TimePoint now = *base::from_rfc3339("2026-03-01");

Evidence evidence(uint8_t confidence, int age_days, UseSet uses, const std::string& source = "feed",
                  Role role = Role::c2) {
  Evidence made;
  made.assertion.key = {IndicatorType::domain, "bad.com"};
  made.assertion.role = role;
  made.assertion.uses = uses;
  made.assertion.confidence = confidence;
  made.assertion.source = source;
  made.assertion.first_seen = made.assertion.last_seen = now - days(age_days);
  return made;
}
Indicator sum(std::vector<Evidence> all, std::optional<Judgement> judgement = {}, Sightings sightings = {}) {
  return summarize({IndicatorType::domain, "bad.com"}, std::move(all), std::move(judgement), sightings, now);
}
const UseSet block_dns(Action::block, {Point::dns});
const UseSet alert_proxy(Action::alert, {Point::proxy});

TEST(Summary, StrongestEvidenceLeadsAndUsesAddUp) {
  Indicator all =
      sum({evidence(50, 1, alert_proxy, "weak", Role::unknown), evidence(90, 2, block_dns, "strong")});
  EXPECT_EQ(all.confidence, 90);
  EXPECT_EQ(all.roles, std::vector{Role::c2}) << "unknown says nothing beside a role";
  EXPECT_EQ(all.sources, (std::vector<std::string>{"strong", "weak"}));
  EXPECT_TRUE(all.uses.has(Action::block, Point::dns));
  EXPECT_TRUE(all.uses.has(Action::alert, Point::proxy));
  EXPECT_EQ(all.first_seen, now - days(2));
  EXPECT_EQ(all.last_seen, now - days(1));
}

TEST(Summary, ExpiredEvidenceKeepsAuditAlone) {
  Indicator all = sum({evidence(90, 110, block_dns), evidence(60, 1, alert_proxy)});
  EXPECT_FALSE(all.uses.has(Action::block));
  EXPECT_TRUE(all.uses.has(Action::audit, Point::dns));
  EXPECT_TRUE(all.uses.has(Action::alert, Point::proxy));
}

TEST(Summary, AFeedsOwnEndIsHeeded) {
  Evidence ended = evidence(90, 1, block_dns);
  ended.assertion.valid_until = now - days(1);
  Indicator all = sum({ended});
  EXPECT_EQ(all.score, 0);
  EXPECT_FALSE(all.uses.has(Action::block));
  EXPECT_EQ(all.expires, now - days(1));
}

TEST(Summary, GuardOfOneTakesBlockFromAll) {
  Evidence guarded = evidence(90, 1, audit_only(block_dns));
  guarded.assertion.guarded_by = "Top sites";
  Indicator all = sum({guarded, evidence(80, 1, block_dns, "older-policy")});
  EXPECT_FALSE(all.uses.has(Action::block));
  EXPECT_EQ(all.guarded_by, "Top sites");
}

TEST(Summary, Judgements) {
  Judgement judgement{{IndicatorType::domain, "bad.com"}, Verdict::false_positive, "aki", "ours", now};
  Indicator refuted = sum({evidence(90, 1, block_dns)}, judgement);
  EXPECT_TRUE(refuted.uses.empty());
  EXPECT_EQ(refuted.score, 0);
  judgement.verdict = Verdict::confirmed;
  Indicator confirmed = sum({evidence(60, 100, block_dns)}, judgement);
  EXPECT_EQ(confirmed.confidence, confirmed_confidence);
  EXPECT_EQ(confirmed.score, confirmed_confidence);
  EXPECT_TRUE(confirmed.uses.has(Action::block));
}

TEST(Summary, UseSetHelpers) {
  EXPECT_EQ(audit_only(block_dns), UseSet(Action::audit, {Point::dns}));
  EXPECT_EQ(without_block(block_dns), UseSet(Action::alert, {Point::dns}));
  EXPECT_EQ(without_block(alert_proxy), alert_proxy);
  EXPECT_TRUE(audit_only({}).empty());
}

}  // namespace
}  // namespace shikake::intel
