// Hosts (https://url.spec.whatwg.org/#host-parsing).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "url/url.h"

namespace shikake::url {

struct Host {
  std::string text;  // serialised: "example.com", "192.0.2.1", "[2001:db8::1]"
  HostKind kind = HostKind::empty;
};

// The host parser. `text` is UTF-8. `opaque`: the scheme is not special, so names are kept as written.
// The error is the broken rule in words.
tl::expected<Host, const char*> parse_host(std::string_view text, bool opaque);

// For log lines, DNS names and lists: a name or address alone, read as the host of an http URL, brackets
// around IPv6 optional. A trailing dot stays, as in URLs.
Result<Host> host_from_text(std::string_view text);

// Whether the last label would make the IPv4 parser read the whole host.
bool ends_in_number(std::string_view ascii_host);
// All the number forms that browsers take: 1 to 4 parts, decimal, octal (0...) and hexadecimal (0x...).
std::optional<IpAddress> parse_url_ipv4(std::string_view ascii_host);

}  // namespace shikake::url
