#include "neighbourhood/ranking.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "neighbourhood/keys.h"
#include "neighbourhood/pacer.h"

namespace shikake::neighbourhood {
namespace {

constexpr Day today = 19'000;

TEST(Draw, BetaHasItsMeanAndVariance) {
  struct Case {
    double a, b;
  };
  for (const Case& shape : {Case{0.5, 0.5}, {1, 4}, {2, 1}, {30, 70}, {0.01, 3}}) {
    Draw draw(1);
    constexpr int count = 200'000;
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i) {
      const double x = draw.beta(shape.a, shape.b);
      ASSERT_TRUE(x >= 0 && x <= 1);
      sum += x, squares += x * x;
    }
    const double mean = sum / count, total = shape.a + shape.b;
    EXPECT_NEAR(mean, shape.a / total, 0.005) << shape.a << ", " << shape.b;
    EXPECT_NEAR(squares / count - mean * mean, shape.a * shape.b / (total * total * (total + 1)), 0.005);
  }
}

Taken take(const std::string& text) {
  auto url = corpus_url(text);
  EXPECT_TRUE(url) << text;
  return take_apart(std::move(*url));
}

struct AroundCase {
  const char* name;
  std::vector<const char*> seeds;
  const char* url;
  const char* rules;  // closest first
};

TEST(Seeds, SpanNeighbourhoods) {
  const AroundCase cases[] = {
      {"same tenant and S1",
       {"http://a.example/x/one.php?id=1"},
       "http://www.a.example/y/two.php?id=7",
       "tk+s1"},
      {"same tenant, other S1", {"http://a.example/x/one.php?id=1"}, "http://a.example/x/one.php", ""},
      {"another tenant of a platform", {"http://bad.duckdns.org/x/"}, "http://good.duckdns.org/x/", ""},
      {"same tenant of a platform", {"http://bad.duckdns.org/x/"}, "http://www.bad.duckdns.org/y/", "tk+s1"},
      {"a telling path, one tenant only",
       {"http://a.example/rakuten/certification"},
       "http://c.example/rakuten/certification",
       ""},
      {"a telling path, two tenants",
       {"http://a.example/rakuten/certification", "http://b.example/rakuten/certification"},
       "http://c.example/rakuten/certification",
       "s2"},
      {"a telling path, two seeds of the URL's own tenant",
       {"http://a.c.example/rakuten/certification", "http://b.c.example/rakuten/certification"},
       "http://c.example/rakuten/certification",
       "tk+s1"},
      {"a path that everybody has",
       {"http://a.example/wp-content/uploads/", "http://b.example/wp-content/uploads/"},
       "http://c.example/wp-content/uploads/",
       ""},
      {"digits and lots fold",
       {"http://a.example/rakuten77/account_verified/5d41402abc4b2a76/",
        "http://b.example/rakuten8/account_verified/7d793037a0760186/"},
       "http://c.example/rakuten123/account_verified/0123456789abcdef/",
       "s2"},
      {"a name in front of others' domains",
       {"http://amazon.co.jp.aa.shop/", "http://amazon.co.jp.bb.shop/"},
       "http://amazon.co.jp.cc.shop/",
       "host+s1"},
      {"the same, on another S1",
       {"http://amazon.co.jp.aa.shop/", "http://amazon.co.jp.bb.shop/"},
       "http://amazon.co.jp.cc.shop/a/b.html",
       ""},
      {"www is everybody's", {"http://www.aa.shop/", "http://www.bb.shop/"}, "http://www.cc.shop/", ""},
      {"a lone word on too few tenants",
       {"http://amuezom.aa.cn/", "http://amuezom.bb.cn/", "http://amuezom.dd.cn/"},
       "http://amuezom.cc.cn/",
       ""},
      {"a lone word on enough",
       {"http://amuezom.aa.cn/", "http://amuezom.bb.cn/", "http://amuezom.dd.cn/", "http://amuezom.ee.cn/"},
       "http://amuezom.cc.cn/",
       "host+s1"},
      {"an address", {"http://192.0.2.1/x/y.php"}, "http://192.0.2.1:8080/z/w.php", "tk+s1"},
      {"another address", {"http://192.0.2.1/x/y.php"}, "http://192.0.2.2/x/y.php", ""},
  };
  for (const AroundCase& row : cases) {
    SCOPED_TRACE(row.name);
    SeedIndex seeds;
    for (const char* seed : row.seeds) seeds.add(take(seed), today);
    std::string rules;
    for (const Neighbourhood* around : seeds.around(take(row.url)))
      rules += (rules.empty() ? "" : " ") + std::string(name(around->rule));
    EXPECT_EQ(rules, row.rules);
  }
}

TEST(Seeds, RememberWhy) {
  SeedIndex seeds;
  for (int i = 0; i < 9; ++i)
    seeds.add(take("http://a.example/x/" + std::to_string(i) + ".php"), static_cast<Day>(today - i));
  auto around = seeds.around(take("http://a.example/y/z.php"));
  ASSERT_EQ(around.size(), 1u);
  EXPECT_EQ(around[0]->seed_count, 9u);
  EXPECT_EQ(around[0]->seeds.size(), seeds_remembered);
  EXPECT_EQ(around[0]->last_seen, today);
}

// A world of tenants some of which are broken into: each such has one directory where the attacker's pages
// lie among the site's own, of the same S1; others are the attacker's whole; and there are innocent ones
// beside them on the shared hosts.
struct World {
  std::vector<std::string> seeds;
  std::map<std::string, bool> pool;  // URL -> malicious
  size_t malicious = 0;

