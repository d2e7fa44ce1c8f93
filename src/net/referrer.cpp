#include "net/referrer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace shikake::net {
namespace {

constexpr std::array<std::pair<std::string_view, ReferrerPolicy>, 8> tokens = {{
    {"no-referrer", ReferrerPolicy::no_referrer},
    {"no-referrer-when-downgrade", ReferrerPolicy::no_referrer_when_downgrade},
    {"same-origin", ReferrerPolicy::same_origin},
    {"origin", ReferrerPolicy::origin},
    {"strict-origin", ReferrerPolicy::strict_origin},
    {"origin-when-cross-origin", ReferrerPolicy::origin_when_cross_origin},
    {"strict-origin-when-cross-origin", ReferrerPolicy::strict_origin_when_cross_origin},
    {"unsafe-url", ReferrerPolicy::unsafe_url},
}};

// https://w3c.github.io/webappsec-referrer-policy/#strip-url; longer ones are cut down to the origin.
constexpr size_t longest_referrer = 4096;

// https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy, as far as URLs show it.
bool is_trustworthy(const url::Url& url) {
  if (url.scheme_kind() == url::SchemeKind::https || url.scheme_kind() == url::SchemeKind::wss) return true;
  if (auto address = url.ip()) return url::special_purpose(*address) == url::SpecialPurpose::loopback;
  std::string_view host = url.hostname();
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

std::optional<ReferrerPolicy> parse_referrer_policy(std::string_view token) {
  for (const auto& [text, policy] : tokens) {
    bool equal = std::equal(token.begin(), token.end(), text.begin(), text.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
    });
    if (equal) return policy;
  }
  return std::nullopt;
}

std::optional<ReferrerPolicy> referrer_policy_of_header(std::string_view value) {
  std::optional<ReferrerPolicy> last;
  while (!value.empty()) {
    size_t end = std::min(value.find(','), value.size());
    std::string_view token = value.substr(0, end);
    size_t first = std::min(token.find_first_not_of(" \t"), token.size());
    token = token.substr(first, token.find_last_not_of(" \t") + 1 - first);
    if (auto policy = parse_referrer_policy(token)) last = policy;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return last;
}

std::string referrer(ReferrerPolicy policy, const url::Url& from, const url::Url& to) {
  if (!from.is_http()) return {};
  url::Url page = from;
  page.set_username("");
  page.set_password("");
  page.set_hash("");
  std::string origin = from.origin() + "/";
  const std::string& whole = page.href().size() > longest_referrer ? origin : page.href();
  bool same = from.origin() == to.origin();
  bool downgrade = is_trustworthy(from) && !is_trustworthy(to);
  switch (policy) {
    case ReferrerPolicy::no_referrer:
      return {};
    case ReferrerPolicy::no_referrer_when_downgrade:
      return downgrade ? "" : whole;
    case ReferrerPolicy::same_origin:
      return same ? whole : "";
    case ReferrerPolicy::origin:
      return origin;
    case ReferrerPolicy::strict_origin:
      return downgrade ? "" : origin;
    case ReferrerPolicy::origin_when_cross_origin:
      return same ? whole : origin;
    case ReferrerPolicy::strict_origin_when_cross_origin:
      if (same) return whole;
      return downgrade ? "" : origin;
    case ReferrerPolicy::unsafe_url:
      break;
  }
  return whole;
}

}  // namespace shikake::net
