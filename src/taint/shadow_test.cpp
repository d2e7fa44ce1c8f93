#include "taint/shadow.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace shikake::taint
