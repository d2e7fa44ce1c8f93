#include "link.h"

#include <boost/asio/experimental/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

#include "gateway/client_hello.h"
#include "url/ip.h"

namespace shikake::gateway {
namespace {

using boost::system::error_code;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto no_throw = asio::experimental::as_tuple(asio::use_awaitable);
constexpr auto write_patience = 30s;      // for a cell that takes nothing
constexpr auto handshake_patience = 15s;  // between a handshake's parts
constexpr auto farewell_patience = 500ms;
constexpr int max_farewell_reads = 64;  // a megabyte
constexpr size_t piece_bytes = 16 << 10;

}  // namespace

Link::Link(asio::ip::tcp::socket socket, Context& context, FlowBook::Handle flow)
    : socket_(std::move(socket)), context_(context), flow_(std::move(flow)) {}

std::string Link::host() const {
  return flow_->facts.host.empty() ? flow_->facts.remote.address : flow_->facts.host;
}

void Link::note(bool out, std::string_view bytes) {
  context_.book.data(*flow_, out, bytes);
}

// How many bytes are in raw_ now; 0 as fill() says false.
asio::awaitable<size_t> Link::receive(std::chrono::milliseconds patience) {
  raw_.resize(piece_bytes);
  asio::steady_timer timer(context_.io, patience);
  auto result =
      co_await (socket_.async_read_some(asio::buffer(raw_), no_throw) || timer.async_wait(no_throw));
  if (result.index() == 1) {
    raw_.clear();
    co_return 0;
  }
  auto [error, size] = std::get<0>(result);
  if (error) {
    ended_ = true;
    reset_ = error != asio::error::eof;
  }
  raw_.resize(size);
  co_return size;
}

asio::awaitable<bool> Link::send(std::string bytes) {
  if (bytes.empty()) co_return true;
  asio::steady_timer timer(context_.io, write_patience);
  auto result =
      co_await (asio::async_write(socket_, asio::buffer(bytes), no_throw) || timer.async_wait(no_throw));
  if (result.index() == 0 && !std::get<0>(std::get<0>(result))) co_return true;
  ended_ = reset_ = true;
  co_return false;
}

asio::awaitable<bool> Link::fill(std::chrono::milliseconds patience) {
  if (ended_) co_return false;
  if (input_.size() >= max_input) {  // nobody reads what is sent: enough of it
    ended_ = true;
    co_return false;
  }
  const size_t before = input_.size();
  do {
    if (co_await receive(patience) == 0) co_return false;
    if (!tls_) {
      input_ += raw_;
      break;
    }
    tls_->feed(raw_);
    auto step = tls_->read(input_);
    if (!co_await send(tls_->take_output())) co_return false;  // alerts, key updates
    if (step != TlsSession::Step::wants_more) ended_ = true;
  } while (input_.size() == before && !ended_);
  std::string_view fresh = std::string_view(input_).substr(before);
  if (settled_) {
    note(true, fresh);
  } else {
    unsettled_ += fresh.size();
  }
  co_return !fresh.empty();
}

asio::awaitable<bool> Link::write(std::string_view bytes) {
  settle_plain();
  if (reset_) co_return false;
  if (tls_ && !tls_->write(bytes)) co_return false;
  note(false, bytes);
  std::string wire;
  if (tls_) {
    wire = tls_->take_output();
  } else {
    wire = bytes;
  }
  co_return co_await send(std::move(wire));
}

asio::awaitable<std::optional<std::string>> Link::read_line(std::chrono::milliseconds patience) {
  for (;;) {
    if (size_t end = input_.find('\n'); end != input_.npos) {
      std::string line = input_.substr(0, end);
      consume(end + 1);
      if (line.ends_with('\r')) line.pop_back();
      co_return line;
    }
    if (input_.size() > max_line || !co_await fill(patience)) co_return std::nullopt;
  }
}

asio::awaitable<void> Link::drain(std::chrono::milliseconds patience) {
  bool more = true;
  while (more) {
    input_.clear();
    more = co_await fill(patience);
  }
}

void Link::settle_plain() {
  if (settled_) return;
  settled_ = true;
  note(true, std::string_view(input_).substr(input_.size() - std::min(unsettled_, input_.size())));
  unsettled_ = 0;
}

void Link::unsettle() {
  settle_plain();
  settled_ = false;
}

asio::awaitable<bool> Link::accept_tls() {
  Flow& facts = flow();
  facts.tls.seen = true;
  const std::string wanted = facts.tls.sni.empty() ? host() : facts.tls.sni;
  std::vector<std::string> names = {wanted};
  if (facts.remote.address != wanted) names.push_back(facts.remote.address);
  auto server = context_.tls.server(names);
  // A server name that is none: the address has to do.
  if (!server) server = context_.tls.server({facts.remote.address});
  const std::string hello = input_;
  input_.clear();
  unsettled_ = 0;
  auto reject = [&](std::string why) {
    facts.tls.rejected = std::move(why);
    if (facts.protocol.empty()) facts.protocol = "tls";
    settled_ = true;
    note(true, hello);
    update_flow();
  };
  if (!server) {
    reject(server.error().what);
    co_return false;
  }
  tls_ = std::make_unique<TlsSession>(*server, true);
  tls_->feed(hello);
  for (;;) {
    auto step = tls_->handshake();
    const bool sent = co_await send(tls_->take_output());
    if (step == TlsSession::Step::done && sent) break;
    if (step == TlsSession::Step::failed || !sent || co_await receive(handshake_patience) == 0) {
      reject(step == TlsSession::Step::failed ? tls_->failure() : ended_ ? "closed" : "silent");
      co_return false;
    }
    tls_->feed(raw_);
  }
  facts.tls.version = tls_->version();
  facts.tls.intercepted = true;
  // The first plaintext may have come with the last of the handshake.
  if (tls_->read(input_) != TlsSession::Step::wants_more) ended_ = true;
  co_await send(tls_->take_output());
  if (settled_) {
    note(true, input_);
  } else {
    unsettled_ = input_.size();
  }
  update_flow();
  co_return true;
}

asio::awaitable<void> Link::close(FlowEnd ending) {
  if (tls_ && !reset_) {
    tls_->close();
    co_await send(tls_->take_output());
  }
  settle_plain();
  // A client that looks at our certificate, takes it, and leaves without a word knows the one that it wants.
  Flow& facts = flow();
  if (facts.tls.intercepted && facts.out.bytes == 0 && ended_)
    facts.tls.rejected = "closed after the handshake";
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  // Unread bytes would turn the end into a reset, which may destroy what the cell has not read yet.
  for (int i = 0; !ended_ && i < max_farewell_reads; ++i) {
    if (co_await receive(farewell_patience) == 0) break;
  }
  if (ended_ && reset_) ending = FlowEnd::reset;
  context_.book.close(*flow_, ending);
}

void Link::abort(FlowEnd ending) {
  settle_plain();
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  context_.book.close(*flow_, ending);
}

}  // namespace shikake::gateway
