#include <array>
#include <vector>

#include "base/check.h"
#include "url/ip.h"

namespace shikake::url {
namespace {

struct Row {
  std::string_view network;
  SpecialPurpose purpose;
};

// One row a registry entry. The longest matching prefix decides, so exceptions stand beside their range.
// Entries that the registries call globally reachable are `global` (anycast services, AS112, AMT).
constexpr Row rows[] = {
    {"0.0.0.0/8", SpecialPurpose::unspecified},          // RFC 791
    {"10.0.0.0/8", SpecialPurpose::private_use},         // RFC 1918
    {"100.64.0.0/10", SpecialPurpose::shared},           // RFC 6598
    {"127.0.0.0/8", SpecialPurpose::loopback},           // RFC 1122
    {"169.254.0.0/16", SpecialPurpose::link_local},      // RFC 3927
    {"172.16.0.0/12", SpecialPurpose::private_use},      // RFC 1918
    {"192.0.0.0/24", SpecialPurpose::reserved},          // RFC 6890, protocol assignments
    {"192.0.0.9/32", SpecialPurpose::global},            // RFC 7723, port control anycast
    {"192.0.0.10/32", SpecialPurpose::global},           // RFC 8155, TURN anycast
    {"192.0.2.0/24", SpecialPurpose::documentation},     // RFC 5737
    {"192.88.99.0/24", SpecialPurpose::reserved},        // RFC 7526, 6to4 relay, deprecated
    {"192.168.0.0/16", SpecialPurpose::private_use},     // RFC 1918
    {"198.18.0.0/15", SpecialPurpose::benchmarking},     // RFC 2544
    {"198.51.100.0/24", SpecialPurpose::documentation},  // RFC 5737
    {"203.0.113.0/24", SpecialPurpose::documentation},   // RFC 5737
    {"224.0.0.0/4", SpecialPurpose::multicast},          // RFC 5771
    {"240.0.0.0/4", SpecialPurpose::reserved},           // RFC 1112
    {"255.255.255.255/32", SpecialPurpose::broadcast},   // RFC 919

    {"::/0", SpecialPurpose::reserved},  // IANA gives out 2000::/3 alone
    {"2000::/3", SpecialPurpose::global},
    {"::/128", SpecialPurpose::unspecified},           // RFC 4291
    {"::1/128", SpecialPurpose::loopback},             // RFC 4291
    {"64:ff9b:1::/48", SpecialPurpose::private_use},   // RFC 8215, local translation
    {"2001::/23", SpecialPurpose::reserved},           // RFC 2928, protocol assignments
    {"2001:1::1/128", SpecialPurpose::global},         // RFC 7723, port control anycast
    {"2001:1::2/128", SpecialPurpose::global},         // RFC 8155, TURN anycast
    {"2001:1::3/128", SpecialPurpose::global},         // RFC 9665, service registration anycast
    {"2001:2::/48", SpecialPurpose::benchmarking},     // RFC 5180
    {"2001:3::/32", SpecialPurpose::global},           // RFC 7450, AMT
    {"2001:4:112::/48", SpecialPurpose::global},       // RFC 7535, AS112
    {"2001:20::/28", SpecialPurpose::global},          // RFC 7343, ORCHIDv2
    {"2001:30::/28", SpecialPurpose::global},          // RFC 9374, drone remote identification
    {"2001:db8::/32", SpecialPurpose::documentation},  // RFC 3849
    {"3fff::/20", SpecialPurpose::documentation},      // RFC 9637
    {"fc00::/7", SpecialPurpose::private_use},         // RFC 4193
    {"fe80::/10", SpecialPurpose::link_local},         // RFC 4291
    {"fec0::/10", SpecialPurpose::private_use},        // RFC 3879, site-local, deprecated
    {"ff00::/8", SpecialPurpose::multicast},           // RFC 4291
};

struct Entry {
  Cidr network;
  SpecialPurpose purpose;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> table = [] {
    std::vector<Entry> parsed;
    for (const Row& row : rows) {
      auto network = Cidr::parse(row.network);
      SHIKAKE_CHECK(network);
      parsed.push_back({*network, row.purpose});
    }
    return parsed;
  }();
  return table;
}

constexpr std::array names = {"global",    "unspecified", "loopback",      "private",
                              "shared",    "link_local",  "documentation", "benchmarking",
                              "multicast", "broadcast",   "reserved"};
static_assert(names.size() == static_cast<size_t>(SpecialPurpose::reserved) + 1);

}  // namespace

SpecialPurpose special_purpose(const IpAddress& address) {
  if (auto inner = address.embedded_v4()) return special_purpose(*inner);
  SpecialPurpose purpose = SpecialPurpose::global;
  int longest = -1;
  for (const Entry& entry : entries()) {
    int length = static_cast<int>(entry.network.prefix_length());
    if (length > longest && entry.network.contains(address)) {
      purpose = entry.purpose;
      longest = length;
    }
  }
  return purpose;
}

std::string_view name(SpecialPurpose purpose) {
  return names[static_cast<size_t>(purpose)];
}

}  // namespace shikake::url
