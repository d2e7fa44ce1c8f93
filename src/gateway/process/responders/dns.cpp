// DNS over UDP, TCP (RFC 7766) and TLS (RFC 7858).

#include "net/dns.h"
#include "../broker_client.h"
#include "gateway/dns_answer.h"
#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 30s;
constexpr size_t length_bytes = 2;
constexpr size_t header_bytes = 12;

}  // namespace

asio::awaitable<std::string> answer_dns_query(Context& context, Flow& flow, std::string query,
                                              std::string over) {
  const auto bytes = base::as_bytes(query);
  const size_t limit = over == "udp" ? udp_answer_limit(bytes) : net::max_dns_message;
  auto answer = answer_dns(bytes, context.names, context.setup.replies, context.ipv6, limit);
  if (!answer) co_return std::string();
  flow.detail = answer->lookup.name;
  if (context.broker && answer->lookup.rule.empty()) {  // rows of the replies hold on an open network too
    std::string real = co_await context.broker->resolve(query, flow);
    auto lookup = read_dns_answer(base::as_bytes(real), context.names);
    if (!lookup) co_return refuse_dns(bytes, net::dns_code::server_failure);
    lookup->rule = "resolver";
    context.say_dns(std::move(*lookup), flow.id, std::move(over));
    co_return real;
  }
  context.say_dns(std::move(answer->lookup), flow.id, std::move(over));
  co_return std::move(answer->bytes);
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
    std::string over = "tcp";
    if (link.is_tls()) over = "tls";
    const std::string answer = co_await answer_dns_query(link.context(), link.flow(), query, over);
    if (answer.empty()) co_return;
    std::string framed = {static_cast<char>(answer.size() >> 8), static_cast<char>(answer.size())};
    if (!co_await link.write(framed + answer)) co_return;
  }
}

}  // namespace shikake::gateway
