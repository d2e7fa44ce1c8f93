#include "url/tenant.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "url/suffix.h"

namespace shikake::url {
namespace {

enum Where : uint8_t { in_labels, in_segments };

struct Platform {
  std::string_view host;
  Where where;
  uint8_t count;
};

constexpr Platform platforms[] = {
#include "url/platforms.inc"
};

constexpr size_t dots_in(std::string_view host) {
  return static_cast<size_t>(std::count(host.begin(), host.end(), '.'));
}
constexpr size_t most_dots = [] {
  size_t most = 0;
  for (const Platform& platform : platforms) most = std::max(most, dots_in(platform.host));
  return most;
}();

const Platform* find_platform(std::string_view host) {
  static const auto* const by_host = [] {
    auto* map = new std::unordered_map<std::string_view, const Platform*>;  // lives as long as the program
    for (const Platform& platform : platforms) map->emplace(platform.host, &platform);
    return map;
  }();
  // From the shortest ending of the host to the longest that a row may have; the longest that fits wins.
  const Platform* found = nullptr;
  size_t dot = host.size();
  for (size_t dots = 0; dots <= most_dots + 1 && dot != host.npos; ++dots) {
    dot = dot == 0 ? host.npos : host.rfind('.', dot - 1);
    std::string_view ending = dot == host.npos ? host : host.substr(dot + 1);
    auto row = by_host->find(ending);
    if (row == by_host->end()) continue;
    std::string_view before = host.substr(0, host.size() - ending.size());
    bool fits = row->second->where == in_labels ? !before.empty() : before.empty() || before == "www.";
    if (fits) found = row->second;
  }
  return found;
}

// The last `count` labels in front of `ending`, and `ending`.
std::string_view with_labels(std::string_view host, std::string_view ending, size_t count) {
  size_t begin = host.size() - ending.size();
  for (; count > 0 && begin > 0; --count) {
    size_t dot = begin < 2 ? host.npos : host.rfind('.', begin - 2);
    begin = dot == host.npos ? 0 : dot + 1;
  }
  return host.substr(begin);
}

// `host` and up to `count` segments of the path: as many as there are.
std::string with_segments(std::string_view host, std::string_view path, size_t count) {
  size_t end = 0;
  for (; count > 0 && end < path.size(); --count) end = std::min(path.find('/', end + 1), path.size());
  while (end > 0 && path[end - 1] == '/') --end;
  return std::string(host).append(path.substr(0, end));
}

}  // namespace

uint64_t tenant_rules() {
  uint64_t hash = suffix_list_version();
  auto mix = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3; };  // FNV-1a
  for (const Platform& platform : platforms) {
    for (char c : platform.host) mix(static_cast<unsigned char>(c));
    mix(platform.where);
    mix(platform.count);
  }
  return hash;
}

Tenant tenant(const Url& url) {
  using enum TenantGrain;
  std::string_view host = url.hostname();
  switch (url.host_kind()) {
    case HostKind::none:
    case HostKind::empty:
      return {};
    case HostKind::ipv4:
    case HostKind::ipv6:
      return {url.ip()->to_string(), address};
    case HostKind::domain:
    case HostKind::opaque:
      break;
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (const Platform* platform = find_platform(host)) {
    if (platform->where == in_labels) {
      return {std::string(with_labels(host, platform->host, platform->count)), platform_host};
    }
    return {with_segments(platform->host, url.pathname(), platform->count), platform_path};
  }
  if (std::string_view domain_name = registrable_domain(host); !domain_name.empty()) {
    bool shared = is_private_suffix(domain_name.substr(domain_name.find('.') + 1));
    return {std::string(domain_name), shared ? platform_host : domain};
  }
  if (host.find('.') != host.npos) return {with_segments(host, url.pathname(), 1), platform_path};
  return {std::string(host), name};
}

}  // namespace shikake::url
