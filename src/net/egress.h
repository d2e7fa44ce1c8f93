// Where our own processes may connect to. A page, a name server or a redirect chooses the targets of a
// visit; without this they could make us reach into the network that we stand in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "url/ip.h"
#include "url/url.h"

namespace shikake::net {

// Applied to the address that a socket is about to connect to, after name resolution: what a name
// resolved to earlier, or resolves to next, does not matter.
// As made: globally routed addresses and ordinary ports only.
struct EgressPolicy {
  // Private, shared, link-local and loopback addresses, and our own (--allow-private).
  bool allow_private = false;
  // The documentation ranges, which are the Internet inside a range and nothing outside of one.
  bool allow_documentation = false;
  // Ports of protocols that an HTTP request could be mistaken for (the Fetch standard's bad ports).
  bool allow_bad_ports = false;
  // Networks that are allowed whatever they are for. They do not open bad ports.
  std::vector<url::Cidr> allowed;
  // This machine's own addresses, refused like loopback; Fetcher::start() adds them.
  std::vector<url::IpAddress> own;

  // Asks the system for `own`: services that listen on a public address of this machine are not the
  // Internet either.
  Result<void> add_own_addresses();

  // The name of the rule that refuses the address, or nothing: "loopback", "private", "shared",
  // "link_local", "unspecified", "documentation", "benchmarking", "multicast", "broadcast", "reserved"
  // (url/ip.h says which addresses; an IPv6 address that carries an IPv4 one is what that one is),
  // "own_address", "port".
  std::optional<std::string_view> refuses(const url::IpAddress& address, uint16_t port) const;

  // For a URL whose connection somebody else makes (a proxy): what can be told from its text, that is
  // its port and an address that is written out. A name that the proxy resolves can't be checked here.
  std::optional<std::string_view> refuses(const url::Url& url) const;

  static void wire(auto& codec, auto& self);
};

// https://fetch.spec.whatwg.org/#port-blocking
bool is_bad_port(uint16_t port);

// Addresses and networks travel as text.
void EgressPolicy::wire(auto& codec, auto& self) {
  codec(self.allow_private, self.allow_documentation, self.allow_bad_ports);
  auto list = [&codec](auto& values, auto parse) {
    std::vector<std::string> texts;
    for (const auto& value : values) texts.push_back(value.to_string());
    codec(texts);
    if constexpr (requires { codec.refuse(); }) {
      for (const std::string& text : texts) {
        if (auto value = parse(text))
          values.push_back(*value);
        else
          codec.refuse();
      }
    }
  };
  list(self.allowed, url::Cidr::parse);
  list(self.own, url::IpAddress::parse);
}

}  // namespace shikake::net
