// STIX out, and in again.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <map>
#include <random>

#include "base/testing.h"
#include "intel/json.h"
#include "publish/export.h"
#include "publish/import.h"
#include "publish/stix_words.h"
#include "publish/testing_home.h"

namespace shikake::publish {
namespace {

using boost::json::array;
using boost::json::object;
using intel::IndicatorType;

std::string stix_of(Home& home, ExportOptions options = {}) {
  options.format = "stix";
  std::string text;
  auto report = export_to(
      [&](std::string_view bytes) -> Result<> {
        text += bytes;
        return {};
      },
      options, home.store());
  EXPECT_TRUE(report) << report.error().message();
  return text;
}

Result<ImportReport> take_in(Home& home, std::string_view name, std::string_view bytes) {
  return import_into(home.store(), home.settings, home.file(name, bytes), {});
}

// A store as work leaves it: two sensors, a feed, several types and families, a judgement, sightings.
void fill(Home& home) {
  ASSERT_TRUE(take_in(
      home, "emotet.txt",
      "# Reference: https://report.example.com/1\n\nbad.example.org\n203.0.113.4:8080\n/gate.php?id=\n"
      "worse.example.net/x'y\\z.exe\n"));
  ASSERT_TRUE(
      take_in(home, "mixed.csv",
              "value,role,malware,confidence,tlp,description,md5\n"
              "bad.example.org,c2,Emotet,90,amber,seen in a sandbox,\n"
              "198.51.100.0/24,attacker,,70,green,scans,\n2001:db8::5,c2,,70,,,\n"
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,distribution,Dropper,80,,,"
              "d41d8cd98f00b204e9800998ecf8427e\n"
              "[2001:db8::6]:443,c2,,60,,\"quotes \"\" and\nlines\",\n"));
  home.clock.advance(std::chrono::microseconds(1'234'567));
  ASSERT_TRUE(home.store().judge({{IndicatorType::domain, "bad.example.org"},
                                  intel::Verdict::confirmed,
                                  "aki",
                                  "saw it beacon",
                                  home.clock.now()},
                                 home.settings));
  ASSERT_TRUE(home.store().add_sighting({{IndicatorType::domain, "bad.example.org"},
                                         "audit:proxy.log",
                                         home.clock.now(),
                                         home.clock.now(),
                                         12}));
}

// Objects by id.
std::map<std::string, object> objects_of(const std::string& bundle) {
  std::map<std::string, object> all;
  auto document = intel::parse_json(bundle);
  EXPECT_TRUE(document) << bundle;
  if (!document) return all;
  if (const auto* list = document->as_object().if_contains("objects")) {
    for (const auto& one : list->as_array()) all[std::string(one.at("id").as_string())] = one.as_object();
  }
  return all;
}

size_t count_of(const std::map<std::string, object>& objects, std::string_view type) {
  return static_cast<size_t>(std::count_if(
      objects.begin(), objects.end(), [&](const auto& one) { return text_of(one.second, "type") == type; }));
}

TEST(StixOut, HoldsEvidenceJudgementAndSightings) {
  Home home;
  fill(home);
  auto objects = objects_of(stix_of(home));
  EXPECT_EQ(count_of(objects, "indicator"), 8U);
  EXPECT_EQ(count_of(objects, "sighting"), 1U);
  EXPECT_EQ(count_of(objects, "observed-data"),
            9U);  // two feeds and aki on bad.example.org; none for the pattern
  EXPECT_EQ(count_of(objects, "malware"), 3U);
  // No reference leads nowhere.
  for (const auto& [id, json] : objects) {
    for (const auto& [key, value] : json) {
      std::string_view name = key;
      if (name.ends_with("_ref")) {
        EXPECT_TRUE(objects.contains(std::string(value.as_string()))) << id << " " << name;
      }
      if (!name.ends_with("_refs")) continue;
      for (const auto& one : value.as_array())
        EXPECT_TRUE(objects.contains(std::string(one.as_string()))) << id << " " << name;
    }
  }
}

TEST(StixOut, TheSameStoreGivesTheSameBytes) {
  Home one, other;
  fill(one);
  fill(other);
  EXPECT_EQ(stix_of(one), stix_of(other));
  EXPECT_EQ(stix_of(one), stix_of(one));
}

TEST(RoundTrip, OurBundleComesBackByteForByteWithAllThatItSaid) {
  Home home, empty;
  fill(home);
  std::string bundle = stix_of(home);
  auto report = take_in(empty, "bundle.json", bundle);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->format, "stix");
  EXPECT_EQ(report->refused, 0U);
  EXPECT_EQ(report->skipped, 0U);
  EXPECT_EQ(stix_of(empty), bundle);

