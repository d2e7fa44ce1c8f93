// Names as the confined fetcher looks them up: the C library's resolver asks a name server of ours, in
// namespaces where nothing else is.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <functional>

#include "cell/mounts.h"
#include "cell/namespaces.h"
#include "cell/network.h"
#include "net/dns.h"
#include "net/test_fetch.h"

namespace shikake::net {
namespace {

// Answers each question for an IPv4 address with the next address of the list, then with the last again;
// there are no IPv6 addresses, and no answer at all for names that begin with "silent".
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
  std::atomic<int> unanswered = 0;

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
    if (message->questions[0].name.starts_with("silent")) {
      ++unanswered;
      return true;
    }
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

// Names are looked up with our name server from here on; false where that can't be had.
bool use_name_server() {
  auto devices = cell::NetworkDevices::open();
  // It asks again after 30 seconds, the longest that the resolver allows.
  return devices && devices->bring_up("lo") &&
         cell::cover_folder("/etc", {{"resolv.conf", "nameserver 127.0.0.1\noptions timeout:30\n"},
                                     {"nsswitch.conf", "hosts: files dns\n"}});
}

// Exit status: 0, or which step went wrong.
int rebinding() {
  if (!use_name_server()) return 1;
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

int silent_name_server() {
  if (!use_name_server()) return 1;
  NameServer names({"127.0.0.1"});
  if (!names.ready) return 3;
  TestServer server(replies("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  FetcherOptions options = local();
  options.limits.connect_time = 1s;
  auto fetcher = Fetcher::start(options);
  if (!fetcher) return 4;
  auto silent = fetcher->fetch(get("http://silent.example/"), patience());
  if (!silent || silent->failure != FetchFailure::timeout) return 5;
  auto other = fetcher->fetch(get(server.url_for("other.example")), patience());
  if (!other || !other->complete()) return 6;
  // An IPv4 and an IPv6 question; a third would be the resolver's second try, which nobody waited for.
  return names.unanswered <= 2 ? 0 : 7;
}

// Runs a test's body where it has a network of its own.
void run_contained(const std::function<int()>& body) {
  cell::NamespacePlan plan;
  plan.user = ::geteuid() != 0;
  plan.users = cell::UserMap::root;
  plan.mount = plan.network = true;
  auto contained = cell::spawn(plan, body);
  if (!contained && contained.error().code == ErrorCode::unsupported) GTEST_SKIP() << contained.error().what;
  ASSERT_TRUE(contained) << contained.error().message();
  auto status = contained->wait();
  ASSERT_TRUE(status);
  EXPECT_TRUE(WIFEXITED(*status));
  EXPECT_EQ(WEXITSTATUS(*status), 0);
}

TEST(NameLookup, ARebindingNameIsRefusedAtItsNewAddress) {
  run_contained(rebinding);
}

TEST(NameLookup, ASilentNameServerHoldsUpNothingElse) {
  run_contained(silent_name_server);
}

}  // namespace
}  // namespace shikake::net
