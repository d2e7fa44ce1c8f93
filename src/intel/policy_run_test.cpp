#include <gtest/gtest.h>

#include <algorithm>

#include "intel/policy_testing.h"
#include "intel/run.h"
#include "intel/run_example.h"
#include "intel/visit.h"

namespace shikake::intel {
namespace {

// Another sensor's word that a file is bad.
void convict(View& view, const base::Digest& sha256, const std::string& source) {
  Indicator indicator;
  indicator.key = {IndicatorType::sha256, sha256.hex()};
  Evidence evidence;
  evidence.assertion.source = source;
  evidence.assertion.uses = UseSet(Action::block, {Point::proxy});
  indicator.evidence = {evidence};
  view.known[indicator.key] = indicator;
}

using Lines = std::vector<std::string>;

// "type value: uses" of every assertion, in order; files by the name that made their digest.
Lines said(const Derivation& derivation) {
  Lines all;
  for (const Assertion& assertion : derivation.assertions) {
    std::string value = assertion.key.value;
    for (const char* file : {"sample", "dropped", "dropped2", "text"}) {
      if (value == base::sha256(file).hex()) value = file;
    }
    std::string line = std::string(name(assertion.key.type)) + " " + value + ":";
    for (const std::string& use : names(assertion.uses)) line += " " + use;
    line += " " + std::to_string(assertion.confidence);
    if (!assertion.guarded_by.empty()) line += " [" + assertion.guarded_by + "]";
    all.push_back(line);
  }
  return all;
}

Observation observe(const RunRecord& run, const std::string& vantage = "") {
  Observation observation;
  observation.kind = ObservationKind::run;
  observation.subject = run.sample.sha256.hex();
  observation.sensor = "sandbox";
  observation.vantage = vantage;
  observation.time = run.start;
  observation.record = to_json(run);
  return observation;
}

Derivation derived(const RunRecord& run, const View& view = {}, PolicySettings settings = {},
                   const std::string& vantage = "") {
  auto result = derive(observe(run, vantage), view, settings);
  EXPECT_TRUE(result) << result.error().message();
  return result ? *result : Derivation{};
}

RunRecord plain() {
  RunRecord run;
  run.sample.name = "a.elf";
  run.sample.sha256 = base::sha256("sample");
  run.start = *base::from_rfc3339("2026-03-01T12:00:00Z");
  run.outcome = RunOutcome::exited;
  run.network.mode = RunNetwork::closed;
  return run;
}

RunRecord with_behaviour(RunRecord run, BehaviourKind kind, const std::string& object = "") {
  run.behaviours.push_back({.kind = kind, .object = object});
  return run;
}

RunRecord with_flow(RunRecord run, const std::string& remote, const std::string& host = "",
                    std::vector<std::string> urls = {}) {
  RunFlow flow;
  flow.remote = remote;
  flow.host = host;
  flow.protocol = "http";
  flow.transport = "tcp";
  flow.urls = std::move(urls);
  run.flows.push_back(flow);
  return run;
}

RunRecord with_file(RunRecord run, const std::string& content, bool program) {
  RunFile file;
  file.path = "/tmp/" + content;
  file.sha256 = base::sha256(content);
  file.size = content.size();
  file.program = program;
  run.files.push_back(file);
  return run;
}

RunRecord recognised(RunRecord run, const std::string& content) {
  run.recognised.push_back({.source = "yara:bots.yar", .name = "MAL_Bot", .convicts = true});
  run.recognised.back().sha256 = base::sha256(content);
  return run;
}

RunRecord with_role(RunRecord run, Role role) {
  run.flows.back().role = role;
  run.flows.back().evidence = {"what it answers decides which command runs"};
  return run;
}

RunRecord in_mode(RunRecord run, RunNetwork mode) {
  run.network.mode = mode;
  return run;
}

RunRecord asking(RunRecord run, const std::string& name) {
  RunQuestion question;
  question.name = name;
  question.type = "A";
  run.dns.push_back(question);
  return run;
}

struct Row {
  const char* name;
  RunRecord run;
  Lines lines;
};
class RunPolicyTest : public ::testing::TestWithParam<Row> {};
TEST_P(RunPolicyTest, Derives) {
  EXPECT_EQ(said(derived(GetParam().run)), GetParam().lines);
}

constexpr auto cron = BehaviourKind::persistence_cron;
const std::string gate = "http://evil-host.com/gate";
INSTANTIATE_TEST_SUITE_P(
    Rows, RunPolicyTest,
    ::testing::Values(
        Row{"nothing_suspicious_says_nothing", with_behaviour(plain(), BehaviourKind::system_discovery), {}},
        Row{"suspicious_behaviour_is_worth_finding",
            with_behaviour(plain(), cron, "/etc/cron.d/x"),
            {"sha256 sample: audit:proxy 35"}},
        Row{"a_rule_convicts", recognised(plain(), "sample"), {"sha256 sample: block:proxy alert:ids 90"}},
        Row{"hosts_are_for_audit_alone_though_the_file_is_malware",
            with_flow(recognised(plain(), "sample"), "198.18.0.9:80", "evil-host.com", {gate}),
            {"sha256 sample: block:proxy alert:ids 90", "url " + gate + ": audit:proxy 50",
             "domain evil-host.com: audit:proxy audit:dns 50"}},
        Row{"hosts_of_an_unremarkable_program",
            with_flow(plain(), "198.18.0.9:80", "evil-host.com"),
            {"domain evil-host.com: audit:proxy audit:dns 15"}},
        Row{"a_literal_address_is_real_in_a_closed_run_too",
            with_flow(plain(), "5.6.7.8:6667"),
            {"ip 5.6.7.8: audit:firewall 15", "ip:port 5.6.7.8:6667: audit:firewall 15"}},
        Row{"an_ipv6_address",
            with_flow(plain(), "[2a00:1::5]:80"),
            {"ip 2a00:1::5: audit:firewall 15", "ip:port [2a00:1::5]:80: audit:firewall 15"}},
        Row{"an_open_run_meets_the_real_address",
            in_mode(with_flow(plain(), "5.6.7.8:80", "evil-host.com"), RunNetwork::open),
            {"domain evil-host.com: audit:proxy audit:dns 15", "ip 5.6.7.8: audit:firewall 15",
             "ip:port 5.6.7.8:80: audit:firewall 15"}},
        Row{"private_addresses_are_nobodys",
            with_flow(with_flow(plain(), "192.168.1.1:22"), "127.0.0.1:631"),
            {}},
        Row{"what_convicts_a_host_makes_it_fit_to_block",
            with_role(with_flow(plain(), "198.18.0.9:80", "evil-host.com", {gate}), Role::c2),
            {"url " + gate + ": block:proxy alert:ids 85",
             "domain evil-host.com: block:proxy block:dns alert:ids 85"}},
        Row{"a_shared_platform_is_not_the_attackers",
            with_role(with_flow(plain(), "198.18.0.9:80", "evil.github.io"), Role::c2),
            {"domain evil.github.io: audit:proxy audit:dns 85"}},
        Row{"a_program_left_by_malware",
            with_file(with_file(recognised(plain(), "sample"), "dropped", true), "text", false),
            {"sha256 sample: block:proxy alert:ids 90", "sha256 dropped: alert:proxy 60"}},
        Row{"a_program_left_by_a_suspect",
            with_file(with_behaviour(plain(), cron), "dropped", true),
            {"sha256 sample: audit:proxy 35", "sha256 dropped: audit:proxy 35"}},
        Row{"whoever_leaves_malware_is_malware",
            recognised(with_file(plain(), "dropped", true), "dropped"),
            {"sha256 sample: block:proxy alert:ids 90", "sha256 dropped: block:proxy alert:ids 90"}},
        Row{"names_asked_for_but_not_called",
            asking(plain(), "update.evil-host.com"),
            {"domain update.evil-host.com: audit:proxy audit:dns 15"}},
        Row{"a_tunnel_speaks_for_its_domain_not_its_data",
            with_behaviour(asking(asking(plain(), "aGVsbG8.t.evil-host.com"), "d29ybGQ.t.evil-host.com"),
                           BehaviourKind::dns_tunnel, "t.evil-host.com"),
            {"sha256 sample: audit:proxy 35", "domain t.evil-host.com: audit:proxy audit:dns 30"}},
        Row{"a_flow_that_policy_refused_met_nobody",
            [] {
              RunRecord run = with_flow(plain(), "5.6.7.8:25");
              run.flows[0].decision = "refused: well-known attack port";
              return run;
            }(),
            {}}),
    [](const auto& row) { return row.param.name; });

TEST(RunPolicy, AKnownBadFileConvicts) {
  View view;
  convict(view, base::sha256("sample"), "maltrail");
  const Derivation result = derived(plain(), view);
  ASSERT_EQ(said(result), Lines{"sha256 sample: block:proxy alert:ids 90"});
  EXPECT_EQ(result.assertions[0].why, "malware: known as bad from maltrail");
}

TEST(RunPolicy, ItsOwnEarlierWordIsNoSecondWitness) {
  View view;
  convict(view, base::sha256("sample"), "sandbox");
  EXPECT_TRUE(derived(plain(), view).assertions.empty());
}

TEST(RunPolicy, APersonsWordOutweighsTheLists) {
  View view;
  convict(view, base::sha256("sample"), "maltrail");
  Indicator& known = view.known.begin()->second;
  known.judgement = Judgement{known.key, Verdict::false_positive, "aki", "our own updater", {}};
  EXPECT_TRUE(derived(plain(), view).assertions.empty());
  known.judgement->verdict = Verdict::confirmed;
  known.evidence.clear();
  EXPECT_EQ(said(derived(plain(), view)), Lines{"sha256 sample: block:proxy alert:ids 90"});
}

TEST(RunPolicy, TheRangeIsBadInsideTheRangeOnly) {
  const RunRecord run =
      in_mode(with_role(with_flow(plain(), "192.0.2.7:80", "c2.example"), Role::c2), RunNetwork::open);
  EXPECT_EQ(said(derived(run, {}, {.range_profile = true}, "198.51.100.10")),
            (Lines{"domain c2.example: block:proxy block:dns alert:ids 85",
                   "ip 192.0.2.7: alert:firewall alert:ids 85",
                   "ip:port 192.0.2.7:80: block:firewall alert:ids 85"}));
  for (const std::string& line : said(derived(run, {}, {}, "198.51.100.10")))
    EXPECT_EQ(line.find("block"), std::string::npos) << line;
}

TEST(RunPolicy, EvidenceSaysWhyAndWhere) {
  RunRecord run = recognised(plain(), "sample");
  run.sample.md5 = "5e8ff9bf55ba3508199d22e984129be6";
  run.sample.sha1 = "5f50a84c1fa3bcff146405017f36aec1a10a9e38";
  const Derivation result = derived(with_flow(run, "198.18.0.9:80", "evil-host.com"));
  ASSERT_EQ(result.assertions.size(), 2u);
  EXPECT_EQ(result.assertions[0].why, "malware: yara:bots.yar recognises MAL_Bot");
  EXPECT_EQ(result.assertions[0].place, "/sample");
  EXPECT_EQ(result.assertions[0].aliases, (Lines{run.sample.md5, run.sample.sha1}));
  EXPECT_EQ(result.assertions[1].why, "a.elf, malware, talks to it in the sandbox");
  EXPECT_EQ(result.assertions[1].place, "/flows/0");
}

TEST(RunPolicy, AThousandHostsAreBounded) {
  RunRecord run = plain();
  for (int i = 0; i < 3000; ++i) run = asking(std::move(run), "n" + std::to_string(i) + ".evil-host.com");
  EXPECT_EQ(derived(run).assertions.size(), 256u);
}

TEST(RunPolicy, TheFullRecordDerives) {
  EXPECT_FALSE(derived(full_run()).assertions.empty());
}

// --- what a visit finds is run --------------------------------------------------------------------

Lines runs_asked_for(const VisitRecord& visit, const View& view) {
  Observation observation;
  observation.kind = ObservationKind::visit;
  observation.subject = visit.url;
  observation.sensor = "honeyclient-low";
  observation.time = *base::from_rfc3339("2026-03-01T12:00:00Z");
  observation.record = to_json(visit);
  auto result = derive(observation, view, {});
  EXPECT_TRUE(result);
  Lines subjects;
  for (const Job& job : result->jobs) {
    if (job.kind == "run") subjects.push_back(job.subject);
  }
  return subjects;
}

VisitRecord visit_with_files(size_t count) {
  VisitRecord visit;
  visit.url = "http://www.innocent-shop.com/";
  visit.verdict = VisitVerdict::malicious;
  for (size_t i = 0; i < count; ++i) {
    VisitNode node;
    node.id = static_cast<uint32_t>(i);
    node.url = "http://evil-host.com/" + std::to_string(i);
    node.sha256 = base::sha256(std::to_string(i));
    node.size = 1;
    node.role = Role::distribution;
    visit.nodes.push_back(node);
  }
  return visit;
}

TEST(RunPolicy, AFileThatAVisitFoundIsRunOnce) {
  View view;
  VisitRecord visit = visit_with_files(2);
  visit.nodes[1].sha256 = visit.nodes[0].sha256;
  EXPECT_EQ(runs_asked_for(visit, view), Lines{base::sha256("0").hex()});
  view.earlier[ObservationKind::run] = 1;
  EXPECT_TRUE(runs_asked_for(visit, view).empty());
}

TEST(RunPolicy, RunsAskedForByAVisitAreBounded) {
  EXPECT_EQ(runs_asked_for(visit_with_files(100), {}).size(), 8u);
}

TEST(RunPolicy, BenignVisitsAskForNoRun) {
  VisitRecord visit = visit_with_files(1);
  visit.verdict = VisitVerdict::benign;
  EXPECT_TRUE(runs_asked_for(visit, {}).empty());
}

}  // namespace
}  // namespace shikake::intel
