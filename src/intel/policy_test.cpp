#include "intel/policy.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intel/feed.h"
#include "intel/judgement.h"
#include "intel/policy_testing.h"
#include "intel/visit.h"

namespace shikake::intel {
namespace {

const base::TimePoint now = *base::from_rfc3339("2026-03-01T12:00:00Z");

VisitNode node(const std::string& url, std::optional<Role> role, const std::string& ip = "") {
  VisitNode made;
  made.url = url;
  made.ip = ip;
  made.time = now;
  made.fetched = true;
  made.role = role;
  made.evidence = {"it did something"};
  return made;
}

Observation observe(const VisitRecord& visit, const std::string& vantage = "") {
  Observation observation;
  observation.kind = ObservationKind::visit;
  observation.subject = visit.url;
  observation.sensor = "honeyclient-low";
  observation.vantage = vantage;
  observation.time = now;
  observation.record = to_json(visit);
  return observation;
}

VisitRecord chain(std::vector<VisitNode> nodes, VisitVerdict verdict = VisitVerdict::malicious) {
  VisitRecord visit;
  visit.url = nodes.front().url;
  visit.client = "low";
  visit.persona = "p";
  visit.verdict = verdict;
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i].id = static_cast<uint32_t>(i);
  visit.nodes = std::move(nodes);
  return visit;
}

// "type value: uses" of every assertion, in order.
std::vector<std::string> said(const Derivation& derivation) {
  std::vector<std::string> all;
  for (const Assertion& assertion : derivation.assertions) {
    std::string line = std::string(name(assertion.key.type)) + " " + assertion.key.value + ":";
    for (const std::string& use : names(assertion.uses)) line += " " + use;
    if (!assertion.guarded_by.empty()) line += " [" + assertion.guarded_by + "]";
    all.push_back(line);
  }
  return all;
}
using Lines = std::vector<std::string>;

Derivation derived(const Observation& observation, const View& view = {}, PolicySettings settings = {}) {
  auto result = derive(observation, view, settings);
  EXPECT_TRUE(result) << result.error().message();
  return result ? *result : Derivation{};
}

struct VisitRow {
  const char* name;
  std::vector<VisitNode> nodes;
  VisitVerdict verdict;
  Lines lines;
};
class VisitPolicyTest : public ::testing::TestWithParam<VisitRow> {};
TEST_P(VisitPolicyTest, Derives) {
  EXPECT_EQ(said(derived(observe(chain(GetParam().nodes, GetParam().verdict)))), GetParam().lines);
}
constexpr auto malicious = VisitVerdict::malicious;
const std::string shop = "http://www.innocent-shop.com/";
INSTANTIATE_TEST_SUITE_P(
    Rows, VisitPolicyTest,
    ::testing::Values(
        VisitRow{"landing_is_alerted_never_its_domain",
                 {node(shop, Role::landing, "5.6.7.8")},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids"}},
        VisitRow{
            "bystanders_are_not_named",
            {node(shop, Role::landing), node("https://cdn.popular.com/jquery.js", std::nullopt, "5.5.5.5"),
             node("https://ads.network.com/a", std::nullopt)},
            malicious,
            {"url " + shop + ": alert:proxy alert:ids"}},
        VisitRow{
            "exploit_on_a_host_of_its_own",
            {node(shop, Role::landing), node("http://ek.attacker-site.com/x?1", Role::exploit, "5.6.7.9")},
            malicious,
            {"url " + shop + ": alert:proxy alert:ids",
             "url http://ek.attacker-site.com/x?1: block:proxy alert:ids",
             "domain ek.attacker-site.com: block:proxy block:dns alert:ids", "ip 5.6.7.9: audit:firewall"}},
        VisitRow{"exploit_in_the_victims_own_site",
                 {node(shop, Role::landing), node("http://img.innocent-shop.com/x", Role::exploit)},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids",
                  "url http://img.innocent-shop.com/x: block:proxy alert:ids"}},
        VisitRow{"exploit_on_a_shared_platform_stays_at_its_url",
                 {node(shop, Role::landing), node("https://evil.github.io/x", Role::exploit)},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids",
                  "url https://evil.github.io/x: block:proxy alert:ids"}},
        VisitRow{
            "distribution_in_a_broken_into_site_stays_at_its_url",
            {node(shop, Role::landing), node("http://other-victim.com/wp-content/x.exe", Role::distribution)},
            malicious,
            {"url " + shop + ": alert:proxy alert:ids",
             "url http://other-victim.com/wp-content/x.exe: block:proxy alert:ids"}},
        VisitRow{"exploit_on_an_address",
                 {node(shop, Role::landing), node("http://5.6.7.9:8080/x", Role::exploit, "5.6.7.9")},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids",
                  "url http://5.6.7.9:8080/x: block:proxy alert:ids", "ip 5.6.7.9: audit:firewall"}},
        VisitRow{"c2_by_address_and_port",
                 {node(shop, Role::landing), node("http://c2.attacker-site.com:8080/g", Role::c2, "5.6.7.9")},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids",
                  "url http://c2.attacker-site.com:8080/g: block:proxy alert:ids",
                  "domain c2.attacker-site.com: block:proxy block:dns alert:ids",
                  "ip 5.6.7.9: alert:firewall", "ip:port 5.6.7.9:8080: block:firewall"}},
        VisitRow{"relay_alone_is_alerted",
                 {node(shop, Role::landing), node("http://count.tds-site.com/?r", Role::relay)},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids",
                  "url http://count.tds-site.com/?r: alert:proxy alert:ids"}},
        VisitRow{"relay_on_the_attackers_domain_is_blocked",
                 {node(shop, Role::landing), node("http://go.attacker-site.com/?r", Role::relay),
                  node("http://ek.attacker-site.com/x", Role::exploit)},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids",
                  "url http://go.attacker-site.com/?r: block:proxy alert:ids",
                  "url http://ek.attacker-site.com/x: block:proxy alert:ids",
                  "domain ek.attacker-site.com: block:proxy block:dns alert:ids"}},
        VisitRow{"suspicious_is_for_audit_alone",
                 {node(shop, Role::landing), node("http://ek.attacker-site.com/x", Role::exploit, "5.6.7.9")},
                 VisitVerdict::suspicious,
                 {"url " + shop + ": audit:proxy", "url http://ek.attacker-site.com/x: audit:proxy"}},
        VisitRow{"benign_says_nothing", {node(shop, Role::landing)}, VisitVerdict::benign, {}},
        VisitRow{"pages_that_no_log_shows",
                 {node(shop, Role::landing), node("data:text/html,x", Role::exploit),
                  node("about:blank", Role::relay)},
                 malicious,
                 {"url " + shop + ": alert:proxy alert:ids"}},
        VisitRow{
            "reserved_names_are_nobodys",
            {node("http://landing.example/", Role::landing),
             node("http://ek.attacker.example/x", Role::exploit, "203.0.113.5")},
            malicious,
            {"url http://landing.example/: audit:proxy audit:ids [special-purpose names (reserved)]",
             "url http://ek.attacker.example/x: audit:proxy audit:ids [special-purpose names (reserved)]",
             "ip 203.0.113.5: audit:firewall [special-purpose addresses (documentation)]"}}),
    [](const auto& row) { return row.param.name; });

