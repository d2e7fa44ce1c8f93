// Squid's native access.log (https://wiki.squid-cache.org/Features/LogFormat):
//
//   time elapsed client action/status size method URL user hierarchy/peer type [fields of one's own]
//   1286536309.586 921 192.0.2.68 TCP_MISS/200 507 POST http://a.example/x - HIER_DIRECT/198.51.100.7
//   text/xml
//
// Elapsed is padded with blanks. The URL of a CONNECT is host:port. With strip_query_terms, the default, it
// ends at its '?'.

#include <algorithm>
#include <array>

#include "audit/format.h"
#include "audit/tokens.h"
#include "base/checked.h"

namespace shikake::audit {
namespace {

struct Fields {
  std::string_view time, elapsed, client, action, size, method, url, user, hierarchy, type, rest;
};

bool is_time(std::string_view text) {
  size_t dots = 0;
  for (char c : text) {
    if (c == '.')
      ++dots;
    else if (!is_digit(c))
      return false;
  }
  return dots == 1 && text.front() != '.' && text.back() != '.';
}

// ACTION/200
bool is_action(std::string_view text) {
  return text.size() > 4 && text[text.size() - 4] == '/' && is_digit(text[text.size() - 3]) &&
         is_digit(text[text.size() - 2]) && is_digit(text[text.size() - 1]) && text[0] >= 'A' &&
         text[0] <= 'Z';
}

bool is_hierarchy(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(slash),
                     [](char c) { return (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); });
}

// Squid knows what it did better than the status does: an answer of its own making has no peer.
Outcome outcome_of(const Fields& f, std::string_view peer) {
  const std::string_view action = f.action.substr(0, f.action.size() - 4);
  const int status = base::parse_integer<int>(f.action.substr(f.action.size() - 3)).value_or(0);
  const bool own_answer = peer.empty() && action.find("HIT") == std::string_view::npos;
  if (action.starts_with("TCP_DENIED_REPLY"))
    return Outcome::answered;  // asked, but the answer was kept back
  if (action.find("DENIED") != std::string_view::npos) return Outcome::denied;
  if (own_answer && action.find("REDIRECT") != std::string_view::npos) return Outcome::denied;
  if (own_answer && (status == 403 || status == 407)) return Outcome::denied;
  // 0 is a client that left; 502 to 504 are Squid's own words for a server that doesn't answer.
  if (status == 0 || (status >= 502 && status <= 504)) return Outcome::failed;
  if (own_answer && status >= 400) return Outcome::failed;
  return status < 400 && f.size != "0" ? Outcome::content : Outcome::answered;
}

std::string_view peer_of(std::string_view hierarchy) {
  const size_t slash = hierarchy.find('/');
  return slash == std::string_view::npos ? std::string_view() : unless_dash(hierarchy.substr(slash + 1));
}

// The port that the request went to, for the peer's sake.
uint16_t port_of(std::string_view url) {
  const bool plain = url.starts_with("http://");
  const uint16_t by_scheme = plain ? 80 : url.starts_with("https://") ? 443 : 0;
  if (by_scheme == 0) return 0;  // CONNECT's own port stands in the URL's place, and is matched there
  const char* const end = url.data() + url.size();
  const char* at = url.data() + (plain ? 7 : 8);
  while (at != end && *at != '/' && *at != ':') ++at;
  if (at == end || *at == '/') return by_scheme;
  const char* const digits = ++at;
  while (at != end && is_digit(*at)) ++at;
  return base::parse_integer<uint16_t>({digits, static_cast<size_t>(at - digits)}).value_or(by_scheme);
}

void to_record(const Fields& f, Record& record) {
  using What = Observable::What;
  record.time = f.time;
  record.client = unless_dash(f.client);
  record.user = unless_dash(f.user);
  const std::string_view peer = peer_of(f.hierarchy);
  record.outcome = outcome_of(f, peer);
  if (f.method == "CONNECT")
    record.seen.push_back({What::authority, Contact::tunnel, f.url, {}, 443});
  else
    record.seen.push_back({What::url, Contact::request, f.url});
  if (!peer.empty()) record.seen.push_back({What::endpoint, Contact::connection, peer, {}, port_of(f.url)});
  if (!record.client.empty()) record.seen.push_back({What::endpoint, Contact::inbound, record.client});
  // Fields of one's own: a referrer is worth reading.
  std::string_view rest = f.rest;
  while (!rest.empty()) {
    std::string_view extra = next_token(rest);
    if (extra.starts_with('"')) extra.remove_prefix(1);
    if (extra.ends_with('"')) extra.remove_suffix(1);
    if (extra.find("://") != std::string_view::npos)
      record.seen.push_back({What::url, Contact::mention, extra});
  }
}

// A field that may be quoted: "%{User-Agent}>h".
std::string_view next_maybe_quoted(std::string_view& rest) {
  if (!rest.starts_with('"')) return next_token(rest);
  const size_t end = std::min(rest.find('"', 1), rest.size());
  const std::string_view token = rest.substr(1, end - 1);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return token;
}

}  // namespace

