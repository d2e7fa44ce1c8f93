#include "net/redirect.h"

#include <fmt/format.h>

namespace shikake::net {
namespace {

bool becomes_get(int status, const std::string& method) {
  if (status == 301 || status == 302) return method == "POST";
  return status == 303 && method != "GET" && method != "HEAD";
}

// The headers of one hop that belong to the visit: its cookies and where it comes from.
void dress(FetchRequest& request, const url::Url& to, const FollowOptions& options, ReferrerPolicy policy) {
  if (options.from) {
    std::string value = referrer(policy, *options.from, to);
    if (value.empty())
      remove_header(request.headers, "Referer");
    else
      set_header(request.headers, "Referer", std::move(value));
  }
  if (options.cookies) {
    CookieAccess access;
    access.cross_site = options.from && !same_site(*options.from, to);
    access.top_level_get = !options.subresource && (request.method == "GET" || request.method == "HEAD");
    std::string value = options.cookies->get(to, access);
    if (value.empty())
      remove_header(request.headers, "Cookie");
    else
      set_header(request.headers, "Cookie", std::move(value));
  }
}

void keep_cookies(const FetchResponse& response, const url::Url& from, const FollowOptions& options) {
  if (!options.cookies) return;
  CookieAccess access;
  access.cross_site = options.subresource && options.from && !same_site(*options.from, from);
  access.top_level_get = !options.subresource;
  for (const Header& header : response.headers) {
    if (is_named(header, "Set-Cookie")) options.cookies->set(from, header.value, access);
  }
}

}  // namespace

std::optional<FetchRequest> redirected(const FetchRequest& sent, const FetchResponse& response) {
  auto target = redirect_location(response);
  if (!target || !target->is_http()) return std::nullopt;
  FetchRequest next = sent;
  next.url = target->href();
  if (becomes_get(response.status, sent.method)) {
    next.method = "GET";
    next.body.clear();
    // https://fetch.spec.whatwg.org/#request-body-header-name, and what only the body makes sense of.
    for (const char* name :
         {"Content-Encoding", "Content-Language", "Content-Location", "Content-Type", "Origin"})
      remove_header(next.headers, name);
  }
  auto from = url::Url::parse(sent.url);
  if (!from || from->origin() != target->origin()) remove_header(next.headers, "Authorization");
  remove_header(next.headers, "Cookie");
  return next;
}

Result<Followed> follow(Fetcher& fetcher, FetchRequest request, const FollowOptions& options,
                        const base::Deadline& deadline) {
  Followed followed;
  ReferrerPolicy policy = options.policy;
  for (unsigned hop = 0;; ++hop) {
    auto url = url::Url::parse(request.url);
    if (!url) return fail(std::move(url).error());
    dress(request, *url, options, policy);
    SHIKAKE_ASSIGN(FetchResponse response, fetcher.fetch(request, deadline));
    keep_cookies(response, *url, options);
    auto next = redirected(request, response);
    if (auto changed = referrer_policy_of_header(joined_header(response.headers, "Referrer-Policy")))
      policy = *changed;
    followed.hops.push_back(std::move(response));
    if (!next) return followed;
    if (hop == options.redirects) {
      followed.too_many = true;
      return followed;
    }
    request = std::move(*next);
  }
}

}  // namespace shikake::net
