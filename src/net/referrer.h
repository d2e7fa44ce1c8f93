// What a request tells about the page that it came from.
// https://w3c.github.io/webappsec-referrer-policy/
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "url/url.h"

namespace shikake::net {

enum class ReferrerPolicy : uint8_t {
  no_referrer,
  no_referrer_when_downgrade,  // the default of browsers until about 2020
  same_origin,
  origin,
  strict_origin,
  origin_when_cross_origin,
  strict_origin_when_cross_origin,  // the default today
  unsafe_url,
};

// A policy's token, in any case; nothing for an unknown one.
std::optional<ReferrerPolicy> parse_referrer_policy(std::string_view token);
// The last known token of a Referrer-Policy header (a comma-separated list).
std::optional<ReferrerPolicy> referrer_policy_of_header(std::string_view value);

// The Referer header's value for a request from the page `from` to `to`; empty: send none.
std::string referrer(ReferrerPolicy policy, const url::Url& from, const url::Url& to);

}  // namespace shikake::net
