#include "audit/audit.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <numeric>

#include "audit/test_intelligence.h"
#include "base/unique_fd.h"

namespace shikake::audit {
namespace {

AuditReport audit_text(const std::string& log, const Intelligence& intelligence, AuditOptions options = {}) {
  base::UniqueFd file = file_of(log);
  auto report = run({{file.get(), "test.log"}}, intelligence, options);
  EXPECT_TRUE(report) << report.error().message();
  return report ? std::move(*report) : AuditReport{};
}

const Finding* finding_for(const AuditReport& report, std::string_view client) {
  for (const Finding& finding : report.findings)
    if (finding.client == client) return &finding;
  return nullptr;
}

constexpr std::string_view chain_log =
    "1700000000.000     10 192.0.2.10 TCP_MISS/200 512 GET http://blog.example/ aki HIER_DIRECT/198.51.100.1 "
    "text/html\n"
    "1700000001.000     10 192.0.2.10 TCP_MISS/200 512 GET http://exploit.example/e aki "
    "HIER_DIRECT/198.51.100.2 text/html\n"
    "1700000002.000     10 192.0.2.10 TCP_MISS/200 90000 GET http://files.example/a.exe?x=1 aki "
    "HIER_DIRECT/198.51.100.3 application/x-msdownload\n"
    "1700000003.000     10 192.0.2.10 TCP_TUNNEL/200 512 CONNECT c2.example:443 aki HIER_DIRECT/198.51.100.4 "
    "-\n"
    "1700000004.000     10 192.0.2.11 TCP_DENIED/403 512 CONNECT c2.example:443 - HIER_NONE/- -\n"
    "1700000005.000     10 192.0.2.12 TCP_MISS/200 512 GET http://good.example/ - HIER_DIRECT/198.51.100.5 "
    "text/html\n"
    "1700000006.000     10 192.0.2.13 TCP_MISS/200 512 GET http://top.example/ - HIER_DIRECT/198.51.100.6 "
    "text/html\n";

TEST(Audit, FollowsAClientDownTheChain) {
  const Intelligence intelligence = test_intelligence();
  const AuditReport report = audit_text(std::string(chain_log), intelligence);
  ASSERT_EQ(report.findings.size(), 3U);
  const Finding& infected = report.findings[0];
  EXPECT_EQ(infected.client, "192.0.2.10");
  EXPECT_EQ(infected.user, "aki");
  EXPECT_EQ(infected.stage, Stage::infected);
  EXPECT_EQ(infected.level, Level::critical);
  EXPECT_EQ(infected.event_count, 4U);
  ASSERT_EQ(infected.events.size(), 4U);
  EXPECT_EQ(infected.events[3].line, 4U);
  EXPECT_EQ(infected.events[3].indicator, "c2.example");
  EXPECT_EQ(infected.events[3].seen, "c2.example:443");
  EXPECT_EQ(infected.events[2].stage, Stage::fetched);
  EXPECT_EQ(base::to_rfc3339(*infected.first), "2023-11-14T22:13:20Z");
  EXPECT_EQ(base::to_rfc3339(*infected.last), "2023-11-14T22:13:23Z");

  const Finding* denied = finding_for(report, "192.0.2.11");
  ASSERT_NE(denied, nullptr);
  EXPECT_EQ(denied->stage, Stage::exposed) << "what the proxy denied is no infection";
  EXPECT_EQ(denied->level, Level::low);

  const Finding* guarded = finding_for(report, "192.0.2.13");
  ASSERT_NE(guarded, nullptr);
  EXPECT_EQ(guarded->level, Level::info);
  EXPECT_EQ(guarded->score, 0);
  EXPECT_EQ(guarded->event_count, 0U);
  EXPECT_EQ(guarded->guarded_hits, 1U);
  ASSERT_EQ(guarded->reasons.size(), 1U);
  EXPECT_NE(guarded->reasons[0].text.find("'Top sites'"), std::string::npos) << guarded->reasons[0].text;
  EXPECT_EQ(finding_for(report, "192.0.2.12"), nullptr);

  ASSERT_EQ(report.files.size(), 1U);
  EXPECT_EQ(report.files[0].lines, 7U);
  EXPECT_EQ(report.files[0].parsed, 7U);
  EXPECT_EQ(report.files[0].formats, "squid");
  EXPECT_EQ(report.files[0].hits, 5U);
  EXPECT_EQ(report.files[0].guarded, 1U);
  std::cout << to_text(report, false);
  std::cout << boost::json::serialize(to_json(infected)) << "\n";
}

TEST(Audit, ReasonsAddUpToTheScore) {
  const Intelligence intelligence = test_intelligence();
  for (const Finding& finding : audit_text(std::string(chain_log), intelligence).findings) {
    const int sum = std::accumulate(finding.reasons.begin(), finding.reasons.end(), 0,
                                    [](int so_far, const Reason& reason) { return so_far + reason.points; });
    EXPECT_EQ(sum, finding.score) << finding.client;
  }
}

}  // namespace
}  // namespace shikake::audit
