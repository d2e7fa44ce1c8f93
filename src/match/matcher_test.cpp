#include "match/matcher.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "base/testing.h"
#include "match/oracle.h"

namespace shikake::match {
namespace {

Matcher matcher_of(const std::vector<oracle::Entry>& entries) {
  Builder builder;
  for (const auto& entry : entries) {
    auto added = builder.add(entry.kind, entry.value, entry.id);
    EXPECT_TRUE(added) << added.error().message();
  }
  auto matcher = builder.build();
  EXPECT_TRUE(matcher) << matcher.error().message();
  return std::move(*matcher);
}

std::set<EntryId> ids(const Hits& hits) {
  std::set<EntryId> found;
  for (const Hit& hit : hits) found.insert(hit.entry);
  return found;
}

const std::vector<oracle::Entry>& sample() {
  static const std::vector<oracle::Entry> entries = {
      {Kind::domain, "evil.example", 1},
      {Kind::domain, "deep.sub.evil.example", 2},
      {Kind::url, "http://shared.example/~mal/gate.php?id=5", 3},
      {Kind::url, "https://shared.example/", 4},
      {Kind::url, "http://shared.example:8080/x", 5},
      {Kind::ip, "192.0.2.7", 6},
      {Kind::cidr, "192.0.2.0/24", 7},
      {Kind::cidr, "192.0.2.7/32", 8},
      {Kind::ip_port, "198.51.100.9:8080", 9},
      {Kind::ip, "2001:db8::bad", 10},
      {Kind::cidr, "2001:db8:bad::/48", 11},
      {Kind::ip_port, "[2001:db8::9]:443", 12},
      {Kind::domain, "xn--bcher-kva.example", 13},
      {Kind::url, "http://192.0.2.66/drop", 14},
      {Kind::pattern, "/panel/gate.php", 15},
      {Kind::pattern, "/tasks.php?bot=", 16},
      {Kind::url, "http://shared.example/plain", 17},
      {Kind::sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 18},
      {Kind::domain, "example", 19},
  };
  return entries;
}

struct UrlRow {
  const char* name;
  std::string text;
  std::set<EntryId> expected;
};

class UrlLookup : public testing::TestWithParam<UrlRow> {};

TEST_P(UrlLookup, FindsExactlyThese) {
  static const Matcher matcher = matcher_of(sample());
  static const oracle::Oracle slow{sample()};
  Hits hits;
  matcher.url(GetParam().text, hits);
  EXPECT_EQ(ids(hits), GetParam().expected);
  std::set<EntryId> found;
  slow.url(GetParam().text, found);
  EXPECT_EQ(found, GetParam().expected) << "the oracle";
}

INSTANTIATE_TEST_SUITE_P(
    Table, UrlLookup,
    testing::Values(
        UrlRow{"domain", "http://evil.example/", {1, 19}},  //
        UrlRow{"subdomain", "https://a.b.evil.example/x", {1, 19}},
        UrlRow{"nested_domains", "http://w.deep.sub.evil.example/", {1, 2, 19}},
        UrlRow{"no_label_boundary", "http://notevil.example/", {19}},
        UrlRow{"suffix_inside", "http://evil.example.org/", {}},
        UrlRow{"upper_case", "HTTP://EVIL.Example/", {1, 19}},
        UrlRow{"upper_case_host_only", "http://EVIL.Example/", {1, 19}},
        UrlRow{"trailing_dot", "http://evil.example./", {1, 19}},
        UrlRow{"trailing_dots", "http://evil.example../", {1, 19}},
        UrlRow{"no_path", "http://evil.example", {1, 19}},
        UrlRow{"query_at_once", "http://evil.example?x", {1, 19}},
        UrlRow{"fragment_at_once", "http://evil.example#x", {1, 19}},
        UrlRow{"userinfo_trick", "http://good.test@evil.example/", {1, 19}},
        UrlRow{"userinfo_password_trick", "http://good.test:80@evil.example/", {1, 19}},
        UrlRow{"userinfo_reverse", "http://evil.example:80@good.test/", {}},
        UrlRow{"at_in_path", "http://good.test/@evil.example/", {}},
        UrlRow{"backslashes", "http:\\\\evil.example\\x", {1, 19}},
        UrlRow{"backslash_ends_host", "http://evil.example\\@good.test/", {1, 19}},
        UrlRow{"one_slash", "http:/evil.example/", {1, 19}},
        UrlRow{"no_slash", "http:evil.example/", {1, 19}},
        UrlRow{"many_slashes", "http://///evil.example/", {1, 19}},
        UrlRow{"tab_in_host", "http://ev\til.example/", {1, 19}},
        UrlRow{"leading_blank", " http://evil.example/", {1, 19}},
        UrlRow{"percent_in_host", "http://%65vil.example/", {1, 19}},
        UrlRow{"fullwidth_host", "http://\xEF\xBD\x85vil.example/", {1, 19}},
        UrlRow{"idn",
               "http://b\xC3\xBC"
               "cher.example/",
               {13, 19}},
        UrlRow{"idn_upper",
               "http://B\xC3\x9C"
               "CHER.example/",
               {13, 19}},
        UrlRow{"punycode_upper", "http://XN--BCHER-KVA.example/", {13, 19}},
        UrlRow{"bad_punycode_still_a_host", "http://xn--a.evil.example/", {1, 19}},
        UrlRow{"bad_port_still_a_host", "http://evil.example:99999/", {1, 19}},
        UrlRow{"odd_port_still_a_host", "http://u:p@evil.example:http/", {1, 19}},
        UrlRow{"empty_port", "http://evil.example:/", {1, 19}},
        UrlRow{"forbidden_byte_still_a_host", "http://x<.evil.example/", {1, 19}},
        UrlRow{"raw_ff", "http://\xFF.evil.example/", {1, 19}},
        UrlRow{"other_scheme", "gopher://Evil.example/", {1, 19}},
        UrlRow{"ftp", "ftp://evil.example/x", {1, 19}}, UrlRow{"no_scheme", "//evil.example/x", {1, 19}},
        UrlRow{"url_exact", "http://shared.example/~mal/gate.php?id=5", {3, 19}},
        UrlRow{"url_fragment", "http://shared.example/~mal/gate.php?id=5#f", {3, 19}},
        UrlRow{"url_credentials", "http://u:p@shared.example/~mal/gate.php?id=5", {3, 19}},
        UrlRow{"url_default_port", "http://shared.example:80/~mal/gate.php?id=5", {3, 19}},
        UrlRow{"url_dots_in_path", "http://shared.example/a/../~mal/./gate.php?id=5", {3, 19}},
        UrlRow{"url_dot_in_host", "http://shared.example./~mal/gate.php?id=5", {3, 19}},
        UrlRow{"url_query_differs", "http://shared.example/~mal/gate.php?id=6", {19}},
        UrlRow{"url_query_cut", "http://shared.example/~mal/gate.php?", {3, 19}},
        UrlRow{"url_without_query", "http://shared.example/~mal/gate.php", {19}},
        UrlRow{"url_scheme_differs", "http://shared.example/", {19}},
        UrlRow{"url_root", "https://shared.example", {4, 19}},
        UrlRow{"url_port", "http://shared.example:8080/x", {5, 19}},
        UrlRow{"url_port_differs", "http://shared.example/x", {19}},
        UrlRow{"ipv4", "http://192.0.2.7/", {6, 7, 8}},
        UrlRow{"ipv4_in_network", "http://192.0.2.9:81/", {7}},
        UrlRow{"ipv4_decimal", "http://3221225991/", {6, 7, 8}},
        UrlRow{"ipv4_octal", "http://0300.0.02.07/", {6, 7, 8}},
        UrlRow{"ipv4_hexadecimal", "http://0xC0000207/", {6, 7, 8}},
        UrlRow{"ipv4_short", "http://192.0.519/", {6, 7, 8}},
        UrlRow{"ipv4_trailing_dot", "http://192.0.2.7./", {6, 7, 8}},
        UrlRow{"ipv4_too_many", "http://1.192.0.2.7/", {}},
        UrlRow{"ipv4_url", "http://192.0.2.66/drop", {7, 14}},
        UrlRow{"ip_port", "http://198.51.100.9:8080/", {9}},
        UrlRow{"ip_port_differs", "http://198.51.100.9/", {}},
        UrlRow{"ip_port_bad", "http://192.0.2.7:99999/", {6, 7, 8}},
        UrlRow{"ipv6", "http://[2001:db8::bad]/", {10}},
        UrlRow{"ipv6_long", "http://[2001:0DB8:0:0::0BAD]:8/", {10}},
        UrlRow{"ipv6_network", "http://[2001:db8:bad::1]/", {11}},
        UrlRow{"ipv6_port_by_scheme", "https://[2001:db8::9]/", {12}},
        UrlRow{"ipv6_mapped", "http://[::ffff:192.0.2.7]/", {6, 7, 8}},
        UrlRow{"ipv6_nat64", "http://[64:ff9b::c000:207]/", {6, 7, 8}},
        UrlRow{"ipv6_bad_port", "http://[2001:db8::bad]:x/", {10}},
        UrlRow{"pattern_path", "http://good.test/panel/gate.php", {15}},
        UrlRow{"pattern_path_and_query", "http://good.test:1/panel/gate.php?a=b", {15}},
        UrlRow{"pattern_percent", "http://good.test/x/%2e%2E/panel/gate.php", {15}},
        UrlRow{"pattern_longer_path", "http://good.test/panel/gate.php/x", {}},
        UrlRow{"pattern_query_begins", "http://good.test/tasks.php?bot=1", {16}},
        UrlRow{"pattern_query_lacks", "http://good.test/tasks.php?b=1", {}}, UrlRow{"empty", "", {}},
        UrlRow{"scheme_alone", "http://", {}}, UrlRow{"dots_alone", "http://.../", {}},
        UrlRow{"host_of_254", "http://" + std::string(241, 'a') + ".evil.example/", {1, 19}},
        UrlRow{"host_of_a_mebibyte", "http://" + std::string(1 << 20, 'a') + ".evil.example/", {1, 19}},
        UrlRow{"labels_of_a_mebibyte",
               [] {
                 std::string host;
                 while (host.size() < (1 << 20)) host += "a.";
                 return "http://" + host + "evil.example/";
               }(),
               {1, 19}}),
    [](const auto& row) { return row.param.name; });

struct OtherRow {
  const char* name;
  void (*lookup)(const Matcher&, Hits&);
  std::set<EntryId> expected;
};

class OtherLookup : public testing::TestWithParam<OtherRow> {};

TEST_P(OtherLookup, FindsExactlyThese) {
  static const Matcher matcher = matcher_of(sample());
  Hits hits;
  GetParam().lookup(matcher, hits);
  EXPECT_EQ(ids(hits), GetParam().expected);
}

using M = const Matcher&;
INSTANTIATE_TEST_SUITE_P(
    Table, OtherLookup,
    testing::Values(
        OtherRow{"connect_domain", [](M m, Hits& h) { m.authority("evil.example:443", 0, h); }, {1, 19}},
        OtherRow{"connect_root_url", [](M m, Hits& h) { m.authority("shared.example:443", 0, h); }, {4, 19}},
        OtherRow{"connect_root_url_other_port",
                 [](M m, Hits& h) { m.authority("shared.example:444", 0, h); },
                 {19}},
        OtherRow{"connect_ip_port", [](M m, Hits& h) { m.authority("198.51.100.9:8080", 0, h); }, {9}},
        OtherRow{"connect_ipv6", [](M m, Hits& h) { m.authority("[2001:db8::9]:443", 0, h); }, {12}},
        OtherRow{"connect_ipv6_bare", [](M m, Hits& h) { m.authority("2001:db8::9", 443, h); }, {12}},
        OtherRow{"server_name", [](M m, Hits& h) { m.authority("shared.example", 443, h); }, {4, 19}},
        OtherRow{"authority_colon_first", [](M m, Hits& h) { m.authority(":443", 0, h); }, {}},
        OtherRow{"host_mixed_case", [](M m, Hits& h) { m.host("W.eViL.ExAmPlE.", h); }, {1, 19}},
        OtherRow{"host_zone", [](M m, Hits& h) { m.host("2001:db8::bad%eth0", h); }, {10}},
        OtherRow{"host_empty", [](M m, Hits& h) { m.host("", h); }, {}},
        OtherRow{"host_dot", [](M m, Hits& h) { m.host(".", h); }, {}},
        OtherRow{"target_http", [](M m, Hits& h) { m.target("shared.example", "/plain", 80, h); }, {17, 19}},
        OtherRow{"target_port_from_connection",
                 [](M m, Hits& h) { m.target("shared.example", "/x", 8080, h); },
                 {5, 19}},
        OtherRow{"target_absolute",
                 [](M m, Hits& h) { m.target("good.test", "http://evil.example/", 80, h); },
                 {1, 19}},
        OtherRow{"target_star", [](M m, Hits& h) { m.target("evil.example", "*", 80, h); }, {1, 19}},
        OtherRow{"target_ip_port", [](M m, Hits& h) { m.target("198.51.100.9", "/", 8080, h); }, {9}},
        OtherRow{
            "target_ip_named_port", [](M m, Hits& h) { m.target("198.51.100.9:8080", "/", 80, h); }, {9}},
        OtherRow{"digest_upper",
                 [](M m, Hits& h) {
                   m.digest("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", h);
                 },
                 {18}},
        OtherRow{"digest_short", [](M m, Hits& h) { m.digest("e3b0", h); }, {}},
        OtherRow{"nothing_loaded", [](M, Hits& h) { Matcher().url("http://evil.example/", h); }, {}}),
    [](const auto& row) { return row.param.name; });

TEST(Matcher, SaysHowMuchTheTextShowed) {
  const Matcher matcher = matcher_of(sample());
  const auto precision_of = [](const Hits& hits, EntryId id) {
    for (const Hit& hit : hits)
      if (hit.entry == id) return hit.precision;
    ADD_FAILURE() << "no hit on " << id;
    return Precision::exact;
  };
  Hits cut, root, exact;
  matcher.url("http://shared.example/~mal/gate.php?", cut);
  EXPECT_EQ(precision_of(cut, 3), Precision::query_cut);
  matcher.authority("shared.example:443", 0, root);
  EXPECT_EQ(precision_of(root, 4), Precision::host_only);
  matcher.url("https://shared.example/", exact);
  EXPECT_EQ(precision_of(exact, 4), Precision::exact);
}

TEST(Matcher, GlobPatterns) {
  const Matcher matcher =
      matcher_of({{Kind::pattern, "*.Bad.example/*/load?*", 1}, {Kind::pattern, "/a*z", 2}});
  const auto found = [&](std::string_view url) {
    Hits hits;
    matcher.url(url, hits);
    return ids(hits);
  };
  EXPECT_EQ(found("http://www.bad.example/x/y/load?q"), std::set<EntryId>{1});
  EXPECT_EQ(found("http://bad.example/x/load?q"), std::set<EntryId>{});
  EXPECT_EQ(found("http://h.test/abz"), std::set<EntryId>{2});
  EXPECT_EQ(found("http://h.test/abzz?q"), std::set<EntryId>{});
  EXPECT_EQ(found("http://h.test/%61z"), std::set<EntryId>{}) << "the standard keeps %61 as it is";
  EXPECT_EQ(found("http://az/"), std::set<EntryId>{});
}

TEST(Builder, RefusesWhatCannotBe) {
  struct Row {
    Kind kind;
    std::string value;
  };
  Builder builder;
  for (const Row& row : {Row{Kind::url, "no url"},
                         {Kind::domain, ""},
                         {Kind::domain, std::string(254, 'a')},
                         {Kind::domain, "evil.example."},
                         {Kind::ip, "1.2.3"},
                         {Kind::cidr, "10.0.0.0/33"},
                         {Kind::ip_port, "192.0.2.1"},
                         {Kind::ip_port, "192.0.2.1:65536"},
                         {Kind::ip_port, "a.example:80"},
                         {Kind::pattern, ""},
                         {Kind::pattern, "no-star"},
                         {Kind::pattern, "/" + std::string(5000, 'a')},
                         {Kind::sha256, "e3b0"}}) {
    auto added = builder.add(row.kind, row.value, 1);
    ASSERT_FALSE(added) << row.value;
    EXPECT_EQ(added.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(added.error().module, Module::match);
  }
  auto matcher = builder.build();
  ASSERT_TRUE(matcher);
  EXPECT_EQ(matcher->size(), 0U);
}

TEST(Hits, KeepEachEntryOnceAndCountWhatDoesNotFit) {
  Hits hits;
  hits.add(7, Kind::url, Precision::host_only);
  hits.add(7, Kind::url, Precision::exact);
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].precision, Precision::exact);
  for (EntryId i = 0; i < Hits::capacity + 10; ++i) hits.add(100 + i, Kind::pattern);
  EXPECT_EQ(hits.size(), Hits::capacity);
  EXPECT_EQ(hits.dropped(), 11U);
}

// --- against the oracle ---------------------------------------------------------------------------

template <class List>
const auto& pick(const List& list, std::mt19937_64& random) {
  return list[random() % std::size(list)];
}

std::string random_host(std::mt19937_64& random) {
  static const std::string whole[] = {"192.0.2.7",
                                      "192.0.2.200",
                                      "0xc0.0.2.7",
                                      "3221225991",
                                      "198.51.100.9",
                                      "10.0.0.1",
                                      "[2001:db8::bad]",
                                      "[::ffff:192.0.2.7]",
                                      "[2001:db8:bad::1]",
                                      "[2001:db8::9]",
                                      "2001:db8::9",
                                      "[::1",
                                      "1.2.3.4.5",
                                      "192.0.2.07",
                                      "0x",
                                      "9",
                                      "1.2.3.x"};
  static const std::string labels[] = {"evil",
                                       "EVIL",
                                       "example",
                                       "Example",
                                       "shared",
                                       "deep",
                                       "sub",
                                       "a",
                                       "b-c",
                                       "_x",
                                       "xn--bcher-kva",
                                       "b\xC3\xBC"
                                       "cher",
                                       "%65vil",
                                       "xn--a",
                                       "xn--",
                                       "",
                                       "test",
                                       "7",
                                       "0x7",
                                       "\xEF\xBC\xA5vil",
                                       "e\tvil",
                                       "so\xC2\xADme",
                                       "\xE3\x80\x82",
                                       "*",
                                       "<"};
  if (random() % 4 == 0) return pick(whole, random);
  std::string host;
  for (size_t n = random() % 4; n-- > 0;) host += pick(labels, random) + ".";
  if (random() % 2)
    host += random() % 2 ? "evil.example" : "shared.example";
  else
    host += pick(labels, random);
  for (size_t n = random() % 8 == 0 ? random() % 3 : 0; n-- > 0;) host += '.';
  if (random() % 200 == 0) host = std::string(random() % 300, random() % 2 ? 'a' : '.') + "." + host;
  return host;
}

std::string random_port(std::mt19937_64& random) {
  static const std::string ports[] = {"",      "",  "",       ":80", ":443",  ":8080",
                                      ":0080", ":", ":99999", ":x",  ":8080x"};
  return pick(ports, random);
}

std::string random_path(std::mt19937_64& random) {
  static const std::string paths[] = {"",
                                      "/",
                                      "/x",
                                      "/plain",
                                      "/~mal/gate.php?id=5",
                                      "/~mal/gate.php?",
                                      "/~mal/../~mal/gate.php?id=5#x",
                                      "/panel/gate.php",
                                      "/panel/./gate.php",
                                      "/panel/%2e/gate.php?x",
                                      "/tasks.php?bot=4",
                                      "/tasks.php?b\tot=4",
                                      "\\x",
                                      "?",
                                      "#",
                                      "/drop",
                                      "/a b",
                                      "/\xFF",
                                      "/panel/gate.php#?",
                                      "*",
                                      "http://evil.example/"};
  return pick(paths, random);
}

std::string random_url(std::mt19937_64& random) {
  static const std::string schemes[] = {
      "http://", "http://",   "https://", "https://", "HTTP://",  "ftp://",  "http:",       "http:\\\\",
      "ws://",   "gopher://", "//",       "",         "http:///", "mailto:", "\x01http://", "file://"};
  static const std::string credentials[] = {"",        "",  "",    "", "", "u@", "u:p@", "evil.example@",
                                            "a.b:80@", "@", "x@y@"};
  std::string url = pick(schemes, random) + pick(credentials, random) + random_host(random) +
                    random_port(random) + random_path(random);
  if (random() % 10 == 0 && !url.empty()) url[random() % url.size()] = static_cast<char>(random());
  return url;
}

TEST(MatcherProperty, AgreesWithTheOracle) {
  std::vector<oracle::Entry> with_globs = sample();
  with_globs.push_back({Kind::pattern, "*.evil.example/*", 30});
  with_globs.push_back({Kind::pattern, "/*gate*", 31});
  std::vector<oracle::Entry> no_patterns = sample();
  std::erase_if(no_patterns, [](const auto& entry) { return entry.kind == Kind::pattern; });
  std::mt19937_64 random(20240229);
  for (const auto& entries : {sample(), with_globs, no_patterns}) {
    const Matcher matcher = matcher_of(entries);
    const oracle::Oracle slow{entries};
    for (int i = 0; i < 60'000; ++i) {
      const std::string url = random_url(random), host = random_host(random) + random_port(random),
                        path = random_path(random);
      const uint16_t port = std::array<uint16_t, 4>{0, 80, 443, 8080}[random() % 4];
      Hits by_url, by_host, by_authority, by_target;
      std::set<EntryId> url_found, host_found, authority_found, target_found;
      matcher.url(url, by_url);
      slow.url(url, url_found);
      ASSERT_EQ(ids(by_url), url_found) << testing::PrintToString(url);
      matcher.host(host, by_host);
      if (!host.empty()) slow.host(host, 0, host_found);
      ASSERT_EQ(ids(by_host), host_found) << testing::PrintToString(host);
      matcher.authority(host, port, by_authority);
      slow.authority(host, port, authority_found);
      ASSERT_EQ(ids(by_authority), authority_found) << testing::PrintToString(host) << " " << port;
      matcher.target(host, path, port, by_target);
      slow.target(host, path, port, target_found);
      ASSERT_EQ(ids(by_target), target_found) << testing::PrintToString(host + path) << " " << port;
    }
  }
}

TEST(MatcherProperty, AddressesAgreeWithTheOracle) {
  std::mt19937_64 random(7);
  std::vector<oracle::Entry> entries;
  for (EntryId i = 0; i < 300; ++i) {
    const auto v4 = url::IpAddress::v4(0xC0000000 + static_cast<uint32_t>(random() % 4096));
    std::array<uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
    bytes[5] = static_cast<uint8_t>(random() % 4), bytes[15] = static_cast<uint8_t>(random() % 16);
    const auto v6 = url::IpAddress::v6(bytes);
    switch (random() % 5) {
      case 0:
        entries.push_back({Kind::ip, v4.to_string(), i});
        break;
      case 1:
        entries.push_back({Kind::cidr, url::Cidr::make(v4, 16 + random() % 17)->to_string(), i});
        break;
      case 2:
        entries.push_back({Kind::ip_port, v4.to_string() + ":80", i});
        break;
      case 3:
        entries.push_back({Kind::cidr, url::Cidr::make(v6, 30 + random() % 99)->to_string(), i});
        break;
      case 4:
        entries.push_back({Kind::ip, v6.to_string(), i});
        break;
    }
  }
  // The first of equal values stays.
  std::set<std::pair<Kind, std::string>> seen;
  std::erase_if(entries, [&](const auto& entry) { return !seen.emplace(entry.kind, entry.value).second; });
  const Matcher matcher = matcher_of(entries);
  const oracle::Oracle slow{entries};
  for (int i = 0; i < 5000; ++i) {
    auto address = url::IpAddress::v4(0xC0000000 + static_cast<uint32_t>(random() % 8192));
    if (random() % 2) {
      std::array<uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
      bytes[5] = static_cast<uint8_t>(random() % 5), bytes[15] = static_cast<uint8_t>(random() % 32);
      address = url::IpAddress::v6(bytes);
    }
    const uint16_t port = random() % 2 ? 80 : 81;
    Hits hits;
    std::set<EntryId> found;
    matcher.endpoint(address, port, hits);
    slow.address(address, port, found);
    ASSERT_EQ(ids(hits), found) << address.to_string() << " " << port;
  }
}

// A hundred thousand entries, each found again under its own name, and names beside them not.
TEST(Matcher, HoldsManyEntries) {
  constexpr EntryId count = 100'000;
  Builder builder;
  for (EntryId i = 0; i < count; ++i) {
    const std::string name = "h" + std::to_string(i) + ".many.example";
    ASSERT_TRUE(i % 2 ? builder.add(Kind::domain, name, i)
                      : builder.add(Kind::url, "http://" + name + "/a?b", i));
  }
  auto matcher = builder.build();
  ASSERT_TRUE(matcher);
  EXPECT_EQ(matcher->size(), count);
  for (EntryId i = 0; i < count; ++i) {
    Hits hits, beside;
    matcher->url("http://h" + std::to_string(i) + ".many.example/a?b", hits);
    ASSERT_EQ(ids(hits), std::set<EntryId>{i});
    matcher->url("http://g" + std::to_string(i) + ".many.example/a?b", beside);
    ASSERT_TRUE(beside.empty());
  }
}

// Real phishing URLs: each finds itself, and the oracle agrees where it can be asked.
TEST(Matcher, FindsRealUrlsAgain) {
  SHIKAKE_NEED_SHARED_DATA(path, "phishurl/202101.csv");
  std::ifstream file(*path);
  std::vector<std::string> urls;
  for (std::string line; std::getline(file, line);) {
    const size_t begin = line.find(',') + 1;
    std::string url = line.substr(begin, line.rfind(',') - begin);
    if (url::Url::parse(url)) urls.push_back(url);
  }
  ASSERT_GT(urls.size(), 500U);
  Builder builder;
  for (EntryId i = 0; i < urls.size(); ++i) ASSERT_TRUE(builder.add(Kind::url, urls[i], i));
  auto matcher = builder.build();
  ASSERT_TRUE(matcher);
  for (const std::string& url : urls) {
    Hits hits;
    matcher->url(url, hits);
    EXPECT_GE(hits.size(), 1U) << url;
  }
}

}  // namespace
}  // namespace shikake::match
