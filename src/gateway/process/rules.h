// The packet rules of the gateway's network namespace, as nftables keeps them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace shikake::gateway {

// TCP and UDP that come in by `device` go to our sockets on `port`, with their destination as it was; nothing
// is forwarded. In nft(8)'s language:
//
//   table inet gateway {
//     chain from_cell { type filter hook prerouting priority mangle; policy accept;
//                       iifname DEVICE meta l4proto { tcp, udp } tproxy to :PORT accept }
//     chain forward   { type filter hook forward priority filter; policy drop; }
//   }
//
// ErrorCode::unsupported: this kernel has no nf_tables or no TPROXY.
Result<> load_rules(const std::string& device, uint16_t port);

}  // namespace shikake::gateway
