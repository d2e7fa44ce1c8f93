#include "triage/matcher.h"

#include <gmock/gmock.h>

#include <fstream>

#include "triage/testing.h"

namespace shikake::triage {
namespace {

using ::testing::HasSubstr;

std::filesystem::path folder_of_rules(std::string_view text) {
  auto folder = std::filesystem::path(::testing::TempDir()) / ("rules-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "specimen.yar") << text;
  return folder;
}

constexpr std::string_view rules = R"(
rule specimen_word : malicious { meta: description = "says the word" strings: $a = "SPECIMEN" condition: $a }
rule long_body { condition: filesize > 1MB }
)";

TEST(Matcher, MatchesOneBodyAfterAnother) {
  auto matcher = Matcher::open({folder_of_rules(rules)}, false);
  ASSERT_TRUE(matcher.has_value()) << matcher.error().message();
  const struct {
    const char* name;
    std::string body;
    std::vector<std::string> found;
  } rows[] = {
      {"nothing", "<p>harmless</p>", {}},
      {"word", "x SPECIMEN y", {"specimen_word"}},
      {"empty", "", {}},
      {"long", std::string(2 << 20, ' '), {"long_body"}},
      {"past_the_bound", std::string(max_matched_bytes, ' ') + "SPECIMEN", {"long_body"}},
      {"again", "SPECIMEN", {"specimen_word"}},
  };
  for (const auto& row : rows) {
    auto found = matcher->match(row.body);
    ASSERT_TRUE(found.has_value()) << row.name << ": " << found.error().message();
    std::vector<std::string> names;
    for (const RuleMatch& one : *found) names.push_back(one.rule);
    EXPECT_EQ(names, row.found) << row.name;
  }
  auto found = matcher->match("SPECIMEN");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->at(0).tags, std::vector<std::string>{"malicious"});
  EXPECT_EQ(found->at(0).description, "says the word");
}

TEST(Matcher, NamesRulesThatDoNotCompile) {
  auto matcher = Matcher::open({folder_of_rules("rule broken { condition: nothing }")}, false);
  ASSERT_TRUE(matcher.has_value()) << matcher.error().message();
  ASSERT_EQ(matcher->rule_errors().size(), 1u);
  EXPECT_THAT(matcher->rule_errors()[0], HasSubstr("specimen.yar"));
  EXPECT_TRUE(matcher->match("x")->empty());
}

TEST(Matcher, AFolderThatIsNotThereIsAnError) {
  auto matcher = Matcher::open({"/nowhere/rules"}, false);
  ASSERT_FALSE(matcher.has_value());
  EXPECT_THAT(matcher.error().message(), HasSubstr("rules"));
}

}  // namespace
}  // namespace shikake::triage
