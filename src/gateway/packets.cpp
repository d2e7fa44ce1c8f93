#include "gateway/packets.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "base/check.h"

namespace shikake::gateway {
namespace {

constexpr uint8_t hop_limit = 54;  // as after ten hops or so of 64

void put16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

// The one's complement sum of RFC 1071.
uint16_t checksum(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void set16(std::string& bytes, size_t at, uint16_t value) {
  bytes[at] = static_cast<char>(value >> 8);
  bytes[at + 1] = static_cast<char>(value);
}

std::string ip_header(const url::IpAddress& from, const url::IpAddress& to, uint8_t protocol,
                      size_t payload) {
  SHIKAKE_CHECK(from.is_v4() == to.is_v4());
  std::string header;
  if (from.is_v4()) {
    header += {0x45, 0};
    put16(header, 20 + payload);
    put16(header, 0);       // identification: unfragmented packets need none (RFC 6864)
    put16(header, 0x4000);  // don't fragment
    header += {static_cast<char>(hop_limit), static_cast<char>(protocol), 0, 0};
  } else {
    header += {0x60, 0, 0, 0};
    put16(header, payload);
    header += {static_cast<char>(protocol), static_cast<char>(hop_limit)};
  }
  header += base::as_text(from.bytes());
  header += base::as_text(to.bytes());
  if (from.is_v4()) set16(header, 10, checksum(header));
  return header;
}

// What transport checksums cover besides (RFC 768, RFC 8200 section 8.1).
std::string pseudo_header(const url::IpAddress& from, const url::IpAddress& to, uint8_t protocol,
                          size_t size) {
  std::string pseudo;
  pseudo += base::as_text(from.bytes());
  pseudo += base::as_text(to.bytes());
  if (from.is_v4()) {
    pseudo += {0, static_cast<char>(protocol)};
    put16(pseudo, size);
  } else {
    pseudo += {0, 0};
    put16(pseudo, size);
    pseudo += {0, 0, 0, static_cast<char>(protocol)};
  }
  return pseudo;
}

std::string udp_datagram(const PacketEnd& from, const PacketEnd& to, std::string_view payload) {
  std::string datagram;
  put16(datagram, from.port);
  put16(datagram, to.port);
  put16(datagram, 8 + payload.size());
  put16(datagram, 0);
  datagram += payload;
  uint16_t sum = checksum(pseudo_header(from.address, to.address, IPPROTO_UDP, datagram.size()) + datagram);
  set16(datagram, 6, sum == 0 ? 0xFFFF : sum);  // 0 would mean: none
  return datagram;
}

std::string icmp_packet(const url::IpAddress& from, const url::IpAddress& to, std::string message) {
  set16(message, 2, 0);
  const uint8_t protocol = from.is_v4() ? uint8_t{IPPROTO_ICMP} : uint8_t{IPPROTO_ICMPV6};
  set16(message, 2,
        checksum(from.is_v4() ? message : pseudo_header(from, to, protocol, message.size()) + message));
  return ip_header(from, to, protocol, message.size()) + message;
}

}  // namespace

std::string udp_packet(const PacketEnd& from, const PacketEnd& to, std::string_view payload) {
  const std::string datagram = udp_datagram(from, to, payload);
  std::string packet = ip_header(from.address, to.address, IPPROTO_UDP, datagram.size()) + datagram;
  return packet.size() <= max_packet_bytes ? packet : std::string();
}

std::string port_unreachable(const PacketEnd& refuser, const PacketEnd& sender) {
  // The sender's kernel knows its socket by the addresses and ports of the packet that is quoted; the rest of
  // that packet is not needed.
  const std::string datagram = udp_datagram(sender, refuser, {});
  const bool v4 = refuser.address.is_v4();
  std::string message = v4 ? std::string{3, 3} : std::string{1, 4};  // unreachable, port
  message.append(6, '\0');
  message += ip_header(sender.address, refuser.address, IPPROTO_UDP, datagram.size()) + datagram;
  return icmp_packet(refuser.address, sender.address, std::move(message));
}

std::string echo_reply(const url::IpAddress& from, const url::IpAddress& to, std::string_view message) {
  constexpr size_t smallest = 8;
  if (message.size() < smallest || message.size() > max_packet_bytes - 40) return {};
  std::string reply(message);
  constexpr char echo_reply_v4 = 0, echo_reply_v6 = static_cast<char>(129);
  reply[0] = from.is_v4() ? echo_reply_v4 : echo_reply_v6;
  return icmp_packet(from, to, std::move(reply));
}

}  // namespace shikake::gateway
