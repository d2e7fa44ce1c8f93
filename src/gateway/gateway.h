// The only way out of a cell: a network of its own in which a simulated Internet answers everything
// (closed), or the real network under a policy (open, through a broker: broker.h).
//
//   cell's network namespace            gateway's network namespace
//   ┌────────────────────────┐          ┌──────────────────────────────────────────────┐
//   │ eth0 192.168.1.104/24 ─┼── veth ──┼─ cell0 192.168.1.1   TPROXY, raw, packet     │
//   │ lo                     │          │ lo                   sockets: shikake-gateway│
//   └────────────────────────┘          └──────────────────────────────────────────────┘
//                                          nothing else; no device leads further
//
//   auto gateway = Gateway::start({.replies = replies, .capture_fd = file});
//   … start the cell in gateway->cell_network(), with gateway->ready().resolvers in resolv.conf …
//   gateway->look(cell_pid)->leaks       // none, or the run must not begin
//   gateway->channel().receive(…)        // frames of message.h
//   auto ended = gateway->finish(deadline, [](const base::Frame& frame) { … });
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/frame.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cell/namespaces.h"
#include "gateway/inventory.h"
#include "gateway/message.h"
#include "gateway/replies.h"

namespace shikake::gateway {

enum class Mode : uint8_t { closed, open };
constexpr Mode wire_last(Mode) {
  return Mode::open;
}

// Bounds of one run: what a sample may make the gateway hold. Each that is reached is said once (limit).
struct Limits {
  uint32_t flows = 20'000;              // then new ones are reset: a scanner shows its trait long before
  uint32_t connections = 1'000;         // TCP at once; below the limit on open files
  uint64_t kept_flow_bytes = 16 << 20;  // of one direction of a flow, as FlowData: larger than a dropped file
  uint64_t kept_bytes = 256 << 20;      // of all flows
  uint64_t capture_bytes = uint64_t{1} << 30;  // of the capture file
  uint32_t dns_lookups = 50'000;               // said as frames; later ones are answered and counted
  static void wire(auto& codec, auto& self) {
    codec(self.flows, self.connections, self.kept_flow_bytes, self.kept_bytes, self.capture_bytes,
          self.dns_lookups);
  }
};

struct GatewayPlan {
  Mode mode = Mode::closed;
  Replies replies = {};
  // The authority that signs the certificates; both empty: one is made for this run.
  std::string ca_certificate_pem = {}, ca_key_pem = {};
  // A file to write the capture to (pcapng), from its beginning; -1: none. Stays the caller's.
  int capture_fd = -1;
  int broker_fd = -1;  // open mode: Broker::take_gateway_end(). Stays the caller's.
  Limits limits = {};
};

class Gateway {
 public:
  // Makes both network namespaces and starts shikake-gateway in the first. The calling thread must hold
  // CAP_SYS_ADMIN and CAP_NET_ADMIN in its user namespace: be root, or be in a user namespace of its own
  // (cell::spawn). The gateway dies with that thread.
  // Errors: unsupported (no namespaces, TPROXY, or IPv4 here; the text says which and what to do),
  // invalid_usage (open without a broker), refused (its descriptors or devices are not what they should be).
  static Result<Gateway> start(const GatewayPlan& plan);

  // Where the cell has to live: loopback is up, eth0 is configured.
  const base::UniqueFd& cell_network() const { return cell_network_; }
  const Ready& ready() const { return ready_; }
  pid_t pid() const { return contained_.pid(); }

  // Compares devices, sockets and descriptors of the gateway, devices of the cell's network and, with `cell`,
  // the sockets and descriptors of that process with what there should be: the difference is `leaks`, the
  // rest is for the run's record. What `packets_out` counts is of the whole time since the start.
  Result<Inventories> look(std::optional<pid_t> cell = {}) const;

  base::FrameChannel& channel() { return channel_; }
  Result<> set_clock(std::chrono::microseconds ahead);

  // Asks it to end, hands every frame that comes meanwhile to `take` (not `ended` itself), and reaps it.
  // unavailable: it died before; the capture file then ends after the last packet that was written.
  Result<Ended> finish(const base::Deadline& deadline, const std::function<void(const base::Frame&)>& take);

 private:
  Gateway(cell::Contained contained, base::FrameChannel channel)
      : contained_(std::move(contained)), channel_(std::move(channel)) {}

  cell::Contained contained_;
  base::FrameChannel channel_;
  base::UniqueFd cell_network_;
  Ready ready_;
  std::vector<std::string> expected_descriptors_;
};

// One sentence for all of Inventories::leaks.
std::string not_shut(const std::vector<std::string>& leaks);

}  // namespace shikake::gateway
