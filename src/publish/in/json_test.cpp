// STIX, MISP and warninglists: documents and what becomes of their objects.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/testing.h"
#include "intel/json.h"
#include "publish/reading.h"
#include "publish/testing_home.h"

namespace shikake::publish {
namespace {

std::string summary(const Reading& reading) {
  std::string out;
  for (const auto& entry : reading.entries()) {
    if (!out.empty()) out += "; ";
    out += std::string(intel::name(entry.key.type)) + " " + entry.key.value;
  }
  return out;
}

std::string id(std::string_view type, int n) {
  char uuid[40];
  std::snprintf(uuid, sizeof uuid, "5d0092c5-5f74-4287-9642-%012d", n);
  return std::string(type) + "--" + uuid;
}

std::string indicator(int n, std::string_view pattern, std::string_view more = "") {
  return R"({"type":"indicator","spec_version":"2.1","id":")" + id("indicator", n) +
         R"(","created":"2024-01-01T00:00:00.000Z","modified":"2024-02-01T00:00:00.000Z","pattern_type":"stix","pattern":")" +
         std::string(pattern) + R"(","valid_from":"2024-01-01T00:00:00Z")" + std::string(more) + "}";
}

std::string bundle(std::initializer_list<std::string> objects) {
  std::string out = R"({"type":"bundle","id":")" + id("bundle", 0) + R"(","objects":[)";
  for (const std::string& object : objects) out += (out.ends_with('[') ? "" : ",") + object;
  return out + "]}";
}

TEST(Stix, AnIndicatorIsReadWithAllThatBelongsToIt) {
  auto reading = read_bytes(bundle({
      R"({"type":"relationship","relationship_type":"indicates","id":")" + id("relationship", 1) +
          R"(","source_ref":")" + id("indicator", 1) + R"(","target_ref":")" + id("campaign", 1) + R"("})",
      R"({"type":"relationship","relationship_type":"indicates","id":")" + id("relationship", 2) +
          R"(","source_ref":")" + id("indicator", 1) + R"(","target_ref":")" + id("malware", 1) + R"("})",
      indicator(1, "[domain-name:value = 'bad.example']",
                R"(,"confidence":80,"valid_until":"2025-01-01T00:00:00Z","description":"seen in spam",
                   "kill_chain_phases":[{"kill_chain_name":"lockheed-martin-cyber-kill-chain","phase_name":"command-and-control"}],
                   "external_references":[{"source_name":"x","url":"https://report.example/"},{"source_name":"capec","external_id":"CAPEC-1"}],
                   "object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"])"),
      R"({"type":"campaign","id":")" + id("campaign", 1) + R"(","name":"Spring"})",
      R"({"type":"malware","id":")" + id("malware", 1) + R"(","name":"Emotet","is_family":true})",
      R"({"type":"sighting","id":")" + id("sighting", 1) +
          R"(","created":"2024-03-01T00:00:00.000Z","count":5,"last_seen":"2024-03-01T00:00:00Z","sighting_of_ref":")" +
          id("indicator", 1) + R"("})",
  }));
  ASSERT_TRUE(reading) << reading.error().message();
  EXPECT_EQ(reading->report.format, "stix");
  EXPECT_EQ(reading->report.accepted, 1U);
  EXPECT_EQ(reading->report.comments, 5U);
  auto entries = reading->entries();
  ASSERT_EQ(entries.size(), 1U);
  const intel::FeedEntry& entry = entries[0];
  EXPECT_EQ(entry.key.value, "bad.example");
  EXPECT_EQ(entry.role, intel::Role::c2);
  EXPECT_EQ(entry.family, "Emotet");
  EXPECT_EQ(entry.confidence, 80);
  EXPECT_EQ(entry.tlp, intel::Tlp::amber);
  EXPECT_EQ(entry.description, "seen in spam");
  EXPECT_EQ(entry.references, (std::vector<std::string>{"https://report.example/", "capec CAPEC-1"}));
  EXPECT_EQ(base::to_rfc3339(*entry.first_seen), "2024-01-01T00:00:00Z");
  EXPECT_EQ(base::to_rfc3339(*entry.last_seen), "2024-02-01T00:00:00Z");
  EXPECT_EQ(base::to_rfc3339(*entry.valid_until), "2025-01-01T00:00:00Z");
  EXPECT_EQ(entry.line, 3U);
  ASSERT_EQ(reading->sightings.size(), 1U);
  EXPECT_EQ(reading->sightings[0].count, 5U);
  EXPECT_EQ(reading->sightings[0].source, id("sighting", 1));
}

