// FTP (RFC 959, RFC 2428, RFC 4217): takes every login and upload, gives files by the type of their names.
// Data comes over connections that the cell opens (PASV, EPSV); for PORT the gateway would have to open one,
// and it may open none.
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <memory>

#include <fmt/format.h>

#include "../converse.h"
#include "responders.h"
#include "url/ip.h"

namespace shikake::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 120s;
constexpr auto data_patience = 15s;  // for the data connection, and between its bytes
constexpr uint16_t first_data_port = 40'000;
constexpr uint16_t data_ports = 20'000;
constexpr std::array<std::string_view, 2> first_words = {"FEAT", "AUTH"};

struct Command {
  std::string verb, argument;
};

Command parse(std::string_view line) {
  size_t space = std::min(line.find(' '), line.size());
  Command command{std::string(line.substr(0, space)), {}};
  for (char& c : command.verb)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  if (space < line.size()) command.argument = line.substr(space + 1);
  return command;
}

class Session {
 public:
  explicit Session(Link& link) : link_(link), waiting_(link.context().io) {}
  ~Session() { forget_data(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  asio::awaitable<void> run() {
    if (link_.input().empty() && !co_await link_.write("220 (vsFTPd 3.0.3)\r\n")) co_return;
    for (;;) {
      auto line = co_await link_.read_line(patience);
      if (!line) co_return;
      Command command = parse(*line);
      if (command.verb == "QUIT") {
        co_await link_.write("221 Goodbye.\r\n");
        co_return;
      }
      if (!co_await obey(command)) co_return;
    }
  }

 private:
  asio::awaitable<bool> obey(const Command& command) {
    const std::string& verb = command.verb;
    if (verb == "AUTH" && !link_.is_tls()) {
      co_return co_await link_.write("234 Proceed with negotiation.\r\n") && co_await upgrade_to_tls(link_);
    }
    if (verb == "PASV" || verb == "EPSV") co_return co_await link_.write(open_data(verb == "EPSV"));
    if (verb == "RETR")
      co_return co_await send(default_content(command.argument).body, "RETR " + command.argument);
    if (verb == "LIST" || verb == "NLST" || verb == "MLSD") co_return co_await send("", verb);
    if (verb == "STOR" || verb == "APPE" || verb == "STOU")
      co_return co_await take(fmt::format("{} {}", verb, command.argument));
    co_return co_await link_.write(answer(command));
  }

  std::string answer(const Command& command) {
    const std::string& verb = command.verb;
    if (verb == "USER") {
      link_.flow().detail = "USER " + command.argument;
      link_.update_flow();
      return "331 Please specify the password.\r\n";
    }
    if (verb == "PASS") return "230 Login successful.\r\n";
    if (verb == "SYST") return "215 UNIX Type: L8\r\n";
    if (verb == "FEAT")
      return "211-Features:\r\n AUTH TLS\r\n EPSV\r\n PASV\r\n PBSZ\r\n PROT\r\n SIZE\r\n UTF8\r\n211 "
             "End\r\n";
    if (verb == "PWD" || verb == "XPWD")
      return fmt::format("257 \"{}\" is the current directory\r\n", folder_);
    if (verb == "CWD" || verb == "CDUP") {
      if (command.argument.starts_with('/')) folder_ = command.argument;
      return "250 Directory successfully changed.\r\n";
    }
    if (verb == "SIZE") return fmt::format("213 {}\r\n", default_content(command.argument).body.size());
    if (verb == "PROT") {
      protected_ = command.argument == "P" || command.argument == "p";
      return "200 PROT now set.\r\n";
    }
    if (verb == "MKD" || verb == "XMKD") return fmt::format("257 \"{}\" created\r\n", command.argument);
    if (verb == "RNFR" || verb == "REST") return "350 Ready.\r\n";
    if (verb == "DELE" || verb == "RMD" || verb == "RNTO") return "250 Done.\r\n";
    if (verb == "PORT" || verb == "EPRT") return "502 PORT is off; use PASV.\r\n";
    for (const char* done : {"TYPE", "MODE", "STRU", "NOOP", "OPTS", "PBSZ", "SITE", "ALLO"})
      if (verb == done) return "200 Ok.\r\n";
    return "500 Unknown command.\r\n";
  }

  // Where the data will come to: the same address, a port of its own.
  std::string open_data(bool extended) {
    forget_data();
    const std::string& address = link_.flow().remote.address;
    auto& expected = link_.context().expected;
    for (uint16_t i = 0; i < data_ports && port_ == 0; ++i) {
      auto port = static_cast<uint16_t>(first_data_port + (link_.flow().id * 7919U + i) % data_ports);
      if (!expected.contains({address, port})) port_ = port;
    }
    if (port_ == 0) return "421 Too many connections.\r\n";
    // The session may be gone by then: the slot is shared.
    auto slot = slot_ = std::make_shared<Slot>();
    expected[{address, port_}] = [slot, this_timer = &waiting_](std::shared_ptr<Link> data) {
      slot->data = std::move(data);
      if (slot->alive) this_timer->cancel();
    };
    if (extended) return fmt::format("229 Entering Extended Passive Mode (|||{}|)\r\n", port_);
    auto parsed = url::IpAddress::parse(address);
    if (!parsed || !parsed->is_v4()) return "522 Use EPSV.\r\n";
    const auto bytes = parsed->bytes();
    return fmt::format("227 Entering Passive Mode ({},{},{},{},{},{}).\r\n", bytes[0], bytes[1], bytes[2],
                       bytes[3], port_ >> 8, port_ & 0xFF);
  }

  void forget_data() {
    if (slot_) slot_->alive = false;
    slot_.reset();
    if (port_ != 0) link_.context().expected.erase({link_.flow().remote.address, port_});
    port_ = 0;
  }

  // The data connection, once it has come; null if it does not.
  asio::awaitable<std::shared_ptr<Link>> data() {
    if (!slot_) co_return nullptr;
    if (!slot_->data) {
      waiting_.expires_after(data_patience);
      boost::system::error_code ignored;
      co_await waiting_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    std::shared_ptr<Link> link = std::move(slot_->data);
    forget_data();
    if (link && protected_ && !co_await upgrade_to_tls(*link)) co_return nullptr;
    co_return link;
  }

  // Over the data connection that was agreed on; `carry` has it to itself.
  template <class Carry>
  asio::awaitable<bool> transfer(std::string_view begun, std::string detail, FlowEnd ending, Carry carry) {
    if (!slot_) co_return co_await link_.write("425 Use PASV first.\r\n");
    if (!co_await link_.write(begun)) co_return false;
    auto link = co_await data();
    if (!link) co_return co_await link_.write("425 Failed to establish connection.\r\n");
    describe(*link, std::move(detail));
    co_await carry(*link);
    co_await link->close(ending);
    co_return co_await link_.write("226 Transfer complete.\r\n");
  }

  asio::awaitable<bool> send(std::string_view content, std::string detail) {
    co_return co_await transfer(
        "150 Here it comes.\r\n", std::move(detail), FlowEnd::by_remote,
        [content](Link& link) -> asio::awaitable<void> { co_await link.write(content); });
  }

  asio::awaitable<bool> take(std::string detail) {
    co_return co_await transfer(
        "150 Ok to send data.\r\n", std::move(detail), FlowEnd::by_cell,
        [](Link& link) -> asio::awaitable<void> { co_await link.drain(data_patience); });
  }

  void describe(Link& data, std::string detail) {
    data.flow().protocol = "ftp-data";
    data.flow().detail = std::move(detail);
    data.set_host(link_.flow().host, link_.flow().host_source);
    data.settle_plain();
    data.update_flow();
  }

  struct Slot {
    std::shared_ptr<Link> data;
    bool alive = true;  // the session that waits
  };

  Link& link_;
  asio::steady_timer waiting_;
  std::shared_ptr<Slot> slot_;
  uint16_t port_ = 0;
  std::string folder_ = "/";
  bool protected_ = false;
};

}  // namespace

Fit recognise_ftp(std::string_view bytes) {
  const Fit fit = begins_with_word(bytes, first_words);
  if (fit != Fit::no) return fit;
  // "USER name": IRC's has more words, and POP3's lives on its own port.
  if (!bytes.starts_with("USER ")) return std::string_view("USER ").starts_with(bytes) ? Fit::more : Fit::no;
  size_t end = bytes.find('\n');
  if (end == bytes.npos) return bytes.size() > 512 ? Fit::no : Fit::more;
  return bytes.substr(0, end).find(" :") == bytes.npos ? Fit::yes : Fit::no;
}

asio::awaitable<void> serve_ftp(Link& link) {
  Session session(link);
  co_await session.run();
}

}  // namespace shikake::gateway