  // Not only its bytes: the other store knows it.
  for (const intel::IndicatorKey& key : {intel::IndicatorKey{IndicatorType::ip_port, "203.0.113.4:8080"},
                                         intel::IndicatorKey{IndicatorType::pattern, "/gate.php?id="},
                                         intel::IndicatorKey{IndicatorType::cidr, "198.51.100.0/24"}}) {
    auto known = empty.store().find(key);
    ASSERT_TRUE(known) << key.value;
    EXPECT_TRUE(known->has_value()) << key.value;
  }
  auto here = home.store().find({IndicatorType::domain, "bad.example.org"});
  auto there = empty.store().find({IndicatorType::domain, "bad.example.org"});
  ASSERT_TRUE(here && *here && there && *there);
  EXPECT_EQ((*there)->roles.front(), (*here)->roles.front());
  EXPECT_EQ((*there)->tlp, (*here)->tlp);
  EXPECT_EQ((*there)->sightings, (*here)->sightings);
  EXPECT_EQ((*there)->family, (*here)->family);
  std::string why;
  for (const auto& evidence : (*there)->evidence) why += evidence.assertion.why + "\n";
  EXPECT_NE(why.find("seen in a sandbox"), std::string::npos) << why;
  EXPECT_NE(why.find("https://report.example.com/1"), std::string::npos) << why;
  EXPECT_NE(why.find("saw it beacon"), std::string::npos) << why;
  auto file = empty.store().lookup("d41d8cd98f00b204e9800998ecf8427e");
  ASSERT_TRUE(file && !file->empty());
}

TEST(RoundTrip, ImportedTwiceItIsStillTheSame) {
  Home home, empty;
  fill(home);
  std::string bundle = stix_of(home);
  ASSERT_TRUE(take_in(empty, "bundle.json", bundle));
  empty.clock.advance(std::chrono::seconds(5));
  ASSERT_TRUE(take_in(empty, "bundle.json", bundle));
  auto once = objects_of(bundle), twice = objects_of(stix_of(empty));
  EXPECT_EQ(once, twice);
  auto there = empty.store().find({IndicatorType::domain, "bad.example.org"});
  ASSERT_TRUE(there && *there);
  EXPECT_EQ((*there)->sightings, 12U);  // met as often as before, however often it is told
}

// What happens to foreign bundles: every object, with every field, and the bundle's own id.
TEST(RoundTrip, ForeignBundlesKeepEveryObject) {
  SHIKAKE_NEED_SHARED_DATA(root, "stix/examples");
  size_t bundles = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".json") continue;
    auto document = intel::parse_json(contents(file.path()));
    ASSERT_TRUE(document);
    if (!document->as_object().contains("objects")) continue;
    Home home;
    ASSERT_TRUE(import_into(home.store(), home.settings, file.path(), {}));
    // Nothing that stays behind: the examples are old, but saying so is not for the one who passes them on.
    auto again = intel::parse_json(stix_of(home));
    ASSERT_TRUE(again);
    EXPECT_EQ(intel::canonical_json(*again), intel::canonical_json(*document)) << file.path();
    ++bundles;
  }
  EXPECT_GE(bundles, 7U);
}

std::string bundle_with(std::string_view objects) {
  return R"({"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[)" +
         std::string(objects) + "]}";
}
std::string indicator_json(int n, std::string_view value, std::string_view more = "") {
  std::string number = std::to_string(n);
  return R"({"type":"indicator","spec_version":"2.1","id":"indicator--5d0092c5-5f74-4287-9642-33f4c354e56)" +
         number +
         R"(","created":"2026-02-27T00:00:00.000Z","modified":"2026-02-27T00:00:00.000Z","pattern_type":"stix","pattern":"[url:value = ')" +
         std::string(value) + R"(']","valid_from":"2026-02-27T00:00:00Z")" + std::string(more) + "}";
}
const std::string relationship =
    R"({"type":"relationship","spec_version":"2.1","id":"relationship--5d0092c5-5f74-4287-9642-33f4c354e561",
        "created":"2026-02-27T00:00:00.000Z","modified":"2026-02-27T00:00:00.000Z","relationship_type":"indicates",
        "source_ref":"indicator--5d0092c5-5f74-4287-9642-33f4c354e561","target_ref":"malware--5d0092c5-5f74-4287-9642-33f4c354e561"})";
const std::string note_about_it =
    R"({"type":"note","spec_version":"2.1","id":"note--5d0092c5-5f74-4287-9642-33f4c354e561","created":"2026-02-27T00:00:00.000Z",
        "modified":"2026-02-27T00:00:00.000Z","content":"x","object_refs":["relationship--5d0092c5-5f74-4287-9642-33f4c354e561"]})";

TEST(StixArchive, WhatIsJudgedFalseStaysWithAllThatSpeaksOfIt) {
  Home home;
  ASSERT_TRUE(take_in(home, "b.json",
                      bundle_with(note_about_it + "," + indicator_json(1, "http://good.example.org/") + "," +
                                  indicator_json(2, "http://bad.example.org/") + "," + relationship)));
  EXPECT_EQ(objects_of(stix_of(home)).size(), 4U);
  ASSERT_TRUE(home.store().judge({{IndicatorType::url, "http://good.example.org/"},
                                  intel::Verdict::false_positive,
                                  "aki",
                                  "ours",
                                  home.clock.now()},
                                 home.settings));
  auto objects = objects_of(stix_of(home));
  EXPECT_EQ(objects.size(), 1U);
  EXPECT_TRUE(objects.contains("indicator--5d0092c5-5f74-4287-9642-33f4c354e562"));
}