struct MarkingRow {
  const char* name;
  std::string definition, ref;
  std::optional<intel::Tlp> tlp;
};
class Marking : public ::testing::TestWithParam<MarkingRow> {};
TEST_P(Marking, IsTheTlp) {
  std::string refs = R"(,"object_marking_refs":[")" + GetParam().ref + R"("])";
  std::string one = indicator(1, "[url:value = 'http://bad.example/']", refs);
  auto reading =
      read_bytes(GetParam().definition.empty() ? bundle({one}) : bundle({one, GetParam().definition}));
  ASSERT_TRUE(reading) << reading.error().message();
  ASSERT_EQ(reading->entries().size(), 1U);
  EXPECT_EQ(reading->entries()[0].tlp, GetParam().tlp);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Marking,
    ::testing::Values(
        MarkingRow{"tlp1_white", "", "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
                   intel::Tlp::clear},
        MarkingRow{"tlp1_red", "", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
                   intel::Tlp::red},
        MarkingRow{"tlp2_green", "", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
                   intel::Tlp::green},
        MarkingRow{"tlp2_amber_strict", "", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
                   intel::Tlp::amber_strict},
        MarkingRow{
            "defined_by_the_bundle",
            R"({"type":"marking-definition","id":"marking-definition--5d0092c5-5f74-4287-9642-33f4c354e56d",
                       "definition_type":"tlp","definition":{"tlp":"red"}})",
            "marking-definition--5d0092c5-5f74-4287-9642-33f4c354e56d", intel::Tlp::red},
        MarkingRow{
            "defined_by_extension",
            R"({"type":"marking-definition","id":"marking-definition--5d0092c5-5f74-4287-9642-33f4c354e56d","extensions":
                       {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber+strict"}}})",
            "marking-definition--5d0092c5-5f74-4287-9642-33f4c354e56d", intel::Tlp::amber_strict},
        MarkingRow{
            "statement",
            R"({"type":"marking-definition","id":"marking-definition--5d0092c5-5f74-4287-9642-33f4c354e56d",
                       "definition_type":"statement","definition":{"statement":"ours"}})",
            "marking-definition--5d0092c5-5f74-4287-9642-33f4c354e56d", std::nullopt}),
    [](const auto& row) { return row.param.name; });

