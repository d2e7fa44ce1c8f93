// Time split: of the malicious URLs that come new each day, how many lie in a neighbourhood of older ones?
// docs/neighbourhood.md, "Time split". Prints one JSON document.
//
//   build/release/bench/neighbourhood_split_bench [--benign FILE] DATED_LIST…
//
// A list is whatever `corpus add` reads that has dates; a folder stands for its files. Seeds are strictly of
// earlier days; each URL is judged once, on its first day. The benign set is judged at the end, against all
// seeds.
#include <fcntl.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "neighbourhood/keys.h"
#include "neighbourhood/seeds.h"
#include "neighbourhood/sources/source.h"

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace shikake;
using namespace shikake::neighbourhood;

class Collected final : public RowSink {
 public:
  Result<> url(std::string_view text, Day first, Day, uint64_t) override {
    auto url = corpus_url(text);
    if (!url) return ++refused, Result<>{};
    auto [at, fresh] = first_seen.try_emplace(url->href(), first);
    at->second = std::min(at->second, first);
    return {};
  }
  Result<> skip(std::string_view, uint64_t) override { return ++refused, Result<>{}; }

  std::map<std::string, Day> first_seen;
  uint64_t refused = 0;
};

bool read_all(const fs::path& path, Collected& into) {
  std::vector<fs::path> files;
  if (fs::is_directory(path))
    for (const auto& file : fs::directory_iterator(path)) files.push_back(file.path());
  else
    files.push_back(path);
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    base::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    Input input(fd.get());
    auto done = read_source(input, {"auto", UINT16_MAX}, into);
    if (!done) return std::fprintf(stderr, "%s: %s\n", file.c_str(), done.error().message().c_str()), false;
  }
  return true;
}

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

}  // namespace

int main(int argc, char** argv) {
  Collected bad, benign;
  bool any = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--benign" && i + 1 < argc) {
      if (!read_all(argv[++i], benign)) return 1;
    } else {
      any = true;
      if (!read_all(argument, bad)) return 1;
    }
  }
  if (!any) return std::fprintf(stderr, "name a dated list\n"), 2;

  std::map<Day, std::vector<std::string>> days;
  for (const auto& [url, day] : bad.first_seen) days[day].push_back(url);
  SeedIndex seeds;
  Counts all, by_kind[kinds];
  // What one would inspect: on each day every URL that is new in either list and near a seed.
  for (const auto& [day, urls] : days) {
    std::vector<Taken> taken;
    for (const std::string& text : urls) taken.push_back(take_apart(*url::Url::parse(text)));
    for (const Taken& url : taken) {
      const auto around = seeds.around(url);
      all.count(around);
      by_kind[kind_of(url)].count(around);
    }
    for (const Taken& url : taken) seeds.add(url, day);
  }
  json::object kinds_json;
  for (int kind = 0; kind < kinds; ++kind) kinds_json[kind_names[kind]] = by_kind[kind].row();
  json::object out{
      {"malicious",
       {{"rows_refused", bad.refused}, {"days", days.size()}, {"all", all.row()}, {"by_kind", kinds_json}}}};
  if (!benign.first_seen.empty()) {
    Counts near, near_kind[kinds];
    uint64_t known = 0;
    json::array examples;
    std::set<std::string> tenants;
    for (const auto& [text, day] : benign.first_seen) {
      const Taken url = take_apart(*url::Url::parse(text));
      tenants.insert(url.tenant.key);
      if (seeds.contains(text))
        ++known;  // listed as malicious: no candidate, and no false positive of a neighbourhood
      const auto around = seeds.contains(text) ? std::vector<const Neighbourhood*>{} : seeds.around(url);
      near.count(around);
      near_kind[kind_of(url)].count(around);
      if (!around.empty() && examples.size() < 20)
        examples.push_back(
            json::value(text + "  " + std::string(name(around.front()->rule)) + " " + around.front()->key));
    }
    json::object near_kinds;
    for (int kind = 0; kind < kinds; ++kind) near_kinds[kind_names[kind]] = near_kind[kind].row();
    const double percent = 100.0 * static_cast<double>(near.any) / static_cast<double>(near.judged);
    out["benign"] = {
        {"urls", near.judged},         {"tenants", tenants.size()},         {"listed_as_malicious", known},
        {"false_positives", near.any}, {"false_positive_percent", percent}, {"by_kind", near_kinds},
        {"examples", examples}};
    // Were the two lists one stream, of which each near URL is inspected once.
    out["candidates_an_inspection_hit"] =
        all.any ? static_cast<double>(all.any + near.any) / static_cast<double>(all.any) : 0.0;
  }
  std::cout << json::serialize(out) << "\n";
}
