#include "intel/behaviour.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace shikake::intel {
namespace {

TEST(Behaviour, EachRowIsWhole) {
  const std::regex technique_form("T[0-9]{4}(\\.[0-9]{3})?"), name_form("[a-z][a-z_]+");
  std::set<std::string_view> seen;
  for (const BehaviourRow& row : behaviour_table()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(std::regex_match(std::string(row.name), name_form));
    EXPECT_TRUE(std::regex_match(std::string(row.technique), technique_form));
    EXPECT_FALSE(technique_name(row.technique).empty()) << "no name for " << row.technique;
    EXPECT_FALSE(row.sentence.empty());
    EXPECT_TRUE(seen.insert(row.name).second);
    EXPECT_EQ(behaviour_kind(row.name), row.kind);
    EXPECT_EQ(&row_of(row.kind), &row);
  }
  EXPECT_EQ(seen.size(), behaviour_kinds);
}

TEST(Behaviour, UnknownNamesAreNone) {
  EXPECT_EQ(behaviour_kind(""), std::nullopt);
  EXPECT_EQ(behaviour_kind("no_such_kind"), std::nullopt);
  EXPECT_EQ(technique_name("T9999"), "");
}

}  // namespace
}  // namespace shikake::intel
