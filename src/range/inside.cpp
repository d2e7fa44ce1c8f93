#include "range/inside.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cell/mounts.h"
#include "cell/namespaces.h"
#include "cell/network.h"
#include "net/ca.h"
#include "range/dns_server.h"
#include "range/http_server.h"
#include "range/topology.h"

namespace shikake::range {
namespace {

namespace asio = boost::asio;

constexpr const char* profile_file = "/etc/shikake-range/profile.json";
constexpr const char* authority_file = "/etc/shikake-range/ca.pem";

// Folders with sockets of daemons that resolve names for others, outside of the range.
constexpr const char* resolver_daemons[] = {"/run/nscd", "/run/systemd/resolve", "/run/dbus",
                                            "/run/avahi-daemon"};

// The machine's, with names looked up in files and DNS alone.
std::string name_service_switch() {
  std::ifstream in("/etc/nsswitch.conf");
  std::string text;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("hosts:")) text += line + "\n";
  }
  return text + "hosts: files dns\n";
}

std::string profile(const Scenario& scenario) {
  auto list = [](const auto& texts) { return boost::json::array(texts.begin(), texts.end()); };
  return boost::json::serialize(boost::json::object{{"scenario", scenario.name},
                                                    {"networks", list(documentation_ranges)},
                                                    {"client", list(scenario.client)},
                                                    {"resolver", list(scenario.resolver)},
                                                    {"ca", authority_file}}) +
         "\n";
}

Result<> arrange_files(const Scenario& scenario, const net::CertificateAuthority& authority) {
  SHIKAKE_TRY(cell::mount_proc());
  std::vector<cell::CoverFile> files = {
      {"resolv.conf", fmt::format("nameserver {}\n", scenario.resolver.front())},
      {"hosts", "127.0.0.1 localhost\n::1 localhost\n"},
      {"nsswitch.conf", name_service_switch()},
      {"shikake-range/profile.json", profile(scenario)},
      {"shikake-range/ca.pem", authority.certificate_pem()},
      // Where Debian's libraries look. The range's Internet has this authority and no other.
      {"ssl/certs/ca-certificates.crt", authority.certificate_pem()},
  };
  SHIKAKE_TRY(cell::cover_folder("/etc", files));
  for (const char* folder : resolver_daemons) SHIKAKE_TRY(cell::hide_folder(folder));
  return {};
}

void arrange_environment() {
  setenv("SHIKAKE_RANGE", "1", 1);
  setenv("SHIKAKE_RANGE_PROFILE", profile_file, 1);
  for (const char* name :
       {"SHIKAKE_RANGE_CA", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}) {
    setenv(name, authority_file, 1);
  }
  for (const char* name : {"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
                           "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"}) {
    unsetenv(name);
  }
}

// In the child that becomes the command; comes back only with the errno of a failure.
int become(const std::vector<std::string>& command, const base::UniqueFd& network) {
  if (!cell::enter_network(network)) return errno;
  // An inherited socket would be a way out; only the standard streams stay.
  if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return errno;
  arrange_environment();
  signal(SIGPIPE, SIG_DFL);  // `shikake` ignores it, and an exec would hand that on
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  return errno;
}

Result<pid_t> start(const std::vector<std::string>& command, const base::UniqueFd& network) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Module::range, "no pipe");
  base::UniqueFd read_end(ends[0]);
  base::UniqueFd write_end(ends[1]);
  pid_t pid = fork();
  if (pid < 0) return fail_errno(Module::range, "the command cannot be started");
  if (pid == 0) {
    int error = become(command, network);
    (void)!write(write_end.get(), &error, sizeof error);
    _exit(127);
  }
  write_end.reset();
  int error = 0;
  if (read(read_end.get(), &error, sizeof error) != sizeof error) return pid;  // closed by the exec
  auto code = error == ENOENT ? ErrorCode::not_found : ErrorCode::io;
  return fail(Error{Module::range, code, fmt::format("cannot run {}", command.front()), {}, {}, {}, error});
}

// Serves until the command ends; gives its exit status as shells do.
class Session {
 public:
  explicit Session(const base::UniqueFd& channel)
      : children_(io_, SIGCHLD), channel_(io_, dup(channel.get())) {}

  Result<int> run(const Scenario& scenario, const std::vector<std::string>& command, AccessLog& log) {
    SHIKAKE_ASSIGN(auto authority,
                   net::CertificateAuthority::make("Shikake range", base::system_clock().now()));
    SHIKAKE_TRY(arrange_files(scenario, authority));
    const bool ipv6 = cell::has_ipv6();
    SHIKAKE_ASSIGN(base::UniqueFd client, build_topology(scenario, ipv6));
    SHIKAKE_ASSIGN(auto names, DnsServer::start(io_, scenario, log, ipv6));
    SHIKAKE_ASSIGN(auto web, HttpServer::start(io_, scenario, authority, log, ipv6));
    SHIKAKE_ASSIGN(command_, start(command, client));
    wait_for_children();
    pass_signals_on();
    reap();  // one may have ended before anybody listened
    io_.run();
    return status_;
  }

 private:
  void wait_for_children() {
    children_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      reap();
      wait_for_children();
    });
  }

  // As process 1 it inherits every orphan of the range.
  void reap() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != command_) continue;
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      io_.stop();
    }
  }

  void pass_signals_on() {
    channel_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
      int number = 0;
      if (error || recv(channel_.native_handle(), &number, sizeof number, 0) != sizeof number) {
        _exit(127);  // nobody waits for the command any more
      }
      kill(command_, number);
      pass_signals_on();
    });
  }

  asio::io_context io_{1};
  asio::signal_set children_;
  asio::posix::stream_descriptor channel_;
  pid_t command_ = -1;
  int status_ = 0;
};

}  // namespace

int inside(const Scenario& scenario, const std::vector<std::string>& command, AccessLog& log,
           const base::UniqueFd& channel) {
  Session session(channel);
  auto status = session.run(scenario, command, log);
  Outcome outcome{};
  if (status) {
    outcome.status = *status;
  } else {
    const Error& error = status.error();
    outcome.failed = true;
    outcome.module = error.module;
    outcome.code = error.code;
    outcome.status = error.system_errno;
    fmt::format_to_n(outcome.what.begin(), outcome.what.size() - 1, "{}", error.what);
  }
  return send(channel.get(), &outcome, sizeof outcome, MSG_NOSIGNAL) == sizeof outcome ? 0 : 1;
}

}  // namespace shikake::range
