// Time split: of the malicious URLs that come new each day, how many lie in a neighbourhood of older ones?
// docs/neighbourhood.md, "Time split". Prints one JSON document.
//
//   build/release/bench/neighbourhood_split_bench [--benign FILE] DATED_LIST…
//
// A list is whatever `corpus add` reads that has dates; a folder stands for its files. Seeds are strictly of
// earlier days; each URL is judged once, on its first day. The benign set is judged at the end, against all
// seeds.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dated_lists.h"
#include "neighbourhood/seeds.h"

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace shikake;
using namespace shikake::neighbourhood;

// The three kinds that are told apart, because each hides the others.
enum Kind { shared_host, root_path, other_path, kinds };
constexpr const char* kind_names[kinds] = {"shared_hosts", "root_paths", "other_paths"};
Kind kind_of(const Taken& url) {
  if (url.tenant.grain == url::TenantGrain::platform_host ||
      url.tenant.grain == url::TenantGrain::platform_path)
    return shared_host;
  return url.url.path_and_query() == "/" ? root_path : other_path;
}

struct Counts {
  uint64_t judged = 0, floor = 0, any = 0;
  uint64_t by_rule[3] = {};  // the closest
  void count(const std::vector<const Neighbourhood*>& around) {
    ++judged;
    if (around.empty()) return;
    ++any;
    floor += around.front()->rule == Rule::place;
    ++by_rule[static_cast<size_t>(around.front()->rule)];
  }
  json::object row() const {
    auto share = [&](uint64_t part) {
      return judged ? 100.0 * static_cast<double>(part) / static_cast<double>(judged) : 0.0;
    };
    return {{"judged", judged},
            {"floor_tk_s1", floor},
            {"any", any},
            {"floor_percent", share(floor)},
            {"any_percent", share(any)},
            {"points_more", share(any) - share(floor)},
            {"closest_tk_s1", by_rule[0]},
            {"closest_s2", by_rule[1]},
            {"closest_host_s1", by_rule[2]}};
  }
};

struct Tally {
  Counts all, by_kind[kinds];
  void count(const Taken& url, const std::vector<const Neighbourhood*>& around) {
    all.count(around);
    by_kind[kind_of(url)].count(around);
  }
  json::object kinds_row() const {
    json::object row;
    for (int kind = 0; kind < kinds; ++kind) row[kind_names[kind]] = by_kind[kind].row();
    return row;
  }
};

// Day by day: judged by the seeds of the days before, then seeds themselves.
json::object judge_malicious(const bench::DatedUrls& bad, SeedIndex& seeds, uint64_t& near) {
  std::map<Day, std::vector<Taken>> days;
  for (const auto& [text, day] : bad.first_seen) days[day].push_back(take_apart(*url::Url::parse(text)));
  Tally tally;
  for (const auto& [day, urls] : days) {
    for (const Taken& url : urls) tally.count(url, seeds.around(url));
    for (const Taken& url : urls) seeds.add(url, day);
  }
  near = tally.all.any;
  return {{"rows_refused", bad.refused},
          {"days", days.size()},
          {"all", tally.all.row()},
          {"by_kind", tally.kinds_row()}};
}

json::object judge_benign(const bench::DatedUrls& benign, const SeedIndex& seeds, uint64_t& near) {
  constexpr size_t shown = 20;
  Tally tally;
  uint64_t known = 0;
  json::array examples;
  std::set<std::string> tenants;
  for (const auto& [text, day] : benign.first_seen) {
    const Taken url = take_apart(*url::Url::parse(text));
    tenants.insert(url.tenant.key);
    // Listed as malicious: no candidate, and no false positive of a neighbourhood.
    const bool is_seed = seeds.contains(text);
    known += is_seed;
    const auto around = is_seed ? std::vector<const Neighbourhood*>{} : seeds.around(url);
    tally.count(url, around);
    if (!around.empty() && examples.size() < shown)
      examples.push_back(
          json::value(text + "  " + std::string(name(around.front()->rule)) + " " + around.front()->key));
  }
  near = tally.all.any;
  return {
      {"urls", tally.all.judged},
      {"tenants", tenants.size()},
      {"listed_as_malicious", known},
      {"false_positives", near},
      {"false_positive_percent", 100.0 * static_cast<double>(near) / static_cast<double>(tally.all.judged)},
      {"by_kind", tally.kinds_row()},
      {"examples", std::move(examples)}};
}

}  // namespace

int main(int argc, char** argv) {
  bench::DatedUrls bad, benign;
  for (int i = 1; i < argc; ++i) {
    const bool is_benign = std::string_view(argv[i]) == "--benign" && i + 1 < argc;
    if (!(is_benign ? benign.read(argv[++i]) : bad.read(argv[i]))) return 1;
  }
  if (bad.first_seen.empty()) return std::fprintf(stderr, "name a dated list\n"), 2;
  SeedIndex seeds;
  uint64_t found = 0, wrong = 0;
  json::object out{{"malicious", judge_malicious(bad, seeds, found)}};
  if (!benign.first_seen.empty()) {
    out["benign"] = judge_benign(benign, seeds, wrong);
    // Were the two lists one stream, of which each near URL is inspected once.
    out["candidates_an_inspection_hit"] =
        found ? static_cast<double>(found + wrong) / static_cast<double>(found) : 0.0;
  }
  std::cout << json::serialize(out) << "\n";
}
