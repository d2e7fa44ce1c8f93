#include "net/cookies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shikake::net {
namespace {

using namespace std::chrono_literals;

url::Url parse(std::string_view text) {
  return *url::Url::parse(text);
}

struct Row {
  const char* name;
  const char* from;
  std::vector<std::string> set;
  const char* to;
  const char* sent;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.name;
}

const Row rows[] = {
    {"plain", "http://a.example/", {"a=1"}, "http://a.example/x", "a=1"},
    {"value_with_equals", "http://a.example/", {"a=1=2"}, "http://a.example/", "a=1=2"},
    {"blanks_around", "http://a.example/", {"  a = 1 ; Path = / "}, "http://a.example/", "a=1"},
    {"no_name", "http://a.example/", {"value"}, "http://a.example/", "value"},
    {"empty_value", "http://a.example/", {"a="}, "http://a.example/", "a="},
    {"empty", "http://a.example/", {"", "=", ";Path=/"}, "http://a.example/", ""},
    {"quotes_stay", "http://a.example/", {"a=\"1\""}, "http://a.example/", "a=\"1\""},
    {"order_of_creation", "http://a.example/", {"b=1", "a=2", "b=3"}, "http://a.example/", "b=3; a=2"},
    {"longer_path_first",
     "http://a.example/x/y",
     {"a=1; path=/", "b=2; path=/x"},
     "http://a.example/x/y",
     "b=2; a=1"},
    {"host_only", "http://a.example/", {"a=1"}, "http://b.a.example/", ""},
    {"domain_for_below", "http://a.example/", {"a=1; Domain=a.example"}, "http://b.a.example/", "a=1"},
    {"leading_dot", "http://a.example/", {"a=1; Domain=.A.Example"}, "http://b.a.example/", "a=1"},
    {"parent_domain", "http://b.a.example/", {"a=1; Domain=a.example"}, "http://c.a.example/", "a=1"},
    {"other_domain", "http://a.example/", {"a=1; Domain=b.example"}, "http://b.example/", ""},
    {"child_domain", "http://a.example/", {"a=1; Domain=b.a.example"}, "http://b.a.example/", ""},
    {"suffix_of_name_is_no_parent",
     "http://evila.example/",
     {"a=1; Domain=a.example"},
     "http://a.example/",
     ""},
    {"public_suffix", "http://a.co.jp/", {"a=1; Domain=co.jp"}, "http://b.co.jp/", ""},
    {"private_suffix", "http://a.github.io/", {"a=1; Domain=github.io"}, "http://b.github.io/", ""},
    {"public_suffix_itself", "http://github.io/", {"a=1; Domain=github.io"}, "http://github.io/", "a=1"},
    {"public_suffix_itself_is_host_only",
     "http://github.io/",
     {"a=1; Domain=github.io"},
     "http://b.github.io/",
     ""},
    {"empty_domain", "http://a.example/", {"a=1; Domain="}, "http://b.a.example/", ""},
    {"address", "http://192.0.2.1/", {"a=1; Domain=192.0.2.1"}, "http://192.0.2.1/", "a=1"},
    {"part_of_an_address", "http://192.0.2.1/", {"a=1; Domain=2.1"}, "http://1.0.2.1/", ""},
    {"address_v6", "http://[2001:db8::1]/", {"a=1"}, "http://[2001:db8::1]/", "a=1"},
    {"default_path", "http://a.example/x/y", {"a=1"}, "http://a.example/x/z", "a=1"},
    {"default_path_not_above", "http://a.example/x/y", {"a=1"}, "http://a.example/", ""},
    {"path_is_not_a_prefix", "http://a.example/", {"a=1; Path=/x"}, "http://a.example/xy", ""},
    {"path_matches_whole", "http://a.example/", {"a=1; Path=/x"}, "http://a.example/x", "a=1"},
    {"path_matches_below", "http://a.example/", {"a=1; Path=/x/"}, "http://a.example/x/y", "a=1"},
    {"bad_path_is_default", "http://a.example/x/y", {"a=1; Path=z"}, "http://a.example/x/", "a=1"},
    {"secure_not_over_http", "https://a.example/", {"a=1; Secure"}, "http://a.example/", ""},
    {"secure_over_https", "https://a.example/", {"a=1; Secure"}, "https://a.example/", "a=1"},
    {"secure_set_over_http", "http://a.example/", {"a=1; Secure"}, "https://a.example/", ""},
    {"ports_share", "http://a.example:81/", {"a=1"}, "http://a.example:82/", "a=1"},
    {"last_attribute_wins", "http://a.example/", {"a=1; Path=/x; Path=/y"}, "http://a.example/y", "a=1"},
    {"expired",
     "http://a.example/",
     {"a=1", "a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"},
     "http://a.example/",
     ""},
    {"max_age_zero", "http://a.example/", {"a=1", "a=2; Max-Age=0"}, "http://a.example/", ""},
    {"max_age_before_expires",
     "http://a.example/",
     {"a=1; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"},
     "http://a.example/",
     "a=1"},
    {"max_age_before_expires_either_order",
     "http://a.example/",
     {"a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9"},
     "http://a.example/",
     "a=1"},
    {"max_age_huge",
     "http://a.example/",
     {"a=1; Max-Age=99999999999999999999999"},
     "http://a.example/",
     "a=1"},
    {"max_age_nonsense", "http://a.example/", {"a=1; Max-Age=1x"}, "http://a.example/", "a=1"},
    {"bad_date_is_a_session", "http://a.example/", {"a=1; Expires=yesterday"}, "http://a.example/", "a=1"},
    {"control_byte", "http://a.example/", {"a=1\x01"}, "http://a.example/", ""},
    {"line_break", "http://a.example/", {"a=1\r\nX: y"}, "http://a.example/", ""},
    {"secure_prefix",
     "https://a.example/",
     {"__Secure-a=1", "__secure-b=1; Secure"},
     "https://a.example/",
     "__secure-b=1"},
    {"host_prefix",
     "https://a.example/",
     {"__Host-a=1; Secure", "__Host-b=1; Secure; Path=/"},
     "https://a.example/x",
     "__Host-b=1"},
    {"prefix_hidden_in_a_nameless_value",
     "https://a.example/",
     {"__Host-a=1; Secure; Path=/", "=__Host-a=2"},
     "https://a.example/",
     "__Host-a=1"},
    {"not_from_a_file", "file:///x", {"a=1"}, "file:///x", ""},
};

class Cookies : public ::testing::TestWithParam<Row> {};
TEST_P(Cookies, Sent) {
  CookieJar jar;
  for (const std::string& text : GetParam().set) jar.set(parse(GetParam().from), text);
  EXPECT_EQ(jar.get(parse(GetParam().to)), GetParam().sent);
}
INSTANTIATE_TEST_SUITE_P(Rows, Cookies, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

const url::Url page = parse("https://a.example/");

TEST(Cookies, EndWithTheClock) {
  base::ManualClock clock(*base::from_rfc3339("2024-01-01"));
  CookieJar jar(clock);
  jar.set(page, "a=1; Max-Age=60");
  jar.set(page, "b=2; Expires=Mon, 01 Jan 2024 00:02:00 GMT");
  jar.set(page, "c=3; Max-Age=99999999999");
  jar.set(page, "d=4");
  EXPECT_EQ(jar.get(page), "a=1; b=2; c=3; d=4");
  clock.advance(60s);
  EXPECT_EQ(jar.get(page), "b=2; c=3; d=4");
  clock.advance(60s);
  EXPECT_EQ(jar.get(page), "c=3; d=4");
  clock.advance(std::chrono::days(400));
  EXPECT_EQ(jar.get(page), "d=4");
  EXPECT_EQ(jar.all().size(), 1u);
}

TEST(Cookies, ScriptsDoNotMeetHttpOnly) {
  CookieJar jar;
  jar.set(page, "a=1; HttpOnly");
  EXPECT_EQ(jar.get(page, {.script = true}), "");
  EXPECT_FALSE(jar.set(page, "a=2", {.script = true}).cookie);
  EXPECT_FALSE(jar.set(page, "b=2; HttpOnly", {.script = true}).cookie);
  EXPECT_TRUE(jar.set(page, "c=3", {.script = true}).cookie);
  EXPECT_EQ(jar.get(page), "a=1; c=3");
}

TEST(Cookies, SameSite) {
  CookieJar jar;
  jar.set(page, "strict=1; SameSite=Strict");
  jar.set(page, "lax=1; SameSite=lax");
  jar.set(page, "none=1; SameSite=None; Secure");
  jar.set(page, "unset=1; SameSite=?");
  EXPECT_EQ(jar.get(page), "strict=1; lax=1; none=1; unset=1");
  EXPECT_EQ(jar.get(page, {.cross_site = true}), "none=1");
  EXPECT_EQ(jar.get(page, {.cross_site = true, .top_level_get = true}), "lax=1; none=1; unset=1");
  EXPECT_FALSE(jar.set(page, "x=1", {.cross_site = true}).cookie);
  CookieJar older(base::system_clock(), SameSite::none);
  EXPECT_TRUE(older.set(page, "x=1", {.cross_site = true}).cookie);
  EXPECT_EQ(older.get(page, {.cross_site = true}), "x=1");
}

TEST(Cookies, SecureOnesAreNotReplacedFromOutside) {
  CookieJar jar;
  jar.set(page, "a=1; Secure");
  EXPECT_EQ(jar.set(parse("http://a.example/"), "a=2").why, "a Secure cookie of that name is there");
  EXPECT_EQ(jar.get(page), "a=1");
}

TEST(Cookies, Bounds) {
  base::ManualClock clock(*base::from_rfc3339("2024-01-01"));
  CookieJar jar(clock);
  EXPECT_TRUE(jar.set(page, "a=" + std::string(CookieJar::max_name_and_value - 1, 'x')).cookie);
  EXPECT_FALSE(jar.set(page, "a=" + std::string(CookieJar::max_name_and_value, 'x')).cookie);
  EXPECT_EQ(jar.set(page, "a=1; Path=/" + std::string(CookieJar::max_attribute, 'x')).cookie->path, "/");
  for (size_t i = 0; i < 1000; ++i) {
    clock.advance(1s);
    jar.set(page, "c" + std::to_string(i) + "=1");
  }
  EXPECT_EQ(jar.all().size(), CookieJar::max_per_domain);
  EXPECT_THAT(jar.get(page), testing::EndsWith("c999=1"));
  for (size_t i = 0; i < CookieJar::max_cookies + 100; ++i)
    jar.set(parse("http://h" + std::to_string(i) + ".example/"), "a=1");
  EXPECT_EQ(jar.all().size(), CookieJar::max_cookies);
}

struct DateRow {
  const char* text;
  const char* time;  // null: none
};
TEST(Cookies, Dates) {
  for (const DateRow& row :
       {DateRow{"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
        DateRow{"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
        DateRow{"Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"},
        DateRow{"6 november 2031 8:9:7", "2031-11-06T08:09:07Z"},
        DateRow{"08:49:37x 6th 94 nov", "1994-11-06T08:49:37Z"},
        DateRow{"01 Jan 69 00:00:00", "2069-01-01T00:00:00Z"},
        DateRow{"01 Jan 70 00:00:00", "1970-01-01T00:00:00Z"}, DateRow{"01 Jan 1600 00:00:00", nullptr},
        DateRow{"31 Feb 2020 00:00:00", nullptr}, DateRow{"01 Jan 2020 24:00:00", nullptr},
        DateRow{"01 Jan 2020", nullptr}, DateRow{"", nullptr},
        DateRow{"999999999999 Jan 2020 00:00:00", nullptr}}) {
    auto time = parse_cookie_date(row.text);
    if (row.time) {
      ASSERT_TRUE(time) << row.text;
      EXPECT_EQ(base::to_rfc3339(*time), row.time) << row.text;
    } else {
      EXPECT_FALSE(time) << row.text;
    }
  }
}

TEST(Cookies, Sites) {
  struct SiteRow {
    const char *a, *b;
    bool same;
  };
  for (const SiteRow& row : {SiteRow{"https://a.x.example/", "https://b.x.example:8080/", true},
                             SiteRow{"https://x.example/", "http://x.example/", false},
                             SiteRow{"https://a.github.io/", "https://b.github.io/", false},
                             SiteRow{"http://192.0.2.1/", "http://192.0.2.1:8/", true},
                             SiteRow{"http://192.0.2.1/", "http://192.0.2.2/", false},
                             SiteRow{"http://co.jp/", "http://a.co.jp/", false}})
    EXPECT_EQ(same_site(parse(row.a), parse(row.b)), row.same) << row.a << " " << row.b;
}

}  // namespace
}  // namespace shikake::net
