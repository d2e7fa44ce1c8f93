// Names as the confined fetcher looks them up: the C library's resolver asks a name server of ours, in
// namespaces where nothing else is.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "cell/mounts.h"
#include "cell/namespaces.h"
#include "cell/network.h"
#include "net/dns.h"
#include "net/test_fetch.h"

namespace shikake::net {
namespace {

// Answers each question for an IPv4 address with the next address of the list, then with the last again;
// there are no IPv6 addresses.
class NameServer {
 public:
  explicit NameServer(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_port = htons(53);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socket_ = base::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ready = ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&here), sizeof here) == 0;
    thread_ = std::thread([this] {
      while (answer_one()) {}
    });
  }
  ~NameServer() {
    ::shutdown(socket_.get(), SHUT_RDWR);  // wakes recvfrom
    thread_.join();
  }
  bool ready = false;

 private:
  bool answer_one() {
    uint8_t buffer[max_dns_udp];
    sockaddr_storage client{};
    socklen_t size = sizeof client;
    ssize_t got =
        ::recvfrom(socket_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&client), &size);
    if (got <= 0) return false;
    auto message = parse_dns({buffer, static_cast<size_t>(got)});
    if (!message || message->questions.size() != 1) return true;
    message->response = true;
    message->additionals.clear();
    const DnsQuestion& question = message->questions[0];
    if (question.type == dns_type::a) {
      message->answers = {
          {question.name, dns_type::a, dns_internet, 0, *url::IpAddress::parse(addresses_[next_])}};
      if (next_ + 1 < addresses_.size()) ++next_;
    }
    std::string reply = *serialise_dns(*message, max_dns_udp);
    ::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&client), size);
    return true;
  }

  std::vector<std::string> addresses_;
  size_t next_ = 0;
  base::UniqueFd socket_;
  std::thread thread_;
};

// Exit status: 0, or which step went wrong.
int rebinding() {
  auto devices = cell::NetworkDevices::open();
  if (!devices || !devices->bring_up("lo")) return 1;
  if (!cell::cover_folder(
          "/etc", {{"resolv.conf", "nameserver 127.0.0.1\n"}, {"nsswitch.conf", "hosts: files dns\n"}}))
    return 2;
  NameServer names({"127.0.0.1", "127.0.0.2"});
  if (!names.ready) return 3;
  TestServer server(replies("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  FetcherOptions options;
  options.egress.allowed = {*url::Cidr::parse("127.0.0.1/32")};
  auto fetch = [&] { return fetch_with(options, get(server.url_for("rebinds.example"))); };
  FetchResponse first = fetch();
  if (!first.complete() || first.remote_ip != "127.0.0.1") return 4;
  FetchResponse second = fetch();
  if (second.failure != FetchFailure::refused || !second.why.starts_with("egress: loopback (127.0.0.2"))
    return 5;
  return server.connections() == 1 ? 0 : 6;
}

TEST(NameLookup, ARebindingNameIsRefusedAtItsNewAddress) {
  cell::NamespacePlan plan;
  plan.user = ::geteuid() != 0;
  plan.users = cell::UserMap::root;
  plan.mount = plan.network = true;
  auto contained = cell::spawn(plan, rebinding);
  if (!contained && contained.error().code == ErrorCode::unsupported) GTEST_SKIP() << contained.error().what;
  ASSERT_TRUE(contained) << contained.error().message();
  auto status = contained->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status));
  EXPECT_EQ(WEXITSTATUS(*status), 0);
}

}  // namespace
}  // namespace shikake::net
