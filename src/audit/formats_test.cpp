#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstring>

#include "audit/reader.h"
#include "audit/test_intelligence.h"
#include "audit/time_text.h"

namespace shikake::audit {
namespace {

std::string_view word(Observable::What what) {
  using What = Observable::What;
  switch (what) {
    case What::url:
      return "url";
    case What::authority:
      return "authority";
    case What::target:
      return "target";
    case What::endpoint:
      return "endpoint";
    case What::host:
      return "host";
    case What::digest:
      return "digest";
  }
  return "";
}
std::string_view word(Contact contact) {
  return std::array<std::string_view, 7>{"request", "tunnel",  "connection", "lookup",
                                         "mention", "inbound", "file"}[static_cast<size_t>(contact)];
}
std::string_view word(Outcome outcome) {
  return std::array<std::string_view, 4>{"content", "answered", "failed",
                                         "denied"}[static_cast<size_t>(outcome)];
}

// A record on one line: "client/user/peer time outcome; request url http://…; connection endpoint
// 192.0.2.1:80".
std::string text_of(const Record& record) {
  std::string text = fmt::format("{}/{}/{} {} {}", record.client, record.user, record.peer, record.time,
                                 word(record.outcome));
  for (const Observable& seen : record.seen) {
    text += fmt::format("; {} {} {}", word(seen.contact), word(seen.what), seen.text);
    if (!seen.rest.empty()) text += fmt::format(" {}", seen.rest);
    if (seen.port != 0) text += fmt::format(" :{}", seen.port);
  }
  return text;
}

std::string_view word(Reader::How how) {
  return std::array<std::string_view, 4>{"parsed", "lenient", "unreadable",
                                         "other"}[static_cast<size_t>(how)];
}

// Lines with simdjson's padding behind them.
class Padded {
 public:
  explicit Padded(std::string_view text) : size_(text.size()), bytes_(text) { bytes_.append(64, '\0'); }
  std::string_view text() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  size_t size_;
  std::string bytes_;
};

struct Fixture {
  Intelligence intelligence = test_intelligence();
  Correlator correlator{intelligence, {}};
  Reader reader{intelligence, correlator, {}, nullptr};
  std::string parse(std::string_view line) {
    const Padded padded(line);
    const Reader::How how = reader.parse(padded.text(), false);
    return fmt::format("{} {}", word(how), text_of(reader.record()));
  }
};

struct Row {
  const char* name;
  std::string line;
  std::string expected;
  const char* header = nullptr;  // a line before
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class OneLine : public testing::TestWithParam<Row> {};

TEST_P(OneLine, IsReadAs) {
  Fixture fixture;
  fixture.reader.start_file();
  if (GetParam().header) {
    for (std::string_view rest = GetParam().header; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      ASSERT_EQ(fixture.parse(line).substr(0, 5), "other");
    }
  }
  EXPECT_EQ(fixture.parse(GetParam().line), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Squid, OneLine,
    testing::Values(
        Row{"get",
            "1286536309.586    921 192.0.2.68 TCP_MISS/200 507 POST http://a.example/x aki "
            "HIER_DIRECT/198.51.100.7 text/xml",
            "parsed 192.0.2.68/aki/ 1286536309.586 content; request url http://a.example/x; connection "
            "endpoint "
            "198.51.100.7 :80; inbound endpoint 192.0.2.68"},
        Row{"connect",
            "1286536309.586 921 192.0.2.68 TCP_TUNNEL/200 507 CONNECT a.example:443 - "
            "HIER_DIRECT/198.51.100.7 -",
            "parsed 192.0.2.68// 1286536309.586 content; tunnel authority a.example:443 :443; connection "
            "endpoint "
            "198.51.100.7; inbound endpoint 192.0.2.68"},
        Row{"denied",
            "1286536309.586 0 192.0.2.68 TCP_DENIED/403 507 GET http://a.example:81/x - HIER_NONE/- "
            "text/html",
            "parsed 192.0.2.68// 1286536309.586 denied; request url http://a.example:81/x; inbound endpoint "
            "192.0.2.68"},
        Row{"denied_reply",
            "1286536309.586 0 192.0.2.68 TCP_DENIED_REPLY/403 507 GET http://a.example/ - "
            "HIER_DIRECT/198.51.100.7 -",
            "parsed 192.0.2.68// 1286536309.586 answered; request url http://a.example/; connection endpoint "
            "198.51.100.7 :80; inbound endpoint 192.0.2.68"},
        Row{"redirected_to_a_block_page",
            "1286536309.586 0 192.0.2.68 TCP_REDIRECT/302 507 GET http://a.example/ - HIER_NONE/- -",
            "parsed 192.0.2.68// 1286536309.586 denied; request url http://a.example/; inbound endpoint "
            "192.0.2.68"},
        Row{"own_error",
            "1286536309.586 0 192.0.2.68 NONE_NONE/400 507 GET http://a.example/ - HIER_NONE/- -",
            "parsed 192.0.2.68// 1286536309.586 failed; request url http://a.example/; inbound endpoint "
            "192.0.2.68"},
        Row{"unreachable",
            "1286536309.586 0 192.0.2.68 TCP_MISS/503 507 GET http://a.example/ - HIER_DIRECT/198.51.100.7 -",
            "parsed 192.0.2.68// 1286536309.586 failed; request url http://a.example/; connection endpoint "
            "198.51.100.7 "
            ":80; inbound endpoint 192.0.2.68"},
        Row{"from_cache",
            "1286536309.586 0 192.0.2.68 TCP_MEM_HIT/200 507 GET http://a.example/ - HIER_NONE/- text/html",
            "parsed 192.0.2.68// 1286536309.586 content; request url http://a.example/; inbound endpoint "
            "192.0.2.68"},
        Row{"not_found",
            "1286536309.586 0 192.0.2.68 TCP_MISS/404 507 GET http://a.example/ - HIER_DIRECT/198.51.100.7 -",
            "parsed 192.0.2.68// 1286536309.586 answered; request url http://a.example/; connection endpoint "
            "198.51.100.7 :80; inbound endpoint 192.0.2.68"},
        Row{"own_fields",
            "1286536309.586 0 192.0.2.68 TCP_MISS/200 507 GET http://a.example/ - HIER_NONE/- text/html "
            "\"http://r.example/\" \"Mozilla/5.0 (X)\"",
            "parsed 192.0.2.68// 1286536309.586 content; request url http://a.example/; inbound endpoint "
            "192.0.2.68; "
            "mention url http://r.example/"},
        Row{"quoted_url",
            "1286536309.586 0 192.0.2.68 TCP_MISS/200 507 GET \"http://a.example/x y\" - HIER_NONE/- "
            "text/html",
            "lenient 192.0.2.68// 1286536309.586 content; request url http://a.example/x y; inbound endpoint "
            "192.0.2.68"},
        Row{"blank_in_url",
            "1286536309.586 0 192.0.2.68 TCP_MISS/200 507 GET http://a.example/x y z - HIER_NONE/- text/html",
            "lenient 192.0.2.68// 1286536309.586 content; request url http://a.example/x y z; inbound "
            "endpoint 192.0.2.68"},
        Row{"cut_off_in_url", "1286536309.586 0 192.0.2.68 TCP_MISS/200 507 GET http://c2.example/ab",
            "lenient 192.0.2.68// 1286536309.586 content; request url http://c2.example/ab; inbound endpoint "
            "192.0.2.68"},
        Row{"raw_ff_in_url",
            "1286536309.586 0 192.0.2.68 TCP_MISS/200 507 GET http://a.example/\xFF - HIER_NONE/- text/html",
            "parsed 192.0.2.68// 1286536309.586 content; request url http://a.example/\xFF; inbound endpoint "
            "192.0.2.68"},
        Row{"damaged_time",
            "128653x309.586 0 192.0.2.68 TCP_MISS/200 507 GET http://a.example/ - HIER_NONE/- text/html",
            "lenient 192.0.2.68// 128653x309.586 content; request url http://a.example/; inbound endpoint "
            "192.0.2.68"},
        Row{"human_time",
            "[14/Nov/2023:22:13:20 +0000] 192.0.2.68 TCP_MISS/200 507 GET http://a.example/ - HIER_NONE/- "
            "text/html",
            "lenient 192.0.2.68// [14/Nov/2023:22:13:20 content; request url http://a.example/; inbound "
            "endpoint 192.0.2.68"},
        Row{"client_by_name",
            "1286536309.586 0 pc7.corp.example TCP_MISS/200 507 GET http://a.example/ - HIER_NONE/- "
            "text/html",
            "parsed pc7.corp.example// 1286536309.586 content; request url http://a.example/; inbound "
            "endpoint pc7.corp.example"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Apache, OneLine,
    testing::Values(
        Row{"combined",
            R"(192.0.2.9 - aki [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 200 23 "http://r.example/" "Mozilla")",
            "parsed 192.0.2.9/aki/ 17/May/2015:10:05:03 +0000 content; inbound endpoint 192.0.2.9; mention "
            "url http://r.example/"},
        Row{"common", R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "GET /x HTTP/1.1" 404 -)",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 answered; inbound endpoint 192.0.2.9"},
        Row{"vhost",
            R"(www.shop.example:80 192.0.2.9 - - [17/May/2015:10:05:03 +0000] "GET /x?y HTTP/1.1" 200 1 "-" "-")",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 content; request target www.shop.example:80 /x?y; "
            "inbound endpoint 192.0.2.9"},
        Row{"proxied",
            R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "GET http://a.example/x HTTP/1.1" 200 1)",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 content; request url http://a.example/x; inbound "
            "endpoint 192.0.2.9"},
        Row{"proxy_denies",
            R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "CONNECT a.example:443 HTTP/1.1" 403 1)",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 denied; tunnel authority a.example:443 :443; "
            "inbound endpoint 192.0.2.9"},
        Row{"escapes",
            R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "GET /\"\x00 HTTP/1.1" 200 1 "http://r.example/\"\x41" "-")",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 content; inbound endpoint 192.0.2.9; mention url "
            "http://r.example/\"A"},
        Row{"no_request", R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "-" 408 - "-" "-")",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 answered; inbound endpoint 192.0.2.9"},
        Row{"tls_to_a_plain_port",
            R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "\x16\x03\x01" 400 226 "-" "-")",
            "parsed 192.0.2.9// 17/May/2015:10:05:03 +0000 answered; inbound endpoint 192.0.2.9"},
        Row{"user_with_blanks", R"(192.0.2.9 - J Doe [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1)",
            "parsed 192.0.2.9/J Doe/ 17/May/2015:10:05:03 +0000 content; inbound endpoint 192.0.2.9"},
        Row{"open_quote",
            R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "http://c2.example/x)",
            "lenient 192.0.2.9// 17/May/2015:10:05:03 +0000 content; inbound endpoint 192.0.2.9; mention url "
            "http://c2.example/x"},
        Row{"odd_time", R"(192.0.2.9 - - [2015-05-17] "GET http://a.example/ HTTP/1.1" 200 1)",
            "lenient 192.0.2.9// 2015-05-17 content; request url http://a.example/; inbound endpoint "
            "192.0.2.9"}),
    [](const auto& row) { return row.param.name; });

