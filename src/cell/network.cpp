#include "cell/network.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace shikake::cell {
namespace {

// A netlink request under construction: a fixed header for its type, then attributes, which may nest.
// Every part begins at a multiple of four bytes (netlink(3)).
class Request {
 public:
  template <class Header>
  Request(uint16_t type, uint16_t flags, const Header& header) {
    nlmsghdr message{};
    message.nlmsg_type = type;
    message.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(&message, sizeof message);
    append(&header, sizeof header);
  }

  Request& attribute(uint16_t type, const void* data, size_t size) {
    size_t start = open(type);
    append(data, size);
    return close(start);
  }
  Request& attribute(uint16_t type, std::string_view text) {
    return attribute(type, text.data(), text.size());
  }
  Request& attribute(uint16_t type, int value) { return attribute(type, &value, sizeof value); }
  Request& raw(const void* data, size_t size) {
    append(data, size);
    return *this;
  }

  size_t open(uint16_t type) {
    size_t start = bytes_.size();
    rtattr attribute{0, type};
    append(&attribute, sizeof attribute);
    return start;
  }
  Request& close(size_t start) {
    auto size = static_cast<unsigned short>(unpadded_ - start);
    std::memcpy(bytes_.data() + start, &size, sizeof size);  // rta_len comes first
    return *this;
  }

  std::vector<uint8_t> finish() {
    auto size = static_cast<uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &size, sizeof size);  // nlmsg_len comes first
    return std::move(bytes_);
  }

 private:
  void append(const void* data, size_t size) {
    auto* first = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
    unpadded_ = bytes_.size();
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }

  std::vector<uint8_t> bytes_;
  size_t unpadded_ = 0;
};

struct Parsed {
  unsigned char family;
  unsigned char size;
  std::array<uint8_t, 16> bytes;
};

Result<Parsed> parse(const std::string& address) {
  Parsed parsed{AF_INET, 4, {}};
  if (inet_pton(AF_INET, address.c_str(), parsed.bytes.data()) == 1) return parsed;
  parsed = {AF_INET6, 16, {}};
  if (inet_pton(AF_INET6, address.c_str(), parsed.bytes.data()) == 1) return parsed;
  return fail(Module::cell, ErrorCode::invalid_input, fmt::format("\"{}\" is no IP address", address));
}

}  // namespace

Result<NetworkDevices> NetworkDevices::open() {
  base::UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return fail_errno(Module::cell, "no netlink socket");
  return NetworkDevices(std::move(socket));
}

Result<> NetworkDevices::ask(std::vector<uint8_t>& request, const std::string& what) {
  if (send(socket_.get(), request.data(), request.size(), 0) < 0) return fail_errno(Module::cell, what);
  struct {
    nlmsghdr header;
    nlmsgerr error;
    std::array<uint8_t, 4096> rest;  // the request comes back behind its error
  } answer;
  ssize_t size = recv(socket_.get(), &answer, sizeof answer, 0);
  if (size < 0) return fail_errno(Module::cell, what);
  if (static_cast<size_t>(size) < sizeof(nlmsghdr) + sizeof(int) || answer.header.nlmsg_type != NLMSG_ERROR) {
    return fail(Module::cell, ErrorCode::io, what + ": netlink gave no clear answer");
  }
  if (answer.error.error == 0) return {};
  return fail(Error{Module::cell, ErrorCode::io, what, {}, {}, {}, -answer.error.error});
}

Result<> NetworkDevices::add_cable(const std::string& name, const std::string& peer,
                                   const base::UniqueFd& peer_network) {
  ifinfomsg link{};
  Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link);
  request.attribute(IFLA_IFNAME, name);
  size_t info = request.open(IFLA_LINKINFO);
  request.attribute(IFLA_INFO_KIND, "veth");
  size_t data = request.open(IFLA_INFO_DATA);
  size_t other = request.open(VETH_INFO_PEER);
  request.raw(&link, sizeof link).attribute(IFLA_IFNAME, peer).attribute(IFLA_NET_NS_FD, peer_network.get());
  auto bytes = request.close(other).close(data).close(info).finish();
  return ask(bytes, "no virtual cable (veth) can be made");
}

