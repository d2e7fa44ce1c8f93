// Telnet (RFC 854): a device that lets everybody in, as the ones do that worms look for, and runs nothing.
#include <array>

#include <fmt/format.h>

#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 120s;
constexpr char iac = '\xFF', will = '\xFB', dont = '\xFE', sub_begin = '\xFA', sub_end = '\xF0';
constexpr char echo = 1, suppress_go_ahead = 3;

// Takes commands and negotiation out; what is not whole yet stays for later. We take part in none of it.
std::string plain(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != iac) {
      if (bytes[i] != '\0') text += bytes[i];
    } else if (i + 1 < bytes.size() && bytes[i + 1] >= will && bytes[i + 1] <= dont) {
      i += 2;
    } else if (i + 1 < bytes.size() && bytes[i + 1] == sub_begin) {
      while (i < bytes.size() && bytes[i] != sub_end) ++i;
    } else {
      i += 1;
    }
  }
  return text;
}

std::string run(std::string_view command) {
  // The question by which worms tell a shell from a honeypot's menu: an unknown applet's answer.
  if (command.find("/bin/busybox ") != command.npos) {
    std::string_view applet = command.substr(command.rfind(' ') + 1);
    return fmt::format("{}: applet not found\r\n", applet);
  }
  if (command.starts_with("echo ")) return fmt::format("{}\r\n", command.substr(5));
  return {};
}

}  // namespace

Fit recognise_telnet(std::string_view bytes) {
  if (bytes[0] != iac) return Fit::no;
  if (bytes.size() < 2) return Fit::more;
  return bytes[1] >= will && bytes[1] <= dont ? Fit::yes : Fit::no;
}

asio::awaitable<void> serve_telnet(Link& link) {
  const std::string hello = {iac, will, echo, iac, will, suppress_go_ahead};
  if (!co_await link.write(hello + "\r\nlogin: ")) co_return;
  enum class State : uint8_t { user, password, shell } state = State::user;
  for (;;) {
    auto raw = co_await link.read_line(patience);
    if (!raw) co_return;
    const std::string line = plain(*raw);
    std::string text;
    if (state == State::user) {
      link.flow().detail = "login " + line;
      link.update_flow();
      state = State::password;
      text = "Password: ";
    } else if (state == State::password) {
      state = State::shell;
      text =
          "\r\n\r\nBusyBox v1.19.4 built-in shell (ash)\r\nEnter 'help' for a list of built-in "
          "commands.\r\n\r\n# ";
    } else if (line == "exit" || line == "quit" || line == "logout") {
      co_return;
    } else {
      text = run(line) + "# ";
    }
    if (!co_await link.write(text)) co_return;
  }
}

}  // namespace shikake::gateway