TEST(VisitPolicy, DistributedFileIsNamedByItsHash) {
  VisitNode file = node("http://dl.attacker-site.com/a.exe", Role::distribution);
  file.sha256 = base::sha256("MZ");
  file.size = 2;
  auto lines = said(derived(observe(chain({node(shop, Role::landing), file}))));
  EXPECT_EQ(lines.back(), "sha256 " + base::sha256("MZ").hex() + ": block:proxy alert:ids");
  file.size = 0;
  file.sha256 = base::sha256("");
  lines = said(derived(observe(chain({node(shop, Role::landing), file}))));
  EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](const auto& l) { return l.starts_with("sha256"); }))
      << "the empty file is everyone's";
}

TEST(VisitPolicy, EvidenceSaysWhyAndWhere) {
  auto all = derived(
      observe(chain({node(shop, Role::landing), node("http://ek.attacker-site.com/x", Role::exploit)})));
  const Assertion& exploit = all.assertions[1];
  EXPECT_EQ(exploit.why,
            "the page that attacks the browser in the chain from " + shop + ": it did something");
  EXPECT_EQ(exploit.place, "/nodes/1");
  EXPECT_EQ(exploit.source, "honeyclient-low");
  EXPECT_EQ(exploit.last_seen, now);
}

TEST(VisitPolicy, ARelayThatSeveralSitesLeadToIsBlocked) {
  View view;
  view.other_sites = 1;
  auto lines = said(
      derived(observe(chain({node(shop, Role::landing), node("http://tds-site.com/", Role::relay)})), view));
  EXPECT_EQ(lines[1], "url http://tds-site.com/: block:proxy alert:ids");
}

