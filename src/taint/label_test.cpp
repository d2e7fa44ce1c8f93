#include "taint/label.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace shikake::taint {
namespace {

class LabelTest : public testing::Test {
 protected:
  std::vector<Range> of(Label label) const {
    const auto ranges = labels_.ranges(label);
    return {ranges.begin(), ranges.end()};
  }
  std::unique_ptr<LabelArena> arena_ = std::make_unique<LabelArena>();
  Labels labels_{*arena_};
};

TEST_F(LabelTest, UnionsAreSets) {
  const Label a = labels_.source(1, 3);
  const Label b = labels_.source(1, 4);
  const Label c = labels_.source(2, 9);
  EXPECT_EQ(labels_.join(a, 0), a);
  EXPECT_EQ(labels_.join(0, a), a);
  EXPECT_EQ(labels_.join(a, a), a);
  EXPECT_EQ(labels_.join(a, b), labels_.join(b, a));
  EXPECT_EQ(labels_.join(labels_.join(a, b), c), labels_.join(a, labels_.join(c, b)));
  EXPECT_EQ(of(labels_.join(a, b)), (std::vector<Range>{{1, false, 3, 4}}));
  EXPECT_EQ(of(labels_.join(a, c)), (std::vector<Range>{{1, false, 3, 3}, {2, false, 9, 9}}));
  EXPECT_FALSE(labels_.coarsened(labels_.join(a, c)));
}

TEST_F(LabelTest, EqualSetsHaveOneId) {
  const Label ab = labels_.join(labels_.source(1, 0), labels_.source(1, 1));
  EXPECT_EQ(labels_.range({1, false, 0, 1}), ab);
}

TEST_F(LabelTest, DecisionsAreKeptApart) {
  const Label a = labels_.source(1, 3);
  const Label decided = labels_.by_decision(a);
  EXPECT_NE(a, decided);
  EXPECT_EQ(labels_.computed(decided), 0);
  EXPECT_EQ(labels_.computed(labels_.join(a, decided)), a);
  EXPECT_EQ(labels_.by_decision(decided), decided);
}

TEST_F(LabelTest, TooManyRangesAreMergedAndSaid) {
  Label all = 0;
  for (uint32_t i = 0; i < 100; ++i) all = labels_.join(all, labels_.source(1, i * 10));
  EXPECT_LE(of(all).size(), max_ranges);
  EXPECT_TRUE(labels_.coarsened(all));
  for (uint32_t i = 0; i < 100; ++i) {
    bool covered = false;
    for (const Range& r : of(all)) covered = covered || (r.first <= i * 10 && r.last >= i * 10);
    EXPECT_TRUE(covered) << i;
  }
}

TEST_F(LabelTest, TooManySourcesBecomeAny) {
  Label all = 0;
  for (uint16_t i = 1; i <= 20; ++i) all = labels_.join(all, labels_.source(i, 0));
  EXPECT_TRUE(labels_.coarsened(all));
  // As many as fit keep their names.
  ASSERT_EQ(of(all).size(), max_ranges);
  for (uint16_t i = 1; i < max_ranges; ++i) EXPECT_EQ(of(all)[i - 1u], (Range{i, false, 0, 0}));
  EXPECT_EQ(of(all).back().source, any_source);
}

TEST_F(LabelTest, WhatWasDecidedGivesWayToSources) {
  Label all = 0;
  for (uint16_t i = 1; i <= max_ranges; ++i)
    all = labels_.join(all, labels_.join(labels_.source(i, 4), labels_.by_decision(labels_.source(i, 9))));
  ASSERT_EQ(of(all).size(), max_ranges);
  for (uint16_t i = 1; i <= max_ranges; ++i) EXPECT_EQ(of(all)[i - 1u], (Range{i, false, 4, 9}));
}

TEST_F(LabelTest, AFullTableStillAnswers) {
  for (uint16_t flow = 1; flow < 40; ++flow)
    for (uint32_t offset = 0; offset < 4096; ++offset) ASSERT_NE(labels_.source(flow, offset), 0);
  const Label late = labels_.source(50, 7);
  ASSERT_EQ(of(late).size(), 1u);
  EXPECT_EQ(of(late)[0].source, 50);
  EXPECT_TRUE(labels_.coarsened(late));
  EXPECT_LE(labels_.size(), max_labels);
}

TEST_F(LabelTest, ALongRunningUnionMakesFewLabels) {
  Label all = 0;
  for (uint32_t offset = 0; offset < (1u << 20); ++offset) all = labels_.join(all, labels_.source(1, offset));
  EXPECT_LT(labels_.size(), 20000u);
  EXPECT_EQ(of(all).size(), 1u);
  EXPECT_EQ(of(all)[0].first, 0u);
  EXPECT_GE(of(all)[0].last, (1u << 20) - 1);
}

}  // namespace
}  // namespace shikake::taint
