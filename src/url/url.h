// URLs as the URL Standard has them (https://url.spec.whatwg.org/): one value type for what a browser
// would fetch, log lines name and intelligence matches.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "url/ip.h"

namespace shikake::url {

// Longest input and longest serialised URL, in bytes. Far past what any client sends; keeps the 32-bit
// offsets of Url sound and a hostile list from filling memory.
constexpr size_t max_url_bytes = size_t{128} << 20;

enum class HostKind : uint8_t {
  none,    // no authority at all: mailto:x, data:,x
  empty,   // an authority without a name: file:///x
  domain,  // a special scheme's name, in its ASCII form (xn--...), lower case
  ipv4,
  ipv6,
  opaque,  // a host that is not a special scheme's: percent-encoded, as written
};

enum class SchemeKind : uint8_t { http, https, ws, wss, ftp, file, other };  // all but other are "special"

struct Parts;  // url/parts.h

// A valid URL, always: what can fail is parse(). Its serialised form is the whole value, with offsets into
// it:
//
//     https://user:secret@www.example.com:8080/a/b.html?q=1#top
//          |  |   |       |              |    |        |   |
//          |  |   |       |              |    |        |   fragment_begin  '#', or the end
//          |  |   |       |              |    |        query_begin         '?', or fragment_begin
//          |  |   |       |              |    path_begin
//          |  |   |       |              host_end       ':' where a port follows
//          |  |   |       host_begin                    behind '@' where there are credentials
//          |  |   user_end                              ':' where a password follows
//          |  user_begin                                behind "//"
//          scheme_end                                   ':'
//
// Without an authority (mailto:x) user_begin, user_end, host_begin and host_end all stand behind the
// scheme's ':'; path_begin too, except where a path that starts with "//" is kept apart from an authority
// by "/." (web+demo:/.//not-a-host/), which belongs to no component.
//
// Copying costs one string copy. Views returned by getters live until the Url is changed or destroyed.
class Url {
 public:
  Url();  // about:blank

  // Input is UTF-8; ill-formed bytes become U+FFFD first. Fails with invalid_input (the sentence says which
  // rule of the standard the input breaks) or limit (max_url_bytes).
  static Result<Url> parse(std::string_view input, const Url* base = nullptr);
  // The same for a link in a document of a legacy encoding ("Shift_JIS": a name of the Encoding Standard):
  // the query of a special URL is written in that encoding. Any other name means UTF-8.
  static Result<Url> parse(std::string_view input, const Url* base, std::string_view document_encoding);

  // --- Getters of the standard's URL class: text as script would see it.
  const std::string& href() const { return href_; }
  std::string origin() const;                                              // "null" where it is opaque
  std::string_view protocol() const { return range(0, scheme_end_ + 1); }  // "https:"
  std::string_view username() const { return range(user_begin_, user_end_); }
  std::string_view password() const;
  std::string_view host() const;                                               // "www.example.com:8080"
  std::string_view hostname() const { return range(host_begin_, host_end_); }  // "[::1]" with its brackets
  std::string_view port() const;  // "" where it is the scheme's default
  std::string_view pathname() const { return range(path_begin_, query_begin_); }
  std::string_view search() const;  // "?q=1"; "" also for a query that is empty
  std::string_view hash() const;    // "#top"; "" also for a fragment that is empty

  // --- The same, as programs want it.
  std::string_view scheme() const { return range(0, scheme_end_); }
  SchemeKind scheme_kind() const { return scheme_kind_; }
  bool is_special() const { return scheme_kind_ != SchemeKind::other; }
  bool is_http() const { return scheme_kind_ == SchemeKind::http || scheme_kind_ == SchemeKind::https; }
  HostKind host_kind() const { return host_kind_; }
  std::optional<IpAddress> ip() const;             // of a host that is an address
  std::optional<uint16_t> port_number() const;     // what port() says
  std::optional<uint16_t> effective_port() const;  // or else the scheme's default (http, https, ws, wss, ftp)
  std::optional<std::string_view> query() const;   // without '?'
  std::optional<std::string_view> fragment() const;  // without '#'
  bool has_credentials() const { return host_begin_ > user_begin_; }
  bool has_opaque_path() const { return opaque_path_; }  // mailto:x: a base for nothing but fragments
  // What is sent and what names a resource: everything before '#'.
  std::string_view href_without_fragment() const { return range(0, fragment_begin_); }
  std::string_view path_and_query() const { return range(path_begin_, fragment_begin_); }

  // --- Setters of the standard: a value that may not be set leaves the URL as it is.
  Result<> set_href(std::string_view value);
  void set_protocol(std::string_view value);
  void set_username(std::string_view value);
  void set_password(std::string_view value);
  void set_host(std::string_view value);
  void set_hostname(std::string_view value);
  void set_port(std::string_view value);
  void set_pathname(std::string_view value);
  void set_search(std::string_view value);
  void set_hash(std::string_view value);

  friend bool operator==(const Url& a, const Url& b) { return a.href_ == b.href_; }
  friend std::strong_ordering operator<=>(const Url& a, const Url& b) { return a.href_ <=> b.href_; }

 private:
  friend struct Parts;
  friend struct FastParser;

  std::string_view range(uint32_t begin, uint32_t end) const { return {href_.data() + begin, end - begin}; }
  bool can_have_credentials_or_port() const;
  void set_host_or_hostname(std::string_view value, bool with_port);

  std::string href_;
  uint32_t scheme_end_, user_begin_, user_end_, host_begin_, host_end_, path_begin_, query_begin_,
      fragment_begin_;
  SchemeKind scheme_kind_;
  HostKind host_kind_;
  bool opaque_path_;
};

}  // namespace shikake::url

template <>
struct std::hash<shikake::url::Url> {
  size_t operator()(const shikake::url::Url& url) const noexcept {
    return std::hash<std::string>{}(url.href());
  }
};
