#include "datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "responder.h"

namespace shikake::gateway {
namespace {

constexpr size_t max_datagram = 65'536;
constexpr size_t datagrams_at_once = 64;  // before others have their turn

// A received message with the addresses that came beside it.
struct Received {
  std::string_view bytes;
  PacketEnd from, to;
};

PacketEnd end_of(const void* address, bool v6) {
  if (!v6) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return {url::IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, address, sizeof in);
  return {url::IpAddress::v6(std::span<const uint8_t, 16>(in.sin6_addr.s6_addr)), ntohs(in.sin6_port)};
}

// False: nothing is there.
bool receive(int socket, bool v6, std::array<char, max_datagram>& buffer, Received& received) {
  sockaddr_storage from{};
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT);
  if (size < 0) return false;
  received = {{buffer.data(), static_cast<size_t>(size)}, end_of(&from, v6), {}};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    const bool original = (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_ORIGDSTADDR) ||
                          (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_ORIGDSTADDR);
    if (original) received.to = end_of(CMSG_DATA(header), v6);
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      received.to.address = url::IpAddress::v6(std::span<const uint8_t, 16>(info.ipi6_addr.s6_addr));
    }
  }
  return true;
}

bool place_fits(const Place& place, const Flow& flow) {
  return (place.ports.empty() ||
          std::find(place.ports.begin(), place.ports.end(), flow.remote.port) != place.ports.end()) &&
         (place.host.empty() || fits(place.host, flow.host, true) ||
          fits(place.host, flow.remote.address, true));
}

}  // namespace

void Datagrams::serve(Context& context, FamilySockets& sockets, bool v6) {
  context_ = &context;
  Family& family = v6 ? v6_ : v4_;
  family.v6 = v6;
  family.raw = std::move(sockets.raw);
  family.udp = std::make_unique<asio::posix::stream_descriptor>(context.io, sockets.udp.release());
  family.echo = std::make_unique<asio::posix::stream_descriptor>(context.io, sockets.echo.release());
  asio::co_spawn(context.io, receive_udp(family), asio::detached);
  asio::co_spawn(context.io, receive_echo(family), asio::detached);
}

asio::awaitable<void> Datagrams::receive_udp(Family& family) {
  auto buffer = std::make_unique<std::array<char, max_datagram>>();
  for (;;) {
    boost::system::error_code error;
    co_await family.udp->async_wait(asio::posix::stream_descriptor::wait_read,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    Received received;
    for (size_t i = 0; i < datagrams_at_once; ++i) {
      if (!receive(family.udp->native_handle(), family.v6, *buffer, received)) break;
      take(family, received.from, received.to, received.bytes);
    }
  }
}

asio::awaitable<void> Datagrams::receive_echo(Family& family) {
  auto buffer = std::make_unique<std::array<char, max_datagram>>();
  for (;;) {
    boost::system::error_code error;
    co_await family.echo->async_wait(asio::posix::stream_descriptor::wait_read,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    Received received;
    for (size_t i = 0; i < datagrams_at_once; ++i) {
      if (!receive(family.echo->native_handle(), family.v6, *buffer, received)) break;
      std::string_view message = received.bytes;
      if (!family.v6) {  // raw IPv4 sockets get the IP header too
        constexpr size_t smallest = 28;
        const size_t header = message.empty() ? 0 : static_cast<size_t>(message[0] & 0xF) * 4;
        if (message.size() < smallest || message.size() < header + 8) continue;
        const auto* target = reinterpret_cast<const uint8_t*>(message.data()) + 16;
        received.to.address = url::IpAddress::v4(static_cast<uint32_t>(target[0]) << 24 | target[1] << 16 |
                                                 target[2] << 8 | target[3]);
        message.remove_prefix(header);
        constexpr char echo_request = 8;
        if (message[0] != echo_request) continue;
      }
      take_echo(family, received.from.address, received.to.address, message);
    }
  }
}

FlowBook::Handle Datagrams::flow_of(Transport transport, const PacketEnd& from, const PacketEnd& to) {
  const Key key{transport, from.address, from.port, to.address, to.port};
  const auto now = std::chrono::steady_clock::now();
  if (auto known = open_.find(key); known != open_.end()) {
    known->second.last = now;
    return known->second.flow;
  }
  if (open_.size() >= max_open) {
    auto oldest = std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
      return a.second.last < b.second.last;
    });
    context_->book.close(*oldest->second.flow, FlowEnd::limit);
    open_.erase(oldest);
  }
  auto flow = context_->open_flow(transport, {from.address.to_string(), from.port},
                                  {to.address.to_string(), to.port});
  if (flow) open_.emplace(key, Open{flow, now});
  return flow;
}

