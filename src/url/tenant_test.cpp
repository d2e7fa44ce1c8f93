#include "url/tenant.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "url/describe.h"
#include "url/suffix.h"

namespace shikake::url {
namespace {

struct SuffixRow {
  const char *host, *suffix, *registrable;
};
class Suffix : public ::testing::TestWithParam<SuffixRow> {};
TEST_P(Suffix, OfHost) {
  EXPECT_EQ(public_suffix(GetParam().host), GetParam().suffix);
  EXPECT_EQ(registrable_domain(GetParam().host), GetParam().registrable);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, Suffix,
    ::testing::Values(SuffixRow{"www.example.com", "com", "example.com"},
                      SuffixRow{"example.com", "com", "example.com"},
                      SuffixRow{"a.b.example.co.jp", "co.jp", "example.co.jp"},
                      SuffixRow{"www.city.kobe.jp", "kobe.jp", "city.kobe.jp"},  // an exception rule
                      SuffixRow{"a.b.c.kobe.jp", "c.kobe.jp", "b.c.kobe.jp"},    // a wildcard rule
                      SuffixRow{"evil.duckdns.org", "duckdns.org",
                                "evil.duckdns.org"},  // the private section
                      SuffixRow{"a.b.github.io", "github.io", "b.github.io"},
                      SuffixRow{"a.xn--85x722f.xn--55qx5d.cn", "xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"},
                      SuffixRow{"landing.example", "example", "landing.example"},  // not on the list
                      SuffixRow{"www.example.com.", "com", "example.com"}, SuffixRow{"com", "com", ""},
                      SuffixRow{"duckdns.org", "duckdns.org", ""}, SuffixRow{"localhost", "localhost", ""},
                      SuffixRow{"192.0.2.1", "", ""}, SuffixRow{"[2001:db8::1]", "", ""},
                      SuffixRow{"", "", ""}, SuffixRow{".", "", ""}));

TEST(Suffix, ViewsArePartsOfTheHost) {
  std::string host = "www.example.co.jp.";
  std::string_view found = registrable_domain(host);
  EXPECT_EQ(found.data(), host.data() + 4);
}

TEST(Suffix, LongNamesTakeLinearTime) {
  std::string labels;
  for (int i = 0; i < 1'000'000; ++i) labels += "a.";
  EXPECT_EQ(registrable_domain(labels + "example.co.jp"), "example.co.jp");
  EXPECT_EQ(registrable_domain(std::string(1000, 'a') + ".example.co.jp"), "example.co.jp");
  EXPECT_EQ(registrable_domain(std::string(1000, 'a')), "");
}

TEST(Suffix, PrivateOrNot) {
  for (const char* suffix : {"duckdns.org", "github.io", "blogspot.com"})
    EXPECT_TRUE(is_private_suffix(suffix));
  for (const char* suffix : {"com", "co.jp", "example", "example.com", "", "city.kobe.jp"}) {
    EXPECT_FALSE(is_private_suffix(suffix)) << suffix;
  }
}

struct TenantRow {
  const char *url, *key;
  TenantGrain grain;
};
class TenantKey : public ::testing::TestWithParam<TenantRow> {};
TEST_P(TenantKey, OfUrl) {
  auto url = Url::parse(GetParam().url);
  ASSERT_TRUE(url);
  Tenant found = tenant(*url);
  EXPECT_EQ(found.key, GetParam().key);
  EXPECT_EQ(name(found.grain), name(GetParam().grain));
}
using enum TenantGrain;
INSTANTIATE_TEST_SUITE_P(
    Rows, TenantKey,
    ::testing::Values(
        TenantRow{"http://192.0.2.7:8080/x", "192.0.2.7", address},
        TenantRow{"http://0xC0.0.2.7/", "192.0.2.7", address},
        TenantRow{"http://[2001:db8::1]/x", "2001:db8::1", address},
        TenantRow{"https://www.example.co.jp/a", "example.co.jp", domain},
        TenantRow{"https://www.example.co.jp./a", "example.co.jp", domain},
        TenantRow{"https://WWW.EXAMPLE.CO.JP:8443/a", "example.co.jp", domain},
        TenantRow{"https://www.amazon.co.jp.evil.example/", "evil.example", domain},
        TenantRow{"https://a.evil.duckdns.org/", "evil.duckdns.org", platform_host},
        TenantRow{"https://bucket.s3.amazonaws.com/a", "bucket.s3.amazonaws.com", platform_host},
        TenantRow{"https://s3.amazonaws.com/bucket/a", "s3.amazonaws.com/bucket", platform_path},
        TenantRow{"https://s3.amazonaws.com/", "s3.amazonaws.com", platform_path},
        TenantRow{"https://someone.weebly.com/x", "someone.weebly.com", platform_host},
        TenantRow{"https://a.someone.weebly.com/x", "someone.weebly.com", platform_host},
        TenantRow{"https://weebly.com/x", "weebly.com", domain},
        TenantRow{"https://notweebly.com/x", "notweebly.com", domain},
        TenantRow{"https://a.z13.web.core.windows.net/x", "a.z13.web.core.windows.net", platform_host},
        TenantRow{"https://x.a.z13.web.core.windows.net/x", "a.z13.web.core.windows.net", platform_host},
        TenantRow{"https://z13.web.core.windows.net/x", "z13.web.core.windows.net", platform_host},
        TenantRow{"https://sites.google.com/view/shop/a", "sites.google.com/view/shop", platform_path},
        TenantRow{"https://sites.google.com/view/shop/", "sites.google.com/view/shop", platform_path},
        TenantRow{"https://sites.google.com/view", "sites.google.com/view", platform_path},
        TenantRow{"https://sites.google.com/", "sites.google.com", platform_path},
        TenantRow{"https://www.google.com/view/shop", "google.com", domain},
        TenantRow{"https://bit.ly/3abc?x", "bit.ly/3abc", platform_path},
        TenantRow{"https://www.facebook.com/someone/posts", "facebook.com/someone", platform_path},
        TenantRow{"https://business.facebook.com/someone", "facebook.com", domain},
        TenantRow{"https://bit.ly//3abc", "bit.ly", platform_path},
        TenantRow{"http://localhost/x", "localhost", TenantGrain::name},
        TenantRow{"http://com/x", "com", TenantGrain::name},
        TenantRow{"foo://Host.example/x", "Host.example", domain}, TenantRow{"mailto:a@b.example", "", none},
        TenantRow{"file:///x", "", none}));

// Each row must be reachable and sound: a misspelt one would judge a whole platform by one tenant.
TEST(Platforms, RowsAreSound) {
  enum Where { in_labels, in_segments };
  struct Row {
    std::string host;
    Where where;
    int count;
  };
  const std::vector<Row> rows = {
#include "url/platforms.inc"
  };
  std::vector<std::string> hosts;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.host);
    hosts.push_back(row.host);
    EXPECT_GE(row.count, 1);
    EXPECT_LE(row.count, 4);
    std::string below, behind;
    for (int i = 0; i < row.count; ++i) {
      below += "t" + std::to_string(i) + '.';
      behind += "/t" + std::to_string(i);
    }
    if (row.where == in_labels) {
      EXPECT_EQ(tenant_key(*Url::parse("http://x." + below + row.host + "/p")), below + row.host);
    } else {
      EXPECT_EQ(tenant_key(*Url::parse("http://" + row.host + behind + "/p")), row.host + behind);
      EXPECT_EQ(tenant_key(*Url::parse("http://www." + row.host + behind + "/p")), row.host + behind);
    }
  }
  std::sort(hosts.begin(), hosts.end());
  EXPECT_EQ(std::adjacent_find(hosts.begin(), hosts.end()), hosts.end());
}

