// QUIC (RFC 9000): recognised by its long header, and refused.
#include "responders.h"

namespace shikake::gateway {

bool recognise_quic(std::string_view datagram) {
  // A first packet fills 1200 bytes at least (section 14.1) and has a long header with the fixed bit
  // (section 17.2) and a version: 1, 2, or one of the drafts and the private ones ("Q046").
  constexpr size_t smallest_first = 1200;
  if (datagram.size() < smallest_first) return false;
  auto byte = [&](size_t i) { return static_cast<uint8_t>(datagram[i]); };
  if ((byte(0) & 0xC0) != 0xC0) return false;
  const uint32_t version = static_cast<uint32_t>(byte(1)) << 24 | static_cast<uint32_t>(byte(2)) << 16 |
                           static_cast<uint32_t>(byte(3)) << 8 | byte(4);
  constexpr uint32_t version_2 = 0x6B3343CF;  // RFC 9369
  return version == 1 || version == version_2 || version >> 8 == 0xFF0000 || byte(1) == 'Q' ||
         (version & 0x0F0F0F0F) == 0x0A0A0A0A;  // to provoke negotiation (section 15)
}

}  // namespace shikake::gateway
