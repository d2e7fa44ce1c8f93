#include "converse.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include "gateway/http_request.h"
#include "responder.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

// On the ports of protocols in which the server speaks first, a client that does so itself (TLS, HTTP on a
// mail port) does it at once; one that waits is kept waiting no longer than a slow server would.
constexpr auto greeting_delay = 150ms;
// On any other port: a client that is silent for so long waits to be greeted.
constexpr auto silence = 3s;
constexpr auto undecided_patience = 2s;  // between the parts of a first message that is not whole yet
constexpr auto upgrade_patience = 30s;   // from a go-ahead to the ClientHello
constexpr auto raw_patience = 120s;      // a beacon's pause
constexpr auto script_patience = 120s;
// Reads as a greeting in FTP and SMTP, and as a text in everything else.
constexpr std::string_view plain_greeting = "220 ready\r\n";

asio::awaitable<void> pause(Link& link, std::chrono::milliseconds time) {
  if (time.count() == 0) co_return;
  asio::steady_timer timer(link.context().io, time);
  co_await timer.async_wait(asio::use_awaitable);
}

bool place_fits(const Place& place, const Flow& flow) {
  bool port = place.ports.empty();
  for (uint16_t wanted : place.ports) port = port || wanted == flow.remote.port;
  return port && (place.host.empty() || fits(place.host, flow.host, true) ||
                  fits(place.host, flow.remote.address, true));
}

const Conversation* find_script(const std::vector<Conversation>& scripts, const Flow& flow) {
  for (const Conversation& script : scripts)
    if (place_fits(script.place, flow)) return &script;
  return nullptr;
}

asio::awaitable<void> follow_script(Link& link, const Conversation& script) {
  link.flow().handling = Handling::scripted;
  link.flow().rule = script.rule;
  if (link.flow().protocol.empty()) link.flow().protocol = "raw";
  link.settle_plain();
  link.update_flow();
  for (const Step& step : script.steps) {
    if (step.expect) {
      size_t found = 0;
      while ((found = link.input().find(*step.expect)) == std::string::npos) {
        // What came before cannot be a part of it any more.
        if (link.input().size() > Link::max_line) link.consume(link.input().size() - step.expect->size());
        if (!co_await link.fill(script_patience)) co_return;
      }
      link.consume(found + step.expect->size());
    }
    co_await pause(link, step.delay);
    if (!step.send.empty() && !co_await link.write(step.send)) co_return;
    if (step.close) co_return;
  }
  // Said all it had; what the client still sends is kept.
  co_await link.drain(script_patience);
}

asio::awaitable<void> listen_raw(Link& link) {
  if (link.flow().protocol.empty()) link.flow().protocol = "raw";
  link.settle_plain();
  link.update_flow();
  co_await link.drain(raw_patience);
}

// The bytes that the choice falls on; false if none came at all and the client is still there.
asio::awaitable<bool> hear_first(Link& link, bool greeted_here) {
  if (!link.input().empty()) co_return true;
  co_await link.fill(greeted_here ? std::chrono::milliseconds(greeting_delay)
                                  : std::chrono::milliseconds(silence));
  co_return !link.input().empty() || link.ended();
}

asio::awaitable<void> serve(Link& link, const Responder& responder) {
  link.flow().protocol = responder.protocol;
  link.settle_plain();
  link.update_flow();
  co_await responder.serve(link);
}

}  // namespace

void note_hello(Link& link, const ClientHello& hello) {
  Flow& flow = link.flow();
  flow.tls.seen = true;
  flow.tls.sni = hello.sni;
  flow.tls.alpn = fmt::format("{}", fmt::join(hello.alpn, ","));
  flow.tls.ja3 = hello.ja3;
  flow.tls.ja3_text = hello.ja3_text;
  link.set_host(hello.sni, HostSource::sni);
  link.update_flow();
}

asio::awaitable<bool> hear_hello(Link& link) {
  for (;;) {
    ClientHello hello;
    auto status = read_client_hello(base::as_bytes(link.input()), hello);
    if (status == HelloStatus::whole) note_hello(link, hello);
    if (status != HelloStatus::incomplete) co_return status == HelloStatus::whole;
    if (!co_await link.fill(undecided_patience)) co_return false;
  }
}

asio::awaitable<bool> upgrade_to_tls(Link& link) {
  link.unsettle();
  if (link.input().empty()) {
    const bool more = co_await link.fill(upgrade_patience);
    if (!more) co_return false;
  }
  const bool whole = may_be_tls(link.input()) && co_await hear_hello(link);
  if (!whole) co_return false;
  co_return co_await link.accept_tls();
}

asio::awaitable<void> choose_and_serve(Link& link) {
  const uint16_t port = link.flow().remote.port;
  if (const Conversation* script = find_script(link.context().setup.replies.tcp, link.flow())) {
    // A script's own first words come before the client's, so TLS can only be told after a short wait.
    if (!link.is_tls() && co_await hear_first(link, true) && may_be_tls(link.input()) &&
        co_await hear_hello(link) && !co_await link.accept_tls())
      co_return;
    co_await follow_script(link, *script);
    co_return;
  }
  Choice by_port = choose_responder({}, port, link.is_tls());
  const bool greets = by_port.responder && by_port.responder->speaks_first;
  if (!co_await hear_first(link, greets)) {
    if (greets) {
      co_await serve(link, *by_port.responder);
      co_return;
    }
    if (!by_port.responder && !co_await link.write(plain_greeting)) co_return;
    if (!co_await link.fill(raw_patience)) {
      co_await listen_raw(link);
      co_return;
    }
  }
  if (!link.is_tls() && may_be_tls(link.input()) && co_await hear_hello(link)) {
    if (co_await link.accept_tls()) co_await choose_and_serve(link);
    co_return;
  }
  for (;;) {
    Choice choice = choose_responder(link.input(), port, link.is_tls());
    if (choice.more && co_await link.fill(undecided_patience)) continue;
    if (choice.responder) {
      co_await serve(link, *choice.responder);
      co_return;
    }
    break;
  }
  co_await listen_raw(link);
}

bool is_scripted(const Link& link) {
  return find_script(link.context().setup.replies.tcp, link.flow()) != nullptr;
}

void describe_first(Link& link) {
  if (may_be_http(link.input()) != HttpStart::yes) return;
  auto request = read_http_request(link.input());
  if (!request) return;
  link.set_host(request->host, HostSource::http);
  link.flow().detail = fmt::format("{} {}", request->method, request->target);
}

asio::awaitable<void> converse(std::shared_ptr<Link> link) {
  co_await choose_and_serve(*link);
  co_await link->close(link->ended() ? FlowEnd::by_cell : FlowEnd::by_remote);
}

}  // namespace shikake::gateway