constexpr const char* dns_header =
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\trcode_name\tanswers\trejected\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tvector[string]\tbool";
constexpr const char* semicolon_header =
    "#separator "
    "\\x3b\n#unset_field;?\n#path;conn\n#fields;ts;id.orig_h;id.orig_p;id.resp_h;id.resp_p;conn_state;resp_"
    "bytes";

INSTANTIATE_TEST_SUITE_P(
    ZeekTsv, OneLine,
    testing::Values(
        Row{"dns",
            "1521911720.865716\tC1\t10.0.0.1\t4\t10.0.0.2\t53\ta.example\tNOERROR\tb.example,192.0.2.1\tF",
            "parsed 10.0.0.1//10.0.0.2 1521911720.865716 content; lookup host a.example; lookup host "
            "b.example; lookup "
            "host 192.0.2.1; connection endpoint 10.0.0.2 :53; inbound endpoint 10.0.0.1",
            dns_header},
        Row{"unknown_name", "1521911720.8\tC1\t10.0.0.1\t4\t10.0.0.2\t53\ta.example\tNXDOMAIN\t-\tF",
            "parsed 10.0.0.1//10.0.0.2 1521911720.8 failed; lookup host a.example; connection endpoint "
            "10.0.0.2 :53; "
            "inbound endpoint 10.0.0.1",
            dns_header},
        Row{"resolver_refuses", "1521911720.8\tC1\t10.0.0.1\t4\t10.0.0.2\t53\ta.example\tREFUSED\t-\tF",
            "parsed 10.0.0.1//10.0.0.2 1521911720.8 denied; lookup host a.example; connection endpoint "
            "10.0.0.2 :53; "
            "inbound endpoint 10.0.0.1",
            dns_header},
        Row{"sinkholed", "1521911720.8\tC1\t10.0.0.1\t4\t10.0.0.2\t53\ta.example\tNOERROR\t0.0.0.0\tF",
            "parsed 10.0.0.1//10.0.0.2 1521911720.8 denied; lookup host a.example; lookup host 0.0.0.0; "
            "connection "
            "endpoint 10.0.0.2 :53; inbound endpoint 10.0.0.1",
            dns_header},
        Row{"escaped", "1521911720.8\tC1\t10.0.0.1\t4\t10.0.0.2\t53\ta\\x2eexample\\xff\tNOERROR\t(empty)\tF",
            "parsed 10.0.0.1//10.0.0.2 1521911720.8 answered; lookup host a.example\xFF; connection endpoint "
            "10.0.0.2 "
            ":53; inbound endpoint 10.0.0.1",
            dns_header},
        Row{"cut_off", "1521911720.8\tC1\t10.0.0.1\t4\t10.0.0.2\t53\tc2.exam",
            "lenient 10.0.0.1//10.0.0.2 1521911720.8 failed; lookup host c2.exam; connection endpoint "
            "10.0.0.2 :53; "
            "inbound endpoint 10.0.0.1",
            dns_header},
        Row{"field_too_many", "1521911720.8\tC1\t10.0.0.1\t4\t10.0.0.2\t53\ta.example\tNOERROR\t-\tF\tx",
            "lenient 10.0.0.1//10.0.0.2 1521911720.8 answered; lookup host a.example; connection endpoint "
            "10.0.0.2 :53; "
            "inbound endpoint 10.0.0.1",
            dns_header},
        Row{"other_separator", "1521911720.8;10.0.0.1;1024;192.0.2.1;443;SF;?",
            "parsed 10.0.0.1//192.0.2.1 1521911720.8 answered; connection endpoint 192.0.2.1 :443; inbound "
            "endpoint 10.0.0.1",
            semicolon_header},
        Row{"refused_connection", "1521911720.8;10.0.0.1;1024;192.0.2.1;443;REJ;0",
            "parsed 10.0.0.1//192.0.2.1 1521911720.8 failed; connection endpoint 192.0.2.1 :443; inbound "
            "endpoint 10.0.0.1",
            semicolon_header},
        Row{"no_header", "1521911720.8\tC1\t10.0.0.1\t4\tc2.example\t53",
            "unreadable 10.0.0.1//  content; mention authority 1521911720.8; mention authority 10.0.0.1; "
            "mention authority c2.example"}),
    [](const auto& row) { return row.param.name; });

