#include "neighbourhood/seeds.h"

#include <algorithm>
#include <array>

#include "neighbourhood/telling.h"

namespace shikake::neighbourhood {
namespace {

// 0: the shape says nothing, whoever has it.
uint32_t tenants_needed(Telling telling) {
  switch (telling) {
    case Telling::yes:
      return tenants_if_telling;
    case Telling::weakly:
      return tenants_if_weak;
    case Telling::no:
      break;
  }
  return 0;
}

bool is_root(const Taken& url) {
  return url.url.path_and_query() == "/";
}

}  // namespace

std::string_view name(Rule rule) {
  constexpr std::array<std::string_view, 3> names = {"tk+s1", "s2", "host+s1"};
  return names[static_cast<size_t>(rule)];
}

Taken take_apart(url::Url url) {
  Taken taken;
  taken.tenant = url::tenant(url);
  taken.path = url::path_structure(url);
  taken.host = url::host_structure(url);
  taken.url = std::move(url);
  return taken;
}

std::string place_key(const Taken& url) {
  return url.tenant.key + ' ' + url.path.s1;
}
std::string host_key(const Taken& url) {
  return url.host.folded + ' ' + url.path.s1;
}

const Neighbourhood* SeedIndex::find(Rule rule, const std::string& key) const {
  const auto& map = neighbourhoods_[static_cast<size_t>(rule)];
  auto found = map.find(key);
  return found == map.end() ? nullptr : found->second.get();
}

void SeedIndex::note(Rule rule, std::string key, const Taken& seed, Day last_seen, bool fresh) {
  auto& slot = neighbourhoods_[static_cast<size_t>(rule)][key];
  if (!slot) {
    slot = std::make_unique<Neighbourhood>();
    slot->rule = rule;
    slot->key = std::move(key);
  }
  Neighbourhood& around = *slot;
  around.last_seen = std::max(around.last_seen, last_seen);
  if (!fresh) return;
  ++around.seed_count;
  if (around.seeds.size() == seeds_remembered) around.seeds.erase(around.seeds.begin());
  around.seeds.push_back(seed.url.href());
  auto at = std::lower_bound(around.tenants.begin(), around.tenants.end(), seed.tenant.key);
  if (around.tenants.size() < tenants_remembered && (at == around.tenants.end() || *at != seed.tenant.key))
    around.tenants.insert(at, seed.tenant.key);
}

void SeedIndex::add(const Taken& seed, Day last_seen) {
  auto [at, fresh] = seeds_.try_emplace(seed.url.href(), last_seen);
  at->second = std::max(at->second, last_seen);
  note(Rule::place, place_key(seed), seed, last_seen, fresh);
  if (!is_root(seed) && telling_path(seed.path.s2) != Telling::no)
    note(Rule::path_shape, seed.path.s2, seed, last_seen, fresh);
  if (telling_host(seed.host.folded) != Telling::no)
    note(Rule::host_shape, host_key(seed), seed, last_seen, fresh);
}

std::vector<const Neighbourhood*> SeedIndex::around(const Taken& url) const {
  std::vector<const Neighbourhood*> found;
  if (const Neighbourhood* place = find(Rule::place, place_key(url))) found.push_back(place);
  auto take_if_wide = [&](Rule rule, const std::string& key, uint32_t needed) {
    const Neighbourhood* shape = needed ? find(rule, key) : nullptr;
    if (!shape) return;
    const bool own = std::binary_search(shape->tenants.begin(), shape->tenants.end(), url.tenant.key);
    if (shape->tenants.size() - own >= needed) found.push_back(shape);
  };
  take_if_wide(Rule::path_shape, url.path.s2, tenants_needed(telling_path(url.path.s2)));
  take_if_wide(Rule::host_shape, host_key(url), tenants_needed(telling_host(url.host.folded)));
  return found;
}

std::vector<const Neighbourhood*> SeedIndex::neighbourhoods() const {
  std::vector<const Neighbourhood*> all;
  for (const auto& map : neighbourhoods_)
    for (const auto& [key, around] : map) all.push_back(around.get());
  std::sort(all.begin(), all.end(), [](const Neighbourhood* a, const Neighbourhood* b) {
    return std::tie(a->rule, a->key) < std::tie(b->rule, b->key);
  });
  return all;
}

}  // namespace shikake::neighbourhood
