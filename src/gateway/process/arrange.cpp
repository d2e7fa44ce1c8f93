#include "arrange.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cell/namespaces.h"
#include "cell/network.h"
#include "rules.h"

namespace shikake::gateway {
namespace {

constexpr const char* our_end = "cell0";
constexpr const char* cell_end = "eth0";  // what programs expect to find

// A home network behind a router, the commonest place of a victim. IPv6: a unique local prefix (RFC 4193), as
// such routers give; name look-ups then prefer IPv4, as on most machines (RFC 6724 section 6, rule 5).
constexpr const char* gateway_v4 = "192.168.1.1";
constexpr const char* cell_v4 = "192.168.1.104";
constexpr uint8_t network_v4 = 24;
constexpr const char* gateway_v6 = "fd3b:7a1c:52e0::1";
constexpr const char* cell_v6 = "fd3b:7a1c:52e0::68";
constexpr uint8_t network_v6 = 64;

// A flood waits in the kernel while the gateway works on something else.
constexpr int datagram_buffer = 4 << 20;
constexpr int capture_buffer = 32 << 20;

Result<> set(const std::string& setting, std::string_view value) {
  base::UniqueFd file(open(setting.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), value.data(), value.size()) < 0)
    return fail_errno(Module::gateway, "cannot set " + setting);
  return {};
}

Result<> set_up_cell_end(cell::NetworkDevices& devices, bool ipv6) {
  SHIKAKE_TRY(devices.bring_up("lo"));
  SHIKAKE_TRY(devices.bring_up(cell_end));
  SHIKAKE_TRY(devices.add_address(cell_end, {cell_v4, network_v4}));
  SHIKAKE_TRY(devices.add_route(cell_end, {"0.0.0.0", 0}, gateway_v4));
  if (!ipv6) return {};
  SHIKAKE_TRY(devices.add_address(cell_end, {cell_v6, network_v6}));
  return devices.add_route(cell_end, {"::", 0}, gateway_v6);
}

// What a namespace inherits or has by default and a cell must not: IPv6 switched off as in many containers,
// ping for root alone.
Result<> set_up_kernel_of_cell(bool ipv6) {
  if (ipv6) SHIKAKE_TRY(set("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0"));
  // Refused where group numbers that high do not exist; then ping is root's there.
  static_cast<void>(set("/proc/sys/net/ipv4/ping_group_range", "0 2147483647"));
  return {};
}

// Echo requests are ours to answer, so that they become flows.
Result<> set_up_kernel_here(bool ipv6) {
  SHIKAKE_TRY(set("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1"));
  if (!ipv6) return {};
  SHIKAKE_TRY(set("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0"));
  return set("/proc/sys/net/ipv6/icmp/echo_ignore_all", "1");
}

Result<> build_network(base::UniqueFd& cell_network, bool ipv6) {
  SHIKAKE_ASSIGN(base::UniqueFd here, cell::current_network());
  SHIKAKE_ASSIGN(auto ours, cell::NetworkDevices::open());
  SHIKAKE_ASSIGN(cell_network, cell::enter_new_network());
  SHIKAKE_ASSIGN(auto theirs, cell::NetworkDevices::open());
  SHIKAKE_TRY(set_up_kernel_of_cell(ipv6));
  SHIKAKE_TRY(theirs.add_cable(cell_end, our_end, here));
  SHIKAKE_TRY(theirs.behave_like_wire(cell_end));
  SHIKAKE_TRY(cell::enter_network(here));
  SHIKAKE_TRY(set_up_kernel_here(ipv6));
  SHIKAKE_TRY(ours.behave_like_wire(our_end));
  SHIKAKE_TRY(ours.bring_up("lo"));
  SHIKAKE_TRY(ours.bring_up(our_end));
  SHIKAKE_TRY(ours.add_address(our_end, {gateway_v4, network_v4}));
  if (ipv6) SHIKAKE_TRY(ours.add_address(our_end, {gateway_v6, network_v6}));
  SHIKAKE_TRY(ours.receive_everything(our_end));
  return set_up_cell_end(theirs, ipv6);
}

Result<base::UniqueFd> make_socket(int family, int type, int protocol, const char* what) {
  base::UniqueFd made(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!made) return fail_errno(Module::gateway, fmt::format("no {} socket", what));
  return made;
}

Result<> option(const base::UniqueFd& socket, int level, int name, int value, const char* what) {
  if (setsockopt(socket.get(), level, name, &value, sizeof value) != 0)
    return fail_errno(Module::gateway, fmt::format("the {} option of a socket is refused", what));
  return {};
}

// Binds to any address of the family; port 0: one that is free, which comes back.
Result<uint16_t> bind_any(const base::UniqueFd& socket, int family, uint16_t port) {
  sockaddr_storage place{};
  socklen_t size = 0;
  if (family == AF_INET) {
    auto& address = reinterpret_cast<sockaddr_in&>(place);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    size = sizeof address;
  } else {
    auto& address = reinterpret_cast<sockaddr_in6&>(place);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    size = sizeof address;
  }
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&place), size) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&place), &size) != 0)
    return fail_errno(Module::gateway, "a socket of the gateway cannot be bound");
  return ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in&>(place).sin_port
                                 : reinterpret_cast<sockaddr_in6&>(place).sin6_port);
}

