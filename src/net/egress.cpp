#include "net/egress.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace shikake::net {
namespace {

// Sorted.
constexpr auto bad_ports = std::to_array<uint16_t>({
    0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,   37,    42,   43,
    53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,  110,  111,  113,  115,   117,  119,
    123,  135,  137,  139,  143,  161,  179,  389,  427,  465,  512,  513,  514,  515,  526,   530,  531,
    532,  540,  548,  554,  556,  563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720,  1723, 2049,
    3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
});

bool is_private(url::SpecialPurpose purpose) {
  using enum url::SpecialPurpose;
  // Connecting to the unspecified address reaches this machine on Linux.
  return purpose == unspecified || purpose == loopback || purpose == private_use || purpose == shared ||
         purpose == link_local;
}

// ::ffff:a.b.c.d is not another address but another spelling: the kernel connects over IPv4.
url::IpAddress unmapped(const url::IpAddress& address) {
  static const url::Cidr mapped = *url::Cidr::parse("::ffff:0:0/96");
  if (address.is_v6() && mapped.contains(address)) return *address.embedded_v4();
  return address;
}

}  // namespace

bool is_bad_port(uint16_t port) {
  return std::binary_search(bad_ports.begin(), bad_ports.end(), port);
}

std::optional<std::string_view> EgressPolicy::refuses(const url::IpAddress& given, uint16_t port) const {
  if (!allow_bad_ports && is_bad_port(port)) return "port";
  url::IpAddress address = unmapped(given);
  auto contains = [&address](const url::Cidr& network) { return network.contains(address); };
  if (std::any_of(allowed.begin(), allowed.end(), contains)) return std::nullopt;
  url::SpecialPurpose purpose = url::special_purpose(address);
  if (is_private(purpose)) {
    if (!allow_private) return name(purpose);
  } else if (purpose == url::SpecialPurpose::documentation) {
    if (!allow_documentation) return name(purpose);
  } else if (purpose != url::SpecialPurpose::global) {
    return name(purpose);
  }
  if (allow_private) return std::nullopt;
  auto is_own = [this](const url::IpAddress& candidate) {
    return std::find(own.begin(), own.end(), candidate) != own.end();
  };
  auto carried = address.embedded_v4();
  if (is_own(address) || (carried && is_own(*carried))) return "own_address";
  return std::nullopt;
}

std::optional<std::string_view> EgressPolicy::refuses(const url::Url& url) const {
  uint16_t port = url.effective_port().value_or(0);
  if (auto address = url.ip()) return refuses(*address, port);
  if (!allow_bad_ports && is_bad_port(port)) return "port";
  std::string_view host = url.hostname();
  if (host.ends_with('.')) host.remove_suffix(1);
  // RFC 6761 section 6.3: these names are loopback, whoever resolves them.
  if (!allow_private && (host == "localhost" || host.ends_with(".localhost"))) return "loopback";
  return std::nullopt;
}

Result<void> EgressPolicy::add_own_addresses() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return fail_errno(Module::net, "could not list this machine's addresses");
  std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, ::freeifaddrs);
  for (const ifaddrs* entry = list.get(); entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) {
      sockaddr_in address;
      std::memcpy(&address, entry->ifa_addr, sizeof address);
      own.push_back(url::IpAddress::v4(ntohl(address.sin_addr.s_addr)));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 address;
      std::memcpy(&address, entry->ifa_addr, sizeof address);
      own.push_back(url::IpAddress::v6(address.sin6_addr.s6_addr));
    }
  }
  return {};
}

}  // namespace shikake::net