struct ObjectRow {
  const char* name;
  std::string object;
  std::string entries;
  uint64_t accepted, skipped, refused, comments;
};
class Objects : public ::testing::TestWithParam<ObjectRow> {};
TEST_P(Objects, EachIsAccountedForAndKept) {
  const ObjectRow& row = GetParam();
  auto reading = read_bytes(bundle({row.object}));
  ASSERT_TRUE(reading) << reading.error().message();
  EXPECT_EQ(summary(*reading), row.entries);
  EXPECT_EQ(reading->report.accepted, row.accepted);
  EXPECT_EQ(reading->report.skipped, row.skipped);
  EXPECT_EQ(reading->report.refused, row.refused);
  EXPECT_EQ(reading->report.comments, row.comments);
  EXPECT_EQ(reading->report.total, 1U);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Objects,
    ::testing::Values(
        ObjectRow{"several_values",
                  indicator(1, "[url:value = 'http://a.example/' OR ipv4-addr:value = '192.0.2.1']"),
                  "url http://a.example/; ip 192.0.2.1", 1, 0, 0, 0},
        ObjectRow{"one_value_twice",
                  indicator(1, "[url:value = 'http://a.example/' OR url:value = 'http://A.example']"),
                  "url http://a.example/", 1, 0, 0, 0},
        ObjectRow{"not_simple", indicator(1, "[file:name = 'x']"), "", 0, 1, 0, 0},
        ObjectRow{"revoked", indicator(1, "[url:value = 'http://a.example/']", R"(,"revoked":true)"), "", 0,
                  1, 0, 0},
        ObjectRow{"malformed_pattern", indicator(1, "url = x"), "", 0, 0, 1, 0},
        ObjectRow{"malformed_value", indicator(1, "[domain-name:value = 'domain a.example']"), "", 0, 0, 1,
                  0},
        ObjectRow{"yara", R"({"type":"indicator","id":"x","pattern_type":"yara","pattern":"rule x {}"})", "",
                  0, 1, 0, 0},
        ObjectRow{"other_object", R"({"type":"tool","id":"x","name":"y"})", "", 0, 0, 0, 1},
        ObjectRow{"no_object", "5", "", 0, 0, 1, 0}, ObjectRow{"no_type", "{}", "", 0, 0, 1, 0},
        ObjectRow{"not_json_inside", "{\"type\":nope}", "", 0, 0, 1, 0},
        ObjectRow{"raw_byte", "{\"type\":\"tool\",\"name\":\"\xFF\"}", "", 0, 0, 1, 0},
        ObjectRow{"lone_surrogate", R"({"type":"tool","name":"\ud800"})", "", 0, 0, 1, 0},
        ObjectRow{"too_large",
                  R"({"type":"artifact","payload_bin":")" + std::string(size_t{17} << 20, 'A') + "\"}", "", 0,
                  0, 1, 0}),
    [](const auto& row) { return row.param.name; });

