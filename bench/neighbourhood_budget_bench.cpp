// Budget on real URLs: seeds of earlier days, a pool of later malicious ones among at least twenty times as
// many benign ones, on the same tenants too. What share of the hits that inspecting every candidate finds do
// the first inspections find? docs/neighbourhood.md, "Budget". Prints one JSON document.
//
//   build/release/bench/neighbourhood_budget_bench --benign FILE [--days N] [--seed N] [--plot FILE]
//   DATED_LIST…
//
// The last N days (60) of the list are the pool, those before are seeds. Benign are FILE's URLs, and for each
// malicious one twenty made to be hard to tell from it: on its tenant and of its S1, with paths of FILE that
// have that S1, or for root paths with FILE's names of hosts; where FILE has too few, paths of another S1.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "dated_lists.h"
#include "neighbourhood/campaign.h"
#include "neighbourhood/corpus_writer.h"
#include "neighbourhood/keys.h"

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace shikake;
using namespace shikake::neighbourhood;

constexpr size_t benign_a_malicious = 20;

struct Settings {
  std::string benign, plot;
  std::vector<fs::path> lists;
  int days = 60;
  uint64_t seed = 1;
};

// Benign URLs that share tenant and S1 with malicious ones.
class Siblings {
 public:
  Siblings(const std::map<std::string, Day>& benign, uint64_t seed) : random_(seed) {
    for (const auto& [text, day] : benign) {
      const Taken url = take_apart(*url::Url::parse(text));
      const std::string path(url.url.path_and_query());
      if (path != "/") by_s1_[url.path.s1].push_back(path), any_.push_back(path);
      const std::string host(url.url.hostname());
      const size_t dot = host.find('.');
      if (url.tenant.grain == url::TenantGrain::domain && host.size() > url.tenant.key.size())
        names_.push_back(host.substr(0, dot));
    }
  }
  void add(const Taken& malicious, std::unordered_set<std::string>& pool) {
    const std::string start = std::string(malicious.url.protocol()) + "//";
    const std::string host(malicious.url.host());
    const bool root = malicious.url.path_and_query() == "/";
    const auto same = by_s1_.find(malicious.path.s1);
    size_t made = 0;
    for (size_t tries = 0; made < benign_a_malicious && tries < 10 * benign_a_malicious; ++tries) {
      std::string text;
      if (root && malicious.tenant.grain == url::TenantGrain::domain)
        text = start + pick(names_) + "." + malicious.tenant.key + "/";
      else if (!root && same != by_s1_.end() && tries < 5 * benign_a_malicious)
        text = start + host + pick(same->second);
      else
        text = start + host + pick(any_);
      auto url = corpus_url(text);
      made += url && pool.insert(url->href()).second;
    }
  }

 private:
  const std::string& pick(const std::vector<std::string>& from) {
    return from[std::uniform_int_distribution<size_t>(0, from.size() - 1)(random_)];
  }
  std::mt19937_64 random_;
  std::map<std::string, std::vector<std::string>> by_s1_;
  std::vector<std::string> any_, names_;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

json::object measure(const Campaign& campaign) {
  const auto& steps = campaign.steps();
  json::array curve;
  std::vector<uint64_t> found{0};
  for (const Campaign::Step& step : steps) found.push_back(found.back() + step.result.malicious);
  const auto total = static_cast<double>(found.back());
  auto share_after = [&](double part) {
    return static_cast<double>(found[static_cast<size_t>(part * static_cast<double>(steps.size()))]) / total;
  };
  for (int percent = 5; percent <= 100; percent += 5)
    curve.push_back({{"inspections_percent", percent}, {"hits_percent", 100 * share_after(percent / 100.0)}});
  const auto ninety = std::lower_bound(found.begin(), found.end(), static_cast<uint64_t>(0.9 * total));
  return {{"candidates", steps.size()},
          {"malicious_candidates", found.back()},
          {"hits_percent_after_a_quarter", 100 * share_after(0.25)},
          {"inspections_percent_for_90_percent",
           100.0 * static_cast<double>(ninety - found.begin()) / static_cast<double>(steps.size())},
          {"curve", curve}};
}

json::object run(const Settings& settings) {
  bench::DatedUrls bad_list, benign_list;
  for (const fs::path& list : settings.lists)
    if (!bad_list.read(list)) std::exit(1);
  const auto &bad = bad_list.first_seen, &benign = benign_list.first_seen;
  if (!benign_list.read(settings.benign) || bad.empty() || benign.empty()) std::exit(1);
  Day last = 0;
  for (const auto& [url, day] : bad) last = std::max(last, day);
  const auto split = static_cast<Day>(last - settings.days);

  SeedIndex seeds;
  Siblings siblings(benign, settings.seed);
  std::unordered_set<std::string> malicious, pool;
  for (const auto& [text, day] : bad) {
    if (day <= split)
      seeds.add(take_apart(*url::Url::parse(text)), day);
    else
      malicious.insert(text);
  }
  for (const auto& [text, day] : benign)
    if (!bad.contains(text)) pool.insert(text);
  std::vector<std::string> sorted(malicious.begin(), malicious.end());
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& text : sorted) siblings.add(take_apart(*url::Url::parse(text)), pool);
  for (const auto& [text, day] : bad) pool.erase(text);  // a made-up sibling that is listed is none

  std::string name = (fs::temp_directory_path() / "shikake-neighbourhood-budget-XXXXXX").string();
  if (!::mkdtemp(name.data())) std::exit(1);
  const fs::path folder = name;
  {
    auto writer = must(CorpusWriter::open(folder, {.threads = 1}));
    for (const std::unordered_set<std::string>* set : {&malicious, &pool}) {
      std::vector<std::string> urls(set->begin(), set->end());
      std::sort(urls.begin(), urls.end());
      for (const std::string& url : urls) writer->add(url, last, last);
    }
    must(writer->commit());
  }
  auto corpus = must(Corpus::open(folder));
  CampaignOptions options;
  options.ranking = {.seed = settings.seed, .as_of = last, .per_host = SIZE_MAX};
  options.budget = SIZE_MAX;
  const size_t seed_count = seeds.size();
  Campaign campaign(&corpus, seeds, options, {});
  must(campaign.gather());
  must(campaign.run([&](const Candidate& candidate) -> Result<Inspection> {
    const bool bad_one = malicious.contains(candidate.url.url.href());
    return Inspection{bad_one, bad_one ? "malicious" : "benign", ""};
  }));
  if (!settings.plot.empty()) std::ofstream(settings.plot) << campaign.yield_plot();
  fs::remove_all(folder);
  json::object out = measure(campaign);
  out["seeds"] = seed_count;
  out["pool_malicious"] = malicious.size();
  out["pool_benign"] = pool.size();
  out["benign_a_malicious"] = static_cast<double>(pool.size()) / static_cast<double>(malicious.size());
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--benign" && more)
      settings.benign = argv[++i];
    else if (argument == "--plot" && more)
      settings.plot = argv[++i];
    else if (argument == "--days" && more)
      settings.days = std::stoi(argv[++i]);
    else if (argument == "--seed" && more)
      settings.seed = std::stoull(argv[++i]);
    else
      settings.lists.emplace_back(argument);
  }
  if (settings.benign.empty() || settings.lists.empty())
    return std::fprintf(stderr, "name a benign list and a dated one\n"), 2;
  std::cout << json::serialize(run(settings)) << "\n";
}
