// DNS messages (RFC 1035 section 4) in and out. No sockets here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "url/ip.h"

namespace shikake::net {

// Values of the record types that are understood; others travel as they are.
namespace dns_type {
constexpr uint16_t a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, opt = 41,
                   any = 255;
}
// Response codes (RFC 1035 section 4.1.1).
namespace dns_code {
constexpr uint8_t no_error = 0, format_error = 1, server_failure = 2, no_such_name = 3, not_implemented = 4,
                  refused = 5;
}
constexpr uint16_t dns_internet = 1;  // the class

// Names are text as in master files (RFC 1035 section 5.1): labels with dots between them and none at the
// end, the root is "."; in a label a dot and a backslash are escaped with a backslash, and what is not
// printable ASCII is \DDD in decimal. Case stays as it came; compare with equal_dns_names().
bool equal_dns_names(std::string_view a, std::string_view b);

struct DnsQuestion {
  std::string name;
  uint16_t type = dns_type::a;
  uint16_t dns_class = dns_internet;
  bool operator==(const DnsQuestion&) const = default;
};

struct DnsName {  // of CNAME, NS, PTR
  std::string name;
  bool operator==(const DnsName&) const = default;
};
struct DnsMx {
  uint16_t preference = 0;
  std::string exchange;
  bool operator==(const DnsMx&) const = default;
};
struct DnsSoa {
  std::string primary, mailbox;
  uint32_t serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0;
  bool operator==(const DnsSoa&) const = default;
};
struct DnsText {
  std::vector<std::string> strings;  // at most 255 bytes each
  bool operator==(const DnsText&) const = default;
};
struct DnsOpaque {  // of every other type
  std::string bytes;
  bool operator==(const DnsOpaque&) const = default;
};

struct DnsRecord {
  std::string name;
  uint16_t type = dns_type::a;
  uint16_t dns_class = dns_internet;
  uint32_t ttl = 0;  // seconds
  // The alternative that belongs to `type`: IpAddress for A (IPv4) and AAAA (IPv6).
  std::variant<url::IpAddress, DnsName, DnsMx, DnsSoa, DnsText, DnsOpaque> data;
  bool operator==(const DnsRecord&) const = default;
};

struct DnsMessage {
  uint16_t id = 0;
  bool response = false;
  uint8_t opcode = 0;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  uint8_t reserved = 0;  // the three bits between, of which DNSSEC uses two
  uint8_t code = dns_code::no_error;
  std::vector<DnsQuestion> questions;
  std::vector<DnsRecord> answers, authorities, additionals;
  bool operator==(const DnsMessage&) const = default;
};

constexpr size_t max_dns_message = 65535;  // what TCP's length says
constexpr size_t max_dns_udp = 512;        // without EDNS (RFC 1035 section 4.2.1)

// invalid_input with the byte where it is wrong: cut short, a label or name too long, a compression
// pointer that does not point back, record data of another size than its type's, bytes behind the end.
Result<DnsMessage> parse_dns(base::ByteSpan message);

// Compressed where RFC 1035 allows it. A message above `limit` bytes keeps its questions alone and is
// marked as truncated. invalid_input: a name, a string or data that DNS can't carry.
Result<std::string> serialise_dns(const DnsMessage& message, size_t limit = max_dns_message);

}  // namespace shikake::net
