// One TCP connection of the cell, with TLS on top of it or without, as responders see it: bytes in, bytes
// out. Everything that passes is counted, hashed and kept for the flow.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "context.h"

namespace shikake::gateway {

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(asio::ip::tcp::socket socket, Context& context, FlowBook::Handle flow);

  Context& context() { return context_; }
  const Context& context() const { return context_; }
  Flow& flow() { return flow_->facts; }
  const Flow& flow() const { return flow_->facts; }
  void update_flow() { context_.book.update(*flow_); }
  void set_host(std::string_view host, HostSource source) { context_.book.set_host(*flow_, host, source); }
  // Which host this connection is for: its name, or its address.
  std::string host() const;
  asio::ip::tcp::socket& socket() { return socket_; }

  // What has come and was not consumed.
  const std::string& input() const { return input_; }
  void consume(size_t bytes) { input_.erase(0, bytes); }

  // Waits for more input. False: it ended, broke, or `patience` is over (then ended() stays false).
  asio::awaitable<bool> fill(std::chrono::milliseconds patience);
  bool ended() const { return ended_; }
  // False: the connection is broken, or the cell takes nothing for long.
  asio::awaitable<bool> write(std::string_view bytes);
  // One line without its end, consumed. Nothing: as fill(), or the line is longer than max_line.
  asio::awaitable<std::optional<std::string>> read_line(std::chrono::milliseconds patience);

  // (GCC 12 makes a broken coroutine of `while (co_await fill(…)) …`: await in a statement of its own.)
  // Reads and drops (the flow keeps it) until the client closes or is silent for long.
  asio::awaitable<void> drain(std::chrono::milliseconds patience);

  // From here on what comes is no longer undecided plaintext: it counts as the flow's content.
  void settle_plain();
  // And back: what has come and will come may be TLS.
  void unsettle();
  // Answers the ClientHello that the input begins with. False: the client did not take it (flow().tls says
  // why).
  asio::awaitable<bool> accept_tls();
  bool is_tls() const { return tls_ != nullptr; }

  // Sends what is left to say and closes; the flow ends as `ending`, or `reset` if it broke.
  asio::awaitable<void> close(FlowEnd ending);
  void abort(FlowEnd ending);  // at once, with a reset

  static constexpr size_t max_input = 1 << 20;  // that a responder may leave unread
  static constexpr size_t max_line = 64 << 10;

 private:
  asio::awaitable<size_t> receive(std::chrono::milliseconds patience);
  asio::awaitable<bool> send(std::string bytes);
  void note(bool out, std::string_view bytes);

  asio::ip::tcp::socket socket_;
  Context& context_;
  FlowBook::Handle flow_;
  std::unique_ptr<TlsSession> tls_;
  std::string input_;
  std::string raw_;       // the last piece from the socket
  size_t unsettled_ = 0;  // bytes of input_ that are not yet the flow's content
  bool settled_ = false;
  bool ended_ = false;
  bool reset_ = false;
};

}  // namespace shikake::gateway
