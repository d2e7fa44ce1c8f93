#include "taint/qemu/channels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace shikake::taint::qemu {
namespace {

class ChannelsTest : public testing::Test {
 protected:
  ChannelKey pipe(uint64_t number) { return {ChannelKind::queue, 9, number}; }
  std::vector<Label> labels(const Channel& channel, uint64_t offset, size_t count, bool forget = false) {
    std::vector<Label> found(count);
    channels_.read(channel, offset, found, forget);
    return found;
  }

  std::unique_ptr<ChannelTable> table_ = std::make_unique<ChannelTable>();
  Channels channels_{*table_};
};

TEST_F(ChannelsTest, LookingMakesNone) {
  EXPECT_EQ(channels_.find({ChannelKind::file, 1, 2}), nullptr);
  Channel* made = channels_.make({ChannelKind::file, 1, 2});
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(channels_.find({ChannelKind::file, 1, 2}), made);
  EXPECT_EQ(channels_.make({ChannelKind::file, 1, 2}), made);
  EXPECT_EQ(channels_.find({ChannelKind::queue, 1, 2}), nullptr);
}

TEST_F(ChannelsTest, LabelsComeBackOnceOutOfQueuesAndAlwaysOutOfFiles) {
  Channel* channel = channels_.make(pipe(1));
  const std::vector<Label> in = {1, 0, 3};
  const uint64_t over_a_chunks_end = chunk_bytes - 1;
  ASSERT_TRUE(channels_.write(*channel, over_a_chunks_end, in));
  EXPECT_EQ(labels(*channel, over_a_chunks_end, 3), in);
  EXPECT_EQ(labels(*channel, over_a_chunks_end, 3, true), in);
  EXPECT_EQ(labels(*channel, over_a_chunks_end, 3), (std::vector<Label>(3)));
}

TEST_F(ChannelsTest, WhatAQueueHasGivenOutTakesNoRoom) {
  Channel* channel = channels_.make(pipe(1));
  const std::vector<Label> in(chunk_bytes, Label{7});
  for (uint64_t turn = 0; turn < 3 * max_chunks / 2; ++turn) {
    ASSERT_TRUE(channels_.write(*channel, turn * chunk_bytes, in)) << turn;
    ASSERT_EQ(labels(*channel, turn * chunk_bytes, chunk_bytes, true), in) << turn;
  }
}

TEST_F(ChannelsTest, ClearedLabelsAreGone) {
  Channel* channel = channels_.make({ChannelKind::file, 1, 2});
  ASSERT_TRUE(channels_.write(*channel, 10, std::vector<Label>(2 * chunk_bytes, Label{7})));
  channels_.clear(*channel, 11, 2 * chunk_bytes);
  EXPECT_EQ(labels(*channel, 9, 4), (std::vector<Label>{0, 7, 0, 0}));
  EXPECT_EQ(labels(*channel, 2 * chunk_bytes, 4), (std::vector<Label>(4)));
}

TEST_F(ChannelsTest, LabelsAreFoundHoweverFarTheyLieApart) {
  Channel* channel = channels_.make({ChannelKind::file, 1, 2});
  Channel* other = channels_.make({ChannelKind::file, 1, 3});
  const uint64_t far = uint64_t{5} << 40;
  ASSERT_TRUE(channels_.write(*channel, 10, std::vector<Label>{7}));
  ASSERT_TRUE(channels_.write(*channel, far, std::vector<Label>{8, 9}));
  ASSERT_TRUE(channels_.write(*other, 10, std::vector<Label>{5}));
  const auto found = [&](uint64_t offset, uint64_t count) {
    std::vector<std::pair<uint64_t, Label>> all;
    channels_.each(*channel, offset, count, [&](uint64_t at, std::span<const Label> labels) {
      for (size_t i = 0; i < labels.size(); ++i)
        if (labels[i] != 0) all.emplace_back(at + i, labels[i]);
    });
    std::sort(all.begin(), all.end());
    return all;
  };
  using All = std::vector<std::pair<uint64_t, Label>>;
  EXPECT_EQ(found(0, ~uint64_t{0}), (All{{10, 7}, {far, 8}, {far + 1, 9}}));
  EXPECT_EQ(found(11, far - 10), (All{{far, 8}}));
  EXPECT_EQ(found(0, 10), All{});
}

TEST_F(ChannelsTest, WhatHoldsNothingMakesRoom) {
  Channel* kept = channels_.make({ChannelKind::file, 1, 2});
  Channel* flow = channels_.make({ChannelKind::socket, 1, 3});
  flow->source = 5;
  Channel* full = channels_.make(pipe(0));
  full->written = 4;
  const std::vector<Label> in = {1, 2, 3, 4};
  channels_.write(*full, 0, in);
  for (uint64_t i = 1; i < 3 * max_channels; ++i) {
    Channel* drained = channels_.make(pipe(i));
    ASSERT_NE(drained, nullptr) << i;
    // A number that was given before shows nothing of what was there.
    ASSERT_EQ(labels(*drained, 0, 4), (std::vector<Label>(4))) << i;
    channels_.write(*drained, 0, in);
    drained->written = drained->read = 4;
  }
  EXPECT_EQ(channels_.find({ChannelKind::file, 1, 2}), kept);
  EXPECT_EQ(channels_.find({ChannelKind::socket, 1, 3}), flow);
  EXPECT_EQ(flow->source, 5);
  EXPECT_EQ(channels_.find(pipe(0)), full);
  EXPECT_EQ(labels(*full, 0, 4), in);
}

TEST_F(ChannelsTest, AFullTableSaysSo) {
  size_t made = 0;
  for (uint64_t i = 0; i < 2 * max_channels; ++i) made += channels_.make({ChannelKind::file, 1, i}) != nullptr;
  EXPECT_GT(made, max_channels / 2);
  EXPECT_LE(made, max_channels);
  Channel* channel = channels_.make({ChannelKind::file, 1, 0});
  const std::vector<Label> in(chunk_bytes, Label{7});
  bool all = true;
  for (uint64_t i = 0; i < 2 * max_chunks; ++i) all = all && channels_.write(*channel, i * chunk_bytes, in);
  EXPECT_FALSE(all);
}

}  // namespace
}  // namespace shikake::taint::qemu
