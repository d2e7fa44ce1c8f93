#include "range/http_server.h"

#include <algorithm>
#include <array>
#include <map>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <fmt/format.h>

#include "net/ca.h"
#include "range/site.h"

namespace shikake::range {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

constexpr uint32_t max_header_bytes = 64 << 10;  // more than browsers send, with all their cookies
constexpr uint64_t max_request_body = 16 << 20;  // loot and uploads of specimens are small
constexpr std::chrono::seconds idle_limit{30};

// The certificates of one HTTPS service, one a host; the name that a client asks for (SNI, RFC 6066
// section 3) chooses as the Host header does.
class Certificates {
 public:
  Result<> add(const Host& host, const net::CertificateAuthority& authority) {
    std::vector<std::string> names = host.names;
    names.insert(names.end(), host.addresses.begin(), host.addresses.end());
    SHIKAKE_ASSIGN(auto certificate, authority.issue(names, base::system_clock().now()));
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    error_code error;
    context->use_certificate_chain(asio::buffer(certificate.chain_pem), error);
    if (!error) context->use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem, error);
    if (error) return fail(Module::range, ErrorCode::io, "a certificate is not taken: " + error.message());
    SSL_CTX_set_tlsext_servername_callback(context->native_handle(), choose);
    SSL_CTX_set_tlsext_servername_arg(context->native_handle(), this);
    hosts_.push_back(&host);
    contexts_.push_back(std::move(context));
    return {};
  }
  asio::ssl::context& first() { return *contexts_.front(); }

 private:
  static int choose(SSL* connection, int*, void* self) {
    const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    auto* all = static_cast<Certificates*>(self);
    const Host* host = choose_host(all->hosts_, host_without_port(name ? name : ""));
    size_t index =
        static_cast<size_t>(std::find(all->hosts_.begin(), all->hosts_.end(), host) - all->hosts_.begin());
    SSL_set_SSL_CTX(connection, all->contexts_[index]->native_handle());
    return SSL_TLSEXT_ERR_OK;
  }

  std::vector<const Host*> hosts_;
  std::vector<std::unique_ptr<asio::ssl::context>> contexts_;
};

struct Service {
  std::string address;
  uint16_t port;
  bool tls;
  std::vector<const Host*> hosts;  // in the scenario's order
  std::unique_ptr<Certificates> certificates = {};
};

using HttpRequest = beast::http::request<beast::http::string_body>;

Request read_request(const HttpRequest& message, const std::string& client, std::string& host) {
  using beast::http::field;
  auto text = [&message](field name) { return std::string(message[name]); };
  Request request;
  request.client = client;
  request.method = std::string(message.method_string());
  request.user_agent = text(field::user_agent);
  request.referrer = text(field::referer);
  request.cookie = text(field::cookie);
  request.accept_language = text(field::accept_language);
  host = text(field::host);
  set_target(request, {message.target().data(), message.target().size()}, host);
  return request;
}

// Status and header lines by hand: a scenario may want lengths that lie.
std::string head_of(const Response& response, uint64_t length, bool keep_alive) {
  auto reason = beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, std::string_view(reason.data(), reason.size()));
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (response.status != 204 && response.status != 304) head += fmt::format("Content-Length: {}\r\n", length);
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

class Servers final : public HttpServer {
 public:
  Servers(asio::io_context& io, AccessLog& log, const net::CertificateAuthority& authority)
      : io_(io), log_(log), authority_(authority) {}

