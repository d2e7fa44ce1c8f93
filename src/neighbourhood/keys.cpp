#include "neighbourhood/keys.h"

#include <algorithm>

#include "neighbourhood/hash.h"
#include "neighbourhood/telling.h"
#include "url/structure.h"

namespace shikake::neighbourhood {
namespace {

constexpr size_t cached_hosts = size_t{1} << 15;  // some 6 MB; a crawl's or a log's URLs come by host
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

uint32_t key_rules() {
  constexpr uint64_t structures =
      1;  // to be raised when S1, S2 or the folded host change (src/url/structure.cpp)
  static const uint64_t rules = url::tenant_rules() ^ telling_rules() ^ hash64("structures", structures);
  return static_cast<uint32_t>(rules ^ rules >> 32);
}

struct KeyReader::HostKeys {
  std::string host, tenant, folded;
  uint64_t tenant_part = 0;
  bool tenant_by_path = false;  // then neither tenant nor tenant_part is told
  uint32_t shape = 0;
};

KeyReader::KeyReader() = default;
KeyReader::~KeyReader() = default;

const KeyReader::HostKeys* KeyReader::keys_of_host(std::string_view host, std::string_view href) {
  if (last_ && last_->host == host) return last_;
  last_ = nullptr;
  if (cache_.empty()) cache_.resize(cached_hosts);
  HostKeys& keys = cache_[hash64(host) % cached_hosts];
  if (keys.host == host) return last_ = &keys;
  auto url = url::Url::parse(href);
  if (!url || url->hostname() != host) return nullptr;
  keys.host = host;
  url::Tenant tenant = url::tenant(*url);
  keys.tenant_by_path = tenant.grain == url::TenantGrain::platform_path;
  keys.tenant_part = tenant_part(tenant.key);
  keys.tenant = std::move(tenant.key);
  keys.folded = url::host_structure(*url).folded;
  keys.shape = host_shape_of(keys.folded);
  return last_ = &keys;
}

namespace {

struct Pieces {
  std::string_view host, path, query;
};

// The text is http[s]://host[:port]/path[?query], and nothing else. No host where it is not.
Pieces pieces_of(std::string_view href) {
  const size_t scheme_end = href.find("://");
  if (scheme_end == href.npos) return {};
  const size_t host_begin = scheme_end + 3, path_begin = href.find('/', host_begin);
  if (path_begin == href.npos) return {};
  const std::string_view host = href.substr(host_begin, path_begin - host_begin);
  const size_t address_end = host.starts_with('[') ? host.find(']') + 1 : 0;
  const size_t query_begin = std::min(href.find('?', path_begin), href.size());
  return {host.substr(0, host.find(':', address_end)), href.substr(path_begin, query_begin - path_begin),
          href.substr(std::min(query_begin + 1, href.size()))};
}

}  // namespace

bool KeyReader::lies_at(std::string_view tenant, std::string_view s1, std::string_view href) {
  const Pieces pieces = pieces_of(href);
  const bool below =
      pieces.host.ends_with(tenant) &&
      (pieces.host.size() == tenant.size() || pieces.host[pieces.host.size() - tenant.size() - 1] == '.');
  if (!below) {  // an IPv6 address, a dot at the end, or told by the path
    const Reading* reading = read(href);
    return reading && reading->tenant == tenant && reading->s1 == s1;
  }
  shape_.read(pieces.path, pieces.query);
  return shape_.s1() == s1;
}

const Reading* KeyReader::read(std::string_view href) {
  const Pieces pieces = pieces_of(href);
  if (pieces.host.empty()) return nullptr;
  const HostKeys* of_host = keys_of_host(pieces.host, href);
  if (!of_host) return nullptr;
  shape_.read(pieces.path, pieces.query);
  uint64_t tenant = of_host->tenant_part;
  reading_.tenant = of_host->tenant;
  if (of_host->tenant_by_path) {
    auto url = url::Url::parse(href);
    if (!url) return nullptr;
    tenant_by_path_ = url::tenant_key(*url);
    reading_.tenant = tenant_by_path_;
    tenant = tenant_part(tenant_by_path_);
  }
  reading_.folded_host = of_host->folded;
  reading_.s1 = shape_.s1();
  reading_.place = tenant | (hash64(reading_.s1) & s1_mask);
  reading_.host_shape = of_host->shape;
  return &reading_;
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
