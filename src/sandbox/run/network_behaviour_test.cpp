#include "sandbox/run/network_behaviour.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace shikake::sandbox::run {
namespace {

using intel::BehaviourKind;

struct World {
  intel::RunRecord run;
  std::vector<SocketSeen> sockets;
  std::vector<std::string> resolvers = {"192.168.1.1"};
  std::vector<std::string> out, in;  // of flows, in order
  std::map<base::Digest, std::string> contents;

  World& flow(const std::string& remote, const std::string& host, const std::string& protocol,
              uint64_t bytes = 10, const std::string& said = "", const std::string& heard = "") {
    intel::RunFlow row;
    row.id = static_cast<uint32_t>(run.flows.size() + 1);
    row.remote = remote;
    row.host = host;
    row.protocol = protocol;
    row.transport = "tcp";
    row.bytes_out = bytes;
    row.process = 0;
    run.flows.push_back(row);
    out.push_back(said);
    in.push_back(heard);
    return *this;
  }
  World& flows(int count, const std::string& remote, const std::string& host, const std::string& protocol) {
    for (int i = 0; i < count; ++i) flow(remote, host, protocol);
    return *this;
  }
  World& socket(const std::string& remote, const std::string& act = "connected",
                const std::string& transport = "tcp") {
    SocketSeen row;
    row.act = act;
    row.transport = transport;
    row.remote = remote;
    sockets.push_back(row);
    return *this;
  }
  World& sockets_to(int count, const std::string& prefix) {
    for (int i = 0; i < count; ++i) socket(prefix + std::to_string(i) + ":23");
    return *this;
  }
  World& question(const std::string& name) {
    intel::RunQuestion row;
    row.name = name;
    row.type = "A";
    run.dns.push_back(row);
    return *this;
  }
  World& questions(int count, const std::string& label, const std::string& parent) {
    for (int i = 0; i < count; ++i) question(label + std::to_string(i) + "." + parent);
    return *this;
  }
  World& file(const std::string& path, const std::string& content) {
    intel::RunFile row;
    row.path = path;
    row.sha256 = base::sha256(content);
    row.size = content.size();
    run.files.push_back(row);
    contents[*row.sha256] = content;
    return *this;
  }