Result<base::UniqueFd> echo_socket(bool v6) {
  SHIKAKE_ASSIGN(base::UniqueFd echo, make_socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW,
                                                  v6 ? int{IPPROTO_ICMPV6} : int{IPPROTO_ICMP}, "ICMP"));
  if (!v6) return echo;
  SHIKAKE_TRY(option(echo, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"));
  icmp6_filter only{};
  ICMP6_FILTER_SETBLOCKALL(&only);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REQUEST, &only);
  if (setsockopt(echo.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof only) != 0)
    return fail_errno(Module::gateway, "no filter for ICMPv6");
  return echo;
}

// `port`: 0 for the first family, then the one that it got.
Result<FamilySockets> open_family(bool v6, uint16_t& port) {
  const int family = v6 ? AF_INET6 : AF_INET;
  const int level = v6 ? int{IPPROTO_IPV6} : int{IPPROTO_IP};
  const int transparent = v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT;
  FamilySockets sockets;
  SHIKAKE_ASSIGN(sockets.tcp, make_socket(family, SOCK_STREAM, 0, "TCP"));
  SHIKAKE_ASSIGN(sockets.udp, make_socket(family, SOCK_DGRAM, 0, "UDP"));
  for (const base::UniqueFd* socket : {&sockets.tcp, &sockets.udp}) {
    if (v6) SHIKAKE_TRY(option(*socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"));
    SHIKAKE_TRY(option(*socket, level, transparent, 1, "IP_TRANSPARENT"));
    SHIKAKE_ASSIGN(port, bind_any(*socket, family, port));
  }
  SHIKAKE_TRY(
      option(sockets.udp, level, v6 ? IPV6_RECVORIGDSTADDR : IP_RECVORIGDSTADDR, 1, "IP_RECVORIGDSTADDR"));
  static_cast<void>(option(sockets.udp, SOL_SOCKET, SO_RCVBUF, datagram_buffer, "SO_RCVBUF"));
  if (listen(sockets.tcp.get(), SOMAXCONN) != 0)
    return fail_errno(Module::gateway, "the gateway cannot listen");
  SHIKAKE_ASSIGN(sockets.echo, echo_socket(v6));
  SHIKAKE_ASSIGN(sockets.raw, make_socket(family, SOCK_RAW, IPPROTO_RAW, "raw"));
  return sockets;
}

Result<base::UniqueFd> open_capture() {
  SHIKAKE_ASSIGN(base::UniqueFd socket, make_socket(AF_PACKET, SOCK_RAW, 0, "packet"));
  static_cast<void>(option(socket, SOL_SOCKET, SO_RCVBUFFORCE, capture_buffer, "SO_RCVBUFFORCE"));
  SHIKAKE_TRY(option(socket, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS"));
  sockaddr_ll place{};
  place.sll_family = AF_PACKET;
  place.sll_protocol = htons(ETH_P_ALL);
  place.sll_ifindex = static_cast<int>(if_nametoindex(our_end));
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&place), sizeof place) != 0)
    return fail_errno(Module::gateway, "the cell's packets cannot be captured");
  return socket;
}

}  // namespace

Result<Arranged> arrange() {
  const bool ipv6 = cell::has_ipv6();
  Arranged arranged;
  SHIKAKE_TRY(build_network(arranged.cell_network, ipv6));
  SHIKAKE_ASSIGN(arranged.capture, open_capture());
  uint16_t port = 0;
  SHIKAKE_ASSIGN(arranged.v4, open_family(false, port));
  if (ipv6) {
    SHIKAKE_ASSIGN(arranged.v6, open_family(true, port));
  }
  SHIKAKE_TRY(load_rules(our_end, port));
  arranged.resolvers = {gateway_v4};
  arranged.cell_addresses = {cell_v4};
  if (ipv6) {
    arranged.resolvers.emplace_back(gateway_v6);
    arranged.cell_addresses.emplace_back(cell_v6);
  }
  return arranged;
}

}  // namespace shikake::gateway
