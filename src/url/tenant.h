// Who owns a URL's name: the grain at which reputation may be given without hitting anyone else.
#pragma once

#include <cstdint>
#include <string>

#include "url/url.h"

namespace shikake::url {

enum class TenantGrain : uint8_t {
  none,           // no host at all; the key is empty
  address,        // an IP address
  domain,         // a registrable domain: its owner answers for every name below it
  name,           // a host without a registrable domain: localhost, or a top-level domain itself
  platform_host,  // one of many tenants of a platform, told apart by name: never judge the platform's domain
                  // by it
  platform_path,  // the same, told apart by path: never judge even the host by it
};

struct Tenant {
  std::string key;
  TenantGrain grain = TenantGrain::none;
};

// The tenant key (docs/url.md says more):
//
//   http://192.0.2.7:8080/x               192.0.2.7                    address
//   https://www.example.co.jp/a           example.co.jp                domain
//   https://evil.duckdns.org/             evil.duckdns.org             platform_host: a private public suffix
//   https://a.someone.weebly.com/         someone.weebly.com           platform_host: a row of platforms.inc
//   https://sites.google.com/view/shop/a  sites.google.com/view/shop   platform_path: the same
//   https://s3.amazonaws.com/bucket/a     s3.amazonaws.com/bucket      platform_path: the host is itself a
//   suffix http://localhost/                     localhost                    name mailto:someone@example.com
//   none
Tenant tenant(const Url& url);
// Another number when tenant keys may be others: another suffix list, another list of platforms.
uint64_t tenant_rules();
inline std::string tenant_key(const Url& url) {
  return tenant(url).key;
}

}  // namespace shikake::url
