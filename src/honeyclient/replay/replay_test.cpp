// Visits written down and replayed: the same chain, from the recording alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "honeyclient/low/visit_test.h"
#include "honeyclient/replay/recording.h"

namespace shikake::honeyclient::replay {
namespace {

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/shikake-replay-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path file(const std::string& name, const std::string& content = {}) const {
    if (!content.empty()) std::ofstream(path_ / name, std::ios::binary) << content;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

const std::string binary("\x00\xFF\x80MZ\r\n\r\n", 9);

low::Sites::Pages site() {
  return {
      {"/",
       "<script>document.write('<iframe src={b}/gate></iframe>');"
       "var x = new XMLHttpRequest(); x.open('POST', '/say', false); x.send('one'); var a = x.responseText;"
       "x.open('POST', '/say', false); x.send('two'); if (a + x.responseText == 'heardheard') "
       "document.write('<img src=/i?' + Date.now() + '>');</script>"},
      {"/gate", "HTTP/1.1 302 Found\r\nLocation: {b}/kit\r\nSet-Cookie: seen=1\r\n\r\n"},
      {"/kit", "<script src=/k.js></script>"},
      {"/k.js", "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nlocation = '/load.bin'"},
      {"/say", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nheard"},
      {"/i", "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\nGIF89a"},
      {"/load.bin", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + binary}};
}

class EachFormat : public ::testing::TestWithParam<const char*> {};

TEST_P(EachFormat, ReplaysTheSameChain) {
  Folder folder;
  auto path = folder.file(GetParam());
  intel::VisitRecord visited;
  size_t requests = 0;
  low::VisitOptions options;
  base::ManualClock clock(*base::from_rfc3339("2026-01-02T03:04:05Z"));
  {
    low::Sites sites(site());
    options = low::local_visit(sites.url());
    options.clock = &clock;
    auto writer = std::string_view(GetParam()).ends_with("har") ? write_har(path) : write_warc(path);
    ASSERT_TRUE(writer) << writer.error().message();
    options.on_exchange = [&](const net::FetchRequest& request, const net::FetchResponse& response) {
      EXPECT_TRUE((*writer)->put({request, response}));
    };
    visited = low::visit_or_fail(options);
    requests = sites.requests().size();
    ASSERT_TRUE((*writer)->finish());
  }  // the servers are gone

  auto recording = Recording::open(path);
  ASSERT_TRUE(recording) << recording.error().message();
  EXPECT_EQ(recording->size(), requests);
  EXPECT_EQ(recording->note().skipped, 0u) << recording->note().first_skipped;
  EXPECT_EQ(recording->first_url(), options.url);
  options.on_exchange = nullptr;
  options.recording = &*recording;
  base::ManualClock then(recording->first_time());
  options.clock = &then;
  for (int again = 0; again < 2; ++again) {
    recording->rewind();
    intel::VisitRecord replayed = low::visit_or_fail(options);
    auto told = [](const intel::VisitRecord& visit) {
      std::vector<std::string> lines;
      for (const intel::VisitNode& node : visit.nodes)
        lines.push_back(node.url + " " + std::to_string(node.status) + " " + node.mime + " " +
                        (node.sha256 ? node.sha256->hex() : "-") + " " + node.ip + node.why_not);
      for (const intel::VisitEdge& edge : visit.edges)
        lines.push_back(visit.nodes[edge.from].url + " " + std::string(intel::name(edge.mechanism)) + " " +
                        visit.nodes[edge.to].url);
      std::ranges::sort(lines);
      return lines;
    };
    EXPECT_EQ(told(replayed), told(visited));
    EXPECT_EQ(replayed.verdict, visited.verdict);
  }
}

TEST_P(EachFormat, NothingElseIsFetched) {
  Folder folder;
  auto path = folder.file(GetParam());
  low::Sites sites({{"/", "x"}, {"/other", "y"}});
  low::VisitOptions options = low::local_visit(sites.url());
  auto writer = std::string_view(GetParam()).ends_with("har") ? write_har(path) : write_warc(path);
  options.on_exchange = [&](const auto& request, const auto& response) {
    EXPECT_TRUE((*writer)->put({request, response}));
  };
  low::visit_or_fail(options);
  ASSERT_TRUE((*writer)->finish());
  auto recording = Recording::open(path);
  ASSERT_TRUE(recording);
  low::VisitOptions other = low::local_visit(sites.url("/other"));
  other.recording = &*recording;
  intel::VisitRecord visit = low::visit_or_fail(other);
  EXPECT_EQ(visit.nodes[0].why_not, "not in the recording");
  EXPECT_EQ(sites.requests().size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(Both, EachFormat, ::testing::Values("visit.har", "visit.warc.gz"),
                         [](const auto& row) { return std::string(row.param).substr(6, 3); });

// As other writers make them.
const std::string foreign_warc =
    "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 3\r\n\r\na:b\r\n\r\n"
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: "
    "<http://a.example/x>\r\n"
    "WARC-Date: 2020-01-02T03:04:05Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: "
    "87\r\n\r\n"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: "
    "y\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\nignored....."
    "\r\n\r\n"
    "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: ftp://a.example/\r\nContent-Length: "
    "1\r\n\r\nx\r\n\r\n";

struct FileRow {
  const char* name;
  std::string content;
  int exchanges;  // -1: refused
  uint64_t skipped = 0;
  bool cut = false;
  std::string body = {};  // of the first
};
class Files : public ::testing::TestWithParam<FileRow> {};
TEST_P(Files, AreReadOrRefused) {
  Folder folder;
  const FileRow& row = GetParam();
  auto recording = Recording::open(folder.file("recording", row.content));
  if (row.exchanges < 0) {
    ASSERT_FALSE(recording);
    EXPECT_NE(recording.error().message().find("recording"), std::string::npos)
        << recording.error().message();
    return;
  }
  ASSERT_TRUE(recording) << recording.error().message();
  EXPECT_EQ(recording->size(), static_cast<size_t>(row.exchanges));
  EXPECT_EQ(recording->note().skipped, row.skipped) << recording->note().first_skipped;
  EXPECT_EQ(recording->note().cut, row.cut);
  if (row.exchanges == 0) return;
  net::FetchRequest request;
  request.url = "http://a.example/x#part";
  auto answer = recording->answer(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, row.body);
}
const std::string har_entry =
    R"({"request":{"method":"GET","url":"http://a.example/x","headers":[{"name":":path","value":"/x"}]},)"
    R"("response":{"status":200,"statusText":"OK","headers":[],"content":{"text":"aGk=","encoding":"base64"}}})";
INSTANTIATE_TEST_SUITE_P(
    Rows, Files,
    ::testing::Values(
        FileRow{"foreign_warc", foreign_warc, 1, 1, false, "abcdefg"},
        FileRow{"warc_cut_short", foreign_warc.substr(0, 300), 1, 0, true, ""},
        FileRow{"har", "{\"log\":{\"entries\":[" + har_entry + "]}}", 1, 0, false, "hi"},
        FileRow{"har_with_flaws",
                "{\"log\":{\"entries\":[1,{},{\"request\":{\"url\":\"ws://a/\",\"method\":\"GET\"},"
                "\"response\":{\"status\":101}}," +
                    har_entry + "]}}",
                1, 3, false, "hi"},
        FileRow{"har_of_nothing", "{\"log\":{\"entries\":[]}}", 0},
        FileRow{"json_of_something_else", "{\"a\":1}", -1}, FileRow{"json_cut_short", "{\"log\":", -1},
        FileRow{"neither", "hello", -1},
        FileRow{"gzip_of_nothing",
                std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00", 12) + std::string(8, '\0'),
                -1},
        FileRow{"warc_that_lies_about_its_length",
                "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/x\r\nContent-Length: "
                "99999999999\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody",
                1, 0, true, "body"}),
    [](const auto& row) { return row.param.name; });

TEST(Recordings, AnswersAreGivenInOrderAndByBody) {
  Folder folder;
  auto path = folder.file("visit.har");
  auto writer = write_har(path);
  ASSERT_TRUE(writer);
  for (auto [sent, got] : {std::pair("", "first"), {"", "second"}, {"a=1", "one"}, {"a=2", "two"}}) {
    Exchange exchange;
    exchange.request.url = exchange.response.url = "http://a.example/x";
    exchange.request.method = "POST";
    exchange.request.body = sent;
    exchange.response.status = 200;
    exchange.response.body = got;
    ASSERT_TRUE((*writer)->put(exchange));
  }
  ASSERT_TRUE((*writer)->finish());
  auto recording = Recording::open(path);
  ASSERT_TRUE(recording);
  auto ask = [&](const std::string& method, const std::string& body) {
    net::FetchRequest request;
    request.url = "http://a.example/x";
    request.method = method;
    request.body = body;
    auto answer = recording->answer(request);
    return answer ? answer->body : std::string("-");
  };
  EXPECT_EQ(ask("POST", ""), "first");
  EXPECT_EQ(ask("POST", "a=2"), "two");
  EXPECT_EQ(ask("POST", ""), "second");
  EXPECT_EQ(ask("POST", ""), "second");
  EXPECT_EQ(ask("POST", "a=3"), "first");  // never sent: as close as can be
  EXPECT_EQ(ask("GET", ""), "-");
}

}  // namespace
}  // namespace shikake::honeyclient::replay
