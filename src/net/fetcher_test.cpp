#include "net/fetcher.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <set>

#include "base/file.h"
#include "net/test_fetch.h"

namespace shikake::net {
namespace {

using testing::HasSubstr;

TEST(Fetcher, AnswersWithWhatCame) {
  std::string seen;
  TestServer server([&seen](TestConnection& client) {
    seen = client.receive_request();
    client.send("HTTP/1.1 404 Not here\r\nX-B: 1\r\nx-a:  two \r\nX-B: 3\r\nContent-Length: 5\r\n\r\nhello");
  });
  FetchRequest request = get(server.url("/a%20b/?q=%41#top"));
  request.headers = {
      {"Connection", "keep-alive"}, {"User-Agent", "Persona/1"}, {"X-Empty", ""}, {"Accept", "text/html"}};
  FetchResponse response = fetch_with(local(), request);
  EXPECT_EQ(response.failure, FetchFailure::none) << response.why;
  EXPECT_TRUE(response.complete());
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.reason, "Not here");
  EXPECT_EQ(response.http_version, "1.1");
  EXPECT_EQ(response.headers, (Headers{{"X-B", "1"}, {"x-a", "two"}, {"X-B", "3"}, {"Content-Length", "5"}}));
  EXPECT_EQ(response.body, "hello");
  EXPECT_FALSE(response.wire_body);
  EXPECT_EQ(response.remote_ip, "127.0.0.1");
  EXPECT_EQ(response.remote_port, server.port());
  EXPECT_FALSE(response.tls);
  EXPECT_GT(response.timing.total.count(), 0);
  EXPECT_EQ(
      seen,
      "GET /a%20b/?q=%41 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
          "\r\nConnection: keep-alive\r\nUser-Agent: Persona/1\r\nX-Empty:\r\nAccept: text/html\r\n\r\n");
}

TEST(Fetcher, BodiesAreKeptByteForByte) {
  std::string body;
  for (uint32_t i = 0; i < 1'000'000; ++i) body += static_cast<char>(i * 7919 >> 3);
  TestServer server([&body](TestConnection& client) {
    bool coded = client.receive_request().find("/coded") != std::string::npos;
    std::string sent = coded ? gzip(body) : body;
    client.send("HTTP/1.1 200 OK\r\n" + std::string(coded ? "Content-Encoding: gzip\r\n" : "") +
                "Content-Length: " + std::to_string(sent.size()) + "\r\n\r\n" + sent);
  });
  FetchResponse plain = fetch_with(local(), get(server.url("/")));
  EXPECT_TRUE(plain.body == body);
  EXPECT_FALSE(plain.wire_body);
  EXPECT_TRUE(plain.received_body() == body);
  FetchResponse coded = fetch_with(local(), get(server.url("/coded")));
  EXPECT_TRUE(coded.body == body);
  ASSERT_TRUE(coded.wire_body);
  EXPECT_TRUE(*coded.wire_body == gzip(body));
  EXPECT_EQ(coded.decode_error, "");
}

TEST(Fetcher, BodiesThatCannotBeDecodedSayWhy) {
  struct Row {
    std::string coding, body;
    const char* error;
  };
  std::string coded = gzip("hello hello hello");
  for (const Row& row :
       {Row{"gzip", "hello", "not valid gzip"}, Row{"gzip", coded.substr(0, 20), "ends early"},
        Row{"gzip", gzip(std::string(40'000'000, 'x')), "expands past 33554432 bytes"},
        Row{"rot13", "uryyb", "\"rot13\" is not known"},
        Row{"gzip,gzip,gzip,gzip,gzip,gzip", coded, "coded 6 times"}}) {
    TestServer server(replies("HTTP/1.1 200 OK\r\nContent-Encoding: " + row.coding + "\r\n\r\n" + row.body));
    FetchResponse response = fetch_with(local(), get(server.url()));
    EXPECT_TRUE(response.complete());
    EXPECT_THAT(response.decode_error, HasSubstr(row.error));
    EXPECT_TRUE(response.received_body() == row.body) << row.coding;
  }
}

TEST(Fetcher, ManyAtTheSameTime) {
  // Each answer waits until all have been asked: one after the other they would never end.
  constexpr int count = 6;
  std::atomic<int> asked = 0;
  TestServer server([&asked](TestConnection& client) {
    while (!client.receive_request().empty()) {
      ++asked;
      while (asked < count) std::this_thread::sleep_for(1ms);
      client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  auto fetcher = Fetcher::start(local());
  ASSERT_TRUE(fetcher);
  std::set<uint64_t> ids;
  for (int i = 0; i < 100; ++i) ids.insert(*fetcher->submit(get(server.url("/" + std::to_string(i)))));
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(fetcher->under_way(), 100u);
  while (!ids.empty()) {
    auto response = fetcher->next(patience());
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_TRUE(response->complete()) << response->why;
    EXPECT_EQ(ids.erase(response->id), 1u);
  }
  EXPECT_EQ(fetcher->next(base::Deadline::now()).error().code, ErrorCode::not_found);
  EXPECT_LE(server.connections(), 6);
}

TEST(Fetcher, MethodsAndBodies) {
  std::string seen;
  TestServer server([&seen](TestConnection& client) {
    seen = client.receive_request();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    if (!seen.starts_with("HEAD")) client.send("hello");
  });
  FetchRequest request = get(server.url());
  request.method = "HEAD";
  FetchResponse head = fetch_with(local(), request);
  EXPECT_TRUE(head.complete()) << head.why;
  EXPECT_EQ(head.body, "");
  request.method = "POST";
  request.body = std::string("a\0b", 3);
  request.headers = {{"Content-Type", "text/plain"}, {"Content-Length", "99"}};
  EXPECT_TRUE(fetch_with(local(), request).complete());
  EXPECT_THAT(seen, HasSubstr("Content-Length: 3\r\n"));
  EXPECT_THAT(seen, testing::EndsWith(std::string("\r\n\r\na\0b", 7)));
  EXPECT_EQ(seen.find(": 99"), std::string::npos);  // the port may have it
  request = get(server.url());
  request.method = "PROPFIND";
  EXPECT_TRUE(fetch_with(local(), request).complete());
  EXPECT_THAT(seen, testing::StartsWith("PROPFIND / HTTP/1.1\r\n"));
  request.method = "POST";
  EXPECT_TRUE(fetch_with(local(), request).complete());
  EXPECT_THAT(seen, HasSubstr("Content-Length: 0\r\n"));
}

TEST(Fetcher, RefusesWhatHttpDoesNotAllow) {
  TestServer server(replies("HTTP/1.1 200 OK\r\n\r\n"));
  auto fetcher = Fetcher::start(local());
  ASSERT_TRUE(fetcher);
  std::vector<FetchRequest> requests(7, get(server.url()));
  requests[0].headers = {{"X", "a\r\nInjected: 1"}};
  requests[1].headers = {{"X: y\r\nInjected", "1"}};
  requests[2].headers = {{"X", std::string("a\0b", 3)}};
  requests[3].method = "GET / HTTP/1.1\r\nX:";
  requests[4].method = "connect";
  requests[5].url = "file:///etc/passwd";
  requests[6].url = "nonsense";
  for (const FetchRequest& request : requests) {
    auto response = fetcher->fetch(request, patience());
    ASSERT_TRUE(response);
    EXPECT_EQ(name(response->failure), "invalid_request") << request.url << request.method;
    EXPECT_FALSE(response->why.empty());
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(Fetcher, ConnectionsThatDoNotComeAbout) {
  uint16_t closed_port;
  {
    closed_port = TestServer([](TestConnection&) {}).port();
  }
  auto options = local();
  options.hosts = {{"a.example", "127.0.0.1"}};
  EXPECT_EQ(name(fetch_with(options, get("http://a.example:" + std::to_string(closed_port) + "/")).failure),
            "connection");
  TestServer plain([](TestConnection& client) { client.send("HTTP/1.1 400 This is not TLS\r\n\r\n"); });
  FetchResponse response =
      fetch_with(options, get("https://a.example:" + std::to_string(plain.port()) + "/"));
  EXPECT_EQ(name(response.failure), "tls") << response.why;
  // No name server answers for a name that has no valid form.
  EXPECT_EQ(name(fetch_with(options, get("http://" + std::string(64, 'a') + ".invalid/")).failure),
            "name_not_found");
}

TEST(Fetcher, VisitBudgets) {
  TestServer server(replies("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')));
  auto options = local();
  options.limits.visit_bytes = 2500;
  options.limits.fetches = 5;
  auto fetcher = Fetcher::start(options);
  ASSERT_TRUE(fetcher);
  for (size_t expected : {1000, 1000, 500, 0}) {
    auto response = fetcher->fetch(get(server.url()), patience());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body.size(), expected);
    EXPECT_EQ(name(response->failure), expected == 1000 ? "none" : "visit_budget") << response->why;
  }
  options.limits.visit_bytes = 1'000'000;
  options.limits.fetches = 1;
  fetcher = Fetcher::start(options);
  EXPECT_TRUE(fetcher->fetch(get(server.url()), patience())->complete());
  EXPECT_THAT(fetcher->fetch(get(server.url()), patience())->why, HasSubstr("made its 1 fetches"));
}

TEST(Fetcher, ManySmallBombsAreALargeOne) {
  TestServer server(
      replies("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip(std::string(100'000, 'x'))));
  auto options = local();
  options.limits.visit_bytes = 250'000;
  auto fetcher = Fetcher::start(options);
  ASSERT_TRUE(fetcher);
  for (size_t expected : {100'000, 100'000, 50'000, 0}) {
    auto response = fetcher->fetch(get(server.url()), patience());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body.size(), expected);
    EXPECT_EQ(response->decode_error.empty(), expected == 100'000) << response->decode_error;
  }
}

TEST(Fetcher, CancelAndTimeOut) {
  TestServer silent([](TestConnection& client) { client.wait_until_client_goes(); });
  TestServer server(replies("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  auto fetcher = Fetcher::start(local());
  ASSERT_TRUE(fetcher);
  uint64_t id = *fetcher->submit(get(silent.url()));
  EXPECT_EQ(fetcher->next(base::Deadline::after(10ms)).error().code, ErrorCode::timeout);
  fetcher->cancel(id);
  EXPECT_EQ(fetcher->under_way(), 0u);
  EXPECT_EQ(fetcher->fetch(get(silent.url()), base::Deadline::after(10ms)).error().code, ErrorCode::timeout);
  EXPECT_EQ(fetcher->under_way(), 0u);
  EXPECT_TRUE(fetcher->fetch(get(server.url()), patience())->complete());
}

TEST(Fetcher, StandsConfined) {
  auto fetcher = Fetcher::start(local());
  ASSERT_TRUE(fetcher);
  std::string status = *base::read_file("/proc/" + std::to_string(fetcher->pid()) + "/status", 100'000);
  EXPECT_THAT(status, HasSubstr("\nNoNewPrivs:\t1\n"));
  EXPECT_THAT(status, HasSubstr("\nSeccomp:\t2\n"));  // a filter
  std::string environment =
      base::read_file("/proc/" + std::to_string(fetcher->pid()) + "/environ", 100'000).value_or("");
  EXPECT_EQ(environment, "");
}

TEST(Fetcher, ItsDeathIsSaidOfEachFetch) {
  TestServer silent([](TestConnection& client) { client.wait_until_client_goes(); });
  auto fetcher = Fetcher::start(local());
  ASSERT_TRUE(fetcher);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(fetcher->submit(get(silent.url())));
  ::kill(fetcher->pid(), SIGKILL);
  for (int i = 0; i < 3; ++i) {
    auto response = fetcher->next(patience());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->failure, FetchFailure::fetcher_died);
    EXPECT_EQ(response->why, "the fetcher was killed by signal 9 (Killed)");
    EXPECT_EQ(response->url, silent.url());
  }
  EXPECT_EQ(fetcher->submit(get(silent.url())).error().code, ErrorCode::unavailable);
  EXPECT_EQ(fetcher->next(base::Deadline::now()).error().code, ErrorCode::not_found);
}

// A fetcher that an attacker has taken over: a program that says what they want on the channel.
struct TakenOverRow {
  const char* name;
  std::string says;  // as printf's format; behind "ready"
  const char* then;  // what it does next
  const char* why;
};
TEST(Fetcher, TakenOver) {
  std::string pattern = (std::filesystem::temp_directory_path() / "shikake-fetcher-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  std::filesystem::path program = std::filesystem::path(pattern) / "program";
  for (const TakenOverRow& row :
       {TakenOverRow{"too_large", R"(\377\377\377\377\004)", "cat <&3",
                     "announced a message of 4294967295 bytes"},
        TakenOverRow{"garbage", R"(\004\000\000\000\004abcd)", "cat <&3", "is malformed"},
        TakenOverRow{"unknown_kind", R"(\000\000\000\000\011)", "cat <&3", "unknown kind"},
        TakenOverRow{"goes", "", "exit 0", "exited with status 0"},
        TakenOverRow{"cut", R"(\004\000\000\000\004ab)", "exit 0", "exited with status 0"}}) {
    {
      std::ofstream(program) << "#!/bin/sh\nhead -c 1 <&3 >/dev/null\nprintf '\\000\\000\\000\\000\\003"
                             << row.says << "' >&3\n"
                             << row.then << "\n";
    }
    ASSERT_EQ(::chmod(program.c_str(), 0700), 0);
    auto options = local();
    options.program = program;
    auto fetcher = Fetcher::start(options);
    ASSERT_TRUE(fetcher) << row.name << fetcher.error().message();
    auto id = fetcher->submit(get("http://a.example/"));
    if (!id) {  // it was gone already
      EXPECT_THAT(id.error().what, HasSubstr(row.why)) << row.name;
      continue;
    }
    auto response = fetcher->next(patience());
    ASSERT_TRUE(response) << row.name;
    EXPECT_EQ(response->failure, FetchFailure::fetcher_died) << row.name;
    EXPECT_THAT(response->why, HasSubstr(row.why)) << row.name;
  }
  auto options = local();
  { std::ofstream(program) << "#!/bin/sh\nexit 3\n"; }
  options.program = program;
  EXPECT_THAT(Fetcher::start(options).error().what, HasSubstr("exited with status 3 before it was ready"));
  options.program = "/nonexistent";
  EXPECT_EQ(Fetcher::start(options).error().code, ErrorCode::not_found);
  options = local();
  options.extra_authorities = "nonsense";
  EXPECT_THAT(Fetcher::start(options).error().what, HasSubstr("no PEM certificate"));
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace shikake::net
