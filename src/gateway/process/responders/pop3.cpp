// POP3 (RFC 1939): a mailbox that is empty, for everyone.
#include <array>

#include <fmt/format.h>

#include "../converse.h"
#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
// USER is FTP's and IRC's too; on its own port POP3 is asked by port.
constexpr std::array<std::string_view, 3> first_words = {"CAPA", "APOP", "STLS"};

struct Reply {
  std::string_view verb, text;
};
constexpr Reply replies[] = {
    {"CAPA", "+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n"},
    {"USER", "+OK\r\n"},
    {"PASS", "+OK Logged in.\r\n"},
    {"APOP", "+OK Logged in.\r\n"},
    {"STAT", "+OK 0 0\r\n"},
    {"LIST", "+OK 0 messages:\r\n.\r\n"},
    {"UIDL", "+OK\r\n.\r\n"},
    {"NOOP", "+OK\r\n"},
    {"RSET", "+OK\r\n"},
    {"RETR", "-ERR No such message\r\n"},
    {"DELE", "-ERR No such message\r\n"},
    {"TOP", "-ERR No such message\r\n"},
};

}  // namespace

Fit recognise_pop3(std::string_view bytes) {
  return begins_with_word(bytes, first_words);
}

asio::awaitable<void> serve_pop3(Link& link) {
  if (link.input().empty() && !co_await link.write("+OK Dovecot ready.\r\n")) co_return;
  for (;;) {
    auto line = co_await link.read_line(patience);
    if (!line) co_return;
    auto is = [&](std::string_view verb) {
      return begins_with_word(*line + " ", std::array{verb}) == Fit::yes;
    };
    if (is("USER")) {
      link.flow().detail = *line;
      link.update_flow();
    }
    if (is("QUIT")) {
      co_await link.write("+OK Logging out.\r\n");
      co_return;
    }
    if (is("STLS") && !link.is_tls()) {
      if (!co_await link.write("+OK Begin TLS negotiation now.\r\n") || !co_await upgrade_to_tls(link))
        co_return;
      continue;
    }
    std::string_view text = "-ERR Unknown command.\r\n";
    for (const Reply& reply : replies)
      if (is(reply.verb)) text = reply.text;
    if (!co_await link.write(text)) co_return;
  }
}

}  // namespace shikake::gateway
