// The addresses of sockets.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace shikake::taint::qemu {

// An Internet address and port. IPv4 addresses that are mapped into IPv6 are IPv4's.
struct Endpoint {
  sa_family_t family = AF_UNSPEC;  // AF_INET, AF_INET6; anything else: not known
  uint16_t port = 0;
  std::array<uint8_t, 16> host{};  // IPv4: the first four

  bool known() const { return family == AF_INET || family == AF_INET6; }
  bool loopback() const;
  uint64_t hash() const;
  // "192.0.2.1:80", "[2001:db8::1]:80", "" when it is not known.
  std::string text() const;
  bool operator==(const Endpoint&) const = default;
};

// Of a sockaddr's bytes; its family is in the byte order of the program that wrote it.
Endpoint endpoint(std::span<const uint8_t> address, bool big_endian);
// Of a descriptor's two ends.
Endpoint local_end(int fd);
Endpoint remote_end(int fd);

}  // namespace shikake::taint::qemu
