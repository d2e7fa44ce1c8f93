#include "broker_client.h"

#include <sys/socket.h>

#include <array>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/wire.h"
#include "gateway/fd_passing.h"

namespace shikake::gateway {
namespace {

using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto no_throw = asio::experimental::as_tuple(asio::use_awaitable);
constexpr auto answer_time = 20s;  // the broker's time to connect, and some
constexpr auto resolve_time = 5s;
constexpr auto write_time = 30s;
constexpr size_t piece_bytes = 64 << 10;

}  // namespace

asio::awaitable<bool> Upstream::ready(Descriptor::wait_type what, std::chrono::milliseconds patience) {
  asio::steady_timer timer(io_, patience);
  auto result = co_await (socket_.async_wait(what, no_throw) || timer.async_wait(no_throw));
  co_return result.index() == 0 && !std::get<0>(std::get<0>(result));
}

asio::awaitable<std::string> Upstream::read(std::chrono::milliseconds patience) {
  for (;;) {
    const bool readable = co_await ready(Descriptor::wait_read, patience);
    if (!readable) co_return std::string();
    std::string bytes(piece_bytes, '\0');
    const ssize_t size = recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    bytes.resize(size < 0 ? 0 : static_cast<size_t>(size));
    co_return bytes;
  }
}

asio::awaitable<bool> Upstream::write(std::string bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent =
        send(socket_.native_handle(), bytes.data() + done, bytes.size() - done, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      done += static_cast<size_t>(sent);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) co_return false;
    const bool writable = co_await ready(Descriptor::wait_write, write_time);
    if (!writable) co_return false;
  }
  co_return true;
}

void Upstream::finish_writing() {
  shutdown(socket_.native_handle(), SHUT_WR);
}

void Upstream::close() {
  shutdown(socket_.native_handle(), SHUT_RDWR);
}

BrokerClient::BrokerClient(Context& context, base::UniqueFd socket)
    : context_(context), socket_(context.io, socket.release()) {
  asio::co_spawn(context.io, listen(), asio::detached);
}

asio::awaitable<void> BrokerClient::listen() {
  for (;;) {
    error_code error;
    co_await socket_.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    auto message = receive_with_fd(socket_.native_handle(), base::Deadline::now());
    if (!message && message.error().code == ErrorCode::timeout) continue;
    if (!message) break;  // the broker is gone: whoever asks is refused
    auto answer = base::from_wire<Answer>(message->bytes);
    if (!answer) continue;
    auto found = waiting_.find(answer->id);
    if (found == waiting_.end()) continue;
    auto waiting = found->second;
    waiting->granted.emplace();
    waiting->granted->answer = std::move(*answer);
    waiting->timer.cancel();
  }
}

asio::awaitable<BrokerClient::Granted> BrokerClient::ask(Ask ask) {
  ask.id = ++last_id_;
  auto waiting = std::make_shared<Waiting>(context_.io);
  waiting_[ask.id] = waiting;
  Granted granted;
  granted.answer = {ask.id, Handling::refused, "broker"};
  const bool stream = ask.transport == Transport::tcp;
  std::array<int, 2> ends{-1, -1};
  const int type = (stream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const bool paired = socketpair(AF_UNIX, type, 0, ends.data()) == 0;  // false: out of descriptors
  base::UniqueFd near(ends[0]), far(ends[1]);
  const bool asked = paired && send_with_fd(socket_.native_handle(), base::to_wire(ask), far.get());
  far.reset();
  if (asked) {
    waiting->timer.expires_after(answer_time);
    error_code ignored;
    if (!waiting->granted)
      co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (waiting->granted) granted = std::move(*waiting->granted);
  }
  waiting_.erase(ask.id);
  if (granted.answer.verdict == Handling::relayed)
    granted.upstream = std::make_unique<Upstream>(context_.io, std::move(near));
  co_return granted;
}

asio::awaitable<BrokerClient::Granted> BrokerClient::ask(Flow& flow) {
  Ask question{0, flow.transport, false, flow.remote};
  Granted granted = co_await ask(std::move(question));
  flow.handling = granted.answer.verdict;
  flow.rule = granted.answer.rule;
  context_.book.say(FrameType::decision,
                    base::to_wire(Decision{flow.id, base::system_clock().now(), granted.answer.verdict,
                                           granted.answer.rule, flow.transport, flow.remote}));
  co_return granted;
}

asio::awaitable<std::string> BrokerClient::resolve(std::string query, Flow& flow) {
  Ask question{0, Transport::udp, true, {}};
  Granted granted = co_await ask(std::move(question));
  flow.handling = granted.answer.verdict;
  flow.rule = granted.answer.rule;
  if (!granted.upstream) co_return std::string();
  context_.count_relayed(query.size());
  const bool sent = co_await granted.upstream->write(query);
  if (!sent) co_return std::string();
  std::string answer = co_await granted.upstream->read(resolve_time);
  // Its number and question were ours; an answer to another is none.
  if (answer.size() < 2 || answer.compare(0, 2, query, 0, 2) != 0) co_return std::string();
  co_return answer;
}

}  // namespace shikake::gateway
