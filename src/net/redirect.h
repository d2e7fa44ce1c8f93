// What a client asks for next after a redirect, as the Fetch standard says.
// https://fetch.spec.whatwg.org/#http-redirect-fetch
#pragma once

#include <optional>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/cookies.h"
#include "net/fetcher.h"
#include "net/http.h"
#include "net/referrer.h"

namespace shikake::net {

constexpr unsigned max_redirects = 20;  // the standard's number

// The request that follows `sent`, without its cookies and referrer: a POST becomes a GET at 301, 302 and
// any method but HEAD at 303, and then loses its body with the headers that speak of it; Authorization
// stays within the origin. Nothing where the response is no redirect, or leads elsewhere than http(s).
std::optional<FetchRequest> redirected(const FetchRequest& sent, const FetchResponse& response);

struct FollowOptions {
  CookieJar* cookies = nullptr;  // read and filled at each hop; outlives the call
  ReferrerPolicy policy = ReferrerPolicy::strict_origin_when_cross_origin;
  std::optional<url::Url> from;  // the page that asked: its referrer and whether cookies are cross-site
  bool subresource = false;      // not a navigation of the whole window
  unsigned redirects = max_redirects;
};

struct Followed {
  std::vector<FetchResponse> hops;  // at least one; the last is the answer, or where it ended
  bool too_many = false;            // the last hop still redirects
};

// Fetches and follows, one hop after the other. Other fetches of the same fetcher go on meanwhile; their
// responses are kept for next(). The deadline is for all hops together.
Result<Followed> follow(Fetcher& fetcher, FetchRequest request, const FollowOptions& options,
                        const base::Deadline& deadline);

}  // namespace shikake::net
