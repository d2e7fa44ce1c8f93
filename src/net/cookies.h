// The cookies of one visit. RFC 6265 as revised by draft-ietf-httpbis-rfc6265bis.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "url/url.h"

namespace shikake::net {

enum class SameSite : uint8_t { unset, none, lax, strict };

struct Cookie {
  std::string name, value;
  std::string domain;     // without a leading dot; a host's name or address
  bool host_only = true;  // no Domain attribute: for that host alone
  std::string path = "/";
  std::optional<base::TimePoint> expires;  // none: as long as the visit
  bool secure = false;
  bool http_only = false;
  SameSite same_site = SameSite::unset;
  base::TimePoint created, last_used;
};

// Who asks for cookies or sets them.
struct CookieAccess {
  bool script = false;         // document.cookie: HttpOnly cookies are out of reach
  bool cross_site = false;     // the page that asks belongs to another site than the URL
  bool top_level_get = false;  // a navigation of the whole window with a safe method
};

class CookieJar {
 public:
  // Sizes as browsers have them: RFC 6265bis sections 5.6 and 6.1.
  static constexpr size_t max_name_and_value = 4096;
  static constexpr size_t max_attribute = 1024;  // longer ones are ignored
  static constexpr size_t max_per_domain = 180;
  static constexpr size_t max_cookies = 3000;

  // `clock` must outlive the jar. Cookies without SameSite are Lax in browsers since 2020, None before.
  explicit CookieJar(const base::Clock& clock = base::system_clock(), SameSite unset_means = SameSite::lax)
      : clock_(&clock), unset_means_(unset_means) {}

  // One Set-Cookie header's value, or what a script assigned to document.cookie. Gives the cookie as it
  // was stored, or nothing where it was refused or (already expired) took one away; `why` then says so.
  struct Stored {
    std::optional<Cookie> cookie;
    std::string why;
  };
  Stored set(const url::Url& from, std::string_view set_cookie, const CookieAccess& access = {});

  // The Cookie header's value, or document.cookie: "a=1; b=2", empty when there is none.
  std::string get(const url::Url& to, const CookieAccess& access = {});

  // Those that have not expired, oldest first.
  std::vector<Cookie> all() const;

 private:
  void make_room(const std::string& domain);

  const base::Clock* clock_;
  SameSite unset_means_;
  std::vector<Cookie> cookies_;  // in order of creation
};

// Whether two URLs belong to the same site: scheme and registrable domain (or host) are equal.
// https://html.spec.whatwg.org/#same-site
bool same_site(const url::Url& a, const url::Url& b);

// The date of an Expires attribute, in any of the forms that browsers take (RFC 6265 section 5.1.1).
std::optional<base::TimePoint> parse_cookie_date(std::string_view text);

}  // namespace shikake::net
