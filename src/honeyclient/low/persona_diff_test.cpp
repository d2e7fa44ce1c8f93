#include "honeyclient/low/persona_diff.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace shikake::honeyclient::low {
namespace {

PersonaView view(const std::string& persona, const std::vector<std::string>& urls,
                 intel::VisitVerdict verdict = intel::VisitVerdict::benign) {
  PersonaView made{*find_persona(persona), {}};
  made.visit.url = "http://a.example/";
  made.visit.verdict = verdict;
  for (const std::string& url : urls) {
    intel::VisitNode node;
    node.url = url;
    node.fetched = true;
    made.visit.nodes.push_back(std::move(node));
  }
  return made;
}

struct Row {
  const char* name;
  std::vector<std::string> targets;  // personas that are led to the exploit
  std::vector<std::string> others;
  std::vector<std::string> expected;  // told_apart_by of the targets
};
class Apart : public ::testing::TestWithParam<Row> {};
TEST_P(Apart, BySharedFacts) {
  std::vector<PersonaView> views;
  for (const std::string& one : GetParam().targets)
    views.push_back(view(one, {"http://a.example/", "http://b.example/kit"}, intel::VisitVerdict::malicious));
  for (const std::string& one : GetParam().others) views.push_back(view(one, {"http://a.example/"}));
  PersonaDiff diff = compare_personas(views);
  ASSERT_EQ(diff.groups.size(), 2u);
  for (const PersonaGroup& group : diff.groups) {
    if (group.verdict != intel::VisitVerdict::malicious) {
      EXPECT_EQ(group.reached, std::vector<std::string>());
      continue;
    }
    EXPECT_EQ(group.reached, std::vector<std::string>{"http://b.example/kit"});
    EXPECT_EQ(group.told_apart_by, GetParam().expected);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Apart,
    ::testing::Values(
        Row{"version",
            {"ie6-winxp", "ie7-winxp"},
            {"ie8-winxp", "ie9-win7", "ie11-win7", "chrome-win10"},
            {"trident version up to 7"}},
        Row{"language",
            {"ie8-winxp-ja", "chrome-win10-ja", "safari-iphone-ja"},
            {"ie8-winxp", "chrome-win10", "safari-iphone"},
            {"language ja", "time zone Asia/Tokyo"}},
        Row{"phones", {"chrome-android", "safari-iphone"}, {"chrome-win10", "safari-macos"}, {"a phone"}},
        Row{"crawler",
            {"crawler"},
            {"chrome-win10", "chrome-linux"},
            {"system a crawler", "time zone America/Los_Angeles"}},
        Row{"nothing_known", {"chrome-win10", "firefox-linux"}, {"chrome-linux", "firefox-win10"}, {}}),
    [](const auto& row) { return row.param.name; });

TEST(PersonaDiff, CacheBreakersAreNoDifference) {
  PersonaDiff diff = compare_personas({view("chrome-win10", {"http://a.example/x?r=0.7264839201"}),
                                       view("ie8-winxp", {"http://a.example/x?r=0.15293846172"})});
  EXPECT_FALSE(diff.differs());
  EXPECT_EQ(diff.groups[0].personas, (std::vector<std::string>{"chrome-win10", "ie8-winxp"}));
  EXPECT_TRUE(compare_personas({}).groups.empty());
}

// Which exploit a kit gives to whom is often one digit.
TEST(PersonaDiff, SmallNumbersAreADifference) {
  EXPECT_TRUE(compare_personas({view("chrome-win10", {"http://a.example/load?e=3"}),
                                view("ie8-winxp", {"http://a.example/load?e=7"})})
                  .differs());
}

// Of a persona that was led there, and of one that only a forced run led there.
TEST(PersonaDiff, NamesTheCheckThatDecided) {
  PersonaView led = view("ie6-winxp", {"http://a.example/", "http://b.example/kit?n=1300000001"});
  PersonaView other = view("chrome-win10", {"http://a.example/", "http://b.example/kit?n=1300000002"});
  other.visit.nodes[1].fetched = false;
  intel::VisitEdge edge;
  edge.to = 1;
  edge.mechanism = intel::Mechanism::location;
  edge.decided_by = "navigator.userAgent: ie6 is true, line 2";
  led.visit.edges.push_back(edge);
  edge.forced = true;
  edge.decided_by = "navigator.userAgent: !ie6 is false, line 4";
  other.visit.edges.push_back(edge);
  edge.to = 0;
  edge.decided_by = "the time: always is true, line 9";
  led.visit.edges.push_back(edge);
  PersonaDiff diff = compare_personas({led, other});
  ASSERT_EQ(diff.groups.size(), 2u);
  for (const PersonaGroup& group : diff.groups)
    if (group.personas[0] == "ie6-winxp")
      EXPECT_EQ(group.decided_by, (std::vector<std::string>{"navigator.userAgent: !ie6 is false, line 4",
                                                            "navigator.userAgent: ie6 is true, line 2"}));
    else
      EXPECT_TRUE(group.decided_by.empty());
  EXPECT_NE(render(diff).find("because navigator"), std::string::npos);
}

// Where no way names a check, those that went otherwise for everybody else.
TEST(PersonaDiff, NamesTheChecksThatWentOtherwise) {
  PersonaView led = view("ie6-winxp", {"http://a.example/", "http://b.example/kit"});
  PersonaView other = view("chrome-win10", {"http://a.example/"});
  led.visit.events = {{"check", "navigator.appName: old is true, line 2", 0},
                      {"check", "both is true, line 3", 0}};
  other.visit.events = {{"check", "navigator.appName: old is false, line 2", 0},
                        {"check", "both is true, line 3", 0}};
  for (const PersonaGroup& group : compare_personas({led, other}).groups)
    EXPECT_EQ(group.decided_by, group.personas[0] == "ie6-winxp"
                                    ? std::vector<std::string>{"navigator.appName: old is true, line 2"}
                                    : std::vector<std::string>{});
}

TEST(PersonaDiff, IsShownHarmless) {
  PersonaDiff diff =
      compare_personas({view("chrome-win10", {"http://a.example/\x1b[31m"}), view("ie8-winxp", {})});
  EXPECT_EQ(render(diff).find('\x1b'), std::string::npos);
  EXPECT_EQ(render(diff).find("http://"), std::string::npos);
  boost::json::object json = to_json(diff);
  EXPECT_EQ(json.at("groups").as_array().size(), 2u);
}

}  // namespace
}  // namespace shikake::honeyclient::low