TEST(Describe, EverythingAboutOneUrl) {
  Description d =
      describe(*Url::parse("https://u:p@www.example.co.jp:8443/shop/a1b2c3d4/item77.php?id=5&Ref=x#f"));
  EXPECT_EQ(d.href, "https://u:p@www.example.co.jp:8443/shop/a1b2c3d4/item77.php?id=5&Ref=x#f");
  EXPECT_EQ(d.scheme, "https");
  EXPECT_EQ(d.username, "u");
  EXPECT_EQ(d.password, "p");
  EXPECT_EQ(d.host, "www.example.co.jp");
  EXPECT_EQ(d.port, 8443);
  EXPECT_EQ(d.path, "/shop/a1b2c3d4/item77.php");
  EXPECT_EQ(d.query, "id=5&Ref=x");
  EXPECT_EQ(d.fragment, "f");
  EXPECT_EQ(d.origin, "https://www.example.co.jp:8443");
  EXPECT_EQ(d.registrable_domain, "example.co.jp");
  EXPECT_EQ(d.tenant_key, "example.co.jp");
  EXPECT_EQ(d.structure.s1, "2.php?Ref&id");
  EXPECT_EQ(d.host_structure.folded, "www.<word>.co.jp");
  EXPECT_EQ(d.address_purpose, "");
}

TEST(Describe, AddressAndOpaque) {
  Description address_url = describe(*Url::parse("http://10.0.0.1/"));
  EXPECT_EQ(address_url.address_purpose, "private");
  EXPECT_EQ(address_url.registrable_domain, "");
  Description data = describe(*Url::parse("data:,x?y"));
  EXPECT_EQ(data.path, ",x");
  EXPECT_EQ(data.query, "y");
  EXPECT_EQ(data.host + data.tenant_key + data.structure.s1 + data.host_structure.folded, "");
}

}  // namespace
}  // namespace shikake::url
