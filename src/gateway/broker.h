// The broker of an open run: holds every socket of the real network, and the policy. The gateway, which reads
// hostile bytes, has neither: it asks, and hands over the far end of a pair of sockets that the broker then
// feeds. So every socket of the gateway is of its own network at all times, which check_leaks() demands.
//
//   gateway ──► Ask        (SOCK_SEQPACKET, one message each; base/wire.h) with the far end
//   gateway ◄── Answer
//   gateway ◄──► bytes, on that pair: a stream for TCP, one message a datagram for UDP
#pragma once

#include <cstdint>
#include <string>

#include "base/child.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/message.h"
#include "gateway/policy.h"

namespace shikake::gateway {

struct Ask {
  uint32_t id = 0;  // the asker's, given back
  Transport transport = Transport::tcp;
  bool resolver = false;  // the policy's name server over UDP; `remote` is not looked at
  Endpoint remote;
  static void wire(auto& codec, auto& self) { codec(self.id, self.transport, self.resolver, self.remote); }
};

struct Answer {
  uint32_t id = 0;
  Handling verdict = Handling::refused;
  std::string rule;  // policy.h; "unreachable" where the policy said yes and the network no
  static void wire(auto& codec, auto& self) { codec(self.id, self.verdict, self.rule); }
};

class Broker {
 public:
  // Starts shikake-broker in the calling process' network. Fills in the policy's surroundings. It dies with
  // the thread that calls, and ends when the last holder of the gateway's end is gone.
  static Result<Broker> start(Policy policy);

  // For GatewayPlan::broker_fd.
  int gateway_fd() const { return gateway_end_.get(); }
  void drop_gateway_end() { gateway_end_.reset(); }  // once the gateway has its own
  pid_t pid() const { return child_.pid(); }

 private:
  Broker(base::Child child, base::UniqueFd gateway_end)
      : child_(std::move(child)), gateway_end_(std::move(gateway_end)) {}

  base::Child child_;
  base::UniqueFd gateway_end_;
};

// Descriptors of the program.
enum : int { broker_gateway_fd = 3, broker_policy_fd = 4 };

}  // namespace shikake::gateway