TEST(VisitPolicy, TheRangeIsBadInsideTheRangeOnly) {
  const VisitRecord visit = chain({node("http://landing.example/", Role::landing),
                                   node("http://ek.attacker.example/x", Role::exploit, "203.0.113.5")});
  EXPECT_EQ(said(derived(observe(visit, "198.51.100.9"), {}, {.range_profile = true})),
            (Lines{"url http://landing.example/: alert:proxy alert:ids",
                   "url http://ek.attacker.example/x: block:proxy alert:ids",
                   "domain ek.attacker.example: block:proxy block:dns alert:ids",
                   "ip 203.0.113.5: audit:firewall"}));
  // A range may use any name; what was seen from inside it blocks nothing outside.
  const VisitRecord real_names =
      chain({node(shop, Role::landing), node("http://ek.attacker-site.com/", Role::exploit)});
  for (const Assertion& assertion : derived(observe(real_names, "198.51.100.9")).assertions) {
    EXPECT_FALSE(assertion.uses.has(Action::block) || assertion.uses.has(Action::alert))
        << assertion.key.value;
    EXPECT_TRUE(assertion.why.ends_with("seen inside a range, so nothing to act on outside it"));
    EXPECT_EQ(assertion.guarded_by, "") << "others may have seen it in earnest";
  }
  EXPECT_EQ(said(derived(observe(real_names, "91.5.6.7")))[1],
            "url http://ek.attacker-site.com/: block:proxy alert:ids");
}

TEST(VisitPolicy, GuardHasTheLastWord) {
  View view;
  view.guards = Guard::make({{"Top sites", "", "", "", GuardType::hostname, {}, {"attacker-site.com"}}});
  auto lines = said(derived(observe(chain({node(shop, Role::landing),
                                           node("http://ek.attacker-site.com/x", Role::exploit, "5.6.7.9")})),
                            view));
  EXPECT_EQ(lines, (Lines{"url " + shop + ": alert:proxy alert:ids",
                          "url http://ek.attacker-site.com/x: audit:proxy audit:ids [Top sites]",
                          "ip 5.6.7.9: audit:firewall"}));
}

TEST(VisitPolicy, WhatOnlyAForcedRunLedToIsVisitedByItself) {
  View view;
  VisitRecord visit = chain({node(shop, std::nullopt)}, VisitVerdict::benign);
  for (int i = 0; i < 8; ++i) {
    VisitNode hidden = node("http://hidden" + std::to_string(i) + ".example.com/", std::nullopt);
    hidden.id = static_cast<uint32_t>(visit.nodes.size());
    hidden.fetched = i == 1;
    visit.nodes.push_back(hidden);
    VisitEdge edge;
    edge.to = hidden.id;
    edge.mechanism = i == 2 ? Mechanism::image : Mechanism::location;
    edge.forced = i != 3;
    visit.edges.push_back(edge);
  }
  std::vector<std::string> asked;
  for (const Job& job : derived(observe(visit), view).jobs) {
    EXPECT_EQ(job.kind, "visit");
    EXPECT_EQ(job.parameters.at("referrer").as_string(), visit.url);
    asked.push_back(job.subject);
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"http://hidden0.example.com/", "http://hidden4.example.com/",
                                             "http://hidden5.example.com/", "http://hidden6.example.com/"}));
}

