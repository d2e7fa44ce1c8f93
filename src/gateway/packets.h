// Datagrams with their own IP header, as a raw socket sends them: answers that come from an address and port
// that are not ours, without a socket for each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "url/ip.h"

namespace shikake::gateway {

struct PacketEnd {
  url::IpAddress address;
  uint16_t port = 0;
};

// RFC 768 on RFC 791 or RFC 8200. Both ends are of one family. Empty: it does not fit into one packet of the
// cable.
std::string udp_packet(const PacketEnd& from, const PacketEnd& to, std::string_view payload);

// ICMP port unreachable (RFC 792, RFC 4443 section 3.1) from `refuser`, about a datagram that `sender` sent
// to it.
std::string port_unreachable(const PacketEnd& refuser, const PacketEnd& sender);

// The answer to an echo request; `message` is the ICMP message as it came, of which type and checksum change.
std::string echo_reply(const url::IpAddress& from, const url::IpAddress& to, std::string_view message);

constexpr size_t max_packet_bytes = 1500;  // the cable's MTU

}  // namespace shikake::gateway
