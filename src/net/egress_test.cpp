#include "net/egress.h"

#include <gtest/gtest.h>

#include "base/wire.h"

namespace shikake::net {
namespace {

struct Row {
  const char* url;
  const char* rule;          // by default
  const char* rule_private;  // with allow_private
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.url;
}

constexpr const char* none = "";
const Row rows[] = {
    {"http://1.1.1.1/", none, none},
    {"https://8.8.8.8:8443/", none, none},
    {"http://[2606:4700::1111]/", none, none},
    // Loopback in every spelling that a URL can have.
    {"http://127.0.0.1/", "loopback", none},
    {"http://127.1/", "loopback", none},
    {"http://2130706433/", "loopback", none},
    {"http://0x7f000001/", "loopback", none},
    {"http://0x7f.1/", "loopback", none},
    {"http://017700000001/", "loopback", none},
    {"http://0177.0.0.01/", "loopback", none},
    {"http://127.255.255.254/", "loopback", none},
    {"http://%31%32%37.0.0.1/", "loopback", none},
    {"http://１２７.０.０.１/", "loopback", none},
    {"http://127。0。0。1/", "loopback", none},
    {"http://127.0.0.1./", "loopback", none},
    {"http://[::1]/", "loopback", none},
    {"http://[0:0:0:0:0:0:0:1]/", "loopback", none},
    {"http://[::ffff:127.0.0.1]/", "loopback", none},
    {"http://[::ffff:7f00:1]/", "loopback", none},
    {"http://[64:ff9b::127.0.0.1]/", "loopback", none},
    {"http://[2002:7f00:1::]/", "loopback", none},
    {"http://[::127.0.0.1]/", "loopback", none},
    {"http://localhost/", "loopback", none},
    {"http://LOCALHOST./", "loopback", none},
    {"http://a.localhost/", "loopback", none},
    {"http://0.0.0.0/", "unspecified", none},
    {"http://0/", "unspecified", none},
    {"http://[::]/", "unspecified", none},
    {"http://10.0.0.1/", "private", none},
    {"http://172.16.0.1/", "private", none},
    {"http://172.31.255.255/", "private", none},
    {"http://172.32.0.1/", none, none},
    {"http://192.168.1.1/", "private", none},
    {"http://[fd00::1]/", "private", none},
    {"http://[64:ff9b:1::1]/", "private", none},
    {"http://[64:ff9b::10.0.0.1]/", "private", none},
    {"http://[2002:c0a8:101::]/", "private", none},
    {"http://100.64.0.1/", "shared", none},
    {"http://169.254.169.254/", "link_local", none},
    {"http://[fe80::1]/", "link_local", none},
    {"http://[::ffff:169.254.169.254]/", "link_local", none},
    // Not a private network, and not the Internet either.
    {"http://192.0.2.1/", "documentation", "documentation"},
    {"http://[2001:db8::1]/", "documentation", "documentation"},
    {"http://198.18.0.1/", "benchmarking", "benchmarking"},
    {"http://224.0.0.1/", "multicast", "multicast"},
    {"http://[ff02::1]/", "multicast", "multicast"},
    {"http://255.255.255.255/", "broadcast", "broadcast"},
    {"http://240.0.0.1/", "reserved", "reserved"},
    // Ports.
    {"http://1.1.1.1:25/", "port", "port"},
    {"http://a.example:22/", "port", "port"},
    {"http://a.example:6667/", "port", "port"},
    {"http://a.example:10080/", "port", "port"},
    {"http://a.example:0/", "port", "port"},
    {"http://a.example:8080/", none, none},
    {"http://a.example/", none, none},
};

class Egress : public ::testing::TestWithParam<Row> {};
TEST_P(Egress, Refuses) {
  auto url = url::Url::parse(GetParam().url);
  ASSERT_TRUE(url);
  EgressPolicy policy;
  EXPECT_EQ(policy.refuses(*url).value_or(none), GetParam().rule);
  policy.allow_private = true;
  EXPECT_EQ(policy.refuses(*url).value_or(none), GetParam().rule_private);
}
INSTANTIATE_TEST_SUITE_P(Rows, Egress, ::testing::ValuesIn(rows));

TEST(Egress, Exceptions) {
  EgressPolicy policy;
  policy.allowed = {*url::Cidr::parse("10.1.0.0/16"), *url::Cidr::parse("fd00:1::/32")};
  auto rule = [&policy](const char* address, uint16_t port = 80) {
    return policy.refuses(*url::IpAddress::parse(address), port).value_or(none);
  };
  EXPECT_EQ(rule("10.1.2.3"), none);
  EXPECT_EQ(rule("::ffff:10.1.2.3"), none);         // the same address to the kernel
  EXPECT_EQ(rule("64:ff9b::10.1.2.3"), "private");  // somebody else's translator
  EXPECT_EQ(rule("10.2.0.1"), "private");
  EXPECT_EQ(rule("fd00:1::5"), none);
  EXPECT_EQ(rule("10.1.2.3", 25), "port");
  policy.allow_bad_ports = true;
  EXPECT_EQ(rule("10.1.2.3", 25), none);
}

TEST(Egress, DocumentationRangesAreARangesInternet) {
  EgressPolicy policy;
  policy.allow_documentation = true;
  for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"})
    EXPECT_FALSE(policy.refuses(*url::IpAddress::parse(address), 80)) << address;
  EXPECT_TRUE(policy.refuses(*url::IpAddress::parse("127.0.0.1"), 80));
}

TEST(Egress, OurOwnAddresses) {
  EgressPolicy policy;
  ASSERT_TRUE(policy.add_own_addresses());
  EXPECT_FALSE(policy.own.empty());
  policy.own.push_back(*url::IpAddress::parse("1.2.3.4"));
  auto rule = [&policy](const char* address) {
    return policy.refuses(*url::IpAddress::parse(address), 80).value_or(none);
  };
  EXPECT_EQ(rule("1.2.3.4"), "own_address");
  EXPECT_EQ(rule("::ffff:1.2.3.4"), "own_address");
  EXPECT_EQ(rule("64:ff9b::1.2.3.4"), "own_address");
  EXPECT_EQ(rule("1.2.3.5"), none);
  policy.allow_private = true;
  EXPECT_EQ(rule("1.2.3.4"), none);
}

TEST(Egress, TravelsWhole) {
  EgressPolicy policy;
  policy.allow_documentation = true;
  policy.allowed = {*url::Cidr::parse("10.1.0.0/16")};
  policy.own = {*url::IpAddress::parse("2001:db8::1")};
  auto read = base::from_wire<EgressPolicy>(base::to_wire(policy));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->allowed, policy.allowed);
  EXPECT_EQ(read->own, policy.own);
  EXPECT_TRUE(read->allow_documentation && !read->allow_private);
  base::WireWriter writer;
  writer(false, false, false, std::vector<std::string>{"10.0.0.0/99"}, std::vector<std::string>{});
  EXPECT_FALSE(base::from_wire<EgressPolicy>(writer.take()));
}

}  // namespace
}  // namespace shikake::net
