#include "honeyclient/chain/site.h"

#include "url/tenant.h"
#include "url/url.h"

namespace shikake::honeyclient::chain {

std::string site_of(const std::string& url) {
  Result<url::Url> parsed = url::Url::parse(url);
  return parsed && parsed->is_http() ? url::tenant_key(*parsed) : std::string();
}

}  // namespace shikake::honeyclient::chain
