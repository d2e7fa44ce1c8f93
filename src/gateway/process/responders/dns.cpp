// DNS over UDP, TCP (RFC 7766) and TLS (RFC 7858).

#include "net/dns.h"
#include "gateway/dns_answer.h"
#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s;
constexpr size_t length_bytes = 2;
constexpr size_t header_bytes = 12;

}  // namespace

std::string answer_dns_query(Context& context, Flow& flow, std::string_view query, bool over_udp,
                             std::string_view over) {
  const auto bytes = base::as_bytes(query);
  auto answer = answer_dns(bytes, context.names, context.setup.replies, context.ipv6,
                           over_udp ? udp_answer_limit(bytes) : net::max_dns_message);
  if (!answer) return {};
  flow.detail = answer->lookup.name;
  context.say_dns(std::move(answer->lookup), flow.id, std::string(over));
  return std::move(answer->bytes);
}

std::string answer_dns_datagram(Context& context, Flow& flow, std::string_view datagram) {
  return answer_dns_query(context, flow, datagram, true, "udp");
}

// A query with one question behind a length that suits it.
Fit recognise_dns(std::string_view bytes) {
  if (bytes.size() < length_bytes + header_bytes)
    return Fit::no;  // comes in one piece, or is told by its port
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const size_t length = static_cast<size_t>(byte(0)) << 8 | byte(1);
  const bool query = (byte(4) & 0xF8) == 0 && byte(6) == 0 && byte(7) == 1 && byte(8) == 0 && byte(9) == 0;
  return query && length == bytes.size() - length_bytes ? Fit::yes : Fit::no;
}

asio::awaitable<void> serve_dns(Link& link) {
  if (link.is_tls()) {
    link.flow().protocol = "dot";
    link.update_flow();
  }
  for (;;) {
    while (link.input().size() < length_bytes)
      if (!co_await link.fill(patience)) co_return;
    auto byte = [&](size_t i) { return static_cast<uint8_t>(link.input()[i]); };
    const size_t length = static_cast<size_t>(byte(0)) << 8 | byte(1);
    while (link.input().size() < length_bytes + length)
      if (!co_await link.fill(patience)) co_return;
    const std::string query = link.input().substr(length_bytes, length);
    link.consume(length_bytes + length);
    const std::string answer =
        answer_dns_query(link.context(), link.flow(), query, false, link.is_tls() ? "tls" : "tcp");
    if (answer.empty()) co_return;
    std::string framed = {static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())};
    if (!co_await link.write(framed + answer)) co_return;
  }
}

}  // namespace shikake::gateway
