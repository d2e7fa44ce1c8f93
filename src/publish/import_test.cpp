// Whole files through the confined reader and into a store.
#include "publish/import.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/testing.h"
#include "intel/feed.h"
#include "publish/testing_home.h"

namespace shikake::publish {
namespace {

TEST(Import, AListBecomesIndicatorsWithEvidence) {
  Home home;
  auto report =
      import_into(home.store(), home.settings,
                  home.file("blocklist.txt", "bad.example.org\nhxxp://worse[.]example[.]net/x # seen\n"), {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->format, "list");
  EXPECT_EQ(report->accepted, 2U);
  auto found = home.store().find({intel::IndicatorType::url, "http://worse.example.net/x"});
  ASSERT_TRUE(found && *found);
  ASSERT_EQ((*found)->evidence.size(), 1U);
  EXPECT_NE((*found)->evidence[0].assertion.why.find("seen"), std::string::npos);
  auto observation = home.store().observation((*found)->evidence[0].observation);
  ASSERT_TRUE(observation && *observation);
  EXPECT_EQ((*observation)->sensor, "import-list");
  auto record = intel::feed_from_json((*observation)->record);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->file, "blocklist.txt");
}

TEST(Import, ReferencesOfMaltrailAreTheWhy) {
  Home home;
  auto report = import_into(
      home.store(), home.settings,
      home.file("emotet.txt", "# Reference: https://report.example/1\n\nbad.example.org\n198.18.3.4:8080\n"),
      {});
  ASSERT_TRUE(report) << report.error().message();
  auto found = home.store().find({intel::IndicatorType::domain, "bad.example.org"});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->family, "emotet");
  EXPECT_NE((*found)->evidence.at(0).assertion.why.find("https://report.example/1"), std::string::npos);
}

TEST(Import, WarninglistsGuard) {
  Home home;
  auto path = home.file("list.json",
                        R"({"name":"Known good","type":"hostname","version":3,"description":"d",
                            "matching_attributes":["domain","hostname","url"],"list":["good.example.org"]})");
  auto report = import_into(home.store(), home.settings, path, {});
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->format, "warninglist");
  EXPECT_EQ(report->guards, 1U);
  report = import_into(home.store(), home.settings,
                       home.file("l.txt", "www.good.example.org\nbad.example.org\n"), {});
  ASSERT_TRUE(report);
  auto guarded = home.store().find({intel::IndicatorType::domain, "www.good.example.org"});
  ASSERT_TRUE(guarded && *guarded);
  EXPECT_EQ((*guarded)->guarded_by, "Known good");
  EXPECT_FALSE((*guarded)->uses.has(intel::Action::block));
  auto other = home.store().find({intel::IndicatorType::domain, "bad.example.org"});
  ASSERT_TRUE(other && *other);
  EXPECT_TRUE((*other)->uses.has(intel::Action::block));
}

struct BadRow {
  const char* name;
  std::string path;  // below the home, made by the test where it says so
  ErrorCode code;
};
TEST(Import, WhatIsNoFeedIsOneErrorThatNamesTheFile) {
  Home home;
  struct Case {
    const char* name;
    std::filesystem::path path;
    ErrorCode code;
  };
  for (const Case& row :
       {Case{"missing", home.path() / "nothing.txt", ErrorCode::not_found},
        Case{"folder", home.path(), ErrorCode::invalid_usage},
        Case{"binary",
             home.file("a.bin", std::string("\x7F"
                                            "ELF\0\0\1",
                                            7)),
             ErrorCode::invalid_input},
        Case{"cut_off", home.file("b.json", R"({"type":"bundle","objects":[{)"), ErrorCode::invalid_input}}) {
    auto report = import_into(home.store(), home.settings, row.path, {});
    ASSERT_FALSE(report) << row.name;
    EXPECT_EQ(report.error().code, row.code) << row.name << ": " << report.error().message();
    EXPECT_EQ(report.error().where, row.path.string()) << row.name;
  }
  auto totals = home.store().totals();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->observations, 0U);
}

TEST(Import, AnErrorInTheMiddleLeavesNothingBehind) {
  Home home;
  std::string event =
      R"([{"Event":{"info":"x","uuid":"u","Attribute":[{"type":"domain","value":"bad.example.org","to_ids":true}]}},)";
  ASSERT_FALSE(import_into(home.store(), home.settings, home.file("events.json", event), {}));
  auto totals = home.store().totals();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->indicators, 0U);
  // And the store goes on working.
  EXPECT_TRUE(import_into(home.store(), home.settings, home.file("l.txt", "bad.example.org\n"), {}));
}