Result<> NetworkDevices::bring_up(const std::string& name) {
  ifinfomsg link{};
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  auto bytes = Request(RTM_NEWLINK, 0, link).attribute(IFLA_IFNAME, name).finish();
  return ask(bytes, fmt::format("network device {} cannot be brought up", name));
}

namespace {

// The kernel wants a number for the device, which only the device's own namespace knows.
Result<int> index_of(const base::UniqueFd& socket, const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(socket.get(), SIOCGIFINDEX, &request) != 0) {
    return fail_errno(Module::cell, fmt::format("no network device {}", name));
  }
  return request.ifr_ifindex;
}

}  // namespace

Result<> NetworkDevices::add_address(const std::string& name, const Prefix& address) {
  SHIKAKE_ASSIGN(Parsed parsed, parse(address.address));
  SHIKAKE_ASSIGN(int index, index_of(socket_, name));
  ifaddrmsg header{};
  header.ifa_family = parsed.family;
  header.ifa_prefixlen = address.length;
  header.ifa_flags = parsed.family == AF_INET6 ? IFA_F_NODAD : 0;
  header.ifa_index = static_cast<unsigned>(index);
  auto bytes = Request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, header)
                   .attribute(IFA_LOCAL, parsed.bytes.data(), parsed.size)
                   .attribute(IFA_ADDRESS, parsed.bytes.data(), parsed.size)
                   .finish();
  return ask(bytes, fmt::format("{} cannot get the address {}", name, address.address));
}

Result<> NetworkDevices::add_route(const std::string& name, const Prefix& to,
                                   const std::optional<std::string>& gateway) {
  SHIKAKE_ASSIGN(Parsed parsed, parse(to.address));
  SHIKAKE_ASSIGN(int index, index_of(socket_, name));
  rtmsg header{};
  header.rtm_family = parsed.family;
  header.rtm_dst_len = to.length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, header);
  if (to.length > 0) request.attribute(RTA_DST, parsed.bytes.data(), parsed.size);
  request.attribute(RTA_OIF, index);
  if (gateway) {
    SHIKAKE_ASSIGN(Parsed through, parse(*gateway));
    request.attribute(RTA_GATEWAY, through.bytes.data(), through.size);
  }
  auto bytes = request.finish();
  return ask(bytes, fmt::format("no route to {}/{} over {}", to.address, to.length, name));
}

Result<> NetworkDevices::receive_everything(const std::string& name) {
  constexpr uint32_t table = 100;  // any that is neither local, main nor default
  SHIKAKE_ASSIGN(int loopback, index_of(socket_, "lo"));
  for (int family : {AF_INET, AF_INET6}) {
    if (family == AF_INET6 && !has_ipv6()) break;
    fib_rule_hdr rule{};
    rule.family = static_cast<uint8_t>(family);
    rule.table = table;
    rule.action = FR_ACT_TO_TBL;
    auto bytes = Request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule).attribute(FRA_IIFNAME, name).finish();
    SHIKAKE_TRY(ask(bytes, "no routing rule for what comes in by " + name));
    rtmsg route{};
    route.rtm_family = static_cast<uint8_t>(family);
    route.rtm_table = table;
    route.rtm_protocol = RTPROT_STATIC;
    route.rtm_scope = RT_SCOPE_HOST;
    route.rtm_type = RTN_LOCAL;
    bytes = Request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route).attribute(RTA_OIF, loopback).finish();
    SHIKAKE_TRY(ask(bytes, "no local route for what comes in by " + name));
  }
  return {};
}

Result<> NetworkDevices::behave_like_wire(const std::string& name) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno(Module::cell, "no socket to set up " + name);
  for (uint32_t command : {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO}) {
    ethtool_value off{command, 0};
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&off);
    if (ioctl(socket.get(), SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP)
      return fail_errno(Module::cell, "the offloads of " + name + " cannot be switched off");
  }
  return {};
}

bool has_ipv6() {
  return access("/proc/sys/net/ipv6", F_OK) == 0;
}

}  // namespace shikake::cell
