#include "capture.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include <fmt/format.h>

#include "url/ip.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

// Longer than the gateway takes from a packet to the secrets that it yields, short for whoever watches the
// file grow.
constexpr auto hold_time = 200ms;
constexpr auto tick = 50ms;
constexpr size_t max_held_bytes = 64 << 20;  // a flood is written sooner
constexpr size_t max_new_flows = 10'000;     // flows whose first packet was never seen pile up no further
constexpr uint32_t snap_length = 65'600;     // more than any packet of a cable
constexpr size_t packets_at_once = 256;

// "6 192.168.1.104 40000 198.18.0.7 80": protocol and both ends, the cell's first.
std::string key(uint8_t protocol, std::string_view local, uint16_t local_port, std::string_view remote,
                uint16_t remote_port) {
  return fmt::format("{} {} {} {} {}", protocol, local, local_port, remote, remote_port);
}

std::string key_of(base::ByteSpan packet, bool from_cell) {
  constexpr size_t ethernet = ETH_HLEN;
  if (packet.size() < ethernet + 20) return {};
  const uint16_t type = static_cast<uint16_t>(packet[12] << 8 | packet[13]);
  auto ip = packet.subspan(ethernet);
  url::IpAddress source, target;
  uint8_t protocol = 0;
  size_t header = 0;
  if (type == ETH_P_IP) {
    header = static_cast<size_t>(ip[0] & 0xF) * 4;
    protocol = ip[9];
    auto at = [&](size_t i) {
      return url::IpAddress::v4(
          static_cast<uint32_t>(ip[i] << 24 | ip[i + 1] << 16 | ip[i + 2] << 8 | ip[i + 3]));
    };
    source = at(12);
    target = at(16);
  } else if (type == ETH_P_IPV6 && ip.size() >= 40) {
    header = 40;
    protocol = ip[6];  // extension headers are rare enough to go without a comment
    source = url::IpAddress::v6(ip.subspan<8, 16>());
    target = url::IpAddress::v6(ip.subspan<24, 16>());
  } else {
    return {};
  }
  if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || ip.size() < header + 4) return {};
  auto port = [&](size_t i) { return static_cast<uint16_t>(ip[header + i] << 8 | ip[header + i + 1]); };
  return from_cell ? key(protocol, source.to_string(), port(0), target.to_string(), port(2))
                   : key(protocol, target.to_string(), port(2), source.to_string(), port(0));
}

base::TimePoint time_of(const msghdr& message) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SO_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
    return base::from_micros(stamp.tv_sec * 1'000'000 + stamp.tv_nsec / 1000);
  }
  return base::system_clock().now();
}

}  // namespace

Capture::Capture(base::UniqueFd socket, PcapngWriter writer, uint64_t max_bytes)
    : socket_(std::move(socket)), wake_(eventfd(0, EFD_CLOEXEC)), writer_(writer), max_bytes_(max_bytes) {}

Result<std::unique_ptr<Capture>> Capture::start(base::UniqueFd socket, int file, uint64_t max_bytes) {
  SHIKAKE_ASSIGN(auto writer, PcapngWriter::start(file, "cell0", snap_length));
  std::unique_ptr<Capture> capture(new Capture(std::move(socket), std::move(writer), max_bytes));
  if (!capture->wake_) return fail_errno(Module::gateway, "no event descriptor");
  capture->thread_ = std::thread([raw = capture.get()] { raw->run(); });
  return capture;
}

Capture::~Capture() {
  static_cast<void>(finish());
}

void Capture::tls_secret(std::string_view line) {
  std::lock_guard lock(mutex_);
  if (totals_.failure.empty()) static_cast<void>(writer_.tls_secrets(line));
}

void Capture::name(std::string_view address, std::string_view host) {
  std::lock_guard lock(mutex_);
  if (totals_.failure.empty() && writer_.bytes() < max_bytes_) static_cast<void>(writer_.name(address, host));
}

void Capture::flow(const Flow& flow) {
  if (flow.transport == Transport::icmp) return;
  std::lock_guard lock(mutex_);
  if (new_flows_.size() >= max_new_flows) return;
  new_flows_[key(flow.transport == Transport::tcp ? IPPROTO_TCP : IPPROTO_UDP, flow.local.address,
                 flow.local.port, flow.remote.address, flow.remote.port)] = flow.id;
}

std::string Capture::comment_for(const Held& held) {
  if (new_flows_.empty()) return {};
  auto found = new_flows_.find(key_of(base::as_bytes(held.bytes), held.from_cell));
  if (found == new_flows_.end()) return {};
  std::string comment = fmt::format("flow {}", found->second);
  new_flows_.erase(found);
  return comment;
}

bool Capture::take_in() {
  static thread_local std::array<char, snap_length> bytes;
  for (size_t i = 0; i < packets_at_once; ++i) {
    sockaddr_ll from{};
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec)) + 64> control{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t size = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0) return i > 0;
    const auto kept = std::min(static_cast<size_t>(size), bytes.size());
    held_.push_back({time_of(message), std::string(bytes.data(), kept), static_cast<uint32_t>(size),
                     from.sll_pkttype != PACKET_OUTGOING});
    held_bytes_ += kept;
  }
  return true;
}

void Capture::write_out(base::TimePoint until) {
  std::lock_guard lock(mutex_);
  while (!held_.empty() && (held_.front().time <= until || held_bytes_ > max_held_bytes)) {
    const Held& held = held_.front();
    totals_.full = totals_.full || writer_.bytes() + held.bytes.size() + 1024 > max_bytes_;
    if (totals_.full || !totals_.failure.empty()) {
      ++totals_.lost;
    } else {
      const std::string comment = comment_for(held);
      auto written =
          writer_.packet({held.time, base::as_bytes(held.bytes), held.wire_size, held.from_cell, comment});
      if (written) {
        ++totals_.packets;
      } else {
        totals_.failure = written.error().message();
        ++totals_.lost;
      }
    }
    held_bytes_ -= held.bytes.size();
    held_.pop_front();
  }
}

void Capture::run() {
  while (!ending_) {
    std::array<pollfd, 2> waits = {{{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    const bool idle = held_.empty();
    poll(waits.data(), waits.size(), idle ? -1 : static_cast<int>(std::chrono::milliseconds(tick).count()));
    take_in();
    write_out(base::system_clock().now() - hold_time);
  }
  while (take_in()) write_out(base::system_clock().now() - hold_time);
  write_out(base::TimePoint::max());
}

Capture::Totals Capture::finish() {
  if (thread_.joinable()) {
    ending_ = true;
    const uint64_t one = 1;
    static_cast<void>(!write(wake_.get(), &one, sizeof one));
    thread_.join();
    tpacket_stats statistics{};
    socklen_t size = sizeof statistics;
    if (getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0)
      totals_.lost += statistics.tp_drops;
    totals_.bytes = writer_.bytes();
  }
  return totals_;
}

}  // namespace shikake::gateway
