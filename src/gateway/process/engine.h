// The running gateway: takes connections and datagrams of the cell, heeds its parent's orders, ends when
// told.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "arrange.h"
#include "base/frame.h"
#include "context.h"
#include "datagrams.h"

namespace shikake::gateway {

class Engine {
 public:
  // Everything given must outlive it. Takes the sockets of `arranged`.
  Engine(Context& context, base::FrameChannel& channel, Arranged& arranged);

  // Until `finish` is ordered or the parent is gone. Every flow has ended then.
  void run();

 private:
  asio::awaitable<void> accept(asio::ip::tcp::acceptor acceptor);
  asio::awaitable<void> serve(std::shared_ptr<Link> link);
  asio::awaitable<void> heed();
  asio::awaitable<void> sweep();
  asio::awaitable<void> settle();
  void take_orders();
  void take(asio::ip::tcp::socket socket);

  Context& context_;
  base::FrameChannel& channel_;
  Datagrams datagrams_;
  uint32_t connections_ = 0;
  bool finishing_ = false;
};

}  // namespace shikake::gateway
