#include "gateway/policy.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "base/file.h"
#include "gateway/toml_reader.h"

namespace shikake::gateway {
namespace {

constexpr uint64_t max_document_bytes = 1 << 20;
constexpr uint64_t max_resolv_conf = 1 << 16;

bool contains(const std::vector<uint16_t>& ports, uint16_t port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

bool contains(const std::vector<url::Cidr>& networks, const url::IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const url::Cidr& network) { return network.contains(address); });
}

std::vector<url::Cidr> networks(const TomlRow& row, std::string_view key) {
  std::vector<url::Cidr> found;
  for (const std::string& text : row.texts(key)) {
    auto network = url::Cidr::parse(text);
    if (!network)
      row.blame(key, fmt::format("\"{}\" is no network; write 192.0.2.0/24 or 2001:db8::/32", text));
    found.push_back(*network);
  }
  return found;
}

std::vector<uint16_t> ports(const TomlRow& row, std::string_view key) {
  std::vector<uint16_t> found;
  for (int64_t port : row.numbers(key, 1, 65535)) found.push_back(static_cast<uint16_t>(port));
  return found;
}

PolicyRule read_rule(const toml::table& table) {
  TomlRow row(table, {"name", "network", "port", "verdict"});
  PolicyRule rule;
  rule.name = row.text("name").value_or(fmt::format("policy line {}", row.line()));
  rule.networks = networks(row, "network");
  rule.ports = ports(row, "port");
  const std::string verdict = row.text("verdict").value_or("");
  if (verdict == "relay") {
    rule.verdict = Handling::relayed;
  } else if (verdict == "sink") {
    rule.verdict = Handling::sunk;
  } else if (verdict != "refuse") {
    row.blame("verdict", "wants \"relay\", \"sink\" or \"refuse\"");
  }
  return rule;
}

Policy read_policy(const toml::table& document) {
  Policy policy;
  TomlRow root(document, {"resolver", "allow_private", "allow_documentation", "mail_ports", "attack_ports",
                          "login_ports", "rule", "limits"});
  policy.resolver = root.text("resolver").value_or("");
  if (!policy.resolver.empty() && !url::IpAddress::parse(policy.resolver))
    root.blame("resolver", "wants an address");
  policy.egress.allow_private = root.flag("allow_private");
  policy.egress.allow_documentation = root.flag("allow_documentation");
  if (root.node("mail_ports")) policy.mail_ports = ports(root, "mail_ports");
  if (root.node("attack_ports")) policy.attack_ports = ports(root, "attack_ports");
  if (root.node("login_ports")) policy.login_ports = ports(root, "login_ports");
  for (const toml::table* table : root.tables("rule")) policy.rules.push_back(read_rule(*table));
  const toml::table* limits = root.table("limits");
  if (!limits) return policy;
  TomlRow row(*limits,
              {"window_seconds", "hosts_a_port", "ports_a_host", "connections_a_host", "logins_a_host",
               "connections", "open_connections", "bytes_out", "bytes_in", "bytes_out_a_second"});
  auto number = [&row](std::string_view key, auto& value, int64_t most) {
    if (auto given = row.number(key, 0, most)) value = static_cast<std::decay_t<decltype(value)>>(*given);
  };
  constexpr int64_t most_counted = 1'000'000;
  constexpr int64_t most_bytes = int64_t{1} << 40;
  if (auto seconds = row.number("window_seconds", 1, 86'400)) policy.window = std::chrono::seconds(*seconds);
  number("hosts_a_port", policy.hosts_a_port, most_counted);
  number("ports_a_host", policy.ports_a_host, most_counted);
  number("connections_a_host", policy.connections_a_host, most_counted);
  number("logins_a_host", policy.logins_a_host, most_counted);
  number("connections", policy.connections, most_counted);
  number("open_connections", policy.open_connections, 400);  // two descriptors each
  number("bytes_out", policy.bytes_out, most_bytes);
  number("bytes_in", policy.bytes_in, most_bytes);
  number("bytes_out_a_second", policy.bytes_out_a_second, most_bytes);
  return policy;
}

// The network that an interface's address and mask span; nothing for other families.
std::optional<url::Cidr> network_of(const ifaddrs& entry) {
  if (!entry.ifa_addr || !entry.ifa_netmask) return std::nullopt;
  if (entry.ifa_addr->sa_family == AF_INET) {
    sockaddr_in address{}, mask{};
    std::memcpy(&address, entry.ifa_addr, sizeof address);
    std::memcpy(&mask, entry.ifa_netmask, sizeof mask);
    return url::Cidr::make(url::IpAddress::v4(ntohl(address.sin_addr.s_addr)),
                           static_cast<unsigned>(std::popcount(mask.sin_addr.s_addr)));
  }
  if (entry.ifa_addr->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 address{}, mask{};
  std::memcpy(&address, entry.ifa_addr, sizeof address);
  std::memcpy(&mask, entry.ifa_netmask, sizeof mask);
  unsigned length = 0;
  for (uint8_t byte : mask.sin6_addr.s6_addr) length += static_cast<unsigned>(std::popcount(byte));
  return url::Cidr::make(url::IpAddress::v6(std::span<const uint8_t, 16>(address.sin6_addr.s6_addr)), length);
}

}  // namespace

Result<Policy> Policy::parse(std::string_view toml) {
  Policy policy;
  SHIKAKE_TRY(read_toml(toml, [&](const toml::table& document) { policy = read_policy(document); }));
  return policy;
}

Result<Policy> Policy::load(const std::filesystem::path& file) {
  SHIKAKE_ASSIGN(std::string text, base::read_file(file, max_document_bytes));
  auto policy = parse(text);
  if (!policy) return fail(std::move(policy).error().in(file.string()));
  return policy;
}

Result<> Policy::add_surroundings() {
  SHIKAKE_TRY(egress.add_own_addresses());
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail_errno(Module::gateway, "this machine's networks cannot be listed");
  std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (auto network = network_of(*entry)) neighbours.push_back(*network);
  }
  if (!resolver.empty()) return {};
  SHIKAKE_ASSIGN(std::string text, base::read_file("/etc/resolv.conf", max_resolv_conf));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && resolver.empty();) {
    std::istringstream words(line);
    std::string keyword, address;
    words >> keyword >> address;
    if (keyword == "nameserver" && url::IpAddress::parse(address)) resolver = address;
  }
  if (resolver.empty())
    return fail(Module::gateway, ErrorCode::not_found,
                "no name server is known: give the policy a line resolver = \"ADDRESS\"");
  return {};
}

std::optional<Judgement> PolicyJudge::by_place(const url::IpAddress& address, uint16_t port) const {
  for (const PolicyRule& rule : policy_.rules) {
    if ((rule.networks.empty() || contains(rule.networks, address)) &&
        (rule.ports.empty() || contains(rule.ports, port)))
      return Judgement{rule.verdict, rule.name};
  }
  if (auto refused = policy_.egress.refuses(address, port))
    return Judgement{Handling::refused, std::string(*refused)};
  if (contains(policy_.neighbours, address)) return Judgement{Handling::refused, "neighbour"};
  if (contains(policy_.mail_ports, port)) return Judgement{Handling::sunk, "mail"};
  if (contains(policy_.attack_ports, port)) return Judgement{Handling::refused, "attack_port"};
  return std::nullopt;
}

std::optional<Judgement> PolicyJudge::by_behaviour(const url::IpAddress& address, uint16_t port, Time now) {
  while (!attempts_.empty() &&
         (attempts_.front().time + policy_.window < now || attempts_.size() >= max_attempts))
    attempts_.pop_front();
  attempts_.push_back({now, address, port});
  std::set<url::IpAddress> hosts;
  std::set<uint16_t> ports;
  uint32_t connections = 0, logins = 0;
  for (const Attempt& attempt : attempts_) {
    if (attempt.port == port) hosts.insert(attempt.address);
    if (attempt.address != address) continue;
    ports.insert(attempt.port);
    ++connections;
    if (attempt.port == port) ++logins;
  }
  auto refuse = [](const char* rule) { return Judgement{Handling::refused, rule}; };
  // Many hosts on a web port is what downloaders and browsers do; their number is bound by the connections.
  const bool web = port == 80 || port == 443;
  if (!web && hosts.size() > policy_.hosts_a_port) return refuse("scan_hosts");
  if (ports.size() > policy_.ports_a_host) return refuse("scan_ports");
  if (contains(policy_.login_ports, port) && logins > policy_.logins_a_host) return refuse("brute_force");
  if (connections > policy_.connections_a_host) return refuse("flood");
  return std::nullopt;
}

Judgement PolicyJudge::judge(Transport transport, const url::IpAddress& address, uint16_t port,
                             uint32_t open_now, Time now) {
  if (transport == Transport::icmp) return {Handling::sunk, "icmp"};
  if (auto judged = by_place(address, port)) {
    if (judged->verdict != Handling::relayed) return *judged;
    // Allowed by a row: the budgets hold nevertheless.
    if (relayed_ >= policy_.connections) return {Handling::refused, "connections"};
    if (open_now >= policy_.open_connections) return {Handling::refused, "open_connections"};
    ++relayed_;
    return *judged;
  }
  if (auto judged = by_behaviour(address, port, now)) return *judged;
  if (relayed_ >= policy_.connections) return {Handling::refused, "connections"};
  if (open_now >= policy_.open_connections) return {Handling::refused, "open_connections"};
  ++relayed_;
  return {Handling::relayed, "default"};
}

}  // namespace shikake::gateway
