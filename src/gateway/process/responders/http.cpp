// HTTP/1, and DNS over it (RFC 8484).
#include "gateway/http_request.h"

#include <openssl/evp.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "../converse.h"
#include "net/dns.h"
#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;  // between a client's bytes

std::string_view reason(uint16_t status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 500:
      return "Internal Server Error";
    default:
      return "Status";
  }
}

bool has_header(const HttpReply& reply, std::string_view wanted) {
  return std::any_of(reply.headers.begin(), reply.headers.end(),
                     [&](const auto& header) { return fits(wanted, header.first, true); });
}

const HttpReply* find_reply(Link& link, const HttpRequest& request) {
  Context& context = link.context();
  const Flow& flow = link.flow();
  const std::string path = request.path.substr(0, request.path.find('?'));
  for (const HttpReply& reply : context.setup.replies.http) {
    const Place& place = reply.place;
    if (!place.ports.empty() &&
        std::find(place.ports.begin(), place.ports.end(), flow.remote.port) == place.ports.end())
      continue;
    if (!place.host.empty() && !fits(place.host, request.host, true) && !fits(place.host, flow.host, true) &&
        !fits(place.host, flow.remote.address, true))
      continue;
    if (!place.method.empty() && !fits(place.method, request.method, true)) continue;
    if (!place.path.empty() && !fits(place.path, path, false) && !fits(place.path, request.path, false))
      continue;
    if (reply.times != 0 && context.used[&reply]++ >= reply.times) continue;
    return &reply;
  }
  return nullptr;
}

std::string head(uint16_t status, std::string_view type, size_t length, bool keep_alive) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nServer: nginx\r\n", status, reason(status));
  if (!type.empty()) text += fmt::format("Content-Type: {}\r\n", type);
  if (status != 204 && status != 304) text += fmt::format("Content-Length: {}\r\n", length);
  return text + (keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

// False: the connection is to be closed.
asio::awaitable<bool> send_scripted(Link& link, const HttpRequest& request, const HttpReply& reply) {
  link.flow().handling = Handling::scripted;
  link.flow().rule = reply.rule;
  link.update_flow();
  if (reply.delay.count() > 0) {
    asio::steady_timer timer(link.context().io, reply.delay);
    co_await timer.async_wait(asio::use_awaitable);
  }
  if (reply.raw) {
    co_await link.write(*reply.raw);
    co_return false;
  }
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
  for (const auto& [name, value] : reply.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!has_header(reply, "content-type") && !reply.body.empty())
    text += fmt::format("Content-Type: {}\r\n", default_content(request.path).type);
  if (!has_header(reply, "content-length") && reply.status != 204 && reply.status != 304)
    text += fmt::format("Content-Length: {}\r\n", reply.body.size());
  text += request.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  if (request.method != "HEAD") text += reply.body;
  const bool sent = co_await link.write(text);
  co_return sent&& request.keep_alive;
}

// The query of a DNS request over HTTP; empty if it is none.
std::string dns_query(const HttpRequest& request, const std::string& body) {
  if (request.content_type == "application/dns-message") return body;
  constexpr std::string_view parameter = "dns=";
  size_t query = request.path.find('?');
  if (query == request.path.npos || !request.path.starts_with("/dns-query")) return {};
  size_t at = request.path.find(parameter, query);
  if (at == request.path.npos) return {};
  std::string text = request.path.substr(at + parameter.size());
  text.resize(std::min(text.find('&'), text.size()));
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;  // RFC 4648 section 5
  while (text.size() % 4 != 0) text += '=';
  return base::from_base64(text).value_or("");
}

// RFC 6455 section 4.2.2.
std::string websocket_accept(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<uint8_t, 20> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base::to_base64(digest);
}

// False: the connection is to be closed.
asio::awaitable<bool> answer(Link& link, const HttpRequest& request, const std::string& body) {
  if (const HttpReply* reply = find_reply(link, request))
    co_return co_await send_scripted(link, request, *reply);
  if (std::string query = dns_query(request, body); !query.empty()) {
    link.flow().protocol = "doh";
    link.update_flow();
    std::string reply = co_await answer_dns_query(link.context(), link.flow(), std::move(query), "https");
    const uint16_t status = reply.empty() ? 400 : 200;
    reply.insert(0, head(status, "application/dns-message", reply.size(), request.keep_alive));
    const bool sent = co_await link.write(reply);
    co_return sent&& request.keep_alive;
  }
  if (request.upgrade == "websocket") {
    link.flow().protocol = "websocket";
    link.update_flow();
    co_await link.write(
        fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: {}\r\n\r\n",
                    websocket_accept(request.websocket_key)));
    co_await link.drain(patience);
    co_return false;
  }
  Content content = default_content(request.path.substr(0, request.path.find('?')));
  std::string text =
      head(content.type.empty() ? 204 : 200, content.type, content.body.size(), request.keep_alive);
  if (request.method != "HEAD") text += content.body;
  const bool sent = co_await link.write(text);
  co_return sent&& request.keep_alive;
}

}  // namespace

Fit recognise_http(std::string_view bytes) {
  switch (may_be_http(bytes)) {
    case HttpStart::yes:
      return Fit::yes;
    case HttpStart::more:
      return Fit::more;
    case HttpStart::no:
      break;
  }
  return Fit::no;
}

asio::awaitable<void> serve_http(Link& link) {
  bool go_on = true;
  bool first = true;
  while (go_on) {
    std::optional<HttpRequest> request;
    while (!(request = read_http_request(link.input()))) {
      if (link.input().size() > max_http_head) {
        co_await link.write(head(400, "text/plain", 0, false));
        co_return;
      }
      if (!co_await link.fill(patience)) co_return;
    }
    link.consume(request->size);
    link.set_host(request->host, HostSource::http);
    // A flow of many requests is told by its first.
    if (first) link.flow().detail = fmt::format("{} {}", request->method, request->target);
    first = false;
    link.update_flow();
    if (request->expects_continue && !co_await link.write("HTTP/1.1 100 Continue\r\n\r\n")) co_return;
    HttpBody body(*request);
    for (;;) {
      link.consume(body.take(link.input()));
      if (body.done()) break;
      if (!co_await link.fill(patience)) co_return;
    }
    if (request->method == "CONNECT") {  // a proxy, it thinks: what follows is for that host
      if (!co_await link.write("HTTP/1.1 200 Connection established\r\n\r\n")) co_return;
      link.unsettle();
      co_await choose_and_serve(link);
      co_return;
    }
    go_on = co_await answer(link, *request, body.kept());
  }
}

}  // namespace shikake::gateway
