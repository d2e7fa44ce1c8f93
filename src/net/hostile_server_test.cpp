// Servers that break HTTP in every way that a socket allows.
#include <gmock/gmock.h>

#include "net/test_fetch.h"

namespace shikake::net {
namespace {

// Sizes small enough that a test reaches each of them at once; times only where the row is about time, so
// that no slow machine changes what another row finds.
FetcherOptions tight(FetchFailure expected) {
  FetcherOptions options = local();
  options.limits.header_bytes = 20'000;
  options.limits.body_bytes = 100'000;
  if (expected == FetchFailure::timeout) options.limits.total_time = 1s;
  if (expected == FetchFailure::too_slow) {
    options.limits.low_speed_bytes_per_second = 1000;
    options.limits.low_speed_time = 1s;
  }
  return options;
}

struct HostileRow {
  const char* name;
  TestServer::Handler server;
  FetchFailure failure;
  int status;
  std::string body;  // what is kept
  std::string why = "";
};
std::ostream& operator<<(std::ostream& out, const HostileRow& row) {
  return out << row.name;
}

TestServer::Handler trickles(std::string head) {
  return [head](TestConnection& client) {
    client.receive_request();
    for (bool there = client.send(head); there; there = client.send("x")) std::this_thread::sleep_for(20ms);
  };
}
TestServer::Handler repeats(std::string head, std::string again) {
  return [head, again](TestConnection& client) {
    client.receive_request();
    for (bool there = client.send(head); there; there = client.send(again)) {}
  };
}
const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const HostileRow hostile_rows[] = {
    {"refuses_connection_after_accept", [](TestConnection&) {}, FetchFailure::connection, 0, ""},
    {"never_answers", [](TestConnection& client) { client.wait_until_client_goes(); }, FetchFailure::timeout,
     0, ""},
    {"trickles_its_body", trickles("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"),
     FetchFailure::too_slow, 200, "xxxxx"},
    {"trickles_its_headers", trickles("HTTP/1.1 200 OK\r\nX: "), FetchFailure::too_slow, 200, ""},
    {"endless_headers", repeats("HTTP/1.1 200 OK\r\n", "X-Header: " + std::string(500, 'x') + "\r\n"),
     FetchFailure::headers_too_large, 200, ""},
    {"one_huge_header", repeats("HTTP/1.1 200 OK\r\nX: ", std::string(5000, 'x')),
     FetchFailure::headers_too_large, 200, ""},
    {"endless_interim_answers", repeats("", "HTTP/1.1 100 Continue\r\n\r\n"), FetchFailure::headers_too_large,
     100, ""},
    {"endless_body", repeats("HTTP/1.1 200 OK\r\n\r\n", std::string(5000, 'x')), FetchFailure::body_too_large,
     200, std::string(100'000, 'x')},
    {"says_more_than_it_sends", replies("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
     FetchFailure::closed_early, 200, "hello"},
    {"says_less_than_it_sends", replies("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello"),
     FetchFailure::none, 200, "hel"},
    {"two_lengths", replies("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello"),
     FetchFailure::none, 200, "hello"},
    {"negative_length", replies("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"), FetchFailure::protocol,
     200, ""},
    {"huge_length", replies("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello"),
     FetchFailure::none, 200, "hello"},
    {"closes_in_a_chunk", replies(chunked + "5\r\nhel"), FetchFailure::closed_early, 200, "hel"},
    {"closes_before_the_last_chunk", replies(chunked + "5\r\nhello\r\n"), FetchFailure::closed_early, 200,
     "hello"},
    {"chunk_size_is_no_number", replies(chunked + "5\r\nhello\r\nzz\r\n"), FetchFailure::protocol, 200,
     "hello"},
    {"chunk_size_is_endless", replies(chunked + std::string(100, 'F') + "\r\nhello"), FetchFailure::protocol,
     200, ""},
    {"chunks_end_well", replies(chunked + "5;ext=1\r\nhello\r\n0\r\nTrailer: 1\r\n\r\n"), FetchFailure::none,
     200, "hello"},
    {"http_0_9", replies("<html>hello"), FetchFailure::protocol, 0, ""},
    {"not_http_at_all", replies("SSH-2.0-OpenSSH_9.2\r\n"), FetchFailure::protocol, 0, ""},
    {"closes_in_the_headers", replies("HTTP/1.1 200 OK\r\nX: 1"), FetchFailure::none, 200, ""},
    {"zero_byte_in_a_header", replies(std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\nhello", 32)),
     FetchFailure::protocol, 200, ""},
    {"folded_header", replies("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello"),
     FetchFailure::none, 200, "hello"},
    {"header_without_a_colon", replies("HTTP/1.1 200 OK\r\nnonsense\r\n\r\nhello"), FetchFailure::protocol,
     200, ""},
    {"gzip_bomb",
     replies("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip(std::string(10'000'000, 'x'))),
     FetchFailure::none, 200, std::string(100'000, 'x')},
    {"not_what_it_says", replies("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello"),
     FetchFailure::none, 200, ""},
    {"unknown_coding", replies("HTTP/1.1 200 OK\r\nContent-Encoding: hello\r\n\r\nhello"), FetchFailure::none,
     200, "hello"},
};

class HostileServer : public ::testing::TestWithParam<HostileRow> {};
TEST_P(HostileServer, GivesABoundedLabelledAnswer) {
  const HostileRow& row = GetParam();
  TestServer server(row.server);
  FetchResponse response = fetch_with(tight(row.failure), get(server.url()));
  EXPECT_EQ(name(response.failure), name(row.failure)) << response.why;
  EXPECT_EQ(response.status, row.status);
  EXPECT_EQ(response.failure == FetchFailure::none, response.why.empty()) << response.why;
  if (row.failure == FetchFailure::too_slow) {
    EXPECT_THAT(response.body, testing::StartsWith(row.body));
  } else {
    EXPECT_TRUE(response.body == row.body) << response.body.substr(0, 100);
  }
}
INSTANTIATE_TEST_SUITE_P(Rows, HostileServer, ::testing::ValuesIn(hostile_rows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace shikake::net
