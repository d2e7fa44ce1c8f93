#include "intel/guard.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/testing.h"

namespace shikake::intel {
namespace {

struct GuardRow {
  const char* name;
  GuardType type;
  std::vector<std::string> values, attributes;
  IndicatorKey key;
  bool guarded;
};
class GuardTest : public ::testing::TestWithParam<GuardRow> {};
TEST_P(GuardTest, Protects) {
  const GuardRow& row = GetParam();
  std::vector<std::string> refused;
  Guard guard = Guard::make({{"The list", "", "", "", row.type, row.attributes, row.values}}, &refused);
  EXPECT_TRUE(refused.empty()) << refused.front();
  auto reason = guard.protects(row.key);
  EXPECT_EQ(reason.has_value(), row.guarded);
  EXPECT_EQ(reason.value_or("The list"), "The list");
}
using enum IndicatorType;
INSTANTIATE_TEST_SUITE_P(
    Rows, GuardTest,
    ::testing::Values(
        GuardRow{"string_itself", GuardType::string, {"a.com"}, {}, {domain, "a.com"}, true},
        GuardRow{"string_case", GuardType::string, {"A.Com"}, {}, {domain, "a.com"}, true},
        GuardRow{"string_not_below", GuardType::string, {"a.com"}, {}, {domain, "www.a.com"}, false},
        GuardRow{"string_dot_means_below", GuardType::string, {".a.com"}, {}, {domain, "www.a.com"}, true},
        GuardRow{
            "string_block_above_would_hit_it", GuardType::string, {"www.a.com"}, {}, {domain, "a.com"}, true},
        GuardRow{
            "string_url_is_not_its_host", GuardType::string, {"a.com"}, {}, {url, "http://a.com/x"}, false},
        GuardRow{"string_hash",
                 GuardType::string,
                 {std::string(64, 'a')},
                 {"sha256"},
                 {sha256, std::string(64, 'a')},
                 true},
        GuardRow{"hostname_itself", GuardType::hostname, {"a.com"}, {}, {domain, "a.com"}, true},
        GuardRow{"hostname_below", GuardType::hostname, {"a.com"}, {}, {domain, "deep.www.a.com"}, true},
        GuardRow{"hostname_not_beside", GuardType::hostname, {"a.com"}, {}, {domain, "nota.com"}, false},
        GuardRow{"hostname_above", GuardType::hostname, {"www.a.com"}, {}, {domain, "a.com"}, true},
        GuardRow{
            "hostname_beside_below", GuardType::hostname, {"www.a.com"}, {}, {domain, "mail.a.com"}, false},
        GuardRow{"hostname_leading_dot", GuardType::hostname, {".a.com"}, {}, {domain, "a.com"}, true},
        GuardRow{"hostname_of_url",
                 GuardType::hostname,
                 {"a.com"},
                 {"url"},
                 {url, "http://www.a.com:8080/x?y"},
                 true},
        GuardRow{"hostname_not_for_urls",
                 GuardType::hostname,
                 {"a.com"},
                 {"domain"},
                 {url, "http://www.a.com/x"},
                 false},
        GuardRow{
            "hostname_in_the_path", GuardType::hostname, {"a.com"}, {}, {url, "http://b.com/a.com"}, false},
        GuardRow{"cidr_ip", GuardType::cidr, {"10.0.0.0/8"}, {"ip-dst"}, {ip, "10.1.2.3"}, true},
        GuardRow{"cidr_other_ip", GuardType::cidr, {"10.0.0.0/8"}, {}, {ip, "11.1.2.3"}, false},
        GuardRow{"cidr_single_address", GuardType::cidr, {"8.8.8.8"}, {}, {ip, "8.8.8.8"}, true},
        GuardRow{"cidr_inside", GuardType::cidr, {"10.0.0.0/8"}, {}, {cidr, "10.2.0.0/16"}, true},
        GuardRow{"cidr_around", GuardType::cidr, {"8.8.8.8"}, {}, {cidr, "8.8.0.0/16"}, true},
        GuardRow{"cidr_beside", GuardType::cidr, {"8.8.8.8"}, {}, {cidr, "8.9.0.0/16"}, false},
        GuardRow{"cidr_port", GuardType::cidr, {"10.0.0.0/8"}, {}, {ip_port, "10.1.2.3:80"}, true},
        GuardRow{"cidr_port_not_asked_for",
                 GuardType::cidr,
                 {"10.0.0.0/8"},
                 {"ip-dst"},
                 {ip_port, "10.1.2.3:80"},
                 false},
        GuardRow{
            "cidr_host_of_url", GuardType::cidr, {"10.0.0.0/8"}, {"url"}, {url, "http://10.1.2.3/x"}, true},
        GuardRow{"cidr_v6", GuardType::cidr, {"2001:DB8::/32"}, {}, {ip, "2001:db8::1"}, true},
        GuardRow{"cidr_v6_port", GuardType::cidr, {"2001:db8::/32"}, {}, {ip_port, "[2001:db8::1]:80"}, true},
        GuardRow{"cidr_v4_never_v6", GuardType::cidr, {"0.0.0.0/0"}, {}, {ip, "2001:db8::1"}, false},
        GuardRow{"substring",
                 GuardType::substring,
                 {"update.micro"},
                 {},
                 {domain, "www.update.microsoft.com"},
                 true},
        GuardRow{"substring_not", GuardType::substring, {"micro"}, {}, {domain, "macro.com"}, false},
        GuardRow{"regex_bare", GuardType::regex, {"^a+\\.com$"}, {}, {domain, "aaa.com"}, true},
        GuardRow{"regex_slashes", GuardType::regex, {"/^A+\\.com$/i"}, {}, {domain, "aaa.com"}, true},
        GuardRow{"regex_not", GuardType::regex, {"/^b/"}, {}, {domain, "aaa.com"}, false},
        // Steps are bounded: the answer may be no, but it comes.
        GuardRow{"regex_backtracks",
                 GuardType::regex,
                 {"/^(a+)+$/"},
                 {},
                 {domain, std::string(60, 'a') + "b"},
                 false},
        GuardRow{"list_about_mail", GuardType::string, {"a.com"}, {"email-src"}, {domain, "a.com"}, false}),
    [](const auto& row) { return row.param.name; });

TEST(Guard, NoListsProtectNothing) {
  EXPECT_TRUE(Guard().empty());
  EXPECT_FALSE(Guard().protects({domain, "a.com"}));
}

TEST(Guard, BadValuesAreLeftOutAndNamed) {
  std::vector<std::string> refused;
  Guard guard = Guard::make({{"Nets", "", "", "", GuardType::cidr, {}, {"10.0.0.0/99", "10.0.0.0/8"}},
                             {"Patterns", "", "", "", GuardType::regex, {}, {"(", "^ok$"}}},
                            &refused);
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_NE(refused[0].find("10.0.0.0/99"), std::string::npos);
  EXPECT_NE(refused[1].find("Patterns"), std::string::npos);
  EXPECT_EQ(guard.protects({ip, "10.1.1.1"}), "Nets");
  EXPECT_EQ(guard.protects({pattern, "ok"}), "Patterns");
}

TEST(Guard, CopiesShareAndOutlive) {
  std::optional<Guard> copy;
  {
    Guard guard = Guard::make({{"List", "", "", "", GuardType::string, {}, {"a.com"}}});
    copy = guard;
  }
  EXPECT_EQ(copy->protects({domain, "a.com"}), "List");
}

// The published lists: all of their values are understood, and what they exist for is protected.
TEST(Guard, RealWarningLists) {
  SHIKAKE_NEED_SHARED_DATA(folder, "warninglists");
  std::vector<GuardList> lists;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    std::ifstream file(entry.path() / "list.json");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    auto json = boost::json::parse(text).as_object();
    GuardList list;
    list.name = json.at("name").as_string();
    list.type = *guard_type(json.at("type").as_string());
    for (const auto& one : json.at("matching_attributes").as_array())
      list.attributes.emplace_back(one.as_string());
    for (const auto& one : json.at("list").as_array()) list.values.emplace_back(one.as_string());
    lists.push_back(std::move(list));
  }
  std::vector<std::string> refused;
  Guard guard = Guard::make(lists, &refused);
  EXPECT_TRUE(refused.empty()) << refused.size() << " such as " << refused.front();
  EXPECT_TRUE(guard.protects({domain, "google.com"}));
  EXPECT_TRUE(guard.protects({ip, "8.8.8.8"}));
  EXPECT_TRUE(guard.protects({ip, "192.168.1.1"}));
  EXPECT_TRUE(guard.protects({domain, "co.jp"}));
  EXPECT_FALSE(guard.protects({domain, "surely-nobody-lists-this-one.com"}));
  EXPECT_FALSE(guard.protects({sha256, std::string(64, '1')}));
}

}  // namespace
}  // namespace shikake::intel
