// Requests to other origins as the Fetch standard has them, and which cookies the persona's browser gives to
// third parties.
#include <algorithm>

#include "honeyclient/low/driver.h"

namespace shikake::honeyclient::low {

namespace {

bool same_origin(const std::optional<url::Url>& from, const url::Url& to) {
  return from && from->origin() == to.origin();
}

}  // namespace

CorsRequest Driver::cors_request(const UnderWay& fetch) {
  CorsRequest request;
  request.method = fetch.method;
  for (const Header& header : fetch.given)
    if (page_may_set(header)) request.headers.push_back(header);
  request.origin = fetch.tainted || !fetch.from ? "null" : fetch.from->origin();
  request.credentials = fetch.credentials;
  return request;
}

// https://fetch.spec.whatwg.org/#concept-main-fetch, step 12; why the request is not made at all.
std::optional<std::string> Driver::taint(UnderWay& fetch, const url::Url& to) {
  if (fetch.mode == RequestMode::unrestricted) return std::nullopt;
  // Once it has been elsewhere it stays so: a redirect home does not wash it clean.
  if (fetch.type == ResponseType::basic && same_origin(fetch.from, to)) return std::nullopt;
  switch (fetch.mode) {
    case RequestMode::unrestricted:
      return std::nullopt;
    case RequestMode::same_origin:
      return "the page asks for its own origin alone";
    case RequestMode::no_cors:
      fetch.type = ResponseType::opaque;
      return std::nullopt;
    case RequestMode::cors:
      fetch.type = ResponseType::cors;
      return std::nullopt;
  }
  return std::nullopt;
}

// https://fetch.spec.whatwg.org/#concept-http-redirect-fetch, steps 7 to 10
std::optional<std::string> Driver::taint_by_redirect(UnderWay& fetch, const url::Url& to) {
  if (fetch.mode != RequestMode::cors) return std::nullopt;
  const bool leaves_home = !same_origin(fetch.from, to);
  const bool names_somebody = !to.username().empty() || !to.password().empty();
  if (names_somebody && (leaves_home || fetch.type == ResponseType::cors))
    return "a redirect to another origin names a user";
  auto before = url::Url::parse(fetch.sent.url);
  if (fetch.type == ResponseType::cors && before && before->origin() != to.origin() &&
      !same_origin(fetch.from, *before))
    fetch.tainted = true;
  return std::nullopt;
}

std::string Driver::preflight_key(const UnderWay& fetch, const url::Url& to) {
  const CorsRequest request = cors_request(fetch);
  std::string key = request.origin + " " + request.method + " " + to.href();
  if (fetch.credentials == Credentials::include) key += " *";
  for (const std::string& name : unsafe_header_names(request.headers)) key += " " + name;
  return key;
}

// https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 1 to 6. Answers are remembered as long as a visit
// lasts; browsers do so for five seconds, of which a page's own time hardly passes more.
bool Driver::asks_first(const UnderWay& fetch, const url::Url& to) const {
  if (fetch.type != ResponseType::cors || !needs_preflight(cors_request(fetch))) return false;
  return !preflights_.contains(preflight_key(fetch, to));
}

net::FetchRequest Driver::preflight(const UnderWay& fetch, const url::Url& to) const {
  const CorsRequest asks = cors_request(fetch);
  const RequestContext context{persona_, fetch.mechanism, fetch.from, fetch.policy, "", fetch.mode, asks.origin};
  net::FetchRequest request = make_request(context, to, "OPTIONS", "", {});
  net::Headers headers;
  for (net::Header& header : request.headers) {
    // A browser's network side asks, which knows nothing of what pages are told.
    if (header.name.starts_with("sec-ch-") || net::is_named(header, "Content-Type")) continue;
    const bool accepts = net::is_named(header, "Accept");
    headers.push_back(accepts ? net::Header{header.name, "*/*"} : std::move(header));
    if (!accepts) continue;
    headers.push_back({"Access-Control-Request-Method", asks.method});
    std::string names;
    for (const std::string& name : unsafe_header_names(asks.headers)) names += (names.empty() ? "" : ",") + name;
    if (!names.empty()) headers.push_back({"Access-Control-Request-Headers", names});
  }
  request.headers = std::move(headers);
  return request;
}

void Driver::preflight_answered(UnderWay fetch, const net::FetchResponse& response) {
  auto to = url::Url::parse(fetch.sent.url);
  std::optional<std::string> why;
  if (!response.answered())
    why = response.why.empty() ? std::string(net::name(response.failure)) : response.why;
  else
    why = preflight_refusal(cors_request(fetch), response.status, response.headers);
  if (!to || why) {
    record_.event("cors", "the server was asked first and did not allow it: " + why.value_or(""), fetch.node);
    return failed(fetch, "cors: " + why.value_or(""));
  }
  preflights_.insert(preflight_key(fetch, *to));
  fetch.preflight = false;
  submit(std::move(fetch), *to);
}

// What came is in the record; the script hears of a network error.
bool Driver::withheld(const UnderWay& fetch, const net::FetchResponse& response) {
  if (fetch.type != ResponseType::cors) return false;
  auto why = cors_refusal(cors_request(fetch), response.headers);
  if (!why) return false;
  record_.event("cors", "the script may not read this answer: " + *why, fetch.node);
  failed(fetch, "cors: " + *why);
  return true;
}

// --- cookies ----------------------------------------------------------------------------------------------

namespace {

enum class ThirdParties : uint8_t { keep_cookies, keep_with_policy, keep_apart, have_none };

// Safari has blocked them all since version 13.1 ("Full Third-Party Cookie Blocking and More", WebKit's blog,
// March 2020). Firefox keeps a jar for each site that is visited since 103 (Mozilla's "Total Cookie Protection").
// Internet Explorer takes them with a compact policy alone (P3P; MSDN, "Privacy in Internet Explorer 6").
ThirdParties third_parties(const Persona& persona) {
  constexpr uint32_t safari_blocks = 13, firefox_parts = 103;
  if (persona.engine == Engine::webkit && persona.version >= safari_blocks) return ThirdParties::have_none;
  if (persona.engine == Engine::gecko && persona.version >= firefox_parts) return ThirdParties::keep_apart;
  if (persona.engine == Engine::trident) return ThirdParties::keep_with_policy;
  return ThirdParties::keep_cookies;
}

}  // namespace

// Since Chrome 80 a cookie that says nothing stays within its site (chromestatus.com, "Cookies default to
// SameSite=Lax"); other browsers have not followed.
net::SameSite Driver::unset_same_site(const Persona& persona) {
  constexpr uint32_t chrome_restricts = 80;
  const bool lax = persona.engine == Engine::blink && persona.version >= chrome_restricts;
  return lax ? net::SameSite::lax : net::SameSite::none;
}

std::optional<url::Url> Driver::top_of(const Context* context) {
  if (!context) return std::nullopt;
  while (context->parent) context = context->parent;
  return context->url;
}

net::CookieJar* Driver::jar(const url::Url& url, const std::optional<url::Url>& top) {
  if (!top || !top->is_http() || net::same_site(*top, url)) return &cookies_;
  switch (third_parties(persona_)) {
    case ThirdParties::have_none:
      return nullptr;
    case ThirdParties::keep_apart: {
      for (auto& [site, jar] : partitions_)
        if (net::same_site(site, *top)) return &jar;
      return &partitions_.emplace_back(*top, net::CookieJar(*options_.clock, unset_same_site(persona_))).second;
    }
    case ThirdParties::keep_cookies:
    case ThirdParties::keep_with_policy:
      return &cookies_;
  }
  return &cookies_;
}

bool Driver::with_credentials(const UnderWay& fetch) {
  if (fetch.credentials == Credentials::omit) return false;
  return fetch.credentials == Credentials::include || fetch.type == ResponseType::basic;
}

std::string Driver::cookies_for(const UnderWay& fetch, const url::Url& to) {
  if (!with_credentials(fetch)) return {};
  net::CookieAccess access;
  access.cross_site = fetch.from && !net::same_site(*fetch.from, to);
  access.top_level_get = fetch.method == "GET" && is_navigation(fetch.mechanism) && !is_frame(fetch.mechanism) &&
                         !is_embedded(fetch.mechanism);
  net::CookieJar* cookies = jar(to, fetch.top);
  return cookies ? cookies->get(to, access) : std::string();
}

void Driver::keep_cookies(const UnderWay& fetch, const net::FetchResponse& response) {
  auto url = url::Url::parse(response.url);
  if (!url || !with_credentials(fetch)) return;
  net::CookieAccess access;
  access.cross_site = fetch.from && !net::same_site(*fetch.from, *url);
  access.top_level_get = is_navigation(fetch.mechanism);
  const bool third = fetch.top && fetch.top->is_http() && !net::same_site(*fetch.top, *url);
  const bool needs_policy = third && third_parties(persona_) == ThirdParties::keep_with_policy;
  if (needs_policy && net::joined_header(response.headers, "P3P").find("CP=") == std::string::npos) return;
  net::CookieJar* cookies = jar(*url, fetch.top);
  for (const net::Header& header : response.headers)
    if (cookies && net::is_named(header, "Set-Cookie")) cookies->set(*url, header.value, access);
}

}  // namespace shikake::honeyclient::low
