// The privileged beginning: devices, routes, nftables rules and every socket that the gateway will ever have.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::gateway {

// Of one IP family; without descriptors where there is no such family.
struct FamilySockets {
  base::UniqueFd tcp;   // listens; gets what TPROXY leads to it, with the destination as its local address
  base::UniqueFd udp;   // gets every datagram, with its destination beside it
  base::UniqueFd echo;  // gets ICMP echo requests
  base::UniqueFd raw;   // sends packets that bring their own IP header
};

struct Arranged {
  base::UniqueFd cell_network;
  FamilySockets v4, v6;
  base::UniqueFd capture;  // packets of the cable, from the Ethernet header on
  std::vector<std::string> resolvers, cell_addresses;
};

// In a fresh network namespace that becomes the gateway's, with CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN.
// ErrorCode::unsupported names what the kernel lacks.
Result<Arranged> arrange();

}  // namespace shikake::gateway
