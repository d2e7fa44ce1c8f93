#include "publish/out/stix_run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/testing.h"
#include "intel/run_example.h"

namespace shikake::publish {
namespace {

namespace json = boost::json;

json::array objects_of(const intel::RunRecord& run) {
  return json::parse(stix_run(run, "1.2.3")).at("objects").as_array();
}

std::vector<const json::object*> all(const json::array& objects, std::string_view type) {
  std::vector<const json::object*> found;
  for (const json::value& value : objects) {
    if (value.at("type").as_string() == type) found.push_back(&value.as_object());
  }
  return found;
}

int validate(const std::filesystem::path& schemas, const std::string& bundle) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("shikake-stix-" + std::to_string(::getpid()) + ".json");
  std::ofstream(file) << bundle;
  const std::string command = std::string(SHIKAKE_PYTHON) +
                              " -W ignore " SHIKAKE_SOURCE_DIR "/tests/schemas/validate_stix.py " +
                              schemas.string() + " " + file.string() + " >&2";
  const int status = std::system(command.c_str());
  std::filesystem::remove(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StixRun, IsValidAgainstTheSchemas) {
  SHIKAKE_NEED_SHARED_DATA(schemas, "stix/schemas");
  const int status = validate(*schemas, stix_run(intel::full_run(), "1.2.3"));
  if (status == 77) GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(status, 0);
  EXPECT_EQ(validate(*schemas, stix_run(intel::RunRecord{}, "1.2.3")), 0);
}

TEST(StixRun, TellsTheAnalysisTheMalwareAndWhatWasSeen) {
  const json::array objects = objects_of(intel::full_run());
  const auto analysis = all(objects, "malware-analysis"), malware = all(objects, "malware");
  ASSERT_EQ(analysis.size(), 1u);
  ASSERT_EQ(malware.size(), 1u);
  EXPECT_EQ(analysis[0]->at("result").as_string(), "malicious");
  EXPECT_EQ(analysis[0]->at("result_name").as_string(), "Bot_Strings");
  EXPECT_EQ(malware[0]->at("name").as_string(), "invoice.elf");
  EXPECT_EQ(all(objects, "process").size(), 2u);
  EXPECT_EQ(all(objects, "network-traffic").size(), 1u);
  EXPECT_EQ(all(objects, "url").size(), 1u);
  EXPECT_EQ(all(objects, "attack-pattern").size(), 2u);
  std::set<std::string> told;
  for (const json::object* one : all(objects, "relationship"))
    told.emplace(one->at("relationship_type").as_string());
  EXPECT_EQ(told, (std::set<std::string>{"beacons-to", "communicates-with", "consists-of", "drops",
                                         "dynamic-analysis-of", "uses"}));
}

TEST(StixRun, EveryReferenceLeadsSomewhere) {
  const json::array objects = objects_of(intel::full_run());
  std::set<std::string> ids;
  for (const json::value& value : objects) EXPECT_TRUE(ids.emplace(value.at("id").as_string()).second);
  std::vector<std::string> references;
  for (const json::value& value : objects) {
    for (const auto& [key, member] : value.as_object()) {
      if (key.ends_with("_ref")) references.emplace_back(member.as_string());
      if (!key.ends_with("_refs")) continue;
      for (const json::value& one : member.as_array()) references.emplace_back(one.as_string());
    }
  }
  for (const std::string& reference : references) EXPECT_TRUE(ids.contains(reference)) << reference;
  EXPECT_GT(references.size(), 20u);
}

TEST(StixRun, TheSameRecordGivesTheSameBundle) {
  EXPECT_EQ(stix_run(intel::full_run(), "1"), stix_run(intel::full_run(), "1"));
}

TEST(StixRun, AnUnremarkableRunNamesNoMalware) {
  intel::RunRecord run = intel::full_run();
  run.recognised.clear();
  run.behaviours.clear();
  run.flows.clear();
  const json::array objects = objects_of(run);
  EXPECT_TRUE(all(objects, "malware").empty());
  EXPECT_EQ(all(objects, "malware-analysis").at(0)->at("result").as_string(), "unknown");
}

}  // namespace
}  // namespace shikake::publish
