// IRC (RFC 2812): a server on which every nickname is free and every channel empty but for the visitor.
#include <array>
#include <sstream>

#include <fmt/format.h>

#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 300s;  // a bot idles in its channel
constexpr std::array<std::string_view, 4> first_words = {"NICK", "CAP", "PASS", "JOIN"};

// One connection's state.
class Visitor {
 public:
  explicit Visitor(Link& link) : link_(link) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string verb, first;
    if (line.starts_with(':')) words >> verb;  // a prefix
    words >> verb >> first;
    for (char& c : verb)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    if (first.starts_with(':')) first.erase(0, 1);
    if (verb == "NICK") {
      nick_ = first;
      link_.flow().detail = "NICK " + nick_;
      link_.update_flow();
      return welcome();
    }
    if (verb == "USER") {
      user_ = true;
      return welcome();
    }
    if (verb == "CAP") return fmt::format(":{} CAP * LS :\r\n", link_.host());
    if (verb == "PING") return fmt::format(":{0} PONG {0} :{1}\r\n", link_.host(), first);
    if (verb == "JOIN") return join(first);
    if (verb == "MODE") return fmt::format(":{} 324 {} {} +nt\r\n", link_.host(), nick_, first);
    if (verb == "WHO") return fmt::format(":{} 315 {} {} :End of /WHO list.\r\n", link_.host(), nick_, first);
    if (verb == "PASS" || verb == "PONG" || verb == "PRIVMSG" || verb == "NOTICE" || verb == "PART")
      return {};
    if (verb == "QUIT") return fmt::format("ERROR :Closing Link: {}\r\n", nick_);
    return fmt::format(":{} 421 {} {} :Unknown command\r\n", link_.host(), nick_, verb);
  }

 private:
  std::string welcome() {
    if (welcomed_ || nick_.empty() || !user_) return {};
    welcomed_ = true;
    const std::string host = link_.host();
    return fmt::format(
        ":{0} 001 {1} :Welcome to the Internet Relay Network {1}\r\n"
        ":{0} 002 {1} :Your host is {0}, running version ircd-2.11\r\n"
        ":{0} 003 {1} :This server was created recently\r\n"
        ":{0} 004 {1} {0} ircd-2.11 aoOirw abeiIklmnoOpqrRstv\r\n"
        ":{0} 375 {1} :- {0} Message of the day -\r\n"
        ":{0} 376 {1} :End of /MOTD command.\r\n",
        host, nick_);
  }

  std::string join(const std::string& channels) {
    std::string text;
    std::istringstream list(channels);
    for (std::string channel; std::getline(list, channel, ',');) {
      text += fmt::format(
          ":{0}!{0}@{1} JOIN :{2}\r\n:{3} 353 {0} = {2} :@{0}\r\n"
          ":{3} 366 {0} {2} :End of /NAMES list.\r\n",
          nick_, link_.flow().local.address, channel, link_.host());
    }
    link_.flow().detail = fmt::format("NICK {} JOIN {}", nick_, channels);
    link_.update_flow();
    return text;
  }

  Link& link_;
  std::string nick_;
  bool user_ = false;
  bool welcomed_ = false;
};

}  // namespace

Fit recognise_irc(std::string_view bytes) {
  const Fit fit = begins_with_word(bytes, first_words);
  if (fit != Fit::no) return fit;
  // "USER name mode unused :real name"; FTP's and POP3's has one word behind it.
  if (!bytes.starts_with("USER ")) return std::string_view("USER ").starts_with(bytes) ? Fit::more : Fit::no;
  size_t end = bytes.find('\n');
  if (end == bytes.npos)
    return bytes.size() > 512 ? Fit::no : Fit::more;  // 512: a message's length (section 2.3)
  return bytes.substr(0, end).find(" :") != bytes.npos ? Fit::yes : Fit::no;
}

asio::awaitable<void> serve_irc(Link& link) {
  Visitor visitor(link);
  for (;;) {
    auto line = co_await link.read_line(patience);
    if (!line) co_return;
    if (line->empty()) continue;
    const std::string text = visitor.answer(*line);
    if (!text.empty() && !co_await link.write(text)) co_return;
    if (text.starts_with("ERROR ")) co_return;
  }
}

}  // namespace shikake::gateway
