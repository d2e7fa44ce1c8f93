#include "net/cookies.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/ascii.h"
#include "base/checked.h"
#include "url/suffix.h"

namespace shikake::net {
namespace {

using base::TimePoint;
using namespace std::chrono_literals;

// RFC 6265bis section 5.5: no cookie lives longer, whatever the server asks.
constexpr auto longest_life = std::chrono::days(400);
constexpr std::string_view http_blanks = " \t";

// The text before `separator`, which is taken off `rest` with it.
std::string_view cut(std::string_view& rest, char separator) {
  size_t end = std::min(rest.find(separator), rest.size());
  std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// RFC 6265 section 5.1.3.
bool domain_matches(std::string_view host, std::string_view domain, bool host_is_address) {
  if (host == domain) return true;
  return !host_is_address && host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

// RFC 6265 section 5.1.4.
std::string default_path(std::string_view path) {
  size_t slash = path.rfind('/');
  if (path.empty() || path[0] != '/' || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}
bool path_matches(std::string_view path, std::string_view cookie_path) {
  if (!path.starts_with(cookie_path)) return false;
  return path.size() == cookie_path.size() || cookie_path.ends_with('/') || path[cookie_path.size()] == '/';
}

bool is_secure(const url::Url& url) {
  return url.scheme_kind() == url::SchemeKind::https || url.scheme_kind() == url::SchemeKind::wss;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; });
}

// What a Set-Cookie header says, before it meets the URL that sent it.
struct Parsed {
  Cookie cookie;
  std::optional<std::string> domain, path;
};

void read_attribute(Parsed& parsed, std::string_view name, std::string_view value, TimePoint now,
                    bool& has_max_age) {
  std::string key = base::to_lower(name);
  if (key == "expires") {
    if (auto date = parse_cookie_date(value); date && !has_max_age) parsed.cookie.expires = date;
  } else if (key == "max-age") {
    // Digits with an optional minus sign; a number past all bounds is the bound.
    bool negative = value.starts_with('-');
    std::string_view digits = value.substr(negative ? 1 : 0);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return;
    auto longest = std::chrono::duration_cast<std::chrono::seconds>(longest_life);
    int64_t seconds = base::parse_integer<int64_t>(digits).value_or(INT64_MAX);
    parsed.cookie.expires =
        negative || seconds == 0 ? TimePoint{} : now + std::min(longest, std::chrono::seconds(seconds));
    has_max_age = true;
  } else if (key == "domain") {
    if (value.starts_with('.')) value.remove_prefix(1);
    parsed.domain = base::to_lower(value);
  } else if (key == "path") {
    parsed.path = value.starts_with('/') ? std::optional<std::string>(value) : std::nullopt;
  } else if (key == "secure") {
    parsed.cookie.secure = true;
  } else if (key == "httponly") {
    parsed.cookie.http_only = true;
  } else if (key == "samesite") {
    std::string mode = base::to_lower(value);
    parsed.cookie.same_site = mode == "strict" ? SameSite::strict
                              : mode == "lax"  ? SameSite::lax
                              : mode == "none" ? SameSite::none
                                               : SameSite::unset;
  }
}

// RFC 6265bis section 5.6; false: the whole cookie is ignored.
bool parse(std::string_view text, TimePoint now, Parsed& parsed) {
  if (has_control(text)) return false;
  std::string_view pair = cut(text, ';');
  size_t equals = pair.find('=');
  if (equals == std::string_view::npos) {
    parsed.cookie.value = base::trimmed(pair, http_blanks);  // no name
  } else {
    parsed.cookie.name = base::trimmed(pair.substr(0, equals), http_blanks);
    parsed.cookie.value = base::trimmed(pair.substr(equals + 1), http_blanks);
  }
  size_t size = parsed.cookie.name.size() + parsed.cookie.value.size();
  if (size == 0 || size > CookieJar::max_name_and_value) return false;
  bool has_max_age = false;
  while (!text.empty()) {
    std::string_view attribute = cut(text, ';');
    std::string_view name = base::trimmed(cut(attribute, '='), http_blanks);
    std::string_view value = base::trimmed(attribute, http_blanks);
    if (value.size() <= CookieJar::max_attribute) read_attribute(parsed, name, value, now, has_max_age);
  }
  if (parsed.cookie.expires) parsed.cookie.expires = std::min(*parsed.cookie.expires, now + longest_life);
  return true;
}

// Fills in domain and path; a sentence where the URL may not set such a cookie.
std::string fit_to(const url::Url& from, Parsed& parsed) {
  Cookie& cookie = parsed.cookie;
  std::string host(from.hostname());
  bool address = from.ip().has_value();
  cookie.domain = host;
  if (parsed.domain && !parsed.domain->empty()) {
    const std::string& domain = *parsed.domain;
    if (!address && url::public_suffix(domain) == domain) {
      if (domain != host) return "its domain is a public suffix";
    } else {
      if (!domain_matches(host, domain, address)) return "its domain is another site's";
      cookie.host_only = address;
      cookie.domain = domain;
    }
  }
  cookie.path = parsed.path.value_or(default_path(from.pathname()));
  if (cookie.secure && !is_secure(from)) return "it is Secure, and the connection is not";
  // RFC 6265bis section 4.1.3; names compare without case there.
  std::string name = base::to_lower(cookie.name.empty() ? cookie.value : cookie.name);
  if (name.starts_with("__secure-") && !cookie.secure) return "its name's prefix asks for Secure";
  if (name.starts_with("__host-") && (!cookie.secure || !cookie.host_only || parsed.path != "/"))
    return "its name's prefix asks for Secure, Path=/ and no Domain";
  if (cookie.name.empty() && (name.starts_with("__secure-") || name.starts_with("__host-")))
    return "it has no name, and its value looks like one";
  return {};
}

bool same_key(const Cookie& a, const Cookie& b) {
  return a.name == b.name && a.domain == b.domain && a.host_only == b.host_only && a.path == b.path;
}

// RFC 6265bis section 5.8.3, step 1.
bool may_cross(SameSite mode, const CookieAccess& access) {
  if (!access.cross_site || mode == SameSite::none) return true;
  return mode != SameSite::strict && access.top_level_get;
}

}  // namespace

CookieJar::Stored CookieJar::set(const url::Url& from, std::string_view text, const CookieAccess& access) {
  TimePoint now = clock_->now();
  if (!from.is_http()) return {std::nullopt, "only http and https URLs have cookies"};
  Parsed parsed;
  if (!parse(text, now, parsed)) return {std::nullopt, "it is empty, too long or holds control bytes"};
  if (std::string why = fit_to(from, parsed); !why.empty()) return {std::nullopt, why};
  Cookie& cookie = parsed.cookie;
  if (access.script && cookie.http_only) return {std::nullopt, "a script may not set an HttpOnly cookie"};
  SameSite mode = cookie.same_site == SameSite::unset ? unset_means_ : cookie.same_site;
  if (access.cross_site && mode != SameSite::none && !access.top_level_get)
    return {std::nullopt, "a cross-site request may not set it"};
  cookie.created = cookie.last_used = now;

  // What is not secure may not hide or replace what is: RFC 6265bis section 5.7, step 16.
  auto shadows = [&](const Cookie& old) {
    return old.secure && old.name == cookie.name &&
           (domain_matches(old.domain, cookie.domain, false) ||
            domain_matches(cookie.domain, old.domain, false)) &&
           path_matches(cookie.path, old.path);
  };
  if (!is_secure(from) && std::any_of(cookies_.begin(), cookies_.end(), shadows))
    return {std::nullopt, "a Secure cookie of that name is there"};

  auto old =
      std::find_if(cookies_.begin(), cookies_.end(), [&](const Cookie& c) { return same_key(c, cookie); });
  if (old != cookies_.end()) {
    if (access.script && old->http_only) return {std::nullopt, "a script may not replace an HttpOnly cookie"};
    cookie.created = old->created;  // keeps its place in the order
    if (cookie.expires && *cookie.expires <= now) {
      cookies_.erase(old);
      return {std::nullopt, "it was taken away"};
    }
    *old = cookie;
    return {cookie, {}};
  }
  if (cookie.expires && *cookie.expires <= now) return {std::nullopt, "it has expired"};
  make_room(cookie.domain);
  cookies_.push_back(cookie);
  return {cookie, {}};
}

// RFC 6265bis section 5.7: expired ones go first, then the least recently used of the domain, then of all.
void CookieJar::make_room(const std::string& domain) {
  TimePoint now = clock_->now();
  std::erase_if(cookies_, [now](const Cookie& c) { return c.expires && *c.expires <= now; });
  auto of_domain = [&domain](const Cookie& c) { return c.domain == domain; };
  auto older = [](const Cookie& a, const Cookie& b) { return a.last_used < b.last_used; };
  if (static_cast<size_t>(std::count_if(cookies_.begin(), cookies_.end(), of_domain)) >= max_per_domain) {
    auto oldest = std::find_if(cookies_.begin(), cookies_.end(), of_domain);
    for (auto it = oldest; it != cookies_.end(); ++it) {
      if (of_domain(*it) && older(*it, *oldest)) oldest = it;
    }
    cookies_.erase(oldest);
  }
  if (cookies_.size() >= max_cookies)
    cookies_.erase(std::min_element(cookies_.begin(), cookies_.end(), older));
}

std::string CookieJar::get(const url::Url& to, const CookieAccess& access) {
  if (!to.is_http()) return {};
  TimePoint now = clock_->now();
  std::string_view host = to.hostname();
  bool address = to.ip().has_value();
  std::vector<Cookie*> chosen;
  for (Cookie& cookie : cookies_) {
    bool theirs = cookie.host_only ? host == cookie.domain : domain_matches(host, cookie.domain, address);
    if (!theirs || !path_matches(to.pathname(), cookie.path)) continue;
    if ((cookie.expires && *cookie.expires <= now) || (cookie.secure && !is_secure(to)) ||
        (cookie.http_only && access.script) ||
        !may_cross(cookie.same_site == SameSite::unset ? unset_means_ : cookie.same_site, access))
      continue;
    cookie.last_used = now;
    chosen.push_back(&cookie);
  }
  // Longer paths first; the jar's own order, by creation, among equals.
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const Cookie* a, const Cookie* b) { return a->path.size() > b->path.size(); });
  std::string text;
  for (const Cookie* cookie : chosen) {
    if (!text.empty()) text += "; ";
    if (!cookie->name.empty()) text += cookie->name + "=";
    text += cookie->value;
  }
  return text;
}

std::vector<Cookie> CookieJar::all() const {
  TimePoint now = clock_->now();
  std::vector<Cookie> living;
  std::copy_if(cookies_.begin(), cookies_.end(), std::back_inserter(living),
               [now](const Cookie& c) { return !c.expires || *c.expires > now; });
  return living;
}

bool same_site(const url::Url& a, const url::Url& b) {
  auto site = [](const url::Url& url) {
    std::string_view domain = url.ip() ? std::string_view() : url::registrable_domain(url.hostname());
    return domain.empty() ? url.hostname() : domain;
  };
  return a.protocol() == b.protocol() && site(a) == site(b);
}

}  // namespace shikake::net
