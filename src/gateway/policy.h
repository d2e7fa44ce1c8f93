// What an open run may do on the real network. A TOML document says where it differs from the defaults, which
// are made for a sample that must be able to reach its server and must not be able to harm anybody else;
// docs/gateway.md describes the format and every rule's name.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/message.h"
#include "net/egress.h"
#include "url/ip.h"

namespace shikake::gateway {

// A row of [[rule]]: the first that fits decides, before everything but the budgets.
struct PolicyRule {
  std::string name;
  std::vector<url::Cidr> networks;  // none: any
  std::vector<uint16_t> ports;      // none: any
  Handling verdict = Handling::refused;
  static void wire(auto& codec, auto& self);
};

struct Policy {
  // The one name server that is asked, whomever the sample asks; empty: the first in /etc/resolv.conf.
  std::string resolver;
  std::vector<PolicyRule> rules;
  // Addresses that nobody may reach through us: private ranges, this machine, special purposes
  // (net/egress.h).
  net::EgressPolicy egress{.allow_bad_ports = true};
  std::vector<url::Cidr> neighbours;  // networks that this machine stands in; add_surroundings() fills it

  std::vector<uint16_t> mail_ports = {25, 465, 587, 2525};  // sunk: answered by the simulated Internet
  // Where worms break in: file sharing, remote control, databases and device management.
  std::vector<uint16_t> attack_ports = {23,   135,  137,  138,  139,  445,  1433, 2323,  2375,  3306,  3389,
                                        5432, 5555, 5900, 5985, 6379, 7547, 9200, 11211, 27017, 37215, 52869};
  std::vector<uint16_t> login_ports = {21, 22, 110, 143, 993, 995, 8291};

  // In `window`, then refused until it has passed; a downloader and its server stay far below.
  std::chrono::seconds window{60};
  uint32_t hosts_a_port = 15;        // more hosts on one port is a scan ("scan_hosts")
  uint32_t ports_a_host = 10;        // more ports on one host is one too ("scan_ports")
  uint32_t connections_a_host = 60;  // more is a flood ("flood")
  uint32_t logins_a_host = 6;        // on a login port: more guess passwords ("brute_force")

  // Of the whole run.
  uint32_t connections = 400;
  uint32_t open_connections = 64;
  uint64_t bytes_out = 16 << 20;
  uint64_t bytes_in = 256 << 20;
  uint64_t bytes_out_a_second = 256 << 10;  // sent later, not refused

  static Result<Policy> parse(std::string_view toml);
  static Result<Policy> load(const std::filesystem::path& file);

  // This machine's own addresses, its networks and its resolver.
  Result<> add_surroundings();

  static void wire(auto& codec, auto& self);
};

struct Judgement {
  Handling verdict = Handling::refused;
  std::string rule;
};

// Judges one attempt after the other; remembers no more than the window.
class PolicyJudge {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit PolicyJudge(const Policy& policy) : policy_(policy) {}

  // `open_now`: relayed connections that have not ended.
  Judgement judge(Transport transport, const url::IpAddress& address, uint16_t port, uint32_t open_now,
                  Time now);

 private:
  struct Attempt {
    Time time;
    url::IpAddress address;
    uint16_t port;
  };
  std::optional<Judgement> by_place(const url::IpAddress& address, uint16_t port) const;
  std::optional<Judgement> by_behaviour(const url::IpAddress& address, uint16_t port, Time now);

  const Policy& policy_;
  uint32_t relayed_ = 0;
  std::deque<Attempt> attempts_;
  static constexpr size_t max_attempts = 10'000;  // older ones are forgotten before their time
};

void PolicyRule::wire(auto& codec, auto& self) {
  std::vector<std::string> networks;
  for (const url::Cidr& network : self.networks) networks.push_back(network.to_string());
  codec(self.name, networks, self.ports, self.verdict);
  if constexpr (requires { codec.refuse(); }) {
    for (const std::string& text : networks) {
      auto network = url::Cidr::parse(text);
      if (!network) return codec.refuse();
      self.networks.push_back(*network);
    }
  }
}

void Policy::wire(auto& codec, auto& self) {
  std::vector<std::string> neighbours;
  for (const url::Cidr& network : self.neighbours) neighbours.push_back(network.to_string());
  codec(self.resolver, self.rules, self.egress, neighbours, self.mail_ports, self.attack_ports,
        self.login_ports, self.window, self.hosts_a_port, self.ports_a_host, self.connections_a_host,
        self.logins_a_host, self.connections, self.open_connections, self.bytes_out, self.bytes_in,
        self.bytes_out_a_second);
  if constexpr (requires { codec.refuse(); }) {
    for (const std::string& text : neighbours) {
      auto network = url::Cidr::parse(text);
      if (!network) return codec.refuse();
      self.neighbours.push_back(*network);
    }
  }
}

}  // namespace shikake::gateway
