// The parts that read hostile bytes, and the policy, each by itself.
#include <gmock/gmock.h>

#include "gateway/client_hello.h"
#include "gateway/dns_answer.h"
#include "gateway/http_request.h"
#include "gateway/packets.h"
#include "gateway/policy.h"
#include "gateway/replies.h"
#include "net/dns.h"

namespace shikake::gateway {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::string u16(size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string vector16(const std::string& body) {
  return u16(body.size()) + body;
}
std::string extension(uint16_t type, const std::string& body) {
  return u16(type) + vector16(body);
}

// A ClientHello as JA3's own description spells them: version, ciphers, extensions, groups, formats.
std::string hello(const std::string& extensions) {
  std::string body = u16(0x0303) + std::string(32, 'r') + std::string(1, '\0');
  body += vector16(u16(0x1A1A) + u16(49195) + u16(47));  // the first is GREASE
  body += std::string("\1\0", 2);
  if (!extensions.empty()) body += vector16(extensions);
  return std::string("\1\0", 2) + vector16(body);
}
std::string record(const std::string& part) {
  return std::string("\x16\x03\x01", 3) + vector16(part);
}

TEST(ClientHello, ReadsNamesAndFingerprint) {
  const std::string name = "a.example";
  const std::string extensions =
      extension(0x2A2A, "") + extension(0, vector16(std::string(1, '\0') + vector16(name))) +
      extension(10, vector16(u16(0x3A3A) + u16(29) + u16(23))) + extension(11, std::string("\1\0", 2)) +
      extension(16, vector16(std::string("\2h2\10http/1.1")));
  ClientHello read;
  const std::string bytes = record(hello(extensions)) + "next";
  ASSERT_EQ(read_client_hello(base::as_bytes(bytes), read), HelloStatus::whole);
  EXPECT_EQ(read.sni, name);
  EXPECT_EQ(read.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(read.ja3_text, "771,49195-47,0-10-11-16,29-23,0");
  EXPECT_EQ(read.size, bytes.size() - 4);
}

// The example of JA3's own documentation (https://github.com/salesforce/ja3, "How it works"): a text and its
// MD5.
TEST(ClientHello, FingerprintOfAHelloWithoutExtensions) {
  ClientHello read;
  std::string body = u16(0x0301) + std::string(32, 'r') + std::string(1, '\0');
  std::string ciphers;
  for (int cipher : {4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99}) ciphers += u16(static_cast<size_t>(cipher));
  body += vector16(ciphers) + std::string("\1\0", 2);
  ASSERT_EQ(read_client_hello(base::as_bytes(record(std::string("\1\0", 2) + vector16(body))), read),
            HelloStatus::whole);
  EXPECT_EQ(read.ja3_text, "769,4-5-10-9-100-98-3-6-19-18-99,,,");
  EXPECT_EQ(read.ja3, "de350869b8c85de67a350c8d186f11e6");
}

TEST(ClientHello, EveryBeginningIsIncompleteAndNothingElse) {
  const std::string message = hello(extension(0, vector16(std::string(1, '\0') + vector16("x.example"))));
  // In one record, and spread over records of three bytes.
  std::string spread;
  for (size_t i = 0; i < message.size(); i += 3) spread += record(message.substr(i, 3));
  for (const std::string& whole : {record(message), spread}) {
    ClientHello read;
    for (size_t size = 0; size < whole.size(); ++size)
      ASSERT_EQ(read_client_hello(base::as_bytes(std::string_view(whole).substr(0, size)), read),
                HelloStatus::incomplete)
          << size;
    ASSERT_EQ(read_client_hello(base::as_bytes(whole), read), HelloStatus::whole);
    EXPECT_EQ(read.sni, "x.example");
  }
}

TEST(ClientHello, HostileBytesAreNone) {
  struct Row {
    const char* name;
    std::string bytes;
  };
  const Row rows[] = {
      {"plain text", "GET / HTTP/1.0\r\n\r\n"},
      {"a server's hello", std::string("\x16\x03\x03\0\4\2\0\0\0", 9)},
      {"an empty record", std::string("\x16\x03\x03\0\0\1", 6)},
      {"a hello of 16 MiB", std::string("\x16\x03\x03\0\4\1\xFF\xFF\xFF", 9)},
      {"a session id that is longer than the message",
       record(std::string("\1\0\0\x24\3\3", 6) + std::string(32, 'r') + "\xFF" + "x")},
  };
  for (const Row& row : rows) {
    ClientHello read;
    EXPECT_EQ(read_client_hello(base::as_bytes(row.bytes), read), HelloStatus::other) << row.name;
  }
}

TEST(Http, RecognisesRequestsAsMalwareWritesThem) {
  struct Row {
    const char* bytes;
    HttpStart expected;
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\n", HttpStart::yes},
      {"GET /a b HTTP/1.0\n", HttpStart::yes},
      {"M-SEARCH * HTTP/1.1\r\n", HttpStart::yes},
      {"PRI * HTTP/2.0\r\n", HttpStart::yes},
      {"G", HttpStart::more},
      {"POST", HttpStart::more},
      {"GET /x", HttpStart::more},
      {"GET http://a/", HttpStart::more},
      {"USER bot 0 * :x\r\n", HttpStart::no},
      {"NICK bot\r\n", HttpStart::no},
      {"NICK bot", HttpStart::no},
      {"\x16\x03\x01", HttpStart::no},
      {"get / HTTP/1.1\r\n", HttpStart::no},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZ", HttpStart::no},
      {" / HTTP/1.1\r\n", HttpStart::no},
  };
  for (const Row& row : rows) EXPECT_EQ(may_be_http(row.bytes), row.expected) << row.bytes;
}

TEST(Http, ReadsHeads) {
  auto request = read_http_request(
      "POST http://A.example:81/p?q HTTP/1.1\nHost: other\r\nContent-Length: 5\r\nExpect: "
      "100-continue\r\nbroken\r\n\r\nhello");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->host, "A.example");
  EXPECT_EQ(request->path, "/p?q");
  EXPECT_EQ(request->content_length, 5U);
  EXPECT_TRUE(request->expects_continue);
  EXPECT_TRUE(request->keep_alive);
  EXPECT_FALSE(read_http_request("GET / HTTP/1.1\r\nHost: x\r\n"));
  EXPECT_EQ(read_http_request("GET / HTTP/1.0\r\nHost: [2001:db8::1]:80\r\n\r\n")->host, "2001:db8::1");
}

// A body's end is where it is, however it comes in pieces.
TEST(Http, BodiesEndWhereTheyEnd) {
  struct Row {
    const char* head;
    std::string body;
    std::string kept;
  };
  const Row rows[] = {
      {"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "hello", "hello"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n", "abcde"},
      {"GET / HTTP/1.1\r\n\r\n", "", ""},
  };
  for (const Row& row : rows) {
    auto request = read_http_request(row.head);
    ASSERT_TRUE(request);
    for (size_t piece = 1; piece <= row.body.size() + 1; ++piece) {
      HttpBody body(*request);
      const std::string input = row.body + "GET";
      size_t taken = 0;
      while (taken < input.size() && !body.done())
        taken += body.take(std::string_view(input).substr(taken, piece));
      EXPECT_TRUE(body.done()) << row.head;
      EXPECT_EQ(taken, row.body.size()) << row.head << piece;
      EXPECT_EQ(body.kept(), row.kept);
    }
  }
}

TEST(Names, EachHasItsOwnPlaceAndTheWayBack) {
  NameTable names;
  std::set<std::string> seen;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example";
    auto addresses = names.addresses_of(name);
    EXPECT_TRUE(seen.insert(addresses.v4.to_string()).second) << name;
    EXPECT_TRUE(seen.insert(addresses.v6.to_string()).second) << name;
    EXPECT_EQ(url::special_purpose(addresses.v4), url::SpecialPurpose::benchmarking);
    EXPECT_EQ(url::special_purpose(addresses.v6), url::SpecialPurpose::benchmarking);
    EXPECT_EQ(names.name_of(addresses.v4), name);
    EXPECT_EQ(names.name_of(addresses.v6), name);
  }
  // The same in another run, whatever came before.
  NameTable other;
  other.addresses_of("z.example");
  EXPECT_EQ(other.addresses_of("N7.example").v4, names.addresses_of("n7.example").v4);
  EXPECT_FALSE(names.name_of(*url::IpAddress::parse("192.0.2.1")));
}

TEST(Names, AFullTableSharesOneAddress) {
  NameTable names;
  for (size_t i = 0; i < NameTable::max_names; ++i) names.addresses_of(std::to_string(i));
  auto first = names.addresses_of("one more"), second = names.addresses_of("and another");
  EXPECT_EQ(first.v4, second.v4);
  EXPECT_FALSE(names.name_of(first.v4));
}

TEST(Dns, AnswersHostileQueriesOrNot) {
  NameTable names;
  Replies replies;
  net::DnsMessage query{.id = 7, .questions = {{"a.example", net::dns_type::a}}};
  std::string bytes = net::serialise_dns(query).value();
  EXPECT_TRUE(answer_dns(base::as_bytes(bytes), names, replies, true, 512));
  EXPECT_FALSE(answer_dns(base::as_bytes(bytes.substr(0, 11)), names, replies, true, 512));
  std::string cut = bytes.substr(0, 20);
  auto format = answer_dns(base::as_bytes(cut), names, replies, true, 512);
  ASSERT_TRUE(format);
  EXPECT_EQ(format->lookup.code, net::dns_code::format_error);
  EXPECT_EQ(format->lookup.name, "");
  std::string response = bytes;
  response[2] = static_cast<char>(response[2] | 0x80);
  EXPECT_FALSE(answer_dns(base::as_bytes(response), names, replies, true, 512));
  std::string update = bytes;
  update[2] = 0x28;
  EXPECT_EQ(answer_dns(base::as_bytes(update), names, replies, true, 512)->lookup.code,
            net::dns_code::not_implemented);
}

// The checksum of a packet, added up again, is zero: RFC 1071's own test.
uint16_t folded_sum(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

TEST(Packets, HaveTheirChecksumsAndBounds) {
  const PacketEnd from{*url::IpAddress::parse("198.18.0.7"), 53},
      to{*url::IpAddress::parse("192.168.1.104"), 4000};
  const std::string packet = udp_packet(from, to, "odd");
  ASSERT_EQ(packet.size(), 20U + 8 + 3);
  EXPECT_EQ(folded_sum(packet.substr(0, 20)), 0xFFFF);
  EXPECT_EQ(
      folded_sum(packet.substr(12, 8) + std::string("\0\x11", 2) + packet.substr(24, 2) + packet.substr(20)),
      0xFFFF);
  EXPECT_TRUE(udp_packet(from, to, std::string(1472, 'x')).size() == max_packet_bytes);
  EXPECT_EQ(udp_packet(from, to, std::string(1473, 'x')), "");
  EXPECT_EQ(echo_reply(from.address, to.address, "short"), "");
}

TEST(Replies, SayWhichLineIsWrong) {
  struct Row {
    const char* name;
    const char* toml;
    uint32_t line;
    const char* what;
  };
  const Row rows[] = {
      {"not TOML", "[[http]]\nhost = \n", 2, ""},
      {"unknown key", "[[http]]\nhots = \"x\"\n", 2, "unknown key \"hots\""},
      {"status", "[[http]]\nstatus = 99\n", 2, "100 to 999"},
      {"outside file", "[[http]]\n\nfile = \"../passwd\"\n", 3, "in the folder of the replies"},
      {"absolute file", "[[http]]\nfile = \"/etc/passwd\"\n", 2, "in the folder of the replies"},
      {"missing file", "[[http]]\nfile = \"nothing.bin\"\n", 2, "cannot be read"},
      {"two bodies", "[[http]]\nbody = \"x\"\nfile = \"CMakeLists.txt\"\n", 3, "exclude each other"},
      {"header injection", "[[http]]\nheaders = { A = \"x\\r\\nB: y\" }\n", 2, "one line"},
      {"no steps", "[[tcp]]\nport = 1\n", 1, "1 to 1000 steps"},
      {"port", "[[tcp]]\nport = 70000\nsteps = [{}]\n", 2, "1 to 65535"},
      {"dns without a name", "[[dns]]\ncode = \"nxdomain\"\n", 1, "is missing"},
      {"dns code", "[[dns]]\nname = \"x\"\ncode = \"no\"\n", 3, "nxdomain"},
      {"dns value", "[[dns]]\nname = \"x\"\ntype = \"A\"\nvalue = \"::1\"\n", 4, "no address"},
  };
  for (const Row& row : rows) {
    auto replies = Replies::parse(row.toml, SHIKAKE_SOURCE_DIR);
    ASSERT_FALSE(replies) << row.name;
    EXPECT_EQ(replies.error().line, row.line) << row.name;
    EXPECT_THAT(replies.error().what, HasSubstr(row.what)) << row.name;
  }
  EXPECT_TRUE(Replies::parse("[[http]]\nfile = \"CMakeLists.txt\"\n", SHIKAKE_SOURCE_DIR));
}

// The oracle: every way to place the stars, tried one after the other.
bool fits_slowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*')
    return !text.empty() && pattern[0] == text[0] && fits_slowly(pattern.substr(1), text.substr(1));
  for (size_t i = 0; i <= text.size(); ++i)
    if (fits_slowly(pattern.substr(1), text.substr(i))) return true;
  return false;
}

TEST(Replies, PatternsFitAsTheOracleSays) {
  std::vector<std::string> words = {""};
  for (size_t i = 0; i < words.size() && words[i].size() < 5; ++i)
    for (char c : {'a', 'b', '*'}) words.push_back(words[i] + c);
  for (const std::string& pattern : words) {
    for (const std::string& text : words) {
      if (text.find('*') != text.npos) continue;
      ASSERT_EQ(fits(pattern, text, false), fits_slowly(pattern, text)) << pattern << " " << text;
    }
  }
  EXPECT_TRUE(fits("*.EVIL.example", "a.evil.EXAMPLE", true));
  EXPECT_FALSE(fits("A", "a", false));
}

TEST(Policy, SaysWhichLineIsWrong) {
  EXPECT_EQ(Policy::parse("resolver = \"dns.example\"\n").error().line, 1U);
  EXPECT_EQ(Policy::parse("[[rule]]\nverdict = \"maybe\"\n").error().line, 2U);
  EXPECT_EQ(Policy::parse("[[rule]]\nnetwork = \"10.0.0.0/33\"\nverdict = \"refuse\"\n").error().line, 2U);
  EXPECT_EQ(Policy::parse("\n[limits]\nconnections = -1\n").error().line, 3U);
  EXPECT_EQ(Policy::parse("allow_everything = true\n").error().line, 1U);
}

class Judge : public testing::Test {
 protected:
  Judgement ask(const std::string& address, uint16_t port, std::chrono::milliseconds later = 0ms) {
    now_ += later;
    return judge_.judge(Transport::tcp, *url::IpAddress::parse(address), port, open_, now_);
  }
  Policy policy_ = Policy::parse(R"(
[[rule]]
name = "partner"
network = "10.9.0.0/16"
verdict = "relay"

[[rule]]
network = "8.8.8.0/24"
port = 443
verdict = "refuse"
)")
                       .value();
  PolicyJudge judge_{policy_};
  PolicyJudge::Time now_{};
  uint32_t open_ = 0;
};

TEST_F(Judge, GoesByPlace) {
  policy_.neighbours = {*url::Cidr::parse("93.184.216.0/24")};
  EXPECT_EQ(ask("1.1.1.1", 80).rule, "default");
  EXPECT_EQ(ask("10.9.1.1", 445).rule, "partner");
  EXPECT_EQ(ask("10.8.1.1", 80).rule, "private");
  EXPECT_EQ(ask("8.8.8.8", 443).rule, "policy line 7");
  EXPECT_EQ(ask("8.8.8.8", 80).rule, "default");
  EXPECT_EQ(ask("93.184.216.34", 80).rule, "neighbour");
  EXPECT_EQ(ask("::ffff:127.0.0.1", 80).verdict, Handling::refused);
  EXPECT_EQ(ask("1.1.1.1", 25).verdict, Handling::sunk);
  EXPECT_EQ(ask("1.1.1.1", 3389).rule, "attack_port");
}

TEST_F(Judge, CutsScansUntilTheWindowHasPassed) {
  for (uint32_t i = 0; i < policy_.hosts_a_port; ++i)
    EXPECT_EQ(ask("1.1.1." + std::to_string(i + 1), 8081).rule, "default") << i;
  EXPECT_EQ(ask("1.1.2.1", 8081).rule, "scan_hosts");
  EXPECT_EQ(ask("1.1.2.1", 80).rule, "default");
  EXPECT_EQ(ask("1.1.2.1", 8081, policy_.window + 1s).rule, "default");
  for (uint16_t port = 9000; port < 9000 + policy_.ports_a_host; ++port) ask("2.2.2.2", port);
  EXPECT_EQ(ask("2.2.2.2", 9999).rule, "scan_ports");
}

TEST_F(Judge, CutsGuessingAndFloods) {
  for (uint32_t i = 0; i < policy_.logins_a_host; ++i) EXPECT_EQ(ask("1.1.1.1", 22).rule, "default");
  EXPECT_EQ(ask("1.1.1.1", 22).rule, "brute_force");
  for (uint32_t i = 0; i < policy_.connections_a_host; ++i)
    EXPECT_EQ(ask("3.3.3.3", 80).rule, "default") << i;
  EXPECT_EQ(ask("3.3.3.3", 80).rule, "flood");
}

TEST_F(Judge, KeepsItsBudgets) {
  policy_.connections = 2;
  policy_.open_connections = 1;
  open_ = 1;
  EXPECT_EQ(ask("1.1.1.1", 80).rule, "open_connections");
  open_ = 0;
  EXPECT_EQ(ask("1.1.1.1", 80).rule, "default");
  EXPECT_EQ(ask("10.9.0.1", 80).rule, "partner");
  EXPECT_EQ(ask("1.1.1.1", 80).rule, "connections");
  EXPECT_EQ(ask("10.9.0.1", 80).rule, "connections");
}

}  // namespace
}  // namespace shikake::gateway