TEST(Stix, DeepJsonIsRefusedNotRecursedInto) {
  for (int depth : {150, 3000, 100'000}) {
    std::string deep(static_cast<size_t>(depth), '[');
    auto reading = read_bytes(
        bundle({R"({"type":"tool","x":)" + deep + std::string(static_cast<size_t>(depth), ']') + "}"}));
    if (reading) {
      EXPECT_EQ(reading->report.refused, 1U);
    } else {
      EXPECT_EQ(reading.error().code, ErrorCode::invalid_input);
    }
  }
}

TEST(Stix, AnObjectThatIsNoBundleSaysSo) {
  auto reading = read_bytes(R"({"type":"campaign","spec_version":"2.1","id":"campaign--x","name":"y"})");
  ASSERT_FALSE(reading);
  EXPECT_NE(reading.error().what.find("a single campaign"), std::string::npos);
}

TEST(Misp, AnEventIsReadWithItsTagsLinksAndObjects) {
  auto reading = read_bytes(
      R"({"Event":{"info":"Spam run","uuid":"5d0092c5-5f74-4287-9642-33f4c354e56d","date":"2024-01-02",
    "Orgc":{"name":"CERT.example"},"Tag":[{"name":"tlp:amber"},{"name":"misp-galaxy:mitre-malware=\"Emotet - S0367\""}],
    "Attribute":[
      {"type":"link","category":"External analysis","value":"https://report.example/","to_ids":false},
      {"type":"url","category":"Payload delivery","value":"http://bad.example/x","to_ids":true,"timestamp":"1704240000","comment":"mail link"},
      {"type":"domain|ip","category":"Network activity","value":"bad.example|198.51.100.1","to_ids":"1"},
      {"type":"ip-dst|port","category":"Network activity","value":"198.51.100.1|8080","to_ids":true,"Tag":[{"name":"tlp:red"},{"name":"kill-chain:Command and Control"}]},
      {"type":"filename|sha256","category":"Payload delivery","to_ids":true,"value":"a.exe|E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"},
      {"type":"ip-dst","category":"Network activity","value":"198.51.100.0/24","to_ids":true},
      {"type":"md5","category":"Payload delivery","value":"d41d8cd98f00b204e9800998ecf8427e","to_ids":true},
      {"type":"hostname","category":"Network activity","value":"www.good.example","to_ids":false},
      {"type":"domain","category":"Network activity","value":"gone.example","to_ids":true,"deleted":true},
      {"type":"btc","category":"Financial fraud","value":"x","to_ids":true},
      {"type":"domain","category":"Network activity","value":"not a domain","to_ids":true},
      7],
    "Object":[{"name":"ip-port","comment":"beacon","Attribute":[
        {"type":"ip-dst","object_relation":"ip","value":"198.51.100.2","to_ids":true},
        {"type":"port","object_relation":"dst-port","value":"4444","to_ids":false}]},
      {"name":"file","Attribute":[
        {"type":"md5","object_relation":"md5","value":"D41D8CD98F00B204E9800998ECF8427E","to_ids":true},
        {"type":"sha256","object_relation":"sha256","value":"01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b","to_ids":true}]}]}})");
  ASSERT_TRUE(reading) << reading.error().message();
  const ReadReport& report = reading->report;
  EXPECT_EQ(report.format, "misp");
  EXPECT_EQ(
      summary(*reading),
      "url http://bad.example/x; domain bad.example; ip 198.51.100.1; ip:port 198.51.100.1:8080; "
      "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855; cidr 198.51.100.0/24; "
      "ip:port 198.51.100.2:4444; sha256 01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b");
  EXPECT_EQ(report.accepted, 7U);
  EXPECT_EQ(report.refused, 2U);   // the sentence and the number
  EXPECT_EQ(report.comments, 2U);  // the link, and the MD5 that is an alias
  EXPECT_EQ(report.skipped, 5U);   // MD5 alone, not for detection, deleted, btc, the object's port
  EXPECT_EQ(report.total, 16U);
  const intel::FeedRecord& record = reading->records.at(0);
  EXPECT_EQ(record.feed, "CERT.example");
  EXPECT_EQ(record.family, "Emotet");
  EXPECT_EQ(record.references, std::vector<std::string>{"https://report.example/"});
  const auto entries = reading->entries();
  EXPECT_EQ(entries[0].role, intel::Role::distribution);
  EXPECT_EQ(entries[0].tlp, intel::Tlp::amber);
  EXPECT_EQ(entries[0].description, "mail link");
  EXPECT_EQ(base::to_rfc3339(*entries[0].first_seen), "2024-01-02T00:00:00Z");
  EXPECT_EQ(base::to_rfc3339(*entries[0].last_seen), "2024-01-03T00:00:00Z");
  EXPECT_EQ(entries[1].description, "Spam run");
  EXPECT_EQ(entries[3].role, intel::Role::c2);
  EXPECT_EQ(entries[3].tlp, intel::Tlp::red);
  EXPECT_EQ(entries[6].description, "beacon");
  EXPECT_EQ(entries[7].aliases, std::vector<std::string>{"d41d8cd98f00b204e9800998ecf8427e"});
}

TEST(Misp, EveryWrapping) {
  std::string event = R"({"info":"x","Attribute":[{"type":"domain","value":"bad.example","to_ids":true}]})";
  for (const std::string& document :
       {event, R"({"Event":)" + event + "}", R"([{"Event":)" + event + "}]",
        R"({"response":[{"Event":)" + event + "}]}", R"({"response":{"Event":)" + event + "}}"}) {
    auto reading = read_bytes(document);
    ASSERT_TRUE(reading) << document << reading.error().message();
    EXPECT_EQ(summary(*reading), "domain bad.example") << document;
  }
  ReadOptions options;
  options.format = "misp";
  EXPECT_FALSE(read_bytes("{}", options));
  EXPECT_FALSE(read_bytes("[[[[[[[]]]]]]]", options));
}