  explicit World(uint64_t seed) {
    std::mt19937_64 random(seed);
    auto add = [&](const std::string& url, bool bad) {
      if (!pool.try_emplace(url, bad).second) return;
      malicious += bad;
    };
    for (int tenant = 0; tenant < 60; ++tenant) {
      const bool shared = tenant % 5 == 0, kit = tenant % 3 == 0;
      const std::string host = "http://site" + std::to_string(tenant) + (shared ? ".weebly.com" : ".example");
      const std::string lair = kit ? "/secure_rakutenlogin" + std::to_string(random() % 90)
                                   : "/images/" + std::to_string(random() % 10);
      seeds.push_back(host + lair + "/seed.php?id=1");
      for (int page = 0; page < 8; ++page)
        add(host + lair + "/p" + std::to_string(page) + ".php?id=" + std::to_string(random() % 100), true);
      // The site's own: the same S1 in other directories, and neighbours in the same one.
      for (int page = 0; page < 260; ++page)
        add(host + "/" + std::string(1, "abcdefghijklmnop"[random() % 16]) +
                (kit ? "" : "/" + std::to_string(page % 12)) + "/n" + std::to_string(page) +
                ".php?id=" + std::to_string(random() % 1000),
            false);
      for (int page = 0; page < 3; ++page)
        add(host + lair + "/own" + std::to_string(page) + ".php?id=3", false);
    }
  }
};

struct Inspection {
  std::vector<std::string> order;
  std::vector<bool> hits;
};

Inspection inspect(const World& world, size_t budget, uint64_t seed, size_t per_host = 1'000'000) {
  SeedIndex seeds;
  for (const std::string& url : world.seeds) seeds.add(take(url), today - 3);
  Ranking ranking(seeds, {.seed = seed, .as_of = today, .per_host = per_host});
  std::vector<Candidate> candidates;
  for (const auto& [text, bad] : world.pool) {
    Taken url = take(text);
    auto around = seeds.around(url);
    if (!around.empty()) candidates.push_back({std::move(url), 0, 0, std::move(around)});
  }
  ranking.add(std::move(candidates));
  Inspection run;
  while (run.order.size() < budget) {
    auto pick = ranking.next();
    if (!pick) break;
    const std::string& url = ranking[*pick].url.url.href();
    const bool bad = world.pool.at(url);
    ranking.report(*pick, bad);
    run.order.push_back(url);
    run.hits.push_back(bad);
  }
  return run;
}

// The budget: nine tenths of all hits with a quarter of the inspections, at 20 benign URLs and more a
// malicious one.
TEST(Ranking, FindsMostWithAQuarterOfTheInspections) {
  const World world(3);
  ASSERT_GE(world.pool.size(), 21 * world.malicious);
  const Inspection all = inspect(world, world.pool.size(), 1);
  const auto hits = static_cast<size_t>(std::count(all.hits.begin(), all.hits.end(), true));
  ASSERT_GT(hits, world.malicious * 9 / 10) << "the candidates hold what there is";
  ASSERT_GT(all.hits.size(), 20 * hits) << "and the innocent of the same tenants";
  for (uint64_t seed : {1, 2, 3}) {
    const Inspection run = inspect(world, all.hits.size() / 4, seed);
    const auto found = static_cast<size_t>(std::count(run.hits.begin(), run.hits.end(), true));
    EXPECT_GE(found, hits * 9 / 10) << "seed " << seed << ": " << found << " of " << hits;
  }
}

TEST(Ranking, IsTheSameForTheSameSeed) {
  const World world(4);
  const Inspection one = inspect(world, 500, 9), two = inspect(world, 500, 9),
                   other = inspect(world, 500, 10);
  EXPECT_EQ(one.order, two.order);
  EXPECT_NE(one.order, other.order);
}

TEST(Ranking, SparesAHost) {
  const World world(5);
  const Inspection run = inspect(world, 2000, 1, 4);
  std::map<std::string, int> of_host;
  for (const std::string& url : run.order) ++of_host[std::string(url::Url::parse(url)->hostname())];
  for (const auto& [host, count] : of_host) EXPECT_LE(count, 4) << host;
}

TEST(Ranking, InspectedAndBenignCountsAgainstItsNeighbourhood) {
  SeedIndex seeds;
  seeds.add(take("http://a.example/x/seed.php"), today);
  seeds.add(take("http://b.example/x/seed.php"), today);
  Ranking ranking(seeds, {.as_of = today});
  std::vector<Candidate> candidates;
  for (const char* text : {"http://a.example/x/1.php", "http://a.example/y/2.php", "http://b.example/x/1.php",
                           "http://b.example/y/2.php"}) {
    Taken url = take(text);
    auto around = seeds.around(url);
    candidates.push_back({url, 0, 0, around});
  }
  ASSERT_EQ(ranking.add(candidates), 4u);
  EXPECT_EQ(ranking.add(candidates), 0u) << "known ones are not taken again";
  EXPECT_GT(ranking.score(0), ranking.score(1)) << "the seed's own directory is closer";
  const double before = ranking.score(1), other = ranking.score(3);
  for (int i = 0; i < 5; ++i) ranking.report(0, false);
  EXPECT_LT(ranking.score(1), before);
  EXPECT_GT(ranking.score(3), ranking.score(1));
  EXPECT_NEAR(ranking.score(3), other, 0.25) << "another tenant is touched by the rule alone";
  EXPECT_EQ(ranking.tally(*candidates[0].around[0]).benign, 5u);
}

TEST(Ranking, NamesAboveAndBelowASeedsHostComeBeforeTheOthersOfItsTenant) {
  SeedIndex seeds;
  seeds.add(take("http://login.a.example/"), today);
  Ranking ranking(seeds, {.as_of = today});
  std::vector<Candidate> candidates;
  for (const char* text : {"http://mail.a.example/", "http://a.example/", "http://www.login.a.example/",
                           "http://catlogin.a.example/"}) {
    Taken url = take(text);
    auto around = seeds.around(url);
    candidates.push_back({std::move(url), 0, 0, std::move(around)});
  }
  ASSERT_EQ(ranking.add(std::move(candidates)), 4u);
  for (size_t related : {1, 2})
    for (size_t other : {0, 3}) EXPECT_GT(ranking.score(related), ranking.score(other));
}

TEST(Ranking, APageOfTheKitIsToldFromItsHostsOthersOnTheNextTenant) {
  SeedIndex seeds;
  for (const char* seed :
       {"http://amazon.co.jp.aa.test/k/login.php", "http://amazon.co.jp.bb.test/k/login.php"})
    seeds.add(take(seed), today);
  Ranking ranking(seeds, {.as_of = today});
  std::vector<Candidate> candidates;
  for (const char* tenant : {"cc", "dd", "ee", "ff"}) {
    for (const char* path : {"/k/login.php", "/m/own.php"}) {
      Taken url = take("http://amazon.co.jp." + std::string(tenant) + ".test" + path);
      auto around = seeds.around(url);
      candidates.push_back({std::move(url), 0, 0, std::move(around)});
    }
  }
  ASSERT_EQ(ranking.add(std::move(candidates)), 8u);
  for (size_t i = 0; i < 6; ++i) ranking.report(i, i % 2 == 0);
  EXPECT_GT(ranking.score(6), 0.6);
  EXPECT_LT(ranking.score(7), 0.4);
}

TEST(Pacer, SpacesVisitsToOneHost) {
  using std::chrono::milliseconds;
  Pacer pacer(milliseconds(1000));
  const Pacer::Time start{};
  EXPECT_EQ(pacer.wait("a.example", start), Pacer::Duration::zero()) << "never visited";
  pacer.ended("a.example", start);
  EXPECT_EQ(pacer.wait("a.example", start + milliseconds(300)), milliseconds(700));
  EXPECT_EQ(pacer.wait("b.example", start + milliseconds(300)), Pacer::Duration::zero()) << "another host";
  EXPECT_EQ(pacer.wait("a.example", start + milliseconds(1000)), Pacer::Duration::zero());
  EXPECT_EQ(pacer.wait("a.example", start + milliseconds(9000)), Pacer::Duration::zero());
}

TEST(Ranking, NewAndRecentComeFirst) {
  SeedIndex seeds;
  seeds.add(take("http://old.example/x/seed.php"), today - 200);
  seeds.add(take("http://new.example/x/seed.php"), today - 1);
  Ranking ranking(seeds, {.as_of = today});
  std::vector<Candidate> candidates;
  auto add = [&](const char* text, Day first) {
    Taken url = take(text);
    auto around = seeds.around(url);
    candidates.push_back({std::move(url), first, first, std::move(around)});
  };
  add("http://old.example/y/1.php", 100);
  add("http://new.example/y/1.php", 100);
  add("http://new.example/y/2.php", today - 2);
  ranking.add(std::move(candidates));
  EXPECT_LT(ranking.score(0), ranking.score(1));
  EXPECT_LT(ranking.score(1), ranking.score(2));
  EXPECT_EQ(ranking.by_score(), (std::vector<size_t>{2, 1, 0}));
}

}  // namespace
}  // namespace shikake::neighbourhood