TEST(Import, ManyFilesAndOneThatIsNone) {
  Home home;
  std::vector<std::filesystem::path> paths;
  for (int i = 0; i < 150; ++i)
    paths.push_back(home.file("l" + std::to_string(i) + ".txt", "h" + std::to_string(i) + ".example.org\n"));
  paths[70] = home.path() / "missing";
  paths[71] = home.file("cut.json", R"({"type":"bundle","objects":[{)");
  int good = 0;
  std::vector<std::string> bad;
  ASSERT_TRUE(
      import_all(home.store(), home.settings, paths, {}, [&](const auto& path, auto report) -> Result<> {
        if (report)
          ++good;
        else
          bad.push_back(path.filename().string());
        return {};
      }));
  EXPECT_EQ(good, 148);
  EXPECT_EQ(bad, (std::vector<std::string>{"missing", "cut.json"}));
  auto totals = home.store().totals();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->indicators, 148U);
}

TEST(Import, PipesAreReadLikeFiles) {
  Home home;
  std::filesystem::path pipe = home.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream out(pipe);
    out << R"({"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[{"type":"indicator",
      "spec_version":"2.1","id":"indicator--5d0092c5-5f74-4287-9642-33f4c354e56d","created":"2024-01-01T00:00:00.000Z",
      "modified":"2024-01-01T00:00:00.000Z","pattern_type":"stix","pattern":"[url:value = 'http://bad.example.org/']",
      "valid_from":"2024-01-01T00:00:00Z"}]})";
  });
  auto report = import_into(home.store(), home.settings, pipe, {});
  writer.join();
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->format, "stix");
  EXPECT_EQ(report->accepted, 1U);
}

TEST(Import, WrongOptionsAreNamed) {
  Home home;
  auto path = home.file("l.txt", "bad.example.org\n");
  for (auto change : {+[](ReadOptions& o) { o.format = "xml"; }, +[](ReadOptions& o) { o.role = "villain"; },
                      +[](ReadOptions& o) { o.tlp = "purple"; }}) {
    ImportOptions options;
    change(options.read);
    auto report = import_into(home.store(), home.settings, path, options);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::invalid_usage) << report.error().message();
  }
  ImportOptions options;
  options.read.role = "phishing";
  options.read.tlp = "amber";
  options.read.feed = "ours";
  options.read.family = "Fam";
  ASSERT_TRUE(import_into(home.store(), home.settings, path, options));
  auto found = home.store().find({intel::IndicatorType::domain, "bad.example.org"});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->roles, std::vector{intel::Role::phishing});
  EXPECT_EQ((*found)->tlp, intel::Tlp::amber);
  EXPECT_EQ((*found)->sources, std::vector<std::string>{"ours"});
  EXPECT_EQ((*found)->family, "Fam");
}

// All of it, as a user would: counts are checked format by format in in/lines_test.cpp and in/json_test.cpp;
// here nothing may be lost on the way from the reader into the store.
TEST(RealData, MaltrailAndWarninglistsIntoOneStore) {
  SHIKAKE_NEED_SHARED_DATA(trails, "maltrail");
  SHIKAKE_NEED_SHARED_DATA(lists, "warninglists");
  Home home;
  auto started = std::chrono::steady_clock::now();
  std::vector<std::filesystem::path> paths;
  for (const auto& root : {*lists, *trails}) {  // guards first: policy asks them
    for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
      if (file.path().extension() == ".json" || file.path().extension() == ".txt")
        paths.push_back(file.path());
    }
  }
  uint64_t guards = 0, entries = 0, lines = 0;
  ASSERT_TRUE(
      import_all(home.store(), home.settings, paths, {}, [&](const auto& path, auto report) -> Result<> {
        EXPECT_TRUE(report) << path << report.error().message();
        if (!report) return {};
        EXPECT_EQ(report->format == "warninglist", path.extension() == ".json") << path;
        guards += report->guards;
        entries += report->entries;
        if (report->unit == "lines") lines += report->total;
        return {};
      }));
  auto totals = home.store().totals();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->guard_values, guards);
  EXPECT_EQ(totals->evidence, entries);
  auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf("imported: %lu guard values, %lu lines, %lu entries, %lu indicators, %.1f s\n", guards, lines,
              entries, totals->indicators, seconds);
}

}  // namespace
}  // namespace shikake::publish