TEST(VisitPolicy, ConvictedChainsAreLookedAtAgainEverLater) {
  View view;
  const Observation observation = observe(chain({node(shop, Role::landing)}));
  std::vector<int64_t> waits;
  for (uint64_t& earlier = view.earlier[ObservationKind::visit]; earlier < 20; ++earlier) {
    Derivation all = derived(observation, view);
    if (all.jobs.empty()) break;
    // The first time its neighbours are looked for too.
    ASSERT_EQ(all.jobs.size(), waits.empty() ? 2u : 1u);
    EXPECT_EQ(all.jobs[0].kind, "visit");
    EXPECT_EQ(all.jobs.back().kind, waits.empty() ? "neighbours" : "visit");
    EXPECT_EQ(all.jobs[0].subject, shop);
    EXPECT_EQ(all.jobs[0].parameters.at("persona").as_string(), "p");
    waits.push_back(std::chrono::duration_cast<std::chrono::days>(all.jobs[0].earliest - now).count());
  }
  EXPECT_EQ(waits, (std::vector<int64_t>{1, 2, 4, 8, 16, 32}));
  // Once convicted, a clean visit is checked again too: it may come back.
  Observation clean = observe(chain({node(shop, std::nullopt)}, VisitVerdict::benign));
  view.earlier[ObservationKind::visit] = 1;
  EXPECT_TRUE(derived(clean, view).jobs.empty());
  Indicator landing;
  landing.roles = {Role::landing};
  view.known[{IndicatorType::url, shop}] = landing;
  EXPECT_EQ(derived(clean, view).jobs.size(), 1u);
}

