#include "url/describe.h"

#include <array>

#include "url/suffix.h"

namespace shikake::url {

Description describe(const Url& url) {
  Description d;
  d.href = url.href();
  d.scheme = url.scheme();
  d.username = url.username();
  d.password = url.password();
  d.host = url.hostname();
  d.port = url.port_number();
  d.path = url.pathname();
  d.query = url.query();
  d.fragment = url.fragment();
  d.origin = url.origin();
  if (!url.ip()) d.registrable_domain = registrable_domain(url.hostname());
  Tenant owner = tenant(url);
  d.tenant_key = std::move(owner.key);
  d.tenant_grain = owner.grain;
  d.structure = path_structure(url);
  d.host_structure = host_structure(url);
  if (auto address = url.ip()) d.address_purpose = name(special_purpose(*address));
  return d;
}

std::string_view name(TenantGrain grain) {
  constexpr std::array names = {"none", "address", "domain", "name", "platform_host", "platform_path"};
  static_assert(names.size() == static_cast<size_t>(TenantGrain::platform_path) + 1);
  return names[static_cast<size_t>(grain)];
}

}  // namespace shikake::url
