// shikake-broker: the only process of an open run with sockets of the real network. Reads no protocol: it
// judges where to, counts, and carries bytes.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/file.h"
#include "base/wire.h"
#include "cell/landlock.h"
#include "cell/limits.h"
#include "cell/seccomp.h"
#include "gateway/broker.h"
#include "gateway/fd_passing.h"

namespace shikake::gateway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

constexpr auto no_throw = asio::experimental::as_tuple(asio::use_awaitable);
constexpr auto connect_time = 15s;
constexpr auto idle_time = 300s;
constexpr auto datagram_idle_time = 60s;
constexpr auto resolver_time = 10s;
constexpr size_t piece_bytes = 64 << 10;
constexpr uint64_t max_policy_bytes = 4 << 20;
constexpr uint16_t dns_port = 53;
constexpr uint64_t open_files = 1024;
constexpr uint64_t address_space = uint64_t{1} << 30;

struct Target {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Target target_of(const url::IpAddress& address, uint16_t port) {
  Target target;
  if (address.is_v4()) {
    auto& in = reinterpret_cast<sockaddr_in&>(target.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = htonl(address.to_v4());
    target.size = sizeof in;
  } else {
    auto& in = reinterpret_cast<sockaddr_in6&>(target.storage);
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::copy(address.bytes().begin(), address.bytes().end(), in.sin6_addr.s6_addr);
    target.size = sizeof in;
  }
  return target;
}

class Engine {
 public:
  Engine(const Policy& policy, base::UniqueFd gateway)
      : policy_(policy),
        judge_(policy),
        gateway_(io_, gateway.release()),
        pace_(std::chrono::steady_clock::now()) {}

  // Until the gateway is gone.
  void run() {
    asio::co_spawn(io_, listen(), asio::detached);
    io_.run();
  }

 private:
  asio::awaitable<void> listen() {
    for (;;) {
      error_code error;
      co_await gateway_.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
      auto message = receive_with_fd(gateway_.native_handle(), base::Deadline::now());
      if (!message && message.error().code == ErrorCode::timeout) continue;
      auto ask = message ? base::from_wire<Ask>(message->bytes) : Result<Ask>(fail(message.error()));
      if (error || !ask) {
        io_.stop();
        co_return;
      }
      asio::co_spawn(io_, serve(*ask, std::move(message->fd)), asio::detached);
    }
  }

  void answer(const Ask& ask, const Judgement& judgement) {
    static_cast<void>(send_with_fd(gateway_.native_handle(),
                                   base::to_wire(Answer{ask.id, judgement.verdict, judgement.rule}), -1));
  }

  Judgement judge(const Ask& ask, const url::IpAddress& address, uint16_t port) {
    if (ask.resolver) return {Handling::relayed, "resolver"};
    if (out_ >= policy_.bytes_out) return {Handling::refused, "bytes_out"};
    if (in_ >= policy_.bytes_in) return {Handling::refused, "bytes_in"};
    return judge_.judge(ask.transport, address, port, open_, std::chrono::steady_clock::now());
  }

  asio::awaitable<void> serve(Ask ask, base::UniqueFd far_end) {
    auto address = url::IpAddress::parse(ask.resolver ? policy_.resolver : ask.remote.address);
    const uint16_t port = ask.resolver ? dns_port : ask.remote.port;
    if (!address || !far_end) {
      answer(ask, {Handling::refused, "address"});
      co_return;
    }
    const Judgement judgement = judge(ask, *address, port);
    if (judgement.verdict != Handling::relayed) {
      answer(ask, judgement);
      co_return;
    }
    ++open_;
    co_await relay(ask, judgement, std::move(far_end), *address, port);
    --open_;
  }