struct FeedRow {
  const char* name;
  IndicatorKey key;
  Role role;
  std::optional<uint8_t> confidence;
  std::string line;
};
class FeedPolicyTest : public ::testing::TestWithParam<FeedRow> {};
Observation observe(const FeedRecord& feed) {
  Observation observation;
  observation.kind = ObservationKind::feed;
  observation.subject = feed.feed;
  observation.sensor = "import";
  observation.time = now;
  observation.record = to_json(feed);
  return observation;
}
TEST_P(FeedPolicyTest, Derives) {
  FeedRecord feed{.feed = "somefeed", .format = "csv"};
  feed.entries = {
      FeedEntry{.key = GetParam().key, .role = GetParam().role, .confidence = GetParam().confidence}};
  EXPECT_EQ(said(derived(observe(feed))), Lines{GetParam().line});
}
using enum IndicatorType;
INSTANTIATE_TEST_SUITE_P(
    Rows, FeedPolicyTest,
    ::testing::Values(
        FeedRow{"url",
                {url, "http://bad-site.com/x"},
                Role::distribution,
                {},
                "url http://bad-site.com/x: block:proxy alert:ids"},
        FeedRow{"domain",
                {domain, "bad-site.com"},
                Role::c2,
                {},
                "domain bad-site.com: block:proxy block:dns alert:ids"},
        FeedRow{"ip", {ip, "5.6.7.8"}, Role::c2, {}, "ip 5.6.7.8: alert:firewall alert:ids"},
        FeedRow{"attacking_ip", {ip, "5.6.7.8"}, Role::attacker, {}, "ip 5.6.7.8: block:firewall alert:ids"},
        FeedRow{
            "ip_port", {ip_port, "5.6.7.8:80"}, Role::c2, {}, "ip:port 5.6.7.8:80: block:firewall alert:ids"},
        FeedRow{"file",
                {sha256, std::string(64, 'a')},
                Role::unknown,
                {},
                "sha256 " + std::string(64, 'a') + ": block:proxy alert:ids"},
        FeedRow{"unsure",
                {domain, "bad-site.com"},
                Role::c2,
                40,
                "domain bad-site.com: alert:proxy alert:dns alert:ids"},
        FeedRow{"landing_domain",
                {domain, "victim-site.com"},
                Role::landing,
                {},
                "domain victim-site.com: audit:dns"},
        FeedRow{"landing_url",
                {url, "http://victim-site.com/"},
                Role::landing,
                {},
                "url http://victim-site.com/: alert:proxy"},
        FeedRow{"relay",
                {url, "http://tds-site.com/"},
                Role::relay,
                {},
                "url http://tds-site.com/: alert:proxy alert:ids"},
        FeedRow{"public_suffix",
                {domain, "co.jp"},
                Role::c2,
                {},
                "domain co.jp: audit:proxy audit:dns audit:ids [public suffixes]"},
        FeedRow{"whole_platform",
                {domain, "github.io"},
                Role::c2,
                {},
                "domain github.io: audit:proxy audit:dns audit:ids [public suffixes]"},
        FeedRow{"one_tenant_of_a_platform",
                {domain, "evil.github.io"},
                Role::c2,
                {},
                "domain evil.github.io: block:proxy block:dns alert:ids"},
        FeedRow{"private_address",
                {ip, "192.168.1.1"},
                Role::attacker,
                {},
                "ip 192.168.1.1: audit:firewall audit:ids [special-purpose addresses (private)]"},
        FeedRow{"loopback_url",
                {url, "http://127.0.0.1/x"},
                Role::c2,
                {},
                "url http://127.0.0.1/x: audit:proxy audit:ids [special-purpose addresses (loopback)]"},
        FeedRow{"documentation_address",
                {ip, "203.0.113.5"},
                Role::attacker,
                {},
                "ip 203.0.113.5: audit:firewall audit:ids [special-purpose addresses (documentation)]"},
        FeedRow{"localhost",
                {domain, "a.localhost"},
                Role::c2,
                {},
                "domain a.localhost: audit:proxy audit:dns audit:ids [special-purpose names (localhost)]"},
        FeedRow{"half_the_internet",
                {cidr, "128.0.0.0/1"},
                Role::attacker,
                {},
                "cidr 128.0.0.0/1: audit:firewall audit:ids [networks too wide to block]"},
        FeedRow{"network",
                {cidr, "5.6.0.0/16"},
                Role::attacker,
                {},
                "cidr 5.6.0.0/16: block:firewall alert:ids"}),
    [](const auto& row) { return row.param.name; });

TEST(FeedPolicy, TheFeedsOwnWordsHold) {
  FeedRecord feed{.feed = "misp",
                  .format = "misp",
                  .family = "emotet",
                  .tlp = Tlp::green,
                  .references = {"https://report.vendor.com/1"}};
  FeedEntry entry{.key = {ip, "5.6.7.8"}, .role = Role::c2, .confidence = 88};
  entry.uses = UseSet(Action::block, {Point::firewall});
  entry.first_seen = now - std::chrono::days(9);
  entry.last_seen = now - std::chrono::days(3);
  entry.valid_until = now + std::chrono::days(5);
  entry.tlp = Tlp::amber;
  entry.aliases = {"x"};
  FeedEntry plain{.key = {domain, "bad-site.com"}};
  feed.entries = {entry, plain};
  Derivation all = derived(observe(feed));
  const Assertion& first = all.assertions[0];
  EXPECT_EQ(said(all)[0], "ip 5.6.7.8: block:firewall");
  EXPECT_EQ(first.confidence, 88);
  EXPECT_EQ(first.tlp, Tlp::amber);
  EXPECT_EQ(first.family, "emotet");
  EXPECT_EQ(first.why, "misp lists it as emotet; see https://report.vendor.com/1");
  EXPECT_EQ(first.first_seen, *entry.first_seen);
  EXPECT_EQ(first.last_seen, *entry.last_seen);
  EXPECT_EQ(first.valid_until, entry.valid_until);
  EXPECT_EQ(first.aliases, entry.aliases);
  const Assertion& second = all.assertions[1];
  EXPECT_EQ(second.tlp, Tlp::green);
  EXPECT_EQ(second.confidence, 70) << "MISP's default";
  EXPECT_EQ(second.last_seen, now) << "still listed";
  EXPECT_EQ(second.place, "/entries/1");
}

