// NTP (RFC 5905): a server that has the cell's time.
#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "responders.h"

namespace shikake::gateway {
namespace {

constexpr size_t packet_bytes = 48;
constexpr uint64_t seconds_to_1970 = 2'208'988'800;  // from NTP's era 0, 1900-01-01

void put(std::string& packet, size_t at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) packet[at + i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
}

// 32 bits of seconds, 32 of fraction.
uint64_t timestamp(base::TimePoint time) {
  const auto micros = static_cast<uint64_t>(base::to_micros(time));
  return (micros / 1'000'000 + seconds_to_1970) << 32 | ((micros % 1'000'000) << 32) / 1'000'000;
}

}  // namespace

std::string answer_ntp(Context& context, Flow& flow, std::string_view datagram) {
  if (datagram.size() < packet_bytes) return {};
  const auto first = static_cast<uint8_t>(datagram[0]);
  const uint8_t version = first >> 3 & 7, mode = first & 7;
  constexpr uint8_t symmetric_active = 1, client = 3;
  if (version == 0 || (mode != client && mode != symmetric_active)) return {};
  flow.detail = "time";
  const auto now = base::system_clock().now() + context.clock_ahead;
  std::string packet(packet_bytes, '\0');
  constexpr uint8_t server = 4;
  packet[0] = static_cast<char>(version << 3 | server);
  packet[1] = 2;  // stratum: it has its time from a server with a clock
  packet[2] = datagram[2];
  packet[3] = static_cast<char>(-20);  // precision: a microsecond, as a power of two of a second
  put(packet, 4, 0x0000'0400, 4);      // root delay and dispersion: 1/64 s, an ordinary server's
  put(packet, 8, 0x0000'0400, 4);
  put(packet, 12, 0xC612'0101, 4);  // reference: the address of the stratum 1 server
  put(packet, 16, timestamp(now - std::chrono::seconds(16)), 8);
  std::copy_n(datagram.begin() + 40, 8, packet.begin() + 24);  // origin: what the client sent
  put(packet, 32, timestamp(now), 8);
  put(packet, 40, timestamp(now), 8);
  return packet;
}

}  // namespace shikake::gateway