  Result<> listen(Service service) {
    error_code error;
    tcp::endpoint endpoint(asio::ip::make_address(service.address, error), service.port);
    tcp::acceptor acceptor(io_);
    if (!error) acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(Error{Module::range,
                        ErrorCode::io,
                        fmt::format("no web server on {} port {}", service.address, service.port),
                        {},
                        {},
                        {},
                        error.value()});
    }
    if (service.tls) {
      service.certificates = std::make_unique<Certificates>();
      for (const Host* host : service.hosts) SHIKAKE_TRY(service.certificates->add(*host, authority_));
    }
    services_.push_back(std::make_unique<Service>(std::move(service)));
    asio::co_spawn(io_, accept(std::move(acceptor), *services_.back()), asio::detached);
    return {};
  }

 private:
  asio::awaitable<void> accept(tcp::acceptor acceptor, const Service& service) {
    for (;;) {
      error_code error;
      tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {  // out of descriptors: others will end
        co_await pause(std::chrono::milliseconds(100));
        continue;
      }
      beast::tcp_stream stream(std::move(socket));
      asio::co_spawn(io_, serve(std::move(stream), service), asio::detached);
    }
  }

  asio::awaitable<void> pause(std::chrono::milliseconds time) {
    asio::steady_timer timer(io_, time);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::awaitable<void> serve(beast::tcp_stream stream, const Service& service) {
    error_code error;
    auto peer = stream.socket().remote_endpoint(error);
    if (error) co_return;
    std::string client = peer.address().to_string();
    if (!service.tls) {
      co_await converse(stream, stream, service, client);
      stream.socket().shutdown(tcp::socket::shutdown_send, error);
      co_return;
    }
    asio::ssl::stream<beast::tcp_stream> secure(std::move(stream), service.certificates->first());
    beast::tcp_stream& transport = secure.next_layer();
    transport.expires_after(idle_limit);
    co_await secure.async_handshake(asio::ssl::stream_base::server,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;  // a client that does not believe the certificate
    co_await converse(secure, transport, service, client);
    transport.expires_after(idle_limit);
    co_await secure.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
  }

  // One connection's requests. `transport` is the TCP stream below `stream`, which keeps the time.
  template <class Stream>
  asio::awaitable<void> converse(Stream& stream, beast::tcp_stream& transport, const Service& service,
                                 std::string client) {
    beast::flat_buffer buffer;
    for (;;) {
      beast::http::request_parser<beast::http::string_body> parser;
      parser.header_limit(max_header_bytes);
      parser.body_limit(max_request_body);
      transport.expires_after(idle_limit);
      error_code error;
      co_await beast::http::async_read(stream, buffer, parser,
                                       asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      const HttpRequest& message = parser.get();
      std::string host;
      Request request = read_request(message, client, host);
      Response response = answer(*choose_host(service.hosts, host_without_port(host)), request, once_);
      auto [sent, keep] =
          co_await send(stream, transport, response, request.method == "HEAD", message.keep_alive());
      log_.http({request,
                 host,
                 {message.target().data(), message.target().size()},
                 service.address,
                 service.port,
                 service.tls,
                 message.body().size(),
                 response.status,
                 sent});
      if (!keep) co_return;
    }
  }

  struct Sent {
    uint64_t bytes;
    bool keep_alive;
  };

  template <class Stream>
  asio::awaitable<Sent> send(Stream& stream, beast::tcp_stream& transport, const Response& response,
                             bool head_only, bool keep_alive) {
    const Reply none;
    const Reply& manner = response.reply ? *response.reply : none;
    if (manner.delay.count() > 0) {
      transport.expires_never();
      co_await pause(manner.delay);
    }
    std::string_view body = response.body;
    if (manner.cut_after) body = body.substr(0, std::min<uint64_t>(body.size(), *manner.cut_after));
    uint64_t length = manner.declared_length.value_or(response.body.size());
    keep_alive = keep_alive && length == body.size();  // the end of a body that lies is the connection's end
    if (head_only || response.status == 204 || response.status == 304) body = {};

    error_code error;
    transport.expires_after(idle_limit);
    std::string head = head_of(response, length, keep_alive);
    const size_t piece = manner.trickle.count() > 0 ? 1 : body.size();
    if (piece == body.size()) {
      std::array<asio::const_buffer, 2> whole = {asio::buffer(head), asio::buffer(body)};
      co_await asio::async_write(stream, whole, asio::redirect_error(asio::use_awaitable, error));
      co_return Sent{error ? 0 : body.size(), keep_alive && !error};
    }
    co_await asio::async_write(stream, asio::buffer(head), asio::redirect_error(asio::use_awaitable, error));
    uint64_t sent = 0;
    for (; sent < body.size() && !error; ++sent) {
      transport.expires_never();
      co_await pause(manner.trickle);
      transport.expires_after(idle_limit);
      co_await asio::async_write(stream, asio::buffer(body.substr(sent, 1)),
                                 asio::redirect_error(asio::use_awaitable, error));
    }
    co_return Sent{sent, keep_alive && !error};
  }

  asio::io_context& io_;
  AccessLog& log_;
  const net::CertificateAuthority& authority_;
  OnceLedger once_;
  std::vector<std::unique_ptr<Service>> services_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& io, const Scenario& scenario,
                                                      const net::CertificateAuthority& authority,
                                                      AccessLog& log, bool ipv6) {
  auto servers = std::make_unique<Servers>(io, log, authority);
  std::map<std::pair<std::string, uint16_t>, Service> services;
  for (const Host& host : scenario.hosts) {
    for (const std::string& address : host.addresses) {
      if (!ipv6 && address.find(':') != address.npos) continue;
      for (bool tls : {false, true}) {
        for (uint16_t port : tls ? host.https : host.http) {
          auto [place, fresh] = services.try_emplace({address, port}, Service{address, port, tls, {}, {}});
          place->second.hosts.push_back(&host);
        }
      }
    }
  }
  for (auto& [key, service] : services) SHIKAKE_TRY(servers->listen(std::move(service)));
  return std::unique_ptr<HttpServer>(std::move(servers));
}

}  // namespace shikake::range
