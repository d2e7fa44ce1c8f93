#include "neighbourhood/statistics.h"

#include <algorithm>

#include "url/structure.h"
#include "url/suffix.h"
#include "url/tenant.h"

namespace shikake::neighbourhood {

void Frequent::count(const std::string& what) {
  auto found = counts_.find(what);
  if (found != counts_.end()) {
    ++found->second;
    return;
  }
  if (counts_.size() < counters) {
    counts_.emplace(what, 1);
    return;
  }
  ++error_;
  for (auto at = counts_.begin(); at != counts_.end();)
    at = --at->second == 0 ? counts_.erase(at) : std::next(at);
}

std::vector<Frequent::Row> Frequent::most(size_t number) const {
  std::vector<Row> rows;
  for (const auto& [what, count] : counts_) rows.push_back({what, count});
  auto more = [](const Row& a, const Row& b) {
    return a.count != b.count ? a.count > b.count : a.what < b.what;
  };
  const size_t kept = std::min(number, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<ptrdiff_t>(kept), rows.end(), more);
  rows.resize(kept);
  return rows;
}

Result<Statistics> statistics(Corpus& corpus, size_t rows) {
  Statistics total;
  Frequent tenants, platforms, places, paths, hosts;
  uint64_t last_place = 0;
  uint32_t last_path = 0, last_host = 0;
  std::string tenant;
  bool shared = false;
  SHIKAKE_TRY(corpus.for_each([&](const Keys& keys, const Entry& entry) {
    auto url = url::Url::parse(entry.url);
    if (!url) return true;
    const bool new_tenant = total.urls == 0 || (keys.place ^ last_place) >> s1_bits != 0;
    if (new_tenant) {
      const url::Tenant owner = url::tenant(*url);
      tenant = owner.key;
      shared =
          owner.grain == url::TenantGrain::platform_host || owner.grain == url::TenantGrain::platform_path;
      ++total.tenants;
      if (shared) {
        const size_t cut = owner.grain == url::TenantGrain::platform_path ? tenant.find('/') : tenant.npos;
        const std::string host = tenant.substr(0, cut);
        platforms.count(cut != tenant.npos || host.find('.') == host.npos ? host
                                                                          : host.substr(host.find('.') + 1));
      }
    }
    const url::PathStructure structure = url::path_structure(*url);
    ++total.urls;
    total.url_bytes += entry.url.size();
    total.first = total.urls == 1 ? entry.first : std::min(total.first, entry.first);
    total.last = std::max(total.last, entry.last);
    total.root_paths += url->path_and_query() == "/";
    total.on_shared_hosts += shared;
    tenants.count(tenant);
    places.count(tenant + " " + structure.s1);
    if (keys.path_shape && (new_tenant || keys.path_shape != last_path)) paths.count(structure.s2);
    if (keys.host_shape && (new_tenant || keys.host_shape != last_host))
      hosts.count(url::host_structure(*url).folded);
    last_place = keys.place, last_path = keys.path_shape, last_host = keys.host_shape;
    return true;
  }));
  total.largest_tenants = tenants.most(rows);
  total.largest_platforms = platforms.most(rows);
  total.largest_places = places.most(rows);
  total.widest_paths = paths.most(rows);
  total.widest_hosts = hosts.most(rows);
  for (const Frequent* list : {&tenants, &platforms, &places, &paths, &hosts})
    total.count_error = std::max(total.count_error, list->error());
  return total;
}

}  // namespace shikake::neighbourhood
