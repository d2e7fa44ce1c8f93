#include "engine.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

#include "base/wire.h"
#include "converse.h"
#include "relay.h"

namespace shikake::gateway {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

// Also how late an order is heeded that came in while a frame was being sent.
constexpr auto sweep_interval = 200ms;
constexpr auto accept_pause = 50ms;
// At the end: quiet for two looks in a row, each of which has heard every socket once. While a connection
// lasts its peer, dead or not, may still have bytes on the way: then for longer. Half a second at most.
constexpr auto last_look = 5ms;
constexpr int quiet_looks = 2, quiet_looks_connected = 40, most_looks = 100;

Endpoint endpoint(const tcp::endpoint& end) {
  auto address = end.address();
  // The canonical text is url::IpAddress', so that names and replies compare.
  if (address.is_v4()) return {url::IpAddress::v4(address.to_v4().to_uint()).to_string(), end.port()};
  const auto bytes = address.to_v6().to_bytes();
  return {url::IpAddress::v6(std::span<const uint8_t, 16>(bytes)).to_string(), end.port()};
}

}  // namespace

Engine::Engine(Context& context, base::FrameChannel& channel, Arranged& arranged)
    : context_(context), channel_(channel) {
  for (bool v6 : {false, true}) {
    FamilySockets& sockets = v6 ? arranged.v6 : arranged.v4;
    if (!sockets.tcp) continue;
    tcp::acceptor acceptor(context_.io, v6 ? tcp::v6() : tcp::v4(), sockets.tcp.release());
    asio::co_spawn(context_.io, accept(std::move(acceptor)), asio::detached);
    datagrams_.serve(context_, sockets, v6);
  }
  asio::co_spawn(context_.io, heed(), asio::detached);
  asio::co_spawn(context_.io, sweep(), asio::detached);
}

void Engine::run() {
  context_.io.run();
  context_.book.close_all(FlowEnd::finished);
}

asio::awaitable<void> Engine::accept(tcp::acceptor acceptor) {
  for (;;) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return;
    if (error) {  // out of descriptors: others will end
      asio::steady_timer timer(context_.io, accept_pause);
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    take(std::move(socket));
  }
}

void Engine::take(tcp::socket socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  const auto target = error ? tcp::endpoint() : socket.local_endpoint(error);
  if (error) return;  // gone already
  FlowBook::Handle flow;
  if (connections_ >= context_.setup.limits.connections) {
    context_.book.say_limit("connections");
  } else {
    flow = context_.open_flow(Transport::tcp, endpoint(peer), endpoint(target));
  }
  if (!flow) {
    socket.set_option(asio::socket_base::linger(true, 0), error);
    return;
  }
  auto link = std::make_shared<Link>(std::move(socket), context_, std::move(flow));
  auto expected = context_.expected.find({link->flow().remote.address, link->flow().remote.port});
  if (expected != context_.expected.end()) return expected->second(std::move(link));
  asio::co_spawn(context_.io, serve(std::move(link)), asio::detached);
}

asio::awaitable<void> Engine::serve(std::shared_ptr<Link> link) {
  ++connections_;
  if (context_.broker) {
    co_await converse_open(std::move(link));
  } else {
    co_await converse(std::move(link));
  }
  --connections_;
}

void Engine::take_orders() {
  for (;;) {
    auto frame = channel_.receive(base::Deadline::now());
    if (!frame) {
      if (frame.error().code != ErrorCode::timeout) context_.io.stop();
      return;
    }
    if (frame->type == static_cast<uint8_t>(OrderType::finish) && !std::exchange(finishing_, true))
      asio::co_spawn(context_.io, settle(), asio::detached);
    if (frame->type != static_cast<uint8_t>(OrderType::clock)) continue;
    if (auto offset = base::from_wire<ClockOffset>(frame->body)) context_.clock_ahead = offset->ahead;
  }
}

// What the cell said before its end may still lie in sockets: the order to finish does not overtake it.
asio::awaitable<void> Engine::settle() {
  asio::steady_timer timer(context_.io);
  error_code error;
  for (int quiet = 0, looks = 0; looks < most_looks; ++looks) {
    if (quiet >= (connections_ > 0 ? quiet_looks_connected : quiet_looks)) break;
    const uint64_t before = context_.book.acts();
    timer.expires_after(last_look);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    quiet = context_.book.acts() == before ? quiet + 1 : 0;
  }
  context_.io.stop();
}

asio::awaitable<void> Engine::heed() {
  asio::posix::stream_descriptor readable(context_.io, channel_.fd());
  error_code error;
  while (!error) {
    co_await readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
    take_orders();
  }
  readable.release();  // the channel's to close
}

asio::awaitable<void> Engine::sweep() {
  asio::steady_timer timer(context_.io);
  error_code error;
  while (!error) {
    timer.expires_after(sweep_interval);
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    take_orders();  // an order may have come in behind a frame that was being sent
    datagrams_.sweep();
  }
}

}  // namespace shikake::gateway
