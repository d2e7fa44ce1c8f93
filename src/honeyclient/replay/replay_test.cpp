// Visits written down and replayed: the same chain, from the recording alone.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/gzip.h"
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
       "document.write('<img src=/i?' + new Date().getTime() + '>');</script>"},
      {"/gate", "HTTP/1.1 302 Found\r\nLocation: {b}/kit\r\nSet-Cookie: seen=1\r\n\r\n"},
      {"/kit", "<script src=/k.js></script>"},
      {"/k.js", "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\nlocation = '/load.bin'"},
      {"/say", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nheard"},
      {"/i", "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\nGIF89a"},
      {"/load.bin", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + binary}};
}

Conditions conditions_of(const low::VisitOptions& options) {
  return {options.persona, options.referrer.value_or(""), options.seed,
          options.began.value_or(base::TimePoint())};
}

Result<std::unique_ptr<Writer>> write_as(const std::filesystem::path& path,
                                         const low::VisitOptions& options) {
  return path.extension() == ".har" ? write_har(path, conditions_of(options))
                                    : write_warc(path, conditions_of(options));
}

class EachFormat : public ::testing::TestWithParam<const char*> {};

TEST_P(EachFormat, ReplaysTheSameChain) {
  Folder folder;
  auto path = folder.file(GetParam());
  intel::VisitRecord visited;
  size_t requests = 0;
  low::VisitOptions options;
  {
    low::Sites sites(site());
    options = low::local_visit(sites.url());
    options.persona = "ie8-winxp";
    options.referrer = "http://search.example/?q=\xE3\x81\x82";
    options.seed = 7;
    options.began = base::system_clock().now();  // as `inspect` does: time goes on meanwhile
    auto writer = write_as(path, options);
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
  base::ManualClock then(recording->began());
  options.clock = &then;
  EXPECT_EQ(recording->note().conditions.persona, options.persona);
  EXPECT_EQ(recording->note().conditions.referrer, *options.referrer);
  EXPECT_EQ(recording->note().conditions.seed, options.seed);
  EXPECT_EQ(recording->note().conditions.began, *options.began);
  options.began = recording->began();
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
  auto writer = write_as(path, options);
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

// What the formats have no place for.
TEST_P(EachFormat, BytesAndFailuresComeBack) {
  Folder folder;
  auto path = folder.file(GetParam());
  auto writer = write_as(path, {});
  ASSERT_TRUE(writer);
  Exchange moved, cut, lost;
  moved.request.method = "POST";
  moved.request.body = binary;
  moved.request.url = moved.response.url = "http://a.example/moved";
  moved.response.status = 302;
  moved.response.headers = {{"Location", "/\x83\x52"}};  // Shift-JIS
  cut.request.url = cut.response.url = "http://a.example/cut";
  cut.response.status = 200;
  cut.response.body = "half";
  cut.response.failure = net::FetchFailure::closed_early;
  cut.response.why = "5 bytes are missing";
  lost.request.url = lost.response.url = "http://gone.example/";
  lost.response.failure = net::FetchFailure::name_not_found;
  lost.response.why = "gone.example has no address";
  for (const Exchange* one : {&moved, &cut, &lost}) ASSERT_TRUE((*writer)->put(*one));
  ASSERT_TRUE((*writer)->finish());
  auto recording = Recording::open(path);
  ASSERT_TRUE(recording) << recording.error().message();
  EXPECT_EQ(recording->size(), 3u) << recording->note().first_skipped;
  for (const Exchange* one : {&moved, &cut, &lost}) {
    auto answer = recording->answer(one->request);
    ASSERT_TRUE(answer) << one->request.url;
    EXPECT_EQ(answer->status, one->response.status);
    EXPECT_EQ(answer->body, one->response.body);
    EXPECT_EQ(answer->failure, one->response.failure) << one->request.url;
    EXPECT_EQ(answer->why, one->response.why);
    if (one == &moved) {
      EXPECT_EQ(net::joined_header(answer->headers, "Location"), "/\x83\x52");
    }
  }
  moved.request.body = "another";
  EXPECT_EQ(recording->answer(moved.request)->status, 302);  // of a body that was never sent: what there is
}

// A distributor that sends a visitor on once: its second answer belongs to the recording.
TEST_P(EachFormat, SecondLooksComeBack) {
  Folder folder;
  auto path = folder.file(GetParam());
  low::VisitOptions options;
  std::vector<std::string> visited;
  {
    low::Sites file(
        low::Sites::Pages{{"/f", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\nMZ" +
                                     std::string(62, '\0')}});
    int asked = 0;
    net::TestServer gate(
        [&](net::TestConnection& client) {
          if (client.receive_request().empty()) return;
          client.send(++asked > 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
                                  : "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
                                        file.filled("{b}/f\r\n\r\n"));
        },
        "127.0.0.3");
    low::Sites sites(low::Sites::Pages{
        {"/", "<iframe src=http://127.0.0.3:" + std::to_string(gate.port()) + "/></iframe>"}});
    options = low::local_visit(sites.url());
    options.began = base::system_clock().now();
    auto writer = write_as(path, options);
    options.on_exchange = [&](const auto& request, const auto& response) {
      EXPECT_TRUE((*writer)->put({request, response}));
    };
    visited = low::events_of(low::visit_or_fail(options), "lure");
    ASSERT_TRUE((*writer)->finish());
  }
  ASSERT_EQ(visited.size(), 1u);
  auto recording = Recording::open(path);
  ASSERT_TRUE(recording) << recording.error().message();
  options.on_exchange = nullptr;
  options.recording = &*recording;
  EXPECT_EQ(low::events_of(low::visit_or_fail(options), "lure"), visited);
}

// A few kilobytes that unpack to more than anybody wants to hold.
TEST(Warc, IsReadNoFurtherThanItMayUnpackTo) {
  std::string text, body = base::gzip(std::string(size_t{1} << 20, 'x'));
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
  for (int i = 0; i < 20; ++i)
    text += "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/" + std::to_string(i) +
            "\r\nContent-Length: " + std::to_string(head.size() + body.size()) + "\r\n\r\n" + head + body +
            "\r\n\r\n";
  uint64_t taken = 0;
  const auto note = read_warc(
      text, [&](const Exchange& exchange) { return taken += exchange.response.body.size(), true; },
      uint64_t{5} << 20);
  ASSERT_TRUE(note) << note.error().message();
  EXPECT_TRUE(note->cut);
  EXPECT_GT(taken, uint64_t{3} << 20);
  EXPECT_LE(taken, uint64_t{5} << 20);
}

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
  auto writer = write_har(path, {});
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
