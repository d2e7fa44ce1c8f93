// Known malicious URLs and the neighbourhoods that they span: the question "is this URL near one of them, and
// why" without any corpus.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "neighbourhood/day.h"
#include "url/structure.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::neighbourhood {

// Why a URL is a neighbour. From closest to widest.
enum class Rule : uint8_t {
  place,       // same tenant, same S1
  path_shape,  // same S2 on another tenant; the S2 tells, and was bad on several
  host_shape,  // same folded host and S1 on another tenant; likewise
};
std::string_view name(Rule rule);  // "tk+s1", "s2", "host+s1"

// A URL taken apart once.
struct Taken {
  url::Url url;
  url::Tenant tenant;
  url::PathStructure path;
  url::HostStructure host;
};
Taken take_apart(url::Url url);

// One set of URLs that are of a make, as far as the seeds in it tell.
struct Neighbourhood {
  Rule rule = Rule::place;
  std::string key;                   // "tenant S1", S2, "folded-host S1"
  std::vector<std::string> seeds;    // the last few, newest last
  std::vector<std::string> tenants;  // of the seeds, sorted; at most tenants_remembered
  uint64_t seed_count = 0;
  Day last_seen = 0;  // of its seeds
};
inline constexpr size_t seeds_remembered = 5;     // for the record: why
inline constexpr size_t tenants_remembered = 64;  // more tell no more

class SeedIndex {
 public:
  // Adding one again only renews its day. Order doesn't matter but for which seeds are remembered.
  void add(const Taken& seed, Day last_seen);
  bool contains(std::string_view href) const { return seeds_.contains(std::string(href)); }
  size_t size() const { return seeds_.size(); }

  // The neighbourhoods that this URL lies in, closest rule first; empty: in none. Its own tenant does not
  // count among the tenants that a shape needs. Pointers hold until the index is destroyed.
  std::vector<const Neighbourhood*> around(const Taken& url) const;

  const std::unordered_map<std::string, Day>& seeds() const { return seeds_; }
  // In a fixed order.
  std::vector<const Neighbourhood*> neighbourhoods() const;

 private:
  const Neighbourhood* find(Rule rule, const std::string& key) const;
  void note(Rule rule, std::string key, const Taken& seed, Day last_seen, bool fresh);

  std::unordered_map<std::string, Day> seeds_;
  std::unordered_map<std::string, std::unique_ptr<Neighbourhood>> neighbourhoods_[3];  // by rule
};

std::string place_key(const Taken& url);
std::string host_key(const Taken& url);

}  // namespace shikake::neighbourhood
