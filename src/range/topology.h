// The two network namespaces of a range and the cable between them.
//
//   client namespace                          internet namespace
//   +------------------------------+          +--------------------------------------+
//   | lo     127.0.0.1, ::1        |          | lo    every host's addresses         |
//   | eth0   192.0.2.2 ============|== veth ==|=eth0  192.0.2.1 (resolver, router)    |
//   | default route via 192.0.2.1  |          | route to 192.0.2.2, and no other     |
//   +------------------------------+          +--------------------------------------+
//
// Neither holds a device of the machine, so no packet can leave: for an address that no host has, the
// router sends "unreachable", as a real one would.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "range/scenario.h"

namespace shikake::range {

// Builds both in namespaces that the calling thread owns; afterwards the thread is in the internet one
// (which it was in before), and the descriptor leads to the client's. /proc must be of this namespace.
Result<base::UniqueFd> build_topology(const Scenario& scenario, bool ipv6);

}  // namespace shikake::range
