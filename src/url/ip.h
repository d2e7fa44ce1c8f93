// IP addresses and networks as values, and what each address is for.
//
// Text forms here are the canonical ones (strict dotted quad, RFC 4291 section 2.2 IPv6): the many
// other spellings that a URL's host may use (0x7f.1, 017700000001) are read by url/host.h.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shikake::url {

// An IPv4 or IPv6 address without zone. Ordered by family (IPv4 first), then by value.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(uint32_t host_order);
  static IpAddress v6(std::span<const uint8_t, 16> network_order);

  // "192.0.2.1" (four decimal numbers, no leading zeros) or IPv6 text (embedded dotted quad allowed; no
  // brackets, no zone). Nothing for anything else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const { return !v6_; }
  bool is_v6() const { return v6_; }
  // 4 or 16 bytes in network order; valid as long as this object is.
  std::span<const uint8_t> bytes() const { return {bytes_.data(), v6_ ? 16U : 4U}; }
  uint32_t to_v4() const;  // host order; CHECKs is_v4()

  // The IPv4 address that an IPv6 one carries: mapped ::ffff:a.b.c.d, translated 64:ff9b::/96 (RFC 6052),
  // 6to4 2002::/16 (RFC 3056), Teredo 2001::/32 (RFC 4380; the client's), compatible ::a.b.c.d (RFC 4291).
  std::optional<IpAddress> embedded_v4() const;

  // RFC 5952; mapped addresses in its mixed form (section 5), ::ffff:192.0.2.1.
  std::string to_string() const;
  // As the host of a URL: 192.0.2.1, [2001:db8::1], never mixed
  // (https://url.spec.whatwg.org/#host-serializing).
  std::string to_url_host() const;

  friend auto operator<=>(const IpAddress& a, const IpAddress& b) {
    if (auto order = a.v6_ <=> b.v6_; order != 0) return order;
    return a.bytes_ <=> b.bytes_;
  }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<uint8_t, 16> bytes_{};  // IPv4 in the first four, zeros behind
  bool v6_ = false;
};

// A network: an address whose host bits are zero, and a prefix length.
class Cidr {
 public:
  Cidr() = default;  // 0.0.0.0/32
  // Clears host bits; nothing where the length is past the family's 32 or 128 bits.
  static std::optional<Cidr> make(const IpAddress& address, unsigned prefix_length);
  // "10.0.0.0/8", "2001:db8::/32", or an address alone (/32, /128). Host bits are cleared.
  static std::optional<Cidr> parse(std::string_view text);

  const IpAddress& network() const { return network_; }
  unsigned prefix_length() const { return prefix_length_; }

  // Within one family: an IPv4 network never contains a mapped IPv6 address (see embedded_v4).
  bool contains(const IpAddress& address) const;
  bool contains(const Cidr& other) const;
  std::string to_string() const;  // always with its length

  friend auto operator<=>(const Cidr&, const Cidr&) = default;

 private:
  IpAddress network_;
  uint8_t prefix_length_ = 32;
};

// What an address is for, by the IANA special-purpose address registries (RFC 6890 and its updates:
// https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry) and the
// multicast and IPv6 address space registries.
enum class SpecialPurpose : uint8_t {
  global,         // an ordinary host of the Internet
  unspecified,    // 0.0.0.0/8 "this network", ::
  loopback,       // 127.0.0.0/8, ::1
  private_use,    // RFC 1918, fc00::/7, fec0::/10, 64:ff9b:1::/48
  shared,         // 100.64.0.0/10, carrier-grade NAT
  link_local,     // 169.254.0.0/16 (cloud metadata lives there), fe80::/10
  documentation,  // 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20
  benchmarking,   // 198.18.0.0/15, 2001:2::/48
  multicast,
  broadcast,  // 255.255.255.255
  reserved,   // protocol assignments, discard-only, future use and unallocated IPv6 space
};

// An IPv6 address that carries an IPv4 one (embedded_v4) is what that one is: 64:ff9b::7f00:1 is loopback.
SpecialPurpose special_purpose(const IpAddress& address);
std::string_view name(SpecialPurpose purpose);

}  // namespace shikake::url

template <>
struct std::hash<shikake::url::IpAddress> {
  size_t operator()(const shikake::url::IpAddress& address) const noexcept;
};
template <>
struct std::hash<shikake::url::Cidr> {
  size_t operator()(const shikake::url::Cidr& cidr) const noexcept {
    return std::hash<shikake::url::IpAddress>{}(cidr.network()) * 131 + cidr.prefix_length();
  }
};
