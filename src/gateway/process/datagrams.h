// UDP and ICMP echo of the cell.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "arrange.h"
#include "broker_client.h"
#include "context.h"
#include "gateway/packets.h"

namespace shikake::gateway {

class Datagrams {
 public:
  // Takes the sockets of a family out of `sockets` and serves them for as long as the context runs.
  void serve(Context& context, FamilySockets& sockets, bool v6);

  // Ends flows in which nothing has come for idle_time.
  void sweep();

  static constexpr std::chrono::seconds idle_time{60};
  // Beyond it the longest silent flow ends: a flood of sources or targets holds no more than that.
  static constexpr size_t max_open = 4'000;
  static constexpr size_t max_waiting = 16;  // datagrams of one flow that wait for the broker's word

 private:
  struct Family {
    base::UniqueFd raw;
    std::unique_ptr<asio::posix::stream_descriptor> udp, echo;
    bool v6 = false;
  };
  using Key = std::tuple<Transport, url::IpAddress, uint16_t, url::IpAddress, uint16_t>;
  struct Open {
    FlowBook::Handle flow;
    std::chrono::steady_clock::time_point last;
    // Open mode: what waits for the broker's word or for room, and the way out.
    std::deque<std::string> waiting = {};
    std::shared_ptr<Upstream> upstream = nullptr;
    bool asked = false;
  };

  asio::awaitable<void> receive_udp(Family& family);
  asio::awaitable<void> receive_echo(Family& family);
  void take(Family& family, const PacketEnd& from, const PacketEnd& to, std::string_view payload);
  void take_echo(Family& family, const url::IpAddress& from, const url::IpAddress& to,
                 std::string_view message);
  FlowBook::Handle flow_of(Transport transport, const PacketEnd& from, const PacketEnd& to);
  void answer(Family& family, const FlowBook::Handle& flow, const PacketEnd& from, const PacketEnd& to,
              std::string_view payload);
  asio::awaitable<void> answer_dns(Family& family, FlowBook::Handle flow, PacketEnd from, PacketEnd to,
                                   std::string query);
  void carry_out(Family& family, const FlowBook::Handle& flow, const PacketEnd& from, const PacketEnd& to,
                 std::string_view payload);
  asio::awaitable<void> flush(std::shared_ptr<Upstream> upstream, std::deque<std::string> datagrams);
  // Open mode: asks the broker once a flow, then carries both ways until it is silent.
  asio::awaitable<void> relay(Family& family, FlowBook::Handle flow, PacketEnd from, PacketEnd to);
  bool answer_script(Family& family, const FlowBook::Handle& flow, const PacketEnd& from, const PacketEnd& to,
                     std::string_view payload);
  void send(Family& family, const url::IpAddress& to, const std::string& packet);
  void reply(Family& family, const FlowBook::Handle& flow, const PacketEnd& from, const PacketEnd& to,
             std::string_view payload);

  Context* context_ = nullptr;
  Family v4_, v6_;
  std::map<Key, Open> open_;
};

}  // namespace shikake::gateway