TEST(Warninglist, ValuesByType) {
  struct Row {
    const char* type;
    const char* list;
    std::vector<std::string> values;
    uint64_t refused;
  };
  for (const Row& row :
       {Row{"string", R"(["a.example","B.example"])", {"a.example", "B.example"}, 0},
        Row{"hostname", R"([".a.example","b.example",5,""])", {"a.example", "b.example"}, 2},
        Row{"cidr", R"(["10.0.0.0/8","1.1.1.1","nonsense","10.0.0.0/99"])", {"10.0.0.0/8", "1.1.1.1"}, 2},
        Row{"substring", R"(["example"])", {"example"}, 0}, Row{"regex", R"(["/^a/i"])", {"/^a/i"}, 0}}) {
    auto reading = read_bytes(R"({"name":"n","version":1,"type":")" + std::string(row.type) + R"(","list":)" +
                              row.list + "}");
    ASSERT_TRUE(reading) << reading.error().message();
    ASSERT_EQ(reading->guards.size(), 1U) << row.type;
    EXPECT_EQ(reading->guards[0].values, row.values) << row.type;
    EXPECT_EQ(intel::name(reading->guards[0].type), row.type);
    EXPECT_EQ(reading->guards[0].version, "1");
    EXPECT_EQ(reading->report.refused, row.refused) << row.type;
    EXPECT_EQ(reading->report.total, reading->report.accepted + row.refused);
  }
  EXPECT_FALSE(read_bytes(R"({"name":"n","type":"fuzzy","list":["a"]})"));
  EXPECT_FALSE(read_bytes(R"({"name":"n","list":"a"})"));
  EXPECT_FALSE(read_bytes(R"({"list":["a"]})"));
}

TEST(Warninglist, ADotInFrontMeansAllBelow) {
  auto reading = read_bytes(R"({"name":"n","type":"string","list":[".google.example","google.example"]})");
  ASSERT_TRUE(reading);
  ASSERT_EQ(reading->guards.size(), 2U);
  EXPECT_EQ(reading->guards[0].type, intel::GuardType::hostname);
  EXPECT_EQ(reading->guards[0].values, std::vector<std::string>{"google.example"});
  auto guard = intel::Guard::make(reading->guards);
  EXPECT_TRUE(guard.protects({intel::IndicatorType::domain, "www.google.example"}));
}

TEST(RealData, EveryWarninglistIsReadWhole) {
  SHIKAKE_NEED_SHARED_DATA(root, "warninglists");
  size_t files = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".json") continue;
    std::string bytes = contents(file.path());
    auto document = intel::parse_json(bytes);
    ASSERT_TRUE(document);
    auto reading = read_bytes(bytes);
    ASSERT_TRUE(reading) << file.path() << reading.error().message();
    EXPECT_EQ(reading->report.format, "warninglist") << file.path();
    EXPECT_EQ(reading->report.total, document->at("list").as_array().size()) << file.path();
    EXPECT_EQ(reading->report.refused, 0U)
        << file.path() << " "
        << (reading->report.refusals.empty()
                ? ""
                : reading->report.refusals[0].reason + reading->report.refusals[0].text);
    std::vector<std::string> refused;
    intel::Guard::make(reading->guards, &refused);
    EXPECT_TRUE(refused.empty()) << file.path() << " " << (refused.empty() ? "" : refused[0]);
    ++files;
  }
  EXPECT_GT(files, 30U);
}

TEST(RealData, EveryStixExampleIsAccountedFor) {
  SHIKAKE_NEED_SHARED_DATA(root, "stix/examples");
  size_t entries = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".json") continue;
    std::string bytes = contents(file.path());
    auto document = intel::parse_json(bytes);
    ASSERT_TRUE(document);
    auto reading = read_bytes(bytes);
    const auto* objects = document->as_object().if_contains("objects");
    ASSERT_EQ(reading.has_value(), objects != nullptr) << file.path();
    if (!reading) continue;
    EXPECT_EQ(reading->report.total, objects->as_array().size());
    entries += reading->report.entries;
  }
  // 10.0.0.0 three times and a hash; APT1's four networks and three domains; Poison Ivy's addresses and
  // names.
  EXPECT_GT(entries, 60U);
}

}  // namespace
}  // namespace shikake::publish