void Datagrams::take(Family& family, const PacketEnd& from, const PacketEnd& to, std::string_view payload) {
  auto flow = flow_of(Transport::udp, from, to);
  if (!flow) return;
  context_->book.data(*flow, true, payload);
  answer(family, flow, from, to, payload);
}

void Datagrams::answer(Family& family, const FlowBook::Handle& flow, const PacketEnd& from,
                       const PacketEnd& to, std::string_view payload) {
  if (answer_script(family, flow, from, to, payload)) return;
  Flow& facts = flow->facts;
  const bool first = facts.protocol.empty();
  const DatagramResponder* responder = choose_datagram_responder(payload, to.port);
  const bool dns = responder && responder->protocol == "dns";
  const bool refused = responder && !responder->answer && !dns;
  if (first) facts.protocol = responder ? responder->protocol : "raw";
  if (dns) {
    asio::co_spawn(context_->io, answer_dns(family, flow, from, to, std::string(payload)), asio::detached);
  } else if (context_->broker && !refused) {
    carry_out(family, flow, from, to, payload);
  } else if (responder && responder->answer) {
    reply(family, flow, from, to, responder->answer(*context_, facts, payload));
  } else if (refused) {
    facts.handling = Handling::refused;
    facts.rule = responder->protocol;
    send(family, from.address, port_unreachable(to, from));
  }
  if (first) context_->book.update(*flow);
}

asio::awaitable<void> Datagrams::answer_dns(Family& family, FlowBook::Handle flow, PacketEnd from,
                                            PacketEnd to, std::string query) {
  std::string answer = co_await answer_dns_query(*context_, flow->facts, std::move(query), "udp");
  reply(family, flow, from, to, answer);
}

void Datagrams::carry_out(Family& family, const FlowBook::Handle& flow, const PacketEnd& from,
                          const PacketEnd& to, std::string_view payload) {
  auto found = open_.find(Key{Transport::udp, from.address, from.port, to.address, to.port});
  if (found == open_.end() || payload.empty()) return;
  Open& open = found->second;
  if (open.waiting.size() >= max_waiting) open.waiting.pop_front();
  open.waiting.emplace_back(payload);
  if (!open.asked) {
    open.asked = true;
    asio::co_spawn(context_->io, relay(family, flow, from, to), asio::detached);
  } else if (open.upstream) {
    asio::co_spawn(context_->io, flush(open.upstream, std::move(open.waiting)), asio::detached);
    open.waiting.clear();
  }
}

asio::awaitable<void> Datagrams::flush(std::shared_ptr<Upstream> upstream,
                                       std::deque<std::string> datagrams) {
  for (std::string& datagram : datagrams) {
    context_->count_relayed(datagram.size());
    co_await upstream->write(std::move(datagram));
  }
}