  asio::awaitable<void> relay(const Ask& ask, const Judgement& judgement, base::UniqueFd far_end,
                              const url::IpAddress& address, uint16_t port) {
    const bool tcp = ask.transport == Transport::tcp && !ask.resolver;
    const Target target = target_of(address, port);
    base::UniqueFd made(
        socket(target.storage.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made) {
      answer(ask, {Handling::refused, "unreachable"});
      co_return;
    }
    Descriptor inner(io_, far_end.release());
    Descriptor outer(io_, made.release());
    const bool connected = co_await connect(outer, target);
    if (!connected) {
      answer(ask, {Handling::refused, "unreachable"});
      co_return;
    }
    answer(ask, judgement);
    const std::chrono::seconds patience = tcp ? idle_time : ask.resolver ? resolver_time : datagram_idle_time;
    if (tcp) {
      co_await (carry(inner, outer, true, true, patience) && carry(outer, inner, false, true, patience));
    } else {
      // A datagram socket has no end of its own: the gateway's end counts.
      co_await (carry(inner, outer, true, false, patience) || carry(outer, inner, false, false, patience));
    }
  }

  asio::awaitable<bool> connect(Descriptor& outer, const Target& target) {
    if (::connect(outer.native_handle(), reinterpret_cast<const sockaddr*>(&target.storage), target.size) ==
        0)
      co_return true;
    if (errno != EINPROGRESS) co_return false;
    asio::steady_timer timer(io_, connect_time);
    auto result = co_await (outer.async_wait(Descriptor::wait_write, no_throw) || timer.async_wait(no_throw));
    if (result.index() == 1) co_return false;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(outer.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    co_return error == 0;
  }

  // Counts; false: a budget is used up.
  bool within_budget(bool out, size_t size) {
    (out ? out_ : in_) += size;
    return out_ <= policy_.bytes_out && in_ <= policy_.bytes_in;
  }

  // Sends no faster than the policy's rate, all connections together.
  asio::awaitable<void> keep_pace(size_t size) {
    if (policy_.bytes_out_a_second == 0) co_return;
    const auto now = std::chrono::steady_clock::now();
    pace_ =
        std::max(pace_, now - 1s) + std::chrono::microseconds(size * 1'000'000 / policy_.bytes_out_a_second);
    if (pace_ <= now) co_return;
    asio::steady_timer timer(io_, pace_);
    co_await timer.async_wait(no_throw);
  }

  asio::awaitable<bool> ready(Descriptor& descriptor, Descriptor::wait_type what,
                              std::chrono::seconds patience) {
    asio::steady_timer timer(io_, patience);
    auto result = co_await (descriptor.async_wait(what, no_throw) || timer.async_wait(no_throw));
    co_return result.index() == 0 && !std::get<0>(std::get<0>(result));
  }

  // One direction, until its source ends, it is silent for `patience`, or a budget is used up.
  asio::awaitable<void> carry(Descriptor& from, Descriptor& to, bool out, bool stream,
                              std::chrono::seconds patience) {
    auto piece = std::make_unique<std::array<char, piece_bytes>>();
    for (;;) {
      const bool readable = co_await ready(from, Descriptor::wait_read, patience);
      if (!readable) break;
      const ssize_t size = recv(from.native_handle(), piece->data(), piece->size(), MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EINTR || (!stream && errno == ECONNREFUSED))) continue;
      if (size < 0) break;
      if (size == 0 && !stream && !out) continue;  // an empty datagram from outside
      if (size == 0) break;
      if (!within_budget(out, static_cast<size_t>(size))) break;
      if (out) co_await keep_pace(static_cast<size_t>(size));
      const bool sent = co_await send_all(to, piece->data(), static_cast<size_t>(size), stream);
      if (!sent) break;
    }
    // Half of a TCP connection may outlive the other.
    shutdown(to.native_handle(), stream ? SHUT_WR : SHUT_RDWR);
    if (out_ > policy_.bytes_out || in_ > policy_.bytes_in) shutdown(from.native_handle(), SHUT_RDWR);
  }

  asio::awaitable<bool> send_all(Descriptor& to, const char* bytes, size_t size, bool stream) {
    size_t done = 0;
    while (done < size) {
      const ssize_t sent = send(to.native_handle(), bytes + done, size - done, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0) {
        done += static_cast<size_t>(sent);
        continue;
      }
      if (!stream)
        co_return errno == EAGAIN || errno == ECONNREFUSED || errno == EMSGSIZE;  // lost, as datagrams are
      if (errno != EAGAIN && errno != EINTR) co_return false;
      const bool writable = co_await ready(to, Descriptor::wait_write, idle_time);
      if (!writable) co_return false;
    }
    co_return true;
  }

  asio::io_context io_{1};
  const Policy& policy_;
  PolicyJudge judge_;
  Descriptor gateway_;
  std::chrono::steady_clock::time_point pace_;
  uint32_t open_ = 0;
  uint64_t out_ = 0, in_ = 0;
};

Result<> confine() {
  auto policy = cell::SeccompPolicy::pure_computation().allow_network();
  for (const char* call : {"timerfd_settime", "ioctl"}) policy.allow(call);
  SHIKAKE_ASSIGN(cell::SeccompProgram filter, policy.compile());
  SHIKAKE_TRY(cell::allow_reading_only({}));
  cell::Limits limits;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they reserve terabytes
  limits.address_space = address_space;
#endif
  limits.open_files = open_files;
  limits.file_size = 0;
  SHIKAKE_TRY(cell::apply(limits));
  SHIKAKE_TRY(cell::forbid_tracing());
  return filter.install();
}

int run() {
  ::signal(SIGPIPE, SIG_IGN);
  static_assert(broker_policy_fd == 4);
  auto bytes = base::read_file("/proc/self/fd/4", max_policy_bytes);
  close(broker_policy_fd);
  auto policy = bytes ? base::from_wire<Policy>(*bytes) : Result<Policy>(fail(bytes.error()));
  if (!policy) return 1;
  Engine engine(*policy, base::UniqueFd(broker_gateway_fd));
  if (!confine()) return 1;
  engine.run();
  return 0;
}

}  // namespace
}  // namespace shikake::gateway

// Without the libraries' farewells: after the filter stands some would be its violation.
int main() {
  ::_exit(shikake::gateway::run());
}
