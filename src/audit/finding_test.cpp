// The finding as JSON against its published schema; stages and points in their table.

#include "audit/finding.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "audit/audit.h"
#include "audit/test_intelligence.h"

namespace shikake::audit {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/shikake-finding-XXXXXX";
    SHIKAKE_CHECK(mkdtemp(name) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

int exit_status(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Finding, MatchesItsSchema) {
  const std::string log =
      "1700000000.5 10 192.0.2.10 TCP_MISS/200 512 GET http://c2.example/\xFF\x1b aki "
      "HIER_DIRECT/203.0.113.66 -\n"
      "1700000001.0 10 pc7.corp.example TCP_DENIED/403 512 GET http://c2.example/ - HIER_NONE/- -\n"
      "1700000001.0 10 192.0.2.12 TCP_MISS/200 512 GET http://top.example/ - HIER_DIRECT/198.51.100.6 -\n"
      "no format here: http://phish.example/ and 192.0.2.14\n"
      "{\"query\":\"c2.example\",\"rcode_name\":\"NOERROR\"}\n";
  const base::UniqueFd file = file_of(log);
  const auto report = run({{file.get(), "odd\xFFname"}}, test_intelligence(), {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->findings.size(), 5U);
  const Folder folder;
  std::string arguments;
  int number = 0;
  for (const Finding& finding : report->findings)
    arguments += " finding='" +
                 folder.write(std::to_string(number++) + ".json", boost::json::serialize(to_json(finding))) +
                 "'";
  const std::string script = SHIKAKE_PYTHON
      " '" SHIKAKE_SOURCE_DIR "/tests/schemas/validate.py' '" SHIKAKE_SOURCE_DIR "/docs/schemas'";
  const int status = exit_status(script + arguments);
  if (status == 77) GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(status, 0);
  // The check can fail: a member that the schema doesn't know is refused.
  boost::json::object odd = to_json(report->findings[0]);
  odd["surprise"] = 1;
  EXPECT_EQ(exit_status(script + " finding='" + folder.write("odd.json", boost::json::serialize(odd)) +
                        "' > /dev/null"),
            1);
}

struct StageRow {
  const char* name;
  intel::Role role;
  Contact contact;
  Outcome outcome;
  Stage stage;
  int points;  // at full confidence
};

class Stages : public testing::TestWithParam<StageRow> {};

TEST_P(Stages, AreAsDocumented) {
  const StageRow& row = GetParam();
  const Judgement judgement =
      judge(row.role, match::Kind::domain, match::Precision::exact, 100, row.contact, row.outcome);
  EXPECT_EQ(judgement.stage, row.stage);
  EXPECT_EQ(judgement.points(), row.points);
  EXPECT_EQ(judgement.doubt, 0);
}

using enum intel::Role;
INSTANTIATE_TEST_SUITE_P(
    Table, Stages,
    testing::Values(
        StageRow{"c2_reached", c2, Contact::request, Outcome::content, Stage::infected, 85},
        StageRow{"c2_answers_404", c2, Contact::request, Outcome::answered, Stage::infected, 85},
        StageRow{"c2_tunnel", c2, Contact::tunnel, Outcome::content, Stage::infected, 85},
        StageRow{"c2_connection", c2, Contact::connection, Outcome::content, Stage::infected, 85},
        StageRow{"c2_denied", c2, Contact::request, Outcome::denied, Stage::exposed, 25},
        StageRow{"c2_unreachable", c2, Contact::connection, Outcome::failed, Stage::exposed, 35},
        StageRow{"c2_looked_up", c2, Contact::lookup, Outcome::content, Stage::exposed, 40},
        StageRow{"c2_name_unknown", c2, Contact::lookup, Outcome::failed, Stage::exposed, 35},
        StageRow{"c2_name_sinkholed", c2, Contact::lookup, Outcome::denied, Stage::exposed, 25},
        StageRow{"c2_mentioned", c2, Contact::mention, Outcome::content, Stage::exposed, 15},
        StageRow{"c2_inbound", c2, Contact::inbound, Outcome::content, Stage::exposed, 15},
        StageRow{"drop_reached", drop, Contact::request, Outcome::content, Stage::infected, 85},
        StageRow{"file_fetched", distribution, Contact::request, Outcome::content, Stage::fetched, 65},
        StageRow{"file_not_found", distribution, Contact::request, Outcome::answered, Stage::exposed, 30},
        StageRow{"exploit_delivered", exploit, Contact::request, Outcome::content, Stage::attacked, 45},
        StageRow{"exploit_denied", exploit, Contact::request, Outcome::denied, Stage::exposed, 15},
        StageRow{"landing_visited", landing, Contact::request, Outcome::content, Stage::exposed, 25},
        StageRow{"relay_visited", relay, Contact::request, Outcome::content, Stage::exposed, 25},
        StageRow{"phishing_visited", phishing, Contact::request, Outcome::content, Stage::exposed, 35},
        StageRow{"unknown_reached", unknown, Contact::request, Outcome::content, Stage::exposed, 50},
        StageRow{"attacker_comes_in", attacker, Contact::inbound, Outcome::content, Stage::exposed, 15}),
    [](const auto& row) { return row.param.name; });

TEST(Judging, DoubtAndImprecisionTakePointsOff) {
  const Judgement sure =
      judge(c2, match::Kind::url, match::Precision::exact, 100, Contact::request, Outcome::content);
  const Judgement unsure =
      judge(c2, match::Kind::url, match::Precision::host_only, 50, Contact::tunnel, Outcome::content);
  const Judgement none =
      judge(landing, match::Kind::url, match::Precision::query_cut, 0, Contact::request, Outcome::denied);
  EXPECT_EQ(sure.points(), 85);
  EXPECT_EQ(unsure.doubt, 21);
  EXPECT_EQ(unsure.imprecision, 10);
  EXPECT_EQ(unsure.points(), 54);
  EXPECT_EQ(none.points(), 0) << "never below nothing";
}

TEST(Judging, AFileByItsDigestIsFetchedWhateverItsRole) {
  const Judgement file =
      judge(unknown, match::Kind::sha256, match::Precision::exact, 100, Contact::file, Outcome::content);
  EXPECT_EQ(file.stage, Stage::fetched);
  EXPECT_EQ(file.points(), 65);
}

TEST(Judging, LevelsBeginWhereTheyAreSaidTo) {
  for (const auto& [score, level] : {std::pair{100, Level::critical},
                                     {80, Level::critical},
                                     {79, Level::high},
                                     {60, Level::high},
                                     {59, Level::medium},
                                     {35, Level::medium},
                                     {34, Level::low},
                                     {10, Level::low},
                                     {9, Level::info},
                                     {0, Level::info}})
    EXPECT_EQ(level_of(score), level) << score;
}

}  // namespace
}  // namespace shikake::audit