TEST(FeedPolicy, NamesGiveRolesAway) {
  FeedRecord feed{.feed = "PhishTank", .format = "csv"};
  feed.entries = {FeedEntry{.key = {url, "http://bad-site.com/"}}};
  EXPECT_EQ(derived(observe(feed)).assertions[0].role, Role::phishing);
}

Observation found_near(boost::json::array candidates, boost::json::array patterns = {}) {
  Observation observation;
  observation.kind = ObservationKind::neighbour;
  observation.subject = "http://k1.com/rms/nid/login.php";
  observation.sensor = "neighbourhood";
  observation.time = now;
  observation.record = {{"candidates", std::move(candidates)}, {"patterns", std::move(patterns)}};
  return observation;
}

boost::json::object candidate(const std::string& found, const std::string& verdict) {
  return {{"url", found},   {"rule", "s2"},       {"s1", "1.php"},
          {"s2", "/rms/#"}, {"host", "k#"},       {"seeds", {"http://k0.com/rms/1", "http://k1.com/rms/2"}},
          {"rank", 1},      {"verdict", verdict}, {"inspected", !verdict.empty()}};
}

TEST(NeighbourPolicy, WhatWasSoughtAndConvictedIsEvidenceBesideItsVisit) {
  boost::json::object convicted = candidate("http://k2.com/rms/3", "malicious");
  convicted["visit"] = "0123";
  Derivation all = derived(
      found_near({convicted, candidate("http://k3.com/rms/4", "benign"),
                  candidate("http://k4.com/rms/5", "suspicious"), candidate("http://k5.com/rms/6", "")}));
  // The visit blocks; that it lay near a bad one is no reason of its own to.
  EXPECT_EQ(said(all), Lines{"url http://k2.com/rms/3: audit:proxy"});
  const Assertion& found = all.assertions[0];
  EXPECT_EQ(found.why, "neighbour of http://k1.com/rms/2 by s2 (/rms/#), convicted by visit 0123");
  EXPECT_EQ(found.place, "/candidates/0");
  EXPECT_EQ(found.source, "neighbourhood");
  EXPECT_TRUE(all.jobs.empty());
}

TEST(NeighbourPolicy, TheRuleNamesTheStructureThatWasTheSame) {
  for (auto [rule, shown] : {std::pair("tk+s1", "(1.php)"), {"s2", "(/rms/#)"}, {"host+s1", "(k#)"}}) {
    boost::json::object one = candidate("http://k2.com/rms/3", "malicious");
    one["rule"] = rule;
    EXPECT_TRUE(derived(found_near({one})).assertions[0].why.ends_with(shown)) << rule;
  }
}

TEST(NeighbourPolicy, QueuedCandidatesAreVisitedBehindWhatWasAskedFor) {
  boost::json::object queued = candidate("http://k2.com/rms/3", "");
  queued["queued"] = true;
  Derivation all = derived(found_near({queued, candidate("http://k3.com/rms/4", "")}));
  EXPECT_TRUE(all.assertions.empty());
  ASSERT_EQ(all.jobs.size(), 1u);
  EXPECT_EQ(all.jobs[0].kind, "visit");
  EXPECT_EQ(all.jobs[0].subject, "http://k2.com/rms/3");
  EXPECT_LT(all.jobs[0].priority, 0);
}

