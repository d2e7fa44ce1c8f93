#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "net/fetcher.h"

namespace shikake::net {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return {};
}

// One entry of no_proxy against a host: its name or a name above it, an address, a network.
bool excepted(std::string_view entry, const url::Url& url) {
  if (entry == "*") return true;
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  if (auto address = url.ip()) {
    auto network = url::Cidr::parse(entry);
    return network && network->contains(*address);
  }
  std::string_view host = url.hostname();
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == entry || (host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
  return {first_of({"http_proxy", "all_proxy", "ALL_PROXY"}),
          first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
          base::to_lower(first_of({"no_proxy", "NO_PROXY"}))};
}

const std::string& ProxySettings::for_url(const url::Url& url) const {
  static const std::string none;
  for (std::string_view rest = except; !rest.empty();) {
    size_t end = std::min(rest.find_first_of(", "), rest.size());
    if (excepted(rest.substr(0, end), url)) return none;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return url.scheme_kind() == url::SchemeKind::https ? https : http;
}

}  // namespace shikake::net
