#include "relay.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include "broker_client.h"
#include "converse.h"
#include "responder.h"

namespace shikake::gateway {
namespace {

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto first_words =
    300ms;  // what a client says first tells whether to open TLS; a silent one has none
constexpr auto idle_time = 300s;
constexpr auto handshake_time = 15s;

// The real network's end, inside TLS of our own where we opened it.
struct FarEnd {
  std::unique_ptr<Upstream> upstream;
  std::unique_ptr<TlsSession> tls;
};

asio::awaitable<bool> flush(FarEnd& far) {
  std::string wire = far.tls->take_output();
  if (wire.empty()) co_return true;
  co_return co_await far.upstream->write(std::move(wire));
}

asio::awaitable<bool> open_tls(Link& link, FarEnd& far) {
  far.tls = std::make_unique<TlsSession>(link.context().tls.client(), false);
  if (!link.flow().tls.sni.empty()) far.tls->set_server_name(link.flow().tls.sni);
  for (;;) {
    const auto step = far.tls->handshake();
    const bool sent = co_await flush(far);
    if (!sent || step == TlsSession::Step::failed) co_return false;
    if (step == TlsSession::Step::done) co_return true;
    std::string bytes = co_await far.upstream->read(handshake_time);
    if (bytes.empty()) co_return false;
    far.tls->feed(bytes);
  }
}

asio::awaitable<bool> send(Link& link, FarEnd& far, std::string bytes) {
  link.context().count_relayed(bytes.size());
  if (!far.tls) co_return co_await far.upstream->write(std::move(bytes));
  if (!far.tls->write(bytes)) co_return false;
  co_return co_await flush(far);
}

asio::awaitable<void> carry_out(Link& link, FarEnd& far) {
  bool alive = true;
  while (alive) {
    std::string bytes = link.input();
    link.consume(bytes.size());
    alive = co_await send(link, far, std::move(bytes));
    if (!alive) break;
    alive = co_await link.fill(idle_time);
  }
  if (far.tls) {
    far.tls->close();
    co_await flush(far);
  }
  far.upstream->finish_writing();
}

asio::awaitable<void> carry_in(Link& link, FarEnd& far) {
  for (;;) {
    std::string bytes = co_await far.upstream->read(idle_time);
    if (bytes.empty()) break;
    bool more = true;
    if (far.tls) {
      far.tls->feed(bytes);
      bytes.clear();
      more = far.tls->read(bytes) == TlsSession::Step::wants_more;
      co_await flush(far);
      if (bytes.empty() && more) continue;
    }
    const bool taken = co_await link.write(bytes);
    if (!taken || !more) break;
  }
  // The client learns that nothing more will come; what it still says is carried.
  boost::system::error_code ignored;
  link.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

std::string guess_protocol(const Link& link, uint16_t port, bool tls) {
  const Responder* responder = nullptr;
  if (!link.input().empty()) responder = choose_responder(link.input(), port, tls).responder;
  return responder ? std::string(responder->protocol) : std::string("raw");
}

// False: the connection is over.
asio::awaitable<bool> look_inside(Link& link, FarEnd& far) {
  Flow& flow = link.flow();
  const std::string place = fmt::format("{} {} {}", flow.tls.sni, flow.remote.address, flow.remote.port);
  if (link.context().pinned.contains(place)) {
    flow.protocol = "tls";
    flow.tls.rejected = "before";
    co_return true;
  }
  const bool far_open = co_await open_tls(link, far);
  if (!far_open) {
    flow.protocol = "tls";
    link.abort(FlowEnd::reset);
    co_return false;
  }
  const bool near_open = co_await link.accept_tls();
  if (near_open) co_return true;
  link.context().pinned.insert(place);
  far.upstream->close();
  co_return false;
}

asio::awaitable<void> relay(Link& link, std::unique_ptr<Upstream> upstream) {
  FarEnd far{std::move(upstream), nullptr};
  co_await link.fill(first_words);
  const bool tls = may_be_tls(link.input()) && co_await hear_hello(link);
  if (tls) {
    const bool alive = co_await look_inside(link, far);
    if (!alive) co_return;
    if (link.is_tls() && link.input().empty()) co_await link.fill(first_words);
  }
  Flow& flow = link.flow();
  if (flow.protocol.empty()) flow.protocol = guess_protocol(link, flow.remote.port, link.is_tls());
  describe_first(link);
  link.settle_plain();
  link.update_flow();
  co_await (carry_out(link, far) && carry_in(link, far));
}

}  // namespace

asio::awaitable<void> converse_open(std::shared_ptr<Link> link) {
  // Name servers are the resolver's business, and replies that were written for the run come first.
  constexpr uint16_t dns_port = 53;
  if (link->flow().remote.port == dns_port || is_scripted(*link)) {
    co_await converse(link);
    co_return;
  }
  auto granted = co_await link->context().broker->ask(link->flow());
  link->update_flow();
  if (granted.answer.verdict == Handling::sunk) {
    co_await converse(link);
    co_return;
  }
  if (!granted.upstream) {
    link->abort(FlowEnd::limit);
    co_return;
  }
  co_await relay(*link, std::move(granted.upstream));
  FlowEnd ending = FlowEnd::by_remote;
  if (link->ended()) ending = FlowEnd::by_cell;
  co_await link->close(ending);
}

}  // namespace shikake::gateway
