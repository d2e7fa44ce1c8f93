// Socket addresses, of guests and of the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::monitor {

struct SocketAddress {
  int family = 0;
  std::string host;  // of Internet families, canonical text; IPv4 in IPv6 as IPv4
  uint16_t port = 0;
  std::string path;  // of AF_UNIX; an abstract name begins with '@'; "" is unnamed

  bool is_internet() const;
  bool is_loopback() const;
  std::string text() const;  // "10.1.0.2:40112", "[fd00::2]:443", the path, "family 17"
};

std::optional<SocketAddress> parse_address(base::ByteSpan bytes);
std::optional<SocketAddress> read_address(trace::Thread& thread, trace::GuestAddress at, size_t length);

// What the kernel knows about a guest's socket.
struct SocketState {
  std::optional<SocketAddress> local, remote;
  std::string transport;  // "tcp", "udp", "icmp", "raw", "unix", …
};
// Nothing where the descriptor is no socket, or gone.
std::optional<SocketState> socket_state(trace::Thread& thread, int fd);

}  // namespace shikake::sandbox::monitor
