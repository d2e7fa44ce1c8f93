#include "range/scenario.h"

#include <gtest/gtest.h>

#include "range/testing.h"

namespace shikake::range {
namespace {

TEST(Scenario, ReadsEverything) {
  TemporaryFolder folder;
  folder.write("shop/index.html", "<p>");
  folder.write("shop/img/a.png", "png");
  folder.write("shop/sub/index.html", "<p>");
  auto scenario = Scenario::load(folder.write("scenario.toml", R"(
name = "everything"
[network]
client = "198.51.100.7"
resolver = ["198.51.100.1", "2001:db8:0::53"]
[[host]]
names = ["Shop.Example.", "*.shop.example"]
addresses = ["203.0.113.10", "2001:DB8::10"]
http = [80, 8080]
https = 443
folder = "shop"
headers = {Server = "Apache", X-Two = ["a", "b"]}
  [[host.reply]]
  path = "/go"
  location = "http://relay.example/"
  once = true
  when = {user_agent = "MSIE", cookie = ""}
  unless = {referrer = "search"}
  [[host.reply]]
  path = "/slow/*"
  status = 503
  body = "later"
  delay_ms = 20
  trickle_ms = 1
  declared_length = 1000
  cut_after = 2
[[host]]
addresses = ["203.0.113.11"]
https = [443]
[[dns]]
name = "alias.example"
type = "CNAME"
value = "shop.example"
[[dns]]
name = "gone.example"
failure = "SERVFAIL"
)"));
  ASSERT_TRUE(scenario) << scenario.error().message();
  EXPECT_EQ(scenario->client, std::vector<std::string>{"198.51.100.7"});
  EXPECT_EQ(scenario->resolver, (std::vector<std::string>{"198.51.100.1", "2001:db8::53"}));
  const Host& shop = scenario->hosts.at(0);
  EXPECT_EQ(shop.names, (std::vector<std::string>{"shop.example", "*.shop.example"}));
  EXPECT_EQ(shop.addresses, (std::vector<std::string>{"203.0.113.10", "2001:db8::10"}));
  EXPECT_EQ(shop.http, (std::vector<uint16_t>{80, 8080}));
  EXPECT_EQ(shop.https, std::vector<uint16_t>{443});
  EXPECT_EQ(shop.headers, (std::vector<Header>{{"Server", "Apache"}, {"X-Two", "a"}, {"X-Two", "b"}}));
  for (const char* path : {"/", "/index.html", "/img/a.png", "/sub/", "/sub/index.html"}) {
    EXPECT_TRUE(shop.files.contains(path)) << path;
  }
  EXPECT_EQ(shop.files.size(), 5u);
  const Reply& go = shop.replies.at(0);
  EXPECT_EQ(go.status, 302u);
  EXPECT_TRUE(go.once);
  EXPECT_EQ(go.when.user_agent, "MSIE");
  EXPECT_EQ(go.when.cookie, "");
  EXPECT_EQ(go.unless.referrer, "search");
  EXPECT_EQ(go.headers, (std::vector<Header>{{"Location", "http://relay.example/"}}));
  const Reply& slow = shop.replies.at(1);
  EXPECT_EQ(slow.status, 503u);
  EXPECT_EQ(slow.declared_length, 1000u);
  EXPECT_EQ(slow.cut_after, 2u);
  EXPECT_EQ(slow.trickle.count(), 1);
  EXPECT_TRUE(scenario->hosts.at(1).http.empty());
  EXPECT_EQ(scenario->records.at(0).value, "shop.example");
  EXPECT_EQ(scenario->failures.at("gone.example"), 2);
}

struct BadRow {
  const char* name;
  const char* toml;
  uint32_t line;
  const char* says;
};
class BadScenario : public ::testing::TestWithParam<BadRow> {};
TEST_P(BadScenario, NamesFileAndLine) {
  TemporaryFolder folder;
  auto file = folder.write("scenario.toml", GetParam().toml);
  auto scenario = Scenario::load(file);
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(scenario.error().where, file.string());
  EXPECT_EQ(scenario.error().line, GetParam().line) << scenario.error().message();
  EXPECT_NE(scenario.error().what.find(GetParam().says), std::string::npos) << scenario.error().message();
}
INSTANTIATE_TEST_SUITE_P(
    Rows, BadScenario,
    ::testing::Values(
        BadRow{"syntax", "name = \"x\"\n[[host\n", 2, ""}, BadRow{"raw_bytes", "name = \"\xff\"\n", 1, ""},
        BadRow{"empty", "", 1, "\"name\""}, BadRow{"no_hosts", "name='x'\n", 1, "[[host]]"},
        BadRow{"unknown_key", "name='x'\nhots=1\n", 2, "unknown key \"hots\""},
        BadRow{"host_not_table", "name='x'\nhost=1\n", 2, "[[host]]"},
        BadRow{"host_not_list", "name='x'\n[host]\n", 2, "[[host]]"},
        BadRow{"unknown_host_key", "name='x'\n[[host]]\naddresses='192.0.2.9'\nport=80\n", 4, "\"port\""},
        BadRow{"no_address", "name='x'\n\n[[host]]\nnames='a.example'\n", 3, "addresses"},
        BadRow{"real_address", "name='x'\n[[host]]\naddresses='8.8.8.8'\n", 3, "documentation ranges"},
        BadRow{"real_address_6", "name='x'\n[[host]]\naddresses='2001:db9::1'\n", 3, "documentation ranges"},
        BadRow{"loopback", "name='x'\n[[host]]\naddresses='127.0.0.1'\n", 3, "documentation ranges"},
        BadRow{"no_ip", "name='x'\n[[host]]\naddresses=['192.0.2.9',\n'192.0.2.256']\n", 4, "no IP address"},
        BadRow{"own_address", "name='x'\n[[host]]\naddresses='192.0.2.2'\n", 2, "the range's own"},
        BadRow{"name_with_blank", "name='x'\n[[host]]\naddresses='192.0.2.9'\nnames='a b'\n", 4,
               "no host name"},
        BadRow{"name_empty_label", "name='x'\n[[host]]\naddresses='192.0.2.9'\nnames='a..b'\n", 4,
               "no host name"},
        BadRow{
            "name_twice",
            "name='x'\n[[host]]\naddresses='192.0.2.9'\nnames='a.example'\n[[host]]\naddresses='192.0.2.8'\n"
            "names='A.example'\n",
            5, "earlier host"},
        BadRow{"port_zero", "name='x'\n[[host]]\naddresses='192.0.2.9'\nhttp=0\n", 4, "from 1 to 65535"},
        BadRow{"port_text", "name='x'\n[[host]]\naddresses='192.0.2.9'\nhttp='80'\n", 4, "whole number"},
        BadRow{"port_both", "name='x'\n[[host]]\naddresses='192.0.2.9'\nhttp=443\nhttps=443\n", 2,
               "both http and https"},
        BadRow{"no_folder", "name='x'\n[[host]]\naddresses='192.0.2.9'\nfolder='nowhere'\n", 4, "no folder"},
        BadRow{"folder_outside", "name='x'\n[[host]]\naddresses='192.0.2.9'\nfolder='../..'\n", 4, "outside"},
        BadRow{"folder_absolute", "name='x'\n[[host]]\naddresses='192.0.2.9'\nfolder='/etc'\n", 4, "outside"},
        BadRow{"reply_path", "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[host.reply]]\npath='a'\n", 4,
               "begins with /"},
        BadRow{"reply_status",
               "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[host.reply]]\npath='/'\nstatus=99\n", 6,
               "200 to 599"},
        BadRow{"reply_file",
               "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[host.reply]]\npath='/'\nfile='nofile'\n", 6,
               "no file"},
        BadRow{
            "reply_file_outside",
            "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[host.reply]]\npath='/'\nfile='../../etc/passwd'\n",
            6, "outside"},
        BadRow{"reply_once", "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[host.reply]]\npath='/'\nonce=1\n",
               6, "true or false"},
        BadRow{"reply_condition",
               "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[host.reply]]\npath='/'\nwhen={agent='x'}\n", 6,
               "\"agent\""},
        BadRow{"header_break", "name='x'\n[[host]]\naddresses='192.0.2.9'\nheaders={A=\"a\\r\\nB: b\"}\n", 4,
               "line break"},
        BadRow{"header_name", "name='x'\n[[host]]\naddresses='192.0.2.9'\nheaders={'A b'='c'}\n", 4,
               "header name"},
        BadRow{"dns_type",
               "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[dns]]\nname='a'\ntype='MX'\nvalue='x'\n", 4,
               "\"type\""},
        BadRow{
            "dns_family",
            "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[dns]]\nname='a'\ntype='AAAA'\nvalue='192.0.2.9'\n",
            7, "record's type"},
        BadRow{"dns_no_value", "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[dns]]\nname='a'\ntype='A'\n", 4,
               "\"value\""},
        BadRow{"dns_failure",
               "name='x'\n[[host]]\naddresses='192.0.2.9'\n[[dns]]\nname='a'\nfailure='OOPS'\n", 6,
               "SERVFAIL"},
        BadRow{"client_two",
               "name='x'\n[network]\nclient=['192.0.2.3','192.0.2.4']\n[[host]]\naddresses='192.0.2.9'\n", 3,
               "one IPv4"}),
    [](const auto& row) { return row.param.name; });

TEST(Scenario, MissingFile) {
  auto scenario = Scenario::load("/no/such/scenario.toml");
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().code, ErrorCode::not_found);
  EXPECT_EQ(scenario.error().where, "/no/such/scenario.toml");
  EXPECT_FALSE(Scenario::load("/"));
}

}  // namespace
}  // namespace shikake::range
