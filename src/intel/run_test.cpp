#include "intel/run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "intel/json.h"
#include "intel/run_example.h"

namespace shikake::intel {
namespace {

namespace json = boost::json;

std::string canonical(const json::object& object) {
  return canonical_json(json::value(object));
}

TEST(Run, ReadsWhatItWrites) {
  for (const RunRecord& run : {full_run(), RunRecord{}}) {
    const json::object written = to_json(run);
    auto read = run_from_json(written);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(canonical(to_json(*read)), canonical(written));
  }
}

TEST(Run, FullExampleLeavesNothingOut) {
  // What the round trip proves for a member holds only if the example sets it.
  const json::object written = to_json(full_run());
  for (const char* key : {"bounds", "dns", "processes", "files", "dumps", "flows", "behaviours", "notes",
                          "recognised", "children", "limits_hit", "remarks", "arguments", "environment"})
    EXPECT_FALSE(written.at(key).as_array().empty()) << key;
  EXPECT_TRUE(written.contains("parent"));
  EXPECT_TRUE(written.contains("emulator"));
  EXPECT_TRUE(written.contains("output"));
}

TEST(Run, RowsNameTheProcessAsTheProgramSawIt) {
  const json::object written = to_json(full_run());
  const json::object& behaviour = written.at("behaviours").at(0).as_object();
  EXPECT_EQ(behaviour.at("process").to_number<int>(), 1);
  EXPECT_EQ(behaviour.at("pid").to_number<int>(), 117);
  EXPECT_EQ(behaviour.at("technique").as_string(), "T1053.003");
}

struct BadRow {
  const char* name;
  void (*spoil)(json::object&);
  const char* message;  // a part of it
};

TEST(Run, RefusesWhatIsNoRun) {
  const BadRow rows[] = {
      {"no sample", [](json::object& run) { run.erase("sample"); }, "/sample is missing"},
      {"bad digest", [](json::object& run) { run["sample"].as_object()["sha256"] = "zz"; }, "/sample/sha256"},
      {"unknown outcome", [](json::object& run) { run["outcome"] = "won"; }, "/outcome"},
      {"unknown behaviour",
       [](json::object& run) { run["behaviours"].as_array()[0].as_object()["kind"] = "flying"; },
       "/behaviours/0/kind"},
      {"rows that are no objects", [](json::object& run) { run["flows"] = json::array{1}; }, "/flows/0"},
      {"negative number", [](json::object& run) { run["elapsed_us"] = -1; }, "/elapsed_us"},
      {"process id too large",
       [](json::object& run) { run["files"].as_array()[0].as_object()["process"] = 4294967296; },
       "/files/0/process"},
      {"no time", [](json::object& run) { run.erase("start"); }, "/start is missing"},
  };
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.name);
    json::object written = to_json(full_run());
    row.spoil(written);
    auto read = run_from_json(written);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().what.find(row.message), std::string::npos) << read.error().what;
  }
}

int validate(const json::object& record, const std::filesystem::path& file) {
  std::ofstream(file) << json::serialize(record);
  const std::string command = SHIKAKE_PYTHON " '" SHIKAKE_SOURCE_DIR
                                             "/tests/schemas/validate.py' '" SHIKAKE_SOURCE_DIR
                                             "/docs/schemas' run='" +
                              file.string() + "' > /dev/null";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Run, SchemaAcceptsWhatTheCodeWritesAndNothingElse) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("shikake-run-" + std::to_string(::getpid()) + ".json");
  const int status = validate(to_json(full_run()), file);
  if (status == 77) GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(status, 0);
  RunRecord empty;
  EXPECT_EQ(validate(to_json(empty), file), 0);
  // Every kind of behaviour has its name in the schema.
  RunRecord every;
  for (const BehaviourRow& row : behaviour_table()) every.behaviours.push_back({.kind = row.kind});
  EXPECT_EQ(validate(to_json(every), file), 0);
  json::object odd = to_json(full_run());
  odd["surprise"] = 1;
  EXPECT_EQ(validate(odd, file), 1);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace shikake::intel
