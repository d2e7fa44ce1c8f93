#include "taint/qemu/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdio>

namespace shikake::taint::qemu {
namespace {

constexpr std::array<uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Ask>
Endpoint of(int fd, Ask ask) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  const auto* bytes = reinterpret_cast<const uint8_t*>(&address);
  return endpoint({bytes, std::min<size_t>(length, sizeof address)}, std::endian::native == std::endian::big);
}

}  // namespace

Endpoint endpoint(std::span<const uint8_t> address, bool big_endian) {
  Endpoint found;
  if (address.size() < sizeof(sockaddr_in)) return found;
  const auto family = static_cast<sa_family_t>(big_endian ? address[0] << 8 | address[1] : address[1] << 8 | address[0]);
  const auto port = static_cast<uint16_t>(address[2] << 8 | address[3]);
  if (family == AF_INET) {
    std::copy_n(address.begin() + offsetof(sockaddr_in, sin_addr), 4, found.host.begin());
  } else if (family == AF_INET6 && address.size() >= offsetof(sockaddr_in6, sin6_scope_id)) {
    std::copy_n(address.begin() + offsetof(sockaddr_in6, sin6_addr), 16, found.host.begin());
  } else {
    return found;
  }
  found.family = family;
  found.port = port;
  if (family == AF_INET6 && std::equal(mapped.begin(), mapped.end(), found.host.begin())) {
    found.family = AF_INET;
    std::copy_n(found.host.begin() + mapped.size(), 4, found.host.begin());
    std::fill(found.host.begin() + 4, found.host.end(), uint8_t{0});
  }
  return found;
}

Endpoint local_end(int fd) { return of(fd, getsockname); }
Endpoint remote_end(int fd) { return of(fd, getpeername); }

bool Endpoint::loopback() const {
  if (family == AF_INET) return host[0] == 127;
  return family == AF_INET6 && host[15] == 1 && std::all_of(host.begin(), host.end() - 1, [](uint8_t b) { return b == 0; });
}

// FNV-1a, as its authors give it (http://www.isthe.com/chongo/tech/comp/fnv/).
uint64_t Endpoint::hash() const {
  if (!known()) return 0;
  uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&hash](uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3u; };
  for (const uint8_t byte : host) add(byte);
  add(static_cast<uint8_t>(port >> 8));
  add(static_cast<uint8_t>(port));
  return hash | 1;
}

std::string Endpoint::text() const {
  if (!known()) return "";
  char address[INET6_ADDRSTRLEN] = "";
  char text[INET6_ADDRSTRLEN + 16] = "";
  inet_ntop(family, host.data(), address, sizeof address);
  std::snprintf(text, sizeof text, family == AF_INET ? "%s:%u" : "[%s]:%u", address, port);
  return text;
}

}  // namespace shikake::taint::qemu
