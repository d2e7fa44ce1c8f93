// A URL taken apart for people and programs: what `shikake url` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "url/structure.h"
#include "url/tenant.h"
#include "url/url.h"

namespace shikake::url {

struct Description {
  std::string href;
  std::string scheme;
  std::string username, password;
  std::string host;              // without port; "" where there is none
  std::optional<uint16_t> port;  // as written; nothing where it is the scheme's default
  std::string path;
  std::optional<std::string> query, fragment;  // without '?' and '#'
  std::string origin;
  std::string registrable_domain;  // "" for addresses and suffixes
  std::string tenant_key;
  TenantGrain tenant_grain = TenantGrain::none;
  PathStructure structure;
  HostStructure host_structure;
  std::string address_purpose;  // special_purpose() of a host that is an address, else ""
};

Description describe(const Url& url);
std::string_view name(TenantGrain grain);

}  // namespace shikake::url