Parsed squid_strict(std::string_view line, FileState&, Record& record) {
  if (line.empty()) return Parsed::nothing;
  if (!is_digit(line[0])) return Parsed::refused;
  Fields f;
  f.rest = line;
  f.time = next_token(f.rest);
  if (!is_time(f.time)) return Parsed::refused;
  f.elapsed = next_token(f.rest);
  if (!all_digits(f.elapsed.starts_with('-') ? f.elapsed.substr(1) : f.elapsed)) return Parsed::refused;
  f.client = next_token(f.rest);
  f.action = next_token(f.rest);
  if (!is_action(f.action) || is_action(f.client)) return Parsed::refused;
  f.size = next_token(f.rest);
  if (!all_digits(f.size)) return Parsed::refused;
  f.method = next_token(f.rest);
  f.url = next_token(f.rest);
  f.user = next_token(f.rest);
  f.hierarchy = next_token(f.rest);
  if (!is_hierarchy(f.hierarchy)) return Parsed::refused;
  f.type = next_token(f.rest);
  if (f.type.empty()) return Parsed::refused;
  for (std::string_view text : {f.client, f.method, f.url, f.user, f.type})
    if (text.starts_with('"')) return Parsed::refused;
  to_record(f, record);
  return Parsed::record;
}

// Finds the action first and counts from there, as both sides of it may be damaged; a URL may hold blanks
// (uri_whitespace allow) or stand in quotes.
Parsed squid_lenient(std::string_view line, FileState&, Record& record) {
  if (line.empty()) return Parsed::nothing;
  // Before the action only time, elapsed and client are looked at.
  constexpr size_t before_action = 6;
  std::array<std::string_view, before_action> before;
  size_t count = 0;
  Fields f;
  f.rest = line;
  while (count < before_action && !f.rest.empty()) {
    const std::string_view token = next_maybe_quoted(f.rest);
    if (is_action(token)) {
      f.action = token;
      break;
    }
    before[count++] = token;
  }
  if (f.action.empty() || count == 0) return Parsed::refused;
  f.client = before[count - 1];
  if (count >= 3) f.time = before[count - 3];
  f.size = next_maybe_quoted(f.rest);
  f.method = next_maybe_quoted(f.rest);
  const std::string_view from_url = f.rest;
  f.url = next_maybe_quoted(f.rest);
  if (f.url.empty()) return Parsed::refused;
  f.user = next_maybe_quoted(f.rest);
  f.hierarchy = next_maybe_quoted(f.rest);
  if (!is_hierarchy(f.hierarchy)) {
    // The URL goes on until the token before the first that is a hierarchy, or to the end.
    f.url = from_url;
    f.user = f.hierarchy = {};
    std::string_view rest = from_url, previous;
    while (!rest.empty()) {
      const std::string_view token = next_token(rest);
      if (!previous.empty() && is_hierarchy(token)) {
        f.url = from_url.substr(0, static_cast<size_t>(previous.data() - from_url.data()));
        f.user = previous;
        f.hierarchy = token;
        break;
      }
      previous = token;
    }
    while (f.url.ends_with(' ')) f.url.remove_suffix(1);
    f.rest = rest;
  }
  f.type = next_maybe_quoted(f.rest);
  to_record(f, record);
  return Parsed::record;
}

}  // namespace shikake::audit