TEST(StixArchive, NothingAboveTheTlpLimit) {
  Home home;
  ASSERT_TRUE(take_in(
      home, "b.json",
      bundle_with(
          indicator_json(
              1, "http://a.example.org/",
              R"(,"object_marking_refs":["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"])") +
          "," +
          indicator_json(
              2, "http://b.example.org/",
              R"(,"object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"])"))));
  EXPECT_EQ(objects_of(stix_of(home)).size(), 1U);
  EXPECT_EQ(objects_of(stix_of(home, {.tlp_limit = intel::Tlp::red})).size(), 2U);
  EXPECT_EQ(objects_of(stix_of(home, {.tlp_limit = intel::Tlp::clear})).size(), 0U);
}

TEST(StixArchive, OfTwoVersionsTheLater) {
  Home home;
  std::string later = indicator_json(1, "http://b.example.org/");
  later.replace(later.find("\"modified\":\"2026-02-27"), 22, "\"modified\":\"2026-02-28");
  ASSERT_TRUE(take_in(home, "new.json", bundle_with(later)));
  ASSERT_TRUE(take_in(home, "old.json", bundle_with(indicator_json(1, "http://a.example.org/"))));
  auto objects = objects_of(stix_of(home));
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(text_of(objects.begin()->second, "pattern"), "[url:value = 'http://b.example.org/']");
}

TEST(StixArchive, OnlyWhatIsFitForTheUseThatIsAskedFor) {
  Home home;
  ASSERT_TRUE(
      take_in(home, "guard.json", R"({"name":"Known good","type":"hostname","list":["good.example.org"]})"));
  ASSERT_TRUE(take_in(home, "b.json",
                      bundle_with(indicator_json(1, "http://good.example.org/") + "," +
                                  indicator_json(2, "http://bad.example.org/"))));
  EXPECT_EQ(objects_of(stix_of(home)).size(), 2U);  // said by others, passed on as it was said
  auto blocks = objects_of(stix_of(home, {.action = intel::Action::block, .point = intel::Point::proxy}));
  EXPECT_EQ(blocks.size(), 1U);
}

TEST(StixOut, AnEmptyStoreIsABundleToo) {
  Home home;
  auto document = intel::parse_json(stix_of(home));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->at("type").as_string(), "bundle");
}

TEST(StixOut, ForeignAndOwnTogether) {
  Home home, empty;
  ASSERT_TRUE(take_in(home, "b.json", bundle_with(indicator_json(1, "http://bad.example.org/"))));
  fill(home);
  std::string bundle = stix_of(home);
  ASSERT_TRUE(take_in(empty, "both.json", bundle));
  EXPECT_EQ(stix_of(empty), bundle);
}

// The OASIS schemas, each object and the bundle, with everything that they refer to.
TEST(StixOut, IsValidAgainstTheSchemas) {
  SHIKAKE_NEED_SHARED_DATA(schemas, "stix/schemas");
  Home home;
  fill(home);
  auto bundle = home.file("bundle.json", stix_of(home));
  const std::string script = SHIKAKE_SOURCE_DIR "/tests/schemas/validate_stix.py";
  std::string python = SHIKAKE_PYTHON;
  int status = std::system((python + " -W ignore " + script + " " + schemas->string() + " " +
                            bundle.string() + " >" + (home.path() / "log").string() + " 2>&1")
                               .c_str());
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127))
    GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(WEXITSTATUS(status), 0) << contents(home.path() / "log");
}

// Stores of any content: exported, imported, exported.
TEST(RoundTrip, AnyStore) {
  std::mt19937 random(20260301);
  auto pick = [&](auto... options) {
    std::string all[] = {options...};
    return all[random() % sizeof...(options)];
  };
  for (int round = 0; round < 8; ++round) {
    Home home, empty;
    std::string csv = "value,role,family,confidence,tlp,first_seen,last_seen,description\n";
    for (int i = 0; i < 40; ++i) {
      std::string n = std::to_string(random() % 30);
      csv += pick("a" + n + ".example.org", "http://b" + n + ".example.org/p?q='" + n, "203.0.113." + n,
                  "198.51.100." + n + "/32", "203.0.113." + n + ":80" + n,
                  std::string(64, static_cast<char>('a' + random() % 6))) +
             "," + pick("c2", "landing", "distribution", "phishing", "unknown", "drop") + "," +
             pick("", "Emotet", "Qak'bot", "仕掛け") + "," + std::to_string(random() % 101) + "," +
             pick("", "clear", "green", "amber") + "," + pick("2026-02-01", "2026-02-11T10:11:12.5Z", "") +
             "," + pick("2026-02-20T00:00:00.000001Z", "2026-02-28") + "," +
             pick("", "why\\not", "\"two\nlines\"", "tab\there") + "\n";
    }
    ASSERT_TRUE(take_in(home, "some.csv", csv));
    std::string bundle = stix_of(home);
    auto report = take_in(empty, "bundle.json", bundle);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_EQ(report->refused, 0U);
    ASSERT_EQ(stix_of(empty), bundle) << csv;
  }
}

}  // namespace
}  // namespace shikake::publish
