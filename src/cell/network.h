// Network devices, addresses and routes of one network namespace, over rtnetlink(7).
//
// Our own few requests rather than iproute2's `ip`: a range or a cell starts in milliseconds, needs no
// program from the machine, and a refusal arrives as an errno beside the request that met it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

// An address with the length of its network's prefix: "192.0.2.1" and 32, "2001:db8::" and 32.
struct Prefix {
  std::string address;
  uint8_t length;
};

class NetworkDevices {
 public:
  // Those of the namespace that the calling thread is in; later calls stay there, wherever the thread
  // goes.
  static Result<NetworkDevices> open();

  // Two ends of a cable: `name` here, `peer` in the other namespace. Both are down.
  Result<> add_cable(const std::string& name, const std::string& peer, const base::UniqueFd& peer_network);
  Result<> bring_up(const std::string& name);
  // Usable at once: IPv6's search for duplicates is skipped, nobody else is on the cable.
  Result<> add_address(const std::string& name, const Prefix& address);
  // Packets that come in by the device are for this machine, whatever address they name (for IPv6 if there is
  // any here): a rule leads them to a table of routes that holds nothing else.
  Result<> receive_everything(const std::string& name);
  // Packets leave and arrive as on a wire, each with its checksum and no larger than the device's MTU: a
  // cable inside one machine skips both, which a capture would show. Devices that can't switch it off stay as
  // they are.
  Result<> behave_like_wire(const std::string& name);
  // Through a gateway, which another route must lead to, or directly when there is none.
  Result<> add_route(const std::string& name, const Prefix& to,
                     const std::optional<std::string>& gateway = {});

 private:
  explicit NetworkDevices(base::UniqueFd socket) : socket_(std::move(socket)) {}
  Result<> ask(std::vector<uint8_t>& request, const std::string& what);

  base::UniqueFd socket_;
};

// False where the machine runs without IPv6.
bool has_ipv6();

}  // namespace shikake::cell
