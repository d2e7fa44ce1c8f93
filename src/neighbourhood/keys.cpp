#include "neighbourhood/keys.h"

#include "neighbourhood/hash.h"
#include "neighbourhood/telling.h"
#include "url/structure.h"

namespace shikake::neighbourhood {
namespace {

constexpr size_t cached_hosts = size_t{1} << 15;  // some 4 MB; a crawl's or a log's URLs come by host
constexpr uint64_t s1_mask = (uint64_t{1} << s1_bits) - 1;
constexpr uint64_t path_seed = 1, host_seed = 2;  // keep the two kinds of shape apart

uint64_t tenant_part(std::string_view tenant_key) {
  return hash64(tenant_key) & ~s1_mask;
}

uint32_t shape(std::string_view text, uint64_t seed) {
  auto hash = static_cast<uint32_t>(hash64(text, seed));
  return hash == 0 ? 1 : hash;  // 0 says that there is none
}

}  // namespace

uint64_t place_of(std::string_view tenant_key, std::string_view s1) {
  return tenant_part(tenant_key) | (hash64(s1) & s1_mask);
}

uint32_t path_shape_of(std::string_view s2) {
  return telling_path(s2) != Telling::no ? shape(s2, path_seed) : 0;
}

uint32_t host_shape_of(std::string_view folded_host) {
  return telling_host(folded_host) != Telling::no ? shape(folded_host, host_seed) : 0;
}

struct KeyReader::HostKeys {
  std::string host;
  uint64_t tenant = 0;  // tenant_part, unless the tenant is told by the path
  bool tenant_by_path = false;
  uint32_t shape = 0;
};

KeyReader::KeyReader() = default;
KeyReader::~KeyReader() = default;

const KeyReader::HostKeys& KeyReader::keys_of_host(const url::Url& url) {
  std::string_view host = url.hostname();
  if (cache_.empty()) cache_.resize(cached_hosts);
  HostKeys& keys = cache_[hash64(host) % cached_hosts];
  if (keys.host == host) return keys;
  keys.host = host;
  url::Tenant tenant = url::tenant(url);
  keys.tenant_by_path = tenant.grain == url::TenantGrain::platform_path;
  keys.tenant = tenant_part(tenant.key);
  keys.shape = host_shape_of(url::host_structure(url).folded);
  return keys;
}

Keys KeyReader::read(const url::Url& url) {
  const HostKeys& host = keys_of_host(url);
  const url::PathStructure structure = url::path_structure(url);
  const uint64_t tenant = host.tenant_by_path ? tenant_part(url::tenant_key(url)) : host.tenant;
  return {tenant | (hash64(structure.s1) & s1_mask), path_shape_of(structure.s2), host.shape};
}

Result<url::Url> corpus_url(url::Url parsed) {
  auto refuse = [](ErrorCode code, const char* why) { return fail(Module::neighbourhood, code, why); };
  if (!parsed.is_http()) return refuse(ErrorCode::unsupported, "not a web URL");
  if (parsed.hostname().empty()) return refuse(ErrorCode::invalid_input, "no host");
  if (parsed.fragment()) parsed.set_hash("");
  if (parsed.has_credentials()) {
    parsed.set_username("");
    parsed.set_password("");
  }
  if (parsed.href().size() > longest_url) return refuse(ErrorCode::limit, "too long a URL");
  return parsed;
}

Result<url::Url> corpus_url(std::string_view text) {
  // Parsing only makes it longer but for what goes with the fragment; past this no reader need try.
  constexpr size_t longest_text = 4 * longest_url;
  if (text.size() > longest_text) return fail(Module::neighbourhood, ErrorCode::limit, "too long a URL");
  auto parsed = url::Url::parse(text);
  if (!parsed) return fail(Module::neighbourhood, ErrorCode::invalid_input, "not a URL");
  return corpus_url(std::move(*parsed));
}

}  // namespace shikake::neighbourhood