asio::awaitable<void> Datagrams::relay(Family& family, FlowBook::Handle flow, PacketEnd from, PacketEnd to) {
  auto granted = co_await context_->broker->ask(flow->facts);
  context_->book.update(*flow);
  auto found = open_.find(Key{Transport::udp, from.address, from.port, to.address, to.port});
  if (found == open_.end() || found->second.flow != flow) co_return;  // it ended meanwhile
  if (!granted.upstream) {
    const DatagramResponder* responder = choose_datagram_responder(found->second.waiting.front(), to.port);
    if (granted.answer.verdict == Handling::sunk && responder && responder->answer) {
      reply(family, flow, from, to, responder->answer(*context_, flow->facts, found->second.waiting.front()));
    } else if (granted.answer.verdict == Handling::refused) {
      send(family, from.address, port_unreachable(to, from));
    }
    co_return;
  }
  std::shared_ptr<Upstream> upstream = std::move(granted.upstream);
  found->second.upstream = upstream;
  std::deque<std::string> waiting = std::move(found->second.waiting);
  found->second.waiting.clear();
  co_await flush(upstream, std::move(waiting));
  for (;;) {
    std::string answer = co_await upstream->read(idle_time);
    if (answer.empty()) break;
    reply(family, flow, from, to, answer);
  }
  // The next datagram asks anew.
  found = open_.find(Key{Transport::udp, from.address, from.port, to.address, to.port});
  if (found == open_.end() || found->second.flow != flow) co_return;
  found->second.upstream.reset();
  found->second.asked = false;
}

bool Datagrams::answer_script(Family& family, const FlowBook::Handle& flow, const PacketEnd& from,
                              const PacketEnd& to, std::string_view payload) {
  for (const Conversation& script : context_->setup.replies.udp) {
    if (!place_fits(script.place, flow->facts)) continue;
    for (const Step& step : script.steps) {
      if (step.expect && payload.find(*step.expect) == payload.npos) continue;
      flow->facts.handling = Handling::scripted;
      flow->facts.rule = script.rule;
      if (flow->facts.protocol.empty()) flow->facts.protocol = "raw";
      context_->book.update(*flow);
      reply(family, flow, from, to, step.send);
      return true;
    }
  }
  return false;
}

void Datagrams::take_echo(Family& family, const url::IpAddress& from, const url::IpAddress& to,
                          std::string_view message) {
  const auto identifier =
      static_cast<uint16_t>(static_cast<uint8_t>(message[4]) << 8 | static_cast<uint8_t>(message[5]));
  auto flow = flow_of(Transport::icmp, {from, identifier}, {to, 0});
  if (!flow) return;
  const bool first = flow->facts.protocol.empty();
  flow->facts.protocol = "icmp-echo";
  if (first) context_->book.update(*flow);
  constexpr size_t header = 8;
  context_->book.data(*flow, true, message.substr(header));  // tunnels carry their load here
  const std::string packet = echo_reply(to, from, message);
  if (packet.empty()) return;
  context_->book.data(*flow, false, message.substr(header));
  send(family, from, packet);
}

void Datagrams::reply(Family& family, const FlowBook::Handle& flow, const PacketEnd& from,
                      const PacketEnd& to, std::string_view payload) {
  if (payload.empty()) return;
  const std::string packet = udp_packet(to, from, payload);
  if (packet.empty()) return;
  context_->book.data(*flow, false, payload);
  send(family, from.address, packet);
}

void Datagrams::send(Family& family, const url::IpAddress& to, const std::string& packet) {
  sockaddr_storage target{};
  socklen_t size = 0;
  if (family.v6) {
    auto& in = reinterpret_cast<sockaddr_in6&>(target);
    in.sin6_family = AF_INET6;
    std::copy(to.bytes().begin(), to.bytes().end(), in.sin6_addr.s6_addr);
    size = sizeof in;
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(target);
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(to.to_v4());
    size = sizeof in;
  }
  iovec part{const_cast<char*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_name = &target;
  message.msg_namelen = size;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  // A full queue loses it, as networks do.
  static_cast<void>(sendmsg(family.raw.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void Datagrams::sweep() {
  const auto oldest = std::chrono::steady_clock::now() - idle_time;
  std::erase_if(open_, [&](const auto& entry) {
    if (entry.second.last >= oldest) return false;
    context_->book.close(*entry.second.flow, FlowEnd::idle);
    return true;
  });
}

}  // namespace shikake::gateway
