// What a process and a network could reach: devices, sockets, descriptors. Taken from outside, from /proc,
// so that it is true whatever the process says of itself.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::gateway {

struct SocketEntry {
  std::string kind;  // "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet", "unix", "netlink"
  uint64_t inode = 0;
  std::string detail;  // "192.168.1.1:53", an abstract name, …; may be empty
};

struct DescriptorEntry {
  int32_t number = -1;
  std::string target;  // as readlink says: "socket:[123]", "/dev/null", "pipe:[4]"
};

struct Inventory {
  std::vector<std::string> devices;          // network devices, sorted
  std::map<std::string, uint64_t> sent;      // packets over each of them, as the kernel counted
  std::vector<SocketEntry> sockets;          // of the whole network namespace
  std::vector<DescriptorEntry> descriptors;  // of the process; empty for a network alone
};

struct Inventories {
  Inventory gateway;
  Inventory cell;                  // without a process: the network alone
  std::vector<std::string> leaks;  // a sentence each; none: the network is shut
  uint64_t packets_out = 0;        // sent over devices that should not be there
};

// Of a process that the caller may look into, and of the network that it lives in.
Result<Inventory> take_inventory(pid_t process);
// Of a network namespace; the caller needs CAP_SYS_ADMIN over it. Runs in a thread of its own.
Result<Inventory> take_inventory(const base::UniqueFd& network);

// One sentence a leak: a device that is not in `devices` (or one that is missing), and every descriptor above
// 2 that is a socket of another network namespace than the process' own, unless its target is in `known`.
std::vector<std::string> find_leaks(const std::string& whose, const Inventory& inventory,
                                    const std::vector<std::string>& devices,
                                    const std::vector<std::string>& known = {});

}  // namespace shikake::gateway
