// SMTP (RFC 5321): takes every mail, delivers none.
#include <array>

#include <fmt/format.h>

#include "../converse.h"
#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr std::array<std::string_view, 3> first_words = {"EHLO", "HELO", "LHLO"};

bool is(std::string_view line, std::string_view verb) {
  return begins_with_word(fmt::format("{} ", line), std::array{verb}) == Fit::yes;
}

// The message, up to the dot on a line of its own (section 4.1.1.4). False: the client is gone.
asio::awaitable<bool> take_message(Link& link) {
  for (;;) {
    auto line = co_await link.read_line(patience);
    if (!line) {
      if (link.input().size() <= Link::max_line) co_return false;
      link.consume(link.input().size());  // a line of megabytes
      continue;
    }
    if (*line == ".") co_return true;
  }
}

// Any mechanism is believed (RFC 4954): challenges until the client has said all it has.
asio::awaitable<bool> authenticate(Link& link, std::string_view line) {
  std::string upper(line);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  int challenges = 0;
  if (upper.starts_with("AUTH LOGIN")) challenges = upper.size() > 11 ? 1 : 2;
  if (upper.starts_with("AUTH PLAIN")) challenges = upper.size() > 11 ? 0 : 1;
  const bool login = upper.starts_with("AUTH LOGIN");
  for (int i = 0; i < challenges; ++i) {
    // "Username:" and "Password:" in base64.
    const char* prompt = !login ? "" : challenges - i == 2 ? "VXNlcm5hbWU6" : "UGFzc3dvcmQ6";
    const std::string challenge = fmt::format("334 {}\r\n", prompt);
    if (!co_await link.write(challenge)) co_return false;
    auto said = co_await link.read_line(patience);
    if (!said) co_return false;
  }
  co_return co_await link.write("235 2.7.0 Authentication successful\r\n");
}

std::string answer(Link& link, std::string_view line) {
  if (is(line, "EHLO"))
    return fmt::format(
        "250-{}\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-PIPELINING\r\n{}250 AUTH LOGIN PLAIN\r\n",
        link.host(), link.is_tls() ? "" : "250-STARTTLS\r\n");
  if (is(line, "HELO") || is(line, "LHLO")) return fmt::format("250 {}\r\n", link.host());
  if (is(line, "MAIL") || is(line, "RCPT")) {
    link.flow().detail = line;
    link.update_flow();
    return "250 2.1.0 Ok\r\n";
  }
  if (is(line, "RSET") || is(line, "NOOP")) return "250 2.0.0 Ok\r\n";
  if (is(line, "VRFY")) return "252 2.0.0 Cannot VRFY user\r\n";
  return "500 5.5.2 Error: command not recognized\r\n";
}

}  // namespace

Fit recognise_smtp(std::string_view bytes) {
  return begins_with_word(bytes, first_words);
}

asio::awaitable<void> serve_smtp(Link& link) {
  const std::string greeting = fmt::format("220 {} ESMTP Postfix\r\n", link.host());
  if (link.input().empty() && !co_await link.write(greeting)) co_return;
  for (;;) {
    auto line = co_await link.read_line(patience);
    if (!line) co_return;
    bool alive = true;
    if (is(*line, "QUIT")) {
      co_await link.write("221 2.0.0 Bye\r\n");
      co_return;
    }
    if (is(*line, "DATA")) {
      alive = co_await link.write("354 End data with <CR><LF>.<CR><LF>\r\n") && co_await take_message(link) &&
              co_await link.write("250 2.0.0 Ok: queued as 4F1B2C3D4E\r\n");
    } else if (is(*line, "STARTTLS") && !link.is_tls()) {
      alive = co_await link.write("220 2.0.0 Ready to start TLS\r\n") && co_await upgrade_to_tls(link);
    } else if (is(*line, "AUTH")) {
      alive = co_await authenticate(link, *line);
    } else {
      alive = co_await link.write(answer(link, *line));
    }
    if (!alive) co_return;
  }
}

}  // namespace shikake::gateway
