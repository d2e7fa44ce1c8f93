// A simulated web: sites of one's own, broken into, attackers' and on shared hosts; cloaked pages. What is
// inspected is answered from the simulation.
#include "neighbourhood/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <random>
#include <regex>
#include <set>

#include "intel/policy.h"
#include "neighbourhood/testing.h"

namespace shikake::neighbourhood {
namespace {

constexpr Day today = 19'000;

// URL -> malicious. Seeds are not in it.
struct Web {
  std::map<std::string, bool> urls;
  std::vector<std::string> seeds;
  std::set<std::string> innocent_tenants;

  explicit Web(uint64_t seed) {
    std::mt19937_64 random(seed);
    auto number = [&](size_t bound) { return std::to_string(random() % bound); };
    // Innocent sites, three in ten on shared hosts, with login pages and shops of their own.
    for (int site = 0; site < 300; ++site) {
      const std::string host =
          site % 10 < 3 ? "shop" + std::to_string(site) + (site % 2 ? ".weebly.com" : ".duckdns.org")
                        : "www.site" + std::to_string(site) + ".test";
      innocent_tenants.insert(url::tenant_key(*url::Url::parse("http://" + host + "/")));
      urls["http://" + host + "/"] = false;
      for (int page = 0; page < 40; ++page)
        urls["http://" + host + "/" + std::string(1, "abcdefgh"[random() % 8]) + "/page" + number(1000) +
             ".php?id=" + number(50)] = false;
      urls["http://" + host + "/login.php"] = false;
    }
    // Broken into: the attacker's pages in one folder of an otherwise innocent site.
    for (int site = 0; site < 120; ++site) {
      const std::string host = "http://victim" + std::to_string(site) + ".test";
      const std::string lair = host + "/" + std::string(1, "abcdefgh"[random() % 8]) + "/";
      seeds.push_back(lair + "seed.php?id=1");
      for (int page = 0; page < 8; ++page)
        urls[lair + "z" + std::to_string(page) + ".php?id=" + number(90)] =
            random() % 10 > 0;  // one in ten is cloaked
      for (int page = 0; page < 150; ++page)
        urls[host + "/" + std::string(1, "ijklmnop"[random() % 8]) + "/page" + std::to_string(page) +
             ".php?id=" + number(50)] = false;
    }
    // The attacker's own: one kit on many domains and one way of naming hosts, some on shared hosting.
    for (int site = 0; site < 300; ++site) {
      const std::string name = "q" + number(100'000) + "z";
      const std::string host = site % 4 == 0 ? name + ".weebly.com" : "amazon.co.jp." + name + ".test";
      for (const char* path :
           {"/rms/nid/rakutenlogini.php?session=1", "/rms/nid/rakutenverify.php?session=2"})
        urls["http://" + host + path] = true;
      if (site % 4) urls["http://" + host + "/"] = true;
      if (site < 6) {
        seeds.push_back("http://" + host + "/rms/nid/rakutenlogini.php?session=9");
        if (site % 4) seeds.push_back("http://" + host + "/?");
      }
    }
    for (const std::string& url : seeds) urls.erase(url);
  }
};

struct Ran {
  size_t inspected = 0, malicious = 0;
};

Ran inspect_in(const Web& web, const std::vector<std::string>& order, size_t budget) {
  Ran ran;
  for (const std::string& url : order) {
    if (ran.inspected == budget) break;
    ++ran.inspected;
    ran.malicious += web.urls.at(url);
  }
  return ran;
}

// What one does without structure: all that lies on the seeds' registrable domains and hosts, shared or not.
std::vector<std::string> by_domain_alone(const Web& web, uint64_t seed) {
  auto domain = [](const std::string& text) {
    const std::string host(url::Url::parse(text)->hostname());
    const size_t last = host.rfind('.'), before = last == host.npos ? host.npos : host.rfind('.', last - 1);
    return before == host.npos ? host : host.substr(before + 1);
  };
  std::set<std::string> domains;
  for (const std::string& url : web.seeds) domains.insert(domain(url));
  std::vector<std::string> order;
  for (const auto& [url, bad] : web.urls)
    if (domains.contains(domain(url))) order.push_back(url);
  std::mt19937_64 random(seed);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

class Nothing final : public intel::StoreView {
 public:
  Result<intel::Guard> guard() const override { return intel::Guard(); }
  Result<std::optional<intel::Indicator>> find(const intel::IndicatorKey&) const override {
    return std::nullopt;
  }
  Result<uint64_t> sites_of(const intel::IndicatorKey&, intel::Role, const std::string&) const override {
    return 0;
  }
  Result<uint64_t> count_before(intel::ObservationKind, const std::string&, base::TimePoint) const override {
    return 0;
  }
};

class SimulatedWeb : public testing::Test {
 protected:
  SimulatedWeb() : web_(11) {
    std::vector<std::string> urls;
    for (const auto& [url, bad] : web_.urls) urls.push_back(url);
    make_corpus(folder_.path(), urls, {.threads = 1}, today - 10);
    for (const std::string& url : web_.seeds) seeds_.add(take_apart(*corpus_url(url)), today - 2);
    corpus_.emplace(std::move(*Corpus::open(folder_.path())));
  }
  Inspector inspector() {
    return [this](const Candidate& candidate) -> Result<Inspection> {
      const bool bad = web_.urls.at(candidate.url.url.href());
      return Inspection{bad, bad ? "malicious" : "benign", std::string(64, 'a')};
    };
  }
  CampaignOptions options(size_t budget) {
    CampaignOptions made;
    made.ranking = {.seed = 1, .as_of = today};
    made.budget = budget;
    return made;
  }

  Web web_;
  ScratchFolder folder_;
  SeedIndex seeds_;
  std::optional<Corpus> corpus_;
};

TEST_F(SimulatedWeb, YieldsTenTimesWhatDomainsAloneYield) {
  constexpr size_t budget = 1000;
  Campaign campaign(&*corpus_, seeds_, options(budget), {});
  ASSERT_TRUE(campaign.gather());
  ASSERT_TRUE(campaign.run(inspector()));
  ASSERT_TRUE(campaign.find_patterns());
  ASSERT_EQ(campaign.steps().size(), budget);
  const Ran alone = inspect_in(web_, by_domain_alone(web_, 1), budget);
  const double ours = static_cast<double>(campaign.found()) / budget;
  const double theirs = static_cast<double>(alone.malicious) / static_cast<double>(alone.inspected);
  EXPECT_GE(ours, 10 * theirs) << campaign.found() << " against " << alone.malicious;
  EXPECT_GT(campaign.patterns().size(), 0u);

  // Nothing of it may stop an innocent tenant: no pattern meets one, and policy blocks by none of them.
  for (const Pattern& pattern : campaign.patterns()) {
    const std::regex regex(pattern.regex, std::regex::extended);
    for (const auto& [url, bad] : web_.urls) {
      if (!web_.innocent_tenants.contains(url::tenant_key(*url::Url::parse(url)))) continue;
      EXPECT_FALSE(std::regex_search(url, regex)) << pattern.regex << " meets " << url;
    }
    // An estimate from above: none that it meets is innocent, but few of them were looked at.
    EXPECT_LE(pattern.false_positive_rate(), 0.001) << pattern.glob;
    EXPECT_GT(pattern.measured, web_.urls.size() / 2);
  }
  auto derived =
      intel::derive(to_observation(campaign, "test", time_of(today)), Nothing(), {.range_profile = true});
  ASSERT_TRUE(derived) << derived.error().message();
  size_t found = 0, patterns = 0;
  for (const intel::Assertion& assertion : derived->assertions) {
    EXPECT_FALSE(assertion.uses.has(intel::Action::block)) << assertion.key.value;
    (assertion.key.type == intel::IndicatorType::pattern ? patterns : found) += 1;
    if (assertion.key.type != intel::IndicatorType::url) continue;
    EXPECT_TRUE(web_.urls.at(assertion.key.value));
    EXPECT_THAT(assertion.why, testing::HasSubstr("neighbour of http"));
    EXPECT_THAT(assertion.why, testing::HasSubstr(std::string(64, 'a'))) << "the visit that convicts";
  }
  EXPECT_EQ(found, campaign.found());
  EXPECT_EQ(patterns, campaign.patterns().size());
}

TEST_F(SimulatedWeb, TheSameSeedGivesTheSameAnswerBitForBit) {
  std::string records[2];
  for (std::string& record : records) {
    SeedIndex seeds;
    for (const std::string& url : web_.seeds) seeds.add(take_apart(*corpus_url(url)), today - 2);
    Campaign campaign(&*corpus_, seeds, options(150), {});
    ASSERT_TRUE(campaign.gather());
    ASSERT_TRUE(campaign.run(inspector()));
    ASSERT_TRUE(campaign.find_patterns());
    record = boost::json::serialize(campaign.record()) + campaign.yield_plot();
  }
  EXPECT_EQ(records[0], records[1]);
}

TEST_F(SimulatedWeb, WhatIsKnownIsNoCandidate) {
  Campaign campaign(&*corpus_, seeds_, options(0),
                    [](const std::string& url) { return url.find("amazon") != url.npos; });
  ASSERT_TRUE(campaign.gather());
  ASSERT_GT(campaign.ranking().size(), 0u);
  for (size_t i = 0; i < campaign.ranking().size(); ++i)
    EXPECT_EQ(campaign.ranking()[i].url.url.href().find("amazon"), std::string::npos);
}

TEST_F(SimulatedWeb, AnInspectionThatFailsEndsItAndKeepsWhatWasLearnt) {
  Campaign campaign(&*corpus_, seeds_, options(50), {});
  ASSERT_TRUE(campaign.gather());
  int left = 10;
  auto ran = campaign.run([&](const Candidate& candidate) -> Result<Inspection> {
    if (left-- == 0) return fail(Module::neighbourhood, ErrorCode::unavailable, "gone");
    return inspector()(candidate);
  });
  ASSERT_FALSE(ran);
  EXPECT_EQ(campaign.steps().size(), 10u);
  EXPECT_EQ(campaign.record().at("totals").as_object().at("inspected").to_number<int>(), 10);
}

TEST(Pattern, NeedsEvidenceAndSparesSharedHosting) {
  auto taken = [](const char* text) { return take_apart(*corpus_url(text)); };
  SeedIndex seeds;
  for (const char* url : {"http://a.test/rakutenlogin/x1.php?k=1", "http://b.test/rakutenlogin/x2.php?k=1",
                          "http://bad.weebly.com/"})
    seeds.add(taken(url), today);
  const Taken kit = taken("http://c.test/rakutenlogin/x77.php?k=2"),
              home = taken("http://www.bad.weebly.com/");
  const Neighbourhood* shape = seeds.around(kit).front();
  ASSERT_EQ(shape->rule, Rule::path_shape);
  EXPECT_FALSE(pattern_of(*shape, {.malicious = 2, .benign = 0}, kit)) << "too few inspected";
  EXPECT_FALSE(pattern_of(*shape, {.malicious = 50, .benign = 1}, kit)) << "one innocent is enough";
  auto pattern = pattern_of(*shape, {.malicious = 3, .benign = 0}, kit);
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->glob, "*/rakutenlogin/x*.php?*");
  EXPECT_TRUE(std::regex_search("http://q.test/rakutenlogin/x5.php?k=9",
                                std::regex(pattern->regex, std::regex::extended)));
  EXPECT_FALSE(std::regex_search("http://q.test/rakutenlogin/xy.php?k=9",
                                 std::regex(pattern->regex, std::regex::extended)));
  EXPECT_FALSE(pattern_of(*seeds.around(home).front(), {.malicious = 50, .benign = 0}, home))
      << "the tenant's root is the tenant";
}

}  // namespace
}  // namespace shikake::neighbourhood