  std::vector<std::string> judged() {
    NetworkFacts facts{.sockets = sockets, .resolvers = resolvers};
    for (size_t i = 0; i < run.flows.size(); ++i) facts.flows.push_back({out[i], in[i], ""});
    add_network_behaviours(run, facts, contents);
    std::vector<std::string> all;
    for (const auto& behaviour : run.behaviours)
      all.push_back(std::string(intel::name(behaviour.kind)) + " " + behaviour.object +
                    (behaviour.count > 1 ? " x" + std::to_string(behaviour.count) : ""));
    std::sort(all.begin(), all.end());
    return all;
  }
};

using Lines = std::vector<std::string>;
struct Row {
  const char* name;
  World world;
  Lines lines;
};
class NetworkBehaviourTest : public ::testing::TestWithParam<Row> {};
TEST_P(NetworkBehaviourTest, Judges) {
  World world = GetParam().world;
  EXPECT_EQ(world.judged(), GetParam().lines);
}

const std::string payload = "#!/bin/sh\necho a payload that came over the network\n";
INSTANTIATE_TEST_SUITE_P(
    Rows, NetworkBehaviourTest,
    ::testing::Values(
        Row{"nothing", World(), {}},
        Row{"http", World().flow("198.18.0.5:80", "a.example", "http"), {"http_request a.example:80"}},
        Row{"https", World().flow("198.18.0.5:443", "a.example", "https"), {"https_request a.example:443"}},
        Row{"tls_that_nobody_looked_into",
            World().flow("198.18.0.5:443", "a.example", "tls"),
            {"https_request a.example:443"}},
        Row{"irc", World().flow("198.18.0.5:6667", "a.example", "irc"), {"irc_session a.example:6667"}},
        Row{"mail", World().flow("198.18.0.5:25", "a.example", "smtp"), {"mail_sent a.example:25"}},
        Row{"ftp", World().flow("198.18.0.5:21", "a.example", "ftp"), {"ftp_session a.example:21"}},
        Row{"own_protocol", World().flow("198.51.100.9:4444", "", "raw"), {"raw_session 198.51.100.9:4444"}},
        Row{"a_connection_without_a_word_speaks_nothing",
            World().flow("198.18.0.5:80", "a.example", "http", 0),
            {}},
        Row{"names_are_no_protocol", World().flow("192.168.1.1:53", "", "dns"), {}},
        Row{"two_calls_are_no_beacon",
            World().flows(2, "198.18.0.5:80", "a.example", "http"),
            {"http_request a.example:80 x2"}},
        Row{"three_calls_are_a_beacon",
            World().flows(3, "198.18.0.5:80", "a.example", "http"),
            {"beacon a.example:80", "http_request a.example:80 x3"}},
        Row{"fourteen_ends_are_no_scan", World().sockets_to(14, "198.51.100."), {}},
        Row{"fifteen_ends_are_a_scan", World().sockets_to(15, "198.51.100."), {"port_scan 198.51.100.0:23"}},
        Row{"five_logins_are_guessing",
            World().flows(5, "198.51.100.9:21", "", "ftp"),
            {"beacon 198.51.100.9:21", "ftp_session 198.51.100.9:21 x5", "login_guessing 198.51.100.9:21"}},
        Row{"data_in_names",
            World().questions(8, "mfrggzdfmztwq2lknnwg23tpobyxe", "t.evil-host.com"),
            {"dns_tunnel evil-host.com"}},
        Row{"seven_long_names_are_none",
            World().questions(7, "mfrggzdfmztwq2lknnwg23tpobyxe", "evil-host.com"),
            {}},
        Row{"many_short_names_are_none", World().questions(40, "img", "shop-host.com"), {}},
        Row{"this_machine", World().socket("127.0.0.1:631"), {"host_contact 127.0.0.1:631"}},
        Row{"a_neighbour",
            World().socket("192.168.1.7:22").socket("192.168.1.7:22"),
            {"host_contact 192.168.1.7:22 x2"}},
        Row{"its_resolver_is_no_neighbour", World().socket("192.168.1.1:53", "sent", "udp"), {}},
        Row{"the_closed_internets_addresses_are_no_neighbours",
            World().flow("198.18.0.5:80", "a.example", "http").socket("198.18.0.5:80"),
            {"http_request a.example:80"}},
        Row{"a_datagram_socket_that_is_only_connected",
            World().socket("127.0.0.1:53", "connected", "udp"),
            {}},
        Row{"a_download",
            World()
                .flow("198.18.0.5:80", "a.example", "http", 10, "", "HTTP/1.1 200 OK\r\n\r\n" + payload)
                .file("/tmp/x", payload),
            {"downloaded_file /tmp/x", "http_request a.example:80"}},
        Row{"a_download_is_no_embedded_payload",
            [] {
              World world;
              world.flow("198.18.0.5:80", "a.example", "http", 10, "", "HTTP/1.1 200 OK\r\n\r\n" + payload).file("/tmp/x", payload);
              world.run.behaviours.push_back({.kind = BehaviourKind::dropped_executable, .object = "/tmp/x"});
              world.run.behaviours.push_back({.kind = BehaviourKind::dropped_executable, .object = "/tmp/y"});
              return world;
            }(),
            {"downloaded_file /tmp/x", "dropped_executable /tmp/y", "http_request a.example:80"}},
        Row{"a_file_of_its_own_is_no_download",
            World()
                .flow("198.18.0.5:80", "a.example", "http", 10, "", "HTTP/1.1 200 OK\r\n\r\nother")
                .file("/tmp/x", payload),
            {"http_request a.example:80"}},
        Row{"a_short_file_proves_nothing",
            World()
                .flow("198.18.0.5:80", "a.example", "http", 10, "", "HTTP/1.1 200 OK\r\n\r\n")
                .file("/tmp/x", "OK"),
            {"http_request a.example:80"}},
        Row{"a_miner",
            World().flow("198.51.100.9:3333", "", "raw", 10,
                         "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{}}"),
            {"mining 198.51.100.9:3333", "raw_session 198.51.100.9:3333"}}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace shikake::sandbox::run