TEST(NeighbourPolicy, VisitsToOneHostAreSpacedInTime) {
  boost::json::array candidates;
  for (const char* url : {"http://k2.com/1", "http://k3.com/1", "http://k2.com/2", "http://k2.com/3"}) {
    boost::json::object row = candidate(url, "");
    row["queued"] = true;
    candidates.push_back(std::move(row));
  }
  const Derivation all = derived(found_near(std::move(candidates)));
  ASSERT_EQ(all.jobs.size(), 4u);
  EXPECT_EQ(all.jobs[0].earliest, now);
  EXPECT_EQ(all.jobs[1].earliest, now) << "another host";
  EXPECT_EQ(all.jobs[2].earliest, now + std::chrono::seconds(2));
  EXPECT_EQ(all.jobs[3].earliest, now + std::chrono::seconds(4));
}

TEST(NeighbourPolicy, PatternsNeverBlockAndOnlyRareOnesAlert) {
  struct PatternRow {
    uint64_t met, measured, inspected;
    const char* uses;
  };
  for (const PatternRow& row : {PatternRow{0, 100'000, 9, " alert:proxy alert:ids"},
                                PatternRow{500, 100'000, 9, " alert:proxy alert:ids"},
                                PatternRow{600, 100'000, 9, " audit:proxy audit:ids"},
                                PatternRow{600, 100'000, 98, " alert:proxy alert:ids"},
                                PatternRow{0, 0, 9, " audit:proxy audit:ids"}}) {  // not measured: not known
    boost::json::object pattern{{"pattern", "*/rms/nid/login.php?id="},
                                {"rule", "s2"},
                                {"key", "/rms/#"},
                                {"malicious", 7},
                                {"met", row.met},
                                {"measured", row.measured},
                                {"inspected", row.inspected}};
    Derivation all = derived(found_near({}, {pattern}));
    EXPECT_EQ(said(all), Lines{std::string("pattern */rms/nid/login.php?id=:") + row.uses});
    EXPECT_EQ(all.assertions[0].place, "/patterns/0");
  }
}

TEST(JudgementPolicy, ConfirmedBecomesEvidenceRefutedDoesNot) {
  Judgement judgement{{domain, "bad-site.com"}, Verdict::confirmed, "aki", "seen on a client", now};
  Derivation all = derived(to_observation(judgement));
  EXPECT_EQ(said(all), Lines{"domain bad-site.com: block:proxy block:dns alert:ids"});
  EXPECT_EQ(all.assertions[0].why, "confirmed by aki: seen on a client");
  EXPECT_EQ(all.assertions[0].source, "analyst:aki");
  // Where more is known, a person's word makes it surer, not more than it is: a landing page stays one.
  View view;
  Indicator landing;
  landing.roles = {Role::landing};
  view.known[judgement.key] = landing;
  all = derived(to_observation(judgement), view);
  EXPECT_EQ(said(all), Lines{"domain bad-site.com:"});
  EXPECT_EQ(all.assertions[0].role, Role::landing);
  judgement.verdict = Verdict::false_positive;
  EXPECT_TRUE(derived(to_observation(judgement)).assertions.empty());
}

TEST(Policy, BadRecordsAreRefusedNotGuessed) {
  for (auto kind : {ObservationKind::visit, ObservationKind::run, ObservationKind::feed,
                    ObservationKind::judgement, ObservationKind::neighbour}) {
    Observation observation;
    observation.kind = kind;
    observation.record = {{"verdict", 7}, {"candidates", 7}};
    auto result = derive(observation, View(), {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_input);
  }
}

TEST(Policy, OtherKindsAreKeptAndSayNothing) {
  Observation observation;
  observation.kind = ObservationKind::finding;
  EXPECT_TRUE(derived(observation).assertions.empty());
}

}  // namespace
}  // namespace shikake::intel