const std::string orig =
    R"("ts":1521911720.865716,"id.orig_h":"10.0.0.1","id.orig_p":4,"id.resp_h":"192.0.2.1","id.resp_p":80)";
const std::string ends = "; connection endpoint 192.0.2.1 :80; inbound endpoint 10.0.0.1";

INSTANTIATE_TEST_SUITE_P(
    ZeekJson, OneLine,
    testing::Values(
        Row{"http",
            "{" + orig +
                R"(,"method":"GET","host":"a.example","uri":"/x","status_code":200,"referrer":"http:\/\/r.example"})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 content; request target a.example /x :80; mention "
            "url "
            "http://r.example" +
                ends},
        Row{"http_without_answer", "{" + orig + R"(,"method":"GET","host":"a.example","uri":"/x"})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 failed; request target a.example /x :80" + ends},
        Row{"through_a_proxy_that_denies",
            "{" + orig +
                R"(,"method":"GET","host":"a.example","uri":"http://a.example/x","status_code":403})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 denied; request target a.example "
            "http://a.example/x :80" +
                ends},
        Row{"connect",
            "{" + orig + R"(,"method":"CONNECT","host":"a.example","uri":"a.example:443","status_code":200})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 content; tunnel authority a.example:443 :443" +
                ends},
        Row{"ssl", "{" + orig + R"(,"server_name":"a.example","established":true})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 content; tunnel authority a.example :80" + ends},
        Row{"ssl_failed", "{" + orig + R"(,"server_name":"a.example","established":false})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 failed; tunnel authority a.example :80" + ends},
        Row{"iso_time_and_path",
            R"({"_path":"conn","ts":"2018-03-24T17:15:20.865716Z","id.orig_h":"10.0.0.1","id.resp_h":"192.0.2.1","id.resp_p":80,"conn_state":"SF","resp_bytes":5})",
            "parsed 10.0.0.1//192.0.2.1 2018-03-24T17:15:20.865716Z content" + ends},
        Row{"nested_id",
            R"({"ts":1.5,"id":{"orig_h":"10.0.0.1","resp_h":"192.0.2.1","resp_p":80},"conn_state":"SF","resp_bytes":5})",
            "parsed 10.0.0.1//192.0.2.1 1.5 content" + ends},
        Row{"underscores",
            R"({"ts":1.5,"id_orig_h":"10.0.0.1","id_resp_h":"192.0.2.1","id_resp_p":80,"conn_state":"SF","resp_bytes":5})",
            "parsed 10.0.0.1//192.0.2.1 1.5 content" + ends},
        Row{"files", R"({"ts":1.5,"tx_hosts":["192.0.2.1"],"rx_hosts":["10.0.0.1"],"sha256":"ab"})",
            "parsed 10.0.0.1// 1.5 content; file digest ab; connection endpoint 192.0.2.1"},
        Row{"files_newer", "{" + orig + R"(,"source":"HTTP","sha256":"ab"})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 content; file digest ab" + ends},
        Row{"lone_surrogate", "{" + orig + R"(,"query":"c2.example","rcode_name":"NOERROR","x":"\ud800"})",
            "lenient 10.0.0.1//192.0.2.1 1521911720.865716 answered; lookup host c2.example" + ends},
        Row{"raw_ff", "{" + orig + ",\"query\":\"\xFF.c2.example\",\"rcode_name\":\"NOERROR\"}",
            "lenient 10.0.0.1//192.0.2.1 1521911720.865716 answered; lookup host \xFF.c2.example" + ends},
        Row{"nul",
            "{" + orig + R"(,"query":"c2.example)" + std::string(1, '\0') + R"(","rcode_name":"NOERROR"})",
            "lenient 10.0.0.1//192.0.2.1 1521911720.865716 answered; lookup host c2.example" +
                std::string(1, '\0') + ends},
        Row{"cut_off", "{" + orig + R"(,"rcode_name":"NOERROR","query":"c2.exam)",
            "lenient 10.0.0.1//192.0.2.1 1521911720.865716 answered; lookup host c2.exam" + ends},
        Row{"comma_at_the_end", "{" + orig + R"(,"query":"c2.example","rcode_name":"NOERROR",})",
            "lenient 10.0.0.1//192.0.2.1 1521911720.865716 answered; lookup host c2.example" + ends},
        Row{"two_objects",
            "{" + orig + R"(,"query":"a.example","rcode_name":"NOERROR"}{"answers":["c2.example"]})",
            "lenient 10.0.0.1//192.0.2.1 1521911720.865716 content; lookup host a.example; lookup host "
            "c2.example" +
                ends},
        Row{"escape_in_key",
            R"({"ts":1.5,"id.orig_\u0068":"10.0.0.1","id.resp_h":"192.0.2.1","id.resp_p":80,"x":"\q"})",
            "lenient 10.0.0.1//192.0.2.1 1.5 content" + ends},
        Row{"same_key_twice",
            "{" + orig +
                R"(,"query":"a.example","query":"c2.example","rcode_name":"NOERROR","answers":["x.example"]})",
            "parsed 10.0.0.1//192.0.2.1 1521911720.865716 content; lookup host a.example; lookup host "
            "c2.example; lookup host x.example" +
                ends},
        Row{"not_zeek", R"({"src":"10.0.0.1","url":"http://c2.example/x?a=b"})",
            "unreadable 10.0.0.1//  content; mention authority 10.0.0.1; mention url "
            "http://c2.example/x?a=b; mention url http://c2.example/x?a"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Unknown, OneLine,
    testing::Values(
        Row{"syslog", "Nov 14 22:13:20 fw kernel: DROP IN=eth0 SRC=10.0.0.1 DST=203.0.113.66 PROTO=TCP",
            "unreadable 10.0.0.1//  content; mention authority 22:13:20; mention authority 10.0.0.1; mention "
            "authority "
            "203.0.113.66"},
        Row{"url_in_brackets", "visited <http://c2.example/a,b;c=d> (\"x.example\").",
            "unreadable //  content; mention url http://c2.example/a,b;c=d; mention url http://c2.example/a; "
            "mention authority x.example"},
        Row{"empty", "", "other //  content"}, Row{"bytes", "\x01\x02\xFF", "unreadable //  content"}),
    [](const auto& row) { return row.param.name; });

TEST(Formats, ChangeInTheMiddleOfAFile) {
  Fixture fixture;
  fixture.reader.start_file();
  const std::string squid =
      "1286536309.586 0 192.0.2.68 TCP_MISS/200 507 GET http://a.example/ - HIER_NONE/- text/html";
  const std::string apache = R"(192.0.2.9 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1)";
  const std::string json = "{" + orig + R"(,"query":"a.example"})";
  for (const std::string& line : {squid, apache, json, squid, json, apache})
    EXPECT_TRUE(fixture.parse(line).starts_with("parsed")) << line;
}

TEST(Formats, TimesOfLogs) {
  const auto rfc = [](std::string_view text) {
    const auto time = time_from_log(text);
    return time ? base::to_rfc3339(*time) : std::string("-");
  };
  EXPECT_EQ(rfc("1521911720.865716"), "2018-03-24T17:15:20.865716Z");
  EXPECT_EQ(rfc("1521911720"), "2018-03-24T17:15:20Z");
  EXPECT_EQ(rfc("1521911720.1234567"), "2018-03-24T17:15:20.123456Z");
  EXPECT_EQ(rfc("2018-03-24T17:15:20.865716Z"), "2018-03-24T17:15:20.865716Z");
  EXPECT_EQ(rfc("17/May/2015:10:05:03 +0200"), "2015-05-17T08:05:03Z");
  for (const char* bad :
       {"", "-", "x", "1.x", "-5", "99999999999999999999", "253402300800", "17/Mai/2015:10:05:03 +0200",
        "99/May/2015:10:05:03 +0200", "2018-13-24", "17/May/2015:10:05:03"})
    EXPECT_EQ(rfc(bad), "-") << bad;
}

}  // namespace
}  // namespace shikake::audit
