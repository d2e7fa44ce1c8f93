// Maltrail, plain lists and CSV: rows of input and what becomes of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/testing.h"
#include "publish/reading.h"

namespace shikake::publish {
namespace {

// "type value" of every entry, one a line.
std::string summary(const Reading& reading) {
  std::string out;
  for (const auto& entry : reading.entries())
    out += std::string(intel::name(entry.key.type)) + " " + entry.key.value + "\n";
  return out;
}

struct Row {
  const char* name;
  std::string format;
  std::string in;
  std::string entries;  // as summary() has them
  uint64_t accepted, skipped, refused, comments;
};

class Lines : public ::testing::TestWithParam<Row> {};

TEST_P(Lines, EveryLineIsAccountedFor) {
  const Row& row = GetParam();
  ReadOptions options;
  options.format = row.format;
  options.file = "family.txt";
  auto reading = read_bytes(row.in, options);
  ASSERT_TRUE(reading) << reading.error().message();
  EXPECT_EQ(summary(*reading), row.entries);
  const ReadReport& report = reading->report;
  EXPECT_EQ(report.accepted, row.accepted);
  EXPECT_EQ(report.skipped, row.skipped);
  EXPECT_EQ(report.refused, row.refused);
  EXPECT_EQ(report.comments, row.comments);
  EXPECT_EQ(report.total, report.accepted + report.skipped + report.refused + report.comments);
  EXPECT_EQ(report.entries, reading->entries().size());
}

const std::string long_line(size_t{2} << 20, 'x');

INSTANTIATE_TEST_SUITE_P(
    Maltrail, Lines,
    ::testing::Values(
        Row{"domain", "maltrail", "bad.example\n", "domain bad.example\n", 1, 0, 0, 0},
        Row{"no_newline_at_end", "maltrail", "bad.example", "domain bad.example\n", 1, 0, 0, 0},
        Row{"crlf", "maltrail", "bad.example\r\n\r\n", "domain bad.example\n", 1, 0, 0, 1},
        Row{"bom", "maltrail",
            "\xEF\xBB\xBF"
            "bad.example\n",
            "domain bad.example\n", 1, 0, 0, 0},
        Row{"address", "maltrail", "192.0.2.1\n", "ip 192.0.2.1\n", 1, 0, 0, 0},
        Row{"network", "maltrail", "192.0.2.0/24\n", "cidr 192.0.2.0/24\n", 1, 0, 0, 0},
        Row{"address_and_port", "maltrail", "192.0.2.1:8080\n", "ip:port 192.0.2.1:8080\n", 1, 0, 0, 0},
        Row{"ipv6_and_port", "maltrail", "[2001:db8:0:0::1]:80\n", "ip:port [2001:db8::1]:80\n", 1, 0, 0, 0},
        Row{"any_http_to_an_address", "maltrail",
            "http://192.0.2.1\nhttps://192.0.2.1\nhttp://192.0.2.1:81\n",
            "ip:port 192.0.2.1:80\nip:port 192.0.2.1:443\nip:port 192.0.2.1:81\n", 3, 0, 0, 0},
        Row{"url_with_scheme", "maltrail", "http://bad.example/x?y=1\n", "url http://bad.example/x?y=1\n", 1,
            0, 0, 0},
        Row{"url_without_scheme", "maltrail", "Bad.example/Gate.php\n", "url http://bad.example/Gate.php\n",
            1, 0, 0, 0},
        Row{"path_with_parentheses", "maltrail", "bad.example/pop(I).mov\n",
            "url http://bad.example/pop(I).mov\n", 1, 0, 0, 0},
        Row{"path_on_any_host", "maltrail", "/gate.php?id=\n", "pattern /gate.php?id=\n", 1, 0, 0, 0},
        Row{"remark", "maltrail", "bad.example   # was: other\n", "domain bad.example\n", 1, 0, 0, 0},
        Row{"regular_expression", "maltrail", "bad[0-9]+\\.example\n", "", 0, 1, 0, 0},
        Row{"wildcard_is_what_a_domain_means", "maltrail", "*.bad.example\n", "domain bad.example\n", 1, 0, 0,
            0},
        Row{"leading_dot", "maltrail", ".bad.example\n", "domain bad.example\n", 1, 0, 0, 0},
        Row{"top_level_domain", "maltrail", "tk\n.cc\n", "", 0, 2, 0, 0},
        Row{"two_ports", "maltrail", "192.0.2.1:53:53\n", "", 0, 0, 1, 0},
        Row{"port_out_of_range", "maltrail", "192.0.2.1:70000\n", "", 0, 0, 1, 0},
        Row{"commented_out", "maltrail", "#bad.example\n", "", 0, 0, 0, 1},
        Row{"blank_inside", "maltrail", "bad example\n", "", 0, 1, 0, 0},
        Row{"zero_byte_far_behind", "maltrail",
            std::string(70'000, '#') + "\n" + std::string("b\0.example\n", 11), "", 0, 0, 1, 1},
        Row{"line_of_two_megabytes", "maltrail", "a.example\n" + long_line + "\nb.example\n",
            "domain a.example\ndomain b.example\n", 2, 0, 1, 0},
        Row{"only_a_long_line", "maltrail", long_line, "", 0, 0, 1, 0},
        Row{"empty", "maltrail", "", "", 0, 0, 0, 0}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    List, Lines,
    ::testing::Values(
        Row{"every_type", "list",
            "http://bad.example/x\nbad.example\n192.0.2.1\n192.0.2.0/24\n192.0.2.1:80\n2001:db8::1\n"
            "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\n",
            "url http://bad.example/x\ndomain bad.example\nip 192.0.2.1\ncidr 192.0.2.0/24\nip:port "
            "192.0.2.1:80\n"
            "ip 2001:db8::1\nsha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
            7, 0, 0, 0},
        Row{"defanged", "list", "hxxp://bad[.]example/x\nbad[.]example\n192[.]0[.]2[.]1\n",
            "url http://bad.example/x\ndomain bad.example\nip 192.0.2.1\n", 3, 0, 0, 0},
        Row{"comments", "list", "# a\n; b\n// c\n! d\n\nbad.example # e\nhttp://bad.example/#top\n",
            "domain bad.example\nurl http://bad.example/\n", 2, 0, 0, 5},
        Row{"hosts_file", "list",
            "127.0.0.1 localhost\n0.0.0.0 bad.example other.example # x\n::1 ip6-localhost\n0.0.0.0 "
            "bad_name.example\n",
            "domain bad.example\ndomain other.example\ndomain bad_name.example\n", 2, 2, 0, 0},
        Row{"hosts_file_of_someone_s_own", "list", "192.0.2.9 printer.example\n", "", 0, 0, 1, 0},
        Row{"words", "list", "nonsense\nmore nonsense\n", "", 0, 0, 2, 0},
        Row{"csv_without_a_header", "list", "2020-01-01,http://bad.example/,x\n", "", 0, 0, 1, 0}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Csv, Lines,
    ::testing::Values(
        Row{"phishurl", "csv", "date,URL,description\n2020/01/06 08:10:00,http://bad.example/a,x\n",
            "url http://bad.example/a\n", 1, 0, 0, 1},
        Row{"found_by_content", "", "date,URL,description\n2020/01/06 08:10:00,http://bad.example/a,x\n",
            "url http://bad.example/a\n", 1, 0, 0, 1},
        Row{"bom_and_crlf", "",
            "\xEF\xBB\xBF"
            "url,x\r\nhttp://bad.example/a,1\r\n",
            "url http://bad.example/a\n", 1, 0, 0, 1},
        Row{"semicolons", "", "x;url\n1;http://bad.example/a,b\n", "url http://bad.example/a,b\n", 1, 0, 0,
            1},
        Row{"tabs", "", "x\turl\n1\thttp://bad.example/a\n", "url http://bad.example/a\n", 1, 0, 0, 1},
        Row{"quotes", "", "description,url\n\"a \"\"b\"\", c\",http://bad.example/\n",
            "url http://bad.example/\n", 1, 0, 0, 1},
        Row{"line_end_in_quotes", "",
            "description,url\n\"a\nb\nc\",http://bad.example/\nx,http://bad.example/2\n",
            "url http://bad.example/\nurl http://bad.example/2\n", 4, 0, 0, 1},
        Row{"blank_before_quote", "", "\"id\", \"url\"\n\"1\", \"http://bad.example/\"\n",
            "url http://bad.example/\n", 1, 0, 0, 1},
        Row{"header_in_a_comment", "",
            "# from somewhere\n# id,dateadded,url\n\"1\",\"2024-01-02 03:04:05\",\"http://bad.example/\"\n",
            "url http://bad.example/\n", 1, 0, 0, 2},
        Row{"types_by_column", "",
            "ioc_type,ioc_value\ndomain,bad.example\nip:port,192.0.2.1:80\nsha256_hash,"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nurl,bad.example/x\n",
            "domain bad.example\nip:port 192.0.2.1:80\nsha256 "
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nurl http://bad.example/x\n",
            4, 0, 0, 1},
        Row{"a_url_s_row_does_not_convict_its_host", "",
            "url,host,ip\nhttp://bad.example/,bad.example,192.0.2.1\n", "url http://bad.example/\n", 1, 0, 0,
            1},
        Row{"address_with_port_column", "", "dst_ip,dst_port\n192.0.2.1,4444\n2001:db8::1,443\n",
            "ip:port 192.0.2.1:4444\nip:port [2001:db8::1]:443\n", 2, 0, 0, 1},
        Row{"short_row", "", "x,url\n1\n2,http://bad.example/\n", "url http://bad.example/\n", 1, 0, 1, 1},
        Row{"quote_that_never_closes", "", "x,url\n\"1,http://bad.example/1\n2,http://bad.example/2\n",
            "url http://bad.example/2\n", 1, 0, 1, 1},
        Row{"text_behind_a_quote", "", "x,url\n\"1\"2,http://bad.example/1\n2,http://bad.example/2\n",
            "url http://bad.example/2\n", 1, 0, 1, 1},
        Row{"quote_in_a_comment", "", "# it's \"\nx,url\n# \"\n2,http://bad.example/2\n",
            "url http://bad.example/2\n", 1, 0, 0, 3},
        Row{"formula_protection_taken_off", "", "value,description\n'=bad.example,x\nbad.example,'=1\n",
            "domain =bad.example\ndomain bad.example\n", 2, 0, 0, 1}),
    [](const auto& row) { return row.param.name; });

TEST(Csv, WhatARowSays) {
  auto reading = read_bytes(
      "url,threat,malware,confidence_level,tlp,first_seen,last_seen,expires,comment,reference,uses\n"
      "http://bad.example/,botnet_cc,Emotet,75,TLP:AMBER,2024-01-02 03:04:05 "
      "UTC,2024-01-03,2025-01-01T00:00:00Z,"
      "seen twice,https://report.example/,block:proxy alert:ids\n"
      "http://bad.example/2,what,,high,purple,02/03/2024,,,,,\n");
  ASSERT_TRUE(reading) << reading.error().message();
  auto entries = reading->entries();
  ASSERT_EQ(entries.size(), 2U);
  const auto& first = entries[0];
  EXPECT_EQ(first.role, intel::Role::c2);
  EXPECT_EQ(first.family, "Emotet");
  EXPECT_EQ(first.confidence, 75);
  EXPECT_EQ(first.tlp, intel::Tlp::amber);
  EXPECT_EQ(base::to_rfc3339(*first.first_seen), "2024-01-02T03:04:05Z");
  EXPECT_EQ(base::to_rfc3339(*first.last_seen), "2024-01-03T00:00:00Z");
  EXPECT_EQ(base::to_rfc3339(*first.valid_until), "2025-01-01T00:00:00Z");
  EXPECT_EQ(first.description, "seen twice");
  EXPECT_EQ(first.references, std::vector<std::string>{"https://report.example/"});
  EXPECT_TRUE(first.uses.has(intel::Action::block, intel::Point::proxy));
  EXPECT_EQ(first.line, 2U);
  EXPECT_EQ(entries[1].role, intel::Role::unknown);
  EXPECT_EQ(entries[1].confidence, 85);
  EXPECT_EQ(entries[1].tlp, intel::Tlp::red);  // a marking nobody can read allows nothing
  EXPECT_FALSE(entries[1].first_seen);         // day first or month first: not guessed
  ASSERT_EQ(reading->report.notes.size(), 1U);
  EXPECT_EQ(reading->report.notes[0].what, "a date that is not understood");
}

TEST(Csv, ColumnsNamedByTheUser) {
  ReadOptions options;
  options.format = "csv";
  options.columns = {"url=2", "description=1"};
  auto bare = read_bytes("first,http://bad.example/1\nsecond,http://bad.example/2\n", options);
  ASSERT_TRUE(bare) << bare.error().message();
  EXPECT_EQ(summary(*bare), "url http://bad.example/1\nurl http://bad.example/2\n");
  EXPECT_EQ(bare->entries()[0].description, "first");

  options.columns = {"url=Where It Is"};
  auto headed = read_bytes("what,where it is\nx,http://bad.example/1\n", options);
  ASSERT_TRUE(headed) << headed.error().message();
  EXPECT_EQ(summary(*headed), "url http://bad.example/1\n");

  auto semicolons = read_bytes("a;Where It Is;c\n1,5;http://bad.example/1;2\n", options);
  ASSERT_TRUE(semicolons) << semicolons.error().message();
  EXPECT_EQ(summary(*semicolons), "url http://bad.example/1\n");

  options.columns = {"url=nowhere"};
  auto wrong = read_bytes("what,where\nx,http://bad.example/1\n", options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::invalid_usage);

  options.columns = {};
  auto none = read_bytes("what,where\nx,http://bad.example/1\n", options);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().line, 1U);
}

TEST(Maltrail, ReferencesAreTheEvidenceOfWhatFollows) {
  ReadOptions options;
  options.file = "ek_angler.txt";
  auto reading = read_bytes(
      "# Copyright (c) Maltrail\n\n# Reference: https://one.example/\n# Reference: https://two.example/ (# "
      "APK)\n"
      "# TITLE=x\n\na.example\n#b.example\nc.example\n\n# Reference: https://three.example/\n\nd.example\n\n"
      "# Generic\n\ne.example\n",
      options);
  ASSERT_TRUE(reading) << reading.error().message();
  EXPECT_EQ(reading->report.format, "maltrail");
  ASSERT_EQ(reading->records.size(), 3U);
  const auto& records = reading->records;
  EXPECT_EQ(records[0].references,
            (std::vector<std::string>{"https://one.example/", "https://two.example/"}));
  EXPECT_EQ(records[0].entries.size(), 2U);
  EXPECT_EQ(records[0].entries[0].description, "APK");
  EXPECT_EQ(records[0].entries[0].line, 7U);
  EXPECT_EQ(records[0].family, "ek_angler");
  EXPECT_EQ(records[0].entries[0].role, intel::Role::exploit);
  EXPECT_EQ(records[1].references, std::vector<std::string>{"https://three.example/"});
  EXPECT_EQ(records[1].entries[0].description, "");
  EXPECT_TRUE(records[2].references.empty());
  EXPECT_EQ(records[2].part, 2U);
}

TEST(Maltrail, SuspiciousIsForAuditAlone) {
  ReadOptions options;
  options.format = "maltrail";
  options.file = "dynamic_domain.txt";
  options.folder = "suspicious";
  auto reading = read_bytes("a.example\n", options);
  ASSERT_TRUE(reading);
  const auto& record = reading->records.at(0);
  EXPECT_EQ(record.family, "");
  EXPECT_TRUE(record.entries[0].uses.has(intel::Action::audit));
  EXPECT_FALSE(record.entries[0].uses.has(intel::Action::alert));
  EXPECT_FALSE(record.entries[0].uses.has(intel::Action::block));
}

TEST(Collector, LongGroupsBecomeSeveralRecords) {
  std::string list;
  constexpr size_t lines = intel::max_feed_entries * 2 + 7;
  for (size_t i = 0; i < lines; ++i) list += "h" + std::to_string(i) + ".example\n";
  auto reading = read_bytes(list);
  ASSERT_TRUE(reading);
  ASSERT_EQ(reading->records.size(), 3U);
  EXPECT_EQ(reading->records[2].entries.size(), 7U);
  EXPECT_EQ(reading->records[2].part, 2U);
  EXPECT_EQ(reading->report.records, 3U);
}

TEST(Collector, FirstRefusalsAreShownAndAllCounted) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += "not a value\n";
  ReadOptions options;
  options.refusals_kept = 3;
  auto reading = read_bytes(list, options);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->report.refused, 100U);
  ASSERT_EQ(reading->report.refusals.size(), 3U);
  EXPECT_EQ(reading->report.refusals[1].line, 2U);
  EXPECT_EQ(reading->report.refusals[1].offset, 12U);
  EXPECT_EQ(reading->report.refusals[1].text, "not a value");
}

struct BadFile {
  const char* name;
  std::string bytes;
  std::string says;
  uint64_t line;
};
class WholeFile : public ::testing::TestWithParam<BadFile> {};
TEST_P(WholeFile, IsRefusedWithOneClearError) {
  auto reading = read_bytes(GetParam().bytes);
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, ErrorCode::invalid_input);
  EXPECT_NE(reading.error().what.find(GetParam().says), std::string::npos) << reading.error().what;
  EXPECT_EQ(reading.error().line, GetParam().line) << reading.error().message();
  EXPECT_TRUE(reading.error().offset);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, WholeFile,
    ::testing::Values(BadFile{"binary", std::string("abc\nd\0ef", 8), "binary", 2},
                      BadFile{"utf16",
                              std::string("\xFF\xFE"
                                          "a\0b\0",
                                          6),
                              "UTF-16", 1},
                      BadFile{"gzip", "\x1F\x8B\x08\x00", "gzip", 1},
                      BadFile{"bundle_cut_off",
                              "{\"type\":\"bundle\",\n\"id\":\"bundle--x\",\n\"objects\":[{\"type\":",
                              "cut off", 3},
                      BadFile{"two_lists_of_objects", "{\"type\":\"bundle\",\n\"objects\":[],\"objects\":[]}",
                              "second member", 2},
                      BadFile{"event_cut_off", "{\"Event\":{\n\"info\":\"x", "JSON", 2},
                      BadFile{"warninglist_cut_off", "{\"name\":\"x\",\n\"list\":[\"a\",", "JSON", 2}),
    [](const auto& row) { return row.param.name; });

// --- real data
// ----------------------------------------------------------------------------------------------

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream all;
  all << file.rdbuf();
  return std::move(all).str();
}

// Slower and simpler than the reader: a trail is any line that is neither blank nor a comment.
TEST(RealData, MaltrailAccountsForEveryLine) {
  SHIKAKE_NEED_SHARED_DATA(root, "maltrail");
  uint64_t files = 0, accepted = 0, refused = 0, skipped = 0, endpoints = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".txt") continue;
    std::string bytes = contents(file.path());
    uint64_t trails = 0, others = 0, plain_endpoints = 0;
    std::istringstream lines(bytes);
    for (std::string line; std::getline(lines, line);) {
      size_t begin = line.find_first_not_of(" \t\r");
      bool trail = begin != std::string::npos && line[begin] != '#';
      ++(trail ? trails : others);
      if (trail && line.find_first_not_of("0123456789.:\r") == std::string::npos &&
          line.find(':') == line.rfind(':') && line.find(':') != std::string::npos)
        ++plain_endpoints;
    }
    ReadOptions options;
    options.file = file.path().filename().string();
    options.folder = file.path().parent_path().filename().string();
    auto reading = read_bytes(bytes, options);
    ASSERT_TRUE(reading) << file.path() << reading.error().message();
    const ReadReport& report = reading->report;
    EXPECT_EQ(report.format, bytes.find('#') == std::string::npos ? "list" : "maltrail") << file.path();
    EXPECT_EQ(report.accepted + report.skipped + report.refused, trails) << file.path();
    EXPECT_EQ(report.comments, others) << file.path();
    uint64_t found = 0;
    for (const auto& entry : reading->entries()) {
      bool v4 = entry.key.type == intel::IndicatorType::ip_port && entry.key.value[0] != '[';
      // Those written as http://address are not among the plain ones.
      if (v4) ++found;
    }
    EXPECT_GE(found, plain_endpoints) << file.path();
    ++files, accepted += report.accepted, refused += report.refused, skipped += report.skipped,
        endpoints += found;
  }
  EXPECT_GT(files, 1000U);
  EXPECT_GT(accepted, 200'000U);
  EXPECT_LT(refused, accepted / 1000);
  EXPECT_LT(skipped, accepted / 1000);
  std::printf("maltrail: %lu files, %lu accepted, %lu skipped, %lu refused\n", files, accepted, skipped,
              refused);
}

TEST(RealData, PhishurlAccountsForEveryRow) {
  SHIKAKE_NEED_SHARED_DATA(root, "phishurl");
  uint64_t rows = 0, accepted = 0, refused = 0;
  for (const auto& file : std::filesystem::directory_iterator(*root)) {
    std::string bytes = contents(file.path());
    auto lines =
        static_cast<uint64_t>(std::count(bytes.begin(), bytes.end(), '\n')) + (bytes.ends_with('\n') ? 0 : 1);
    auto reading = read_bytes(bytes);
    ASSERT_TRUE(reading) << file.path() << reading.error().message();
    EXPECT_EQ(reading->report.format, "csv");
    EXPECT_EQ(reading->report.total, lines);
    for (const auto& entry : reading->entries()) EXPECT_EQ(entry.key.type, intel::IndicatorType::url);
    rows += lines - 1, accepted += reading->report.entries, refused += reading->report.refused;
  }
  EXPECT_GT(accepted, 40'000U);
  std::printf("phishurl: %lu rows, %lu accepted, %lu refused\n", rows, accepted, refused);
}

}  // namespace
}  // namespace shikake::publish
