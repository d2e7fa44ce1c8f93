#include "range/topology.h"

#include <fcntl.h>

#include <set>

#include "cell/namespaces.h"
#include "cell/network.h"

namespace shikake::range {
namespace {

constexpr const char* cable = "eth0";  // both of its ends: what programs expect to find

bool is_ipv6(const std::string& address) {
  return address.find(':') != address.npos;
}

// A single address as a network.
cell::Prefix alone(const std::string& address) {
  return {address, static_cast<uint8_t>(is_ipv6(address) ? 128 : 32)};
}

Result<> set(const char* setting, std::string_view value) {
  base::UniqueFd file(open(setting, O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), value.data(), value.size()) < 0) {
    return fail_errno(Module::range, std::string("cannot set ") + setting);
  }
  return {};
}

Result<> be_a_router(bool ipv6) {
  // An end host drops in silence what is not for it; a router says so. And at once, to everyone.
  SHIKAKE_TRY(set("/proc/sys/net/ipv4/ip_forward", "1"));
  SHIKAKE_TRY(set("/proc/sys/net/ipv4/icmp_ratelimit", "0"));
  if (!ipv6) return {};
  SHIKAKE_TRY(set("/proc/sys/net/ipv6/conf/all/forwarding", "1"));
  return set("/proc/sys/net/ipv6/icmp/ratelimit", "0");
}

// New namespaces may inherit the machine's switched-off IPv6, as in many containers.
Result<> switch_ipv6_on(bool ipv6) {
  return ipv6 ? set("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0") : Result<>();
}

}  // namespace

Result<base::UniqueFd> build_topology(const Scenario& scenario, bool ipv6) {
  auto usable = [ipv6](const std::string& address) { return ipv6 || !is_ipv6(address); };

  SHIKAKE_ASSIGN(base::UniqueFd internet, cell::current_network());
  SHIKAKE_ASSIGN(auto outside, cell::NetworkDevices::open());
  SHIKAKE_ASSIGN(base::UniqueFd client, cell::enter_new_network());
  SHIKAKE_ASSIGN(auto inside, cell::NetworkDevices::open());
  SHIKAKE_TRY(switch_ipv6_on(ipv6));
  SHIKAKE_TRY(cell::enter_network(internet));
  SHIKAKE_TRY(switch_ipv6_on(ipv6));
  SHIKAKE_TRY(inside.add_cable(cable, cable, internet));

  SHIKAKE_TRY(outside.bring_up("lo"));
  SHIKAKE_TRY(outside.bring_up(cable));
  for (const std::string& address : scenario.resolver) {
    if (usable(address)) SHIKAKE_TRY(outside.add_address(cable, alone(address)));
  }
  for (const std::string& address : scenario.client) {
    if (usable(address)) SHIKAKE_TRY(outside.add_route(cable, alone(address)));
  }
  std::set<std::string> addresses;  // hosts may share one
  for (const Host& host : scenario.hosts) addresses.insert(host.addresses.begin(), host.addresses.end());
  for (const std::string& address : addresses) {
    if (usable(address)) SHIKAKE_TRY(outside.add_address("lo", alone(address)));
  }
  SHIKAKE_TRY(be_a_router(ipv6));

  SHIKAKE_TRY(inside.bring_up("lo"));
  SHIKAKE_TRY(inside.bring_up(cable));
  for (const std::string& address : scenario.client) {
    if (usable(address)) SHIKAKE_TRY(inside.add_address(cable, alone(address)));
  }
  for (const std::string& address : scenario.resolver) {
    if (!usable(address)) continue;
    SHIKAKE_TRY(inside.add_route(cable, alone(address)));
    SHIKAKE_TRY(inside.add_route(cable, {is_ipv6(address) ? "::" : "0.0.0.0", 0}, address));
  }
  return client;
}

}  // namespace shikake::range
