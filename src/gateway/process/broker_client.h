// The gateway's side of the broker (gateway/broker.h): asks where it may go, gets sockets.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/unique_fd.h"
#include "context.h"
#include "gateway/broker.h"

namespace shikake::gateway {

// Bytes to and from the real network, through the broker: a stream, or one message a datagram.
class Upstream {
 public:
  Upstream(asio::io_context& io, base::UniqueFd socket) : io_(io), socket_(io, socket.release()) {}

  // The next bytes or datagram; empty: the end, an error, or nothing for `patience`.
  asio::awaitable<std::string> read(std::chrono::milliseconds patience);
  asio::awaitable<bool> write(std::string bytes);
  void finish_writing();
  void close();

 private:
  asio::awaitable<bool> ready(asio::posix::stream_descriptor::wait_type what,
                              std::chrono::milliseconds patience);

  asio::io_context& io_;
  asio::posix::stream_descriptor socket_;
};

class BrokerClient {
 public:
  BrokerClient(Context& context, base::UniqueFd socket);

  struct Granted {
    Answer answer;
    std::unique_ptr<Upstream> upstream;  // if it is relayed
  };
  // Asks for the flow's remote end, and says the decision.
  asio::awaitable<Granted> ask(Flow& flow);
  // Sends a DNS query to the policy's resolver; empty if no answer comes.
  asio::awaitable<std::string> resolve(std::string query, Flow& flow);

 private:
  struct Waiting {
    explicit Waiting(asio::io_context& io) : timer(io) {}
    asio::steady_timer timer;
    std::optional<Granted> granted;
  };
  asio::awaitable<Granted> ask(Ask ask);
  asio::awaitable<void> listen();

  Context& context_;
  asio::posix::stream_descriptor socket_;
  std::map<uint32_t, std::shared_ptr<Waiting>> waiting_;
  uint32_t last_id_ = 0;
};

}  // namespace shikake::gateway
