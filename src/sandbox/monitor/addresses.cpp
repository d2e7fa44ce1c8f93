#include "sandbox/monitor/addresses.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace shikake::sandbox::monitor {

bool SocketAddress::is_internet() const {
  return family == AF_INET || family == AF_INET6;
}

bool SocketAddress::is_loopback() const {
  return is_internet() && (host.starts_with("127.") || host == "::1" || host == "0.0.0.0" || host == "::");
}

std::string SocketAddress::text() const {
  if (is_internet())
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
  return family == AF_UNIX ? path : fmt::format("family {}", family);
}

std::optional<SocketAddress> parse_address(base::ByteSpan bytes) {
  sa_family_t family;
  if (bytes.size() < sizeof family) return std::nullopt;
  std::memcpy(&family, bytes.data(), sizeof family);
  SocketAddress address;
  address.family = family;
  std::array<char, INET6_ADDRSTRLEN> text;
  if (family == AF_INET && bytes.size() >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, bytes.data(), sizeof in);
    address.host = inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
    address.port = ntohs(in.sin_port);
  } else if (family == AF_INET6 && bytes.size() >= offsetof(sockaddr_in6, sin6_scope_id)) {
    sockaddr_in6 in{};
    std::memcpy(&in, bytes.data(), std::min(bytes.size(), sizeof in));
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr))
      address.host = inet_ntop(AF_INET, &in.sin6_addr.s6_addr[12], text.data(), text.size());
    else
      address.host = inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    address.port = ntohs(in.sin6_port);
  } else if (family == AF_INET || family == AF_INET6) {
    return std::nullopt;
  } else if (family == AF_UNIX) {
    std::string_view path = base::as_text(bytes.subspan(offsetof(sockaddr_un, sun_path)));
    const bool abstract = path.starts_with('\0') && path.size() > 1;
    if (!abstract) path = path.substr(0, path.find('\0'));
    address.path = abstract ? "@" + std::string(path.substr(1)) : std::string(path);
  }
  return address;
}

std::optional<SocketAddress> read_address(trace::Thread& thread, trace::GuestAddress at, size_t length) {
  if (!at || length > sizeof(sockaddr_storage)) return std::nullopt;
  std::array<uint8_t, sizeof(sockaddr_storage)> bytes;
  const size_t got = thread.read(at, std::span(bytes).first(length));
  return parse_address(std::span(bytes).first(got));
}

namespace {

std::optional<SocketAddress> ask(int fd, int (*which)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (which(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return std::nullopt;
  return parse_address(
      {reinterpret_cast<const uint8_t*>(&storage), std::min<size_t>(length, sizeof storage)});
}

std::string transport_of(int fd) {
  int domain = 0, type = 0, protocol = 0;
  socklen_t length = sizeof(int);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0) return {};
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length);
  getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  if (domain == AF_UNIX) return "unix";
  if (domain != AF_INET && domain != AF_INET6) return fmt::format("family {}", domain);
  if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) return "icmp";
  return type == SOCK_STREAM ? "tcp" : type == SOCK_DGRAM ? "udp" : "raw";
}

}  // namespace

std::optional<SocketState> socket_state(trace::Thread& thread, int fd) {
  const auto socket = thread.duplicate_fd(fd);
  if (!socket) return std::nullopt;
  SocketState state;
  state.transport = transport_of(socket->get());
  if (state.transport.empty()) return std::nullopt;
  state.local = ask(socket->get(), getsockname);
  state.remote = ask(socket->get(), getpeername);
  return state;
}

}  // namespace shikake::sandbox::monitor
