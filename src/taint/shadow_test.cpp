#include "taint/shadow.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace shikake::taint {
namespace {

constexpr Address here = 0x7f0000000ff0;  // labels here run over a page's end
constexpr Label labels[] = {1, 2, 3, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
constexpr size_t count = std::size(labels);

std::vector<Label> at(const Shadow& shadow, Address address) {
  std::vector<Label> found(count);
  shadow.read(address, count, found.data());
  return found;
}

const std::vector<Label> all(std::begin(labels), std::end(labels));
const std::vector<Label> nothing(count);

struct Move {
  const char* name;
  Address to;
  Address from;
  uint64_t count;
  Address shown;  // where the labels are afterwards
};

class ShadowMove : public testing::TestWithParam<Move> {};

TEST_P(ShadowMove, TakesLabelsAlongAndLeavesNone) {
  Shadow shadow;
  shadow.write(here, count, labels);
  shadow.set(GetParam().to, 99);  // of what was there before
  shadow.move(GetParam().to, GetParam().from, GetParam().count);
  EXPECT_EQ(at(shadow, GetParam().shown), all);
  EXPECT_EQ(at(shadow, here), nothing);
  EXPECT_EQ(shadow.get(GetParam().to), GetParam().shown == GetParam().to ? labels[0] : 0);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ShadowMove,
    testing::Values(Move{"page_by_page", 0x7e0000000000, 0x7f0000000000, 0x4000, 0x7e0000000ff0},
                    Move{"other_place_in_page", 0x10000123, here, count, 0x10000123},
                    Move{"below_4_gib", 0x8000, 0x7f0000000000, 0x3000, 0x8ff0},
                    // Sixteen tebibytes of which two pages hold labels.
                    Move{"reservation", 0x100000000000, 0x700000000000, 0x100000000000, 0x1f0000000ff0}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Shadow, ClearingAReservationMeetsOnlyWhatIsThere) {
  Shadow shadow;
  shadow.write(here, count, labels);
  shadow.set(here - 1, 5);
  shadow.clear(here, uint64_t{1} << 45);
  EXPECT_EQ(at(shadow, here), nothing);
  EXPECT_EQ(shadow.get(here - 1), 5);
}

TEST(Shadow, ClearingToTheEndOfAddressesEnds) {
  Shadow shadow;
  shadow.write(here, count, labels);
  shadow.clear(here, ~uint64_t{0});
  EXPECT_EQ(at(shadow, here), nothing);
}

// What two processes share, a page at a time, as the run's state keeps it.
struct Board {
  std::vector<std::unique_ptr<std::array<Label, page_bytes>>> pages{8};
  SharedLabels labels() {
    return [this](uint64_t offset, bool make) -> Label* {
      auto& page = pages.at(offset / page_bytes);
      if (page == nullptr && make) page = std::make_unique<std::array<Label, page_bytes>>();
      return page == nullptr ? nullptr : page->data();
    };
  }
};
constexpr Address one_place = 0x10000, other_place = 0x7f0000200000;

TEST(ShadowSharing, WhatOneWritesAnotherReads) {
  Board board;
  Shadow one, other;
  one.set(one_place, 9);  // of its own, before
  one.share(one_place, 4 * page_bytes, board.labels());
  other.share(other_place, 2 * page_bytes, [labels = board.labels()](uint64_t offset, bool make) {
    return labels(offset + page_bytes, make);
  });
  EXPECT_FALSE(one.empty());
  EXPECT_EQ(one.get(one_place), 0);
  EXPECT_EQ(other.get(other_place), 0);
  one.write(one_place + 2 * page_bytes - 5, count, labels);
  EXPECT_EQ(at(other, other_place + page_bytes - 5), all);
  other.set(other_place, 7);
  EXPECT_EQ(one.get(one_place + page_bytes), 7);
  EXPECT_NE(Shadow::filter.at(one_place + 3 * page_bytes) & ShadowFilter::near, 0);
}

TEST(ShadowSharing, EndsWithTheMappingAndKeepsTheLabels) {
  Board board;
  Shadow one, other;
  one.share(one_place, 4 * page_bytes, board.labels());
  other.share(other_place, 4 * page_bytes, board.labels());
  for (Address page = 0; page < 4; ++page) one.set(one_place + page * page_bytes, 3);
  one.clear(one_place + page_bytes, page_bytes);  // a hole in the middle
  EXPECT_EQ(one.get(one_place + page_bytes), 0);
  EXPECT_EQ(one.get(one_place + 2 * page_bytes), 3);
  EXPECT_FALSE(one.shares(one_place + page_bytes));
  EXPECT_TRUE(one.shares(one_place + 3 * page_bytes));
  one.set(one_place + page_bytes, 5);  // its own again
  EXPECT_EQ(other.get(other_place + page_bytes), 3);
  one.clear(one_place, 4 * page_bytes);
  EXPECT_EQ(one.get(one_place + 3 * page_bytes), 0);
  EXPECT_EQ(other.get(other_place + 3 * page_bytes), 3);
}

TEST(ShadowSharing, MovesAndGrows) {
  Board board;
  Shadow one, other;
  one.share(one_place, page_bytes, board.labels());
  other.share(other_place, 4 * page_bytes, board.labels());
  one.set(one_place + 1, 4);
  constexpr Address moved = one_place + 16 * page_bytes;
  one.move(moved, one_place, page_bytes);
  one.grow(moved + page_bytes, moved + 3 * page_bytes);
  EXPECT_EQ(one.get(moved + 1), 4);
  EXPECT_EQ(one.get(one_place + 1), 0);
  one.set(moved + 2 * page_bytes, 6);
  EXPECT_EQ(other.get(other_place + 2 * page_bytes), 6);
}

TEST(ShadowSharing, WithoutRoomForMoreLabelsStayAtHome) {
  Shadow one;
  one.share(one_place, page_bytes, [](uint64_t, bool) -> Label* { return nullptr; });
  one.set(one_place, 8);
  EXPECT_EQ(one.get(one_place), 8);
}

}  // namespace
}  // namespace shikake::taint
