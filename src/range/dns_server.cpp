#include "range/dns_server.h"

#include <array>

#include <fmt/format.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "range/dns_message.h"

namespace shikake::range {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

constexpr uint16_t dns_port = 53;

class Resolver final : public DnsServer {
 public:
  Resolver(asio::io_context& io, const Scenario& scenario, AccessLog& log)
      : io_(io), zone_(scenario), log_(log) {}

  Result<> listen(const std::string& text) {
    error_code error;
    auto address = asio::ip::make_address(text, error);
    udp::socket datagrams(io_);
    tcp::acceptor connections(io_);
    if (!error) datagrams.open(udp::endpoint(address, dns_port).protocol(), error);
    if (!error) datagrams.bind({address, dns_port}, error);
    if (!error) connections.open(tcp::endpoint(address, dns_port).protocol(), error);
    if (!error) connections.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) connections.bind({address, dns_port}, error);
    if (!error) connections.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(Error{
          Module::range, ErrorCode::io, fmt::format("no DNS server on {}", text), {}, {}, {}, error.value()});
    }
    asio::co_spawn(io_, serve_datagrams(std::move(datagrams)), asio::detached);
    asio::co_spawn(io_, accept(std::move(connections)), asio::detached);
    return {};
  }

 private:
  // Empty: no answer.
  std::string reply(base::ByteSpan message, const std::string& client, bool over_udp) {
    auto question = read_question(message);
    if (!question) return {};
    ZoneAnswer answer;
    answer.rcode = question->rcode;
    if (question->rcode == 0) answer = zone_.answer(question->asked.name, question->asked.type);
    log_.dns(client, over_udp ? "udp" : "tcp", question->asked.name, question->asked.type, answer.rcode,
             answer.records.size());
    return write_answer(*question, answer, over_udp ? udp_limit(*question) : net::max_dns_message);
  }

  asio::awaitable<void> serve_datagrams(udp::socket socket) {
    std::array<uint8_t, net::max_dns_message> message;
    for (;;) {
      udp::endpoint peer;
      error_code error;
      size_t size = co_await socket.async_receive_from(asio::buffer(message), peer,
                                                       asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) continue;  // an earlier answer met a closed port
      auto answer = reply(base::ByteSpan(message).first(size), peer.address().to_string(), true);
      if (answer.empty()) continue;
      co_await socket.async_send_to(asio::buffer(answer), peer,
                                    asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::awaitable<void> accept(tcp::acceptor acceptor) {
    for (;;) {
      error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (!error) asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  // RFC 7766: messages with two bytes of length before each.
  asio::awaitable<void> serve(tcp::socket socket) {
    error_code error;
    auto client = socket.remote_endpoint(error).address().to_string();
    std::vector<uint8_t> message;
    while (!error) {
      std::array<uint8_t, 2> length;
      co_await asio::async_read(socket, asio::buffer(length),
                                asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      message.resize(static_cast<size_t>(length[0] << 8 | length[1]));
      co_await asio::async_read(socket, asio::buffer(message),
                                asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      auto answer = reply(message, client, false);
      if (answer.empty()) co_return;
      length = {static_cast<uint8_t>(answer.size() >> 8), static_cast<uint8_t>(answer.size())};
      std::array<asio::const_buffer, 2> whole = {asio::buffer(length), asio::buffer(answer)};
      co_await asio::async_write(socket, whole, asio::redirect_error(asio::use_awaitable, error));
    }
  }

  asio::io_context& io_;
  Zone zone_;
  AccessLog& log_;
};

}  // namespace

Result<std::unique_ptr<DnsServer>> DnsServer::start(asio::io_context& io, const Scenario& scenario,
                                                    AccessLog& log, bool ipv6) {
  auto resolver = std::make_unique<Resolver>(io, scenario, log);
  for (const std::string& address : scenario.resolver) {
    if (ipv6 || address.find(':') == address.npos) SHIKAKE_TRY(resolver->listen(address));
  }
  return std::unique_ptr<DnsServer>(std::move(resolver));
}

}  // namespace shikake::range
