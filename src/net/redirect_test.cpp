#include "net/redirect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/test_server.h"

namespace shikake::net {
namespace {

using namespace std::chrono_literals;

struct ReferrerRow {
  ReferrerPolicy policy;
  const char *from, *to, *sent;
};

TEST(Referrer, Rows) {
  using enum ReferrerPolicy;
  const char* page = "https://user:pass@a.example/x?q#f";
  for (const ReferrerRow& row : {
           ReferrerRow{strict_origin_when_cross_origin, page, "https://a.example/y", "https://a.example/x?q"},
           ReferrerRow{strict_origin_when_cross_origin, page, "https://b.example/y", "https://a.example/"},
           ReferrerRow{strict_origin_when_cross_origin, page, "http://a.example/y", ""},
           ReferrerRow{strict_origin_when_cross_origin, page, "http://127.0.0.1/", "https://a.example/"},
           ReferrerRow{strict_origin_when_cross_origin, "http://a.example/x", "http://b.example/",
                       "http://a.example/"},
           ReferrerRow{no_referrer_when_downgrade, page, "https://b.example/y", "https://a.example/x?q"},
           ReferrerRow{no_referrer_when_downgrade, page, "http://b.example/y", ""},
           ReferrerRow{no_referrer, page, "https://a.example/y", ""},
           ReferrerRow{same_origin, page, "https://a.example/y", "https://a.example/x?q"},
           ReferrerRow{same_origin, page, "https://b.example/y", ""},
           ReferrerRow{origin, page, "http://b.example/y", "https://a.example/"},
           ReferrerRow{strict_origin, page, "http://b.example/y", ""},
           ReferrerRow{origin_when_cross_origin, page, "http://b.example/y", "https://a.example/"},
           ReferrerRow{unsafe_url, page, "http://b.example/y", "https://a.example/x?q"},
           ReferrerRow{unsafe_url, "file:///x", "http://b.example/y", ""},
           ReferrerRow{unsafe_url, "about:blank", "http://b.example/y", ""},
       })
    EXPECT_EQ(referrer(row.policy, *url::Url::parse(row.from), *url::Url::parse(row.to)), row.sent)
        << row.from << " " << row.to;
  url::Url longer = *url::Url::parse("https://a.example/" + std::string(5000, 'x'));
  EXPECT_EQ(referrer(unsafe_url, longer, longer), "https://a.example/");
}

TEST(Referrer, HeaderTakesTheLastKnownToken) {
  EXPECT_EQ(referrer_policy_of_header("no-referrer, Unsafe-URL , new-policy"), ReferrerPolicy::unsafe_url);
  EXPECT_EQ(referrer_policy_of_header("nonsense"), std::nullopt);
  EXPECT_EQ(referrer_policy_of_header(""), std::nullopt);
}

struct RedirectRow {
  const char* name;
  const char* method;
  int status;
  const char* location;
  const char* url;  // "": not followed
  const char* method_next;
  bool keeps_body;
};
std::ostream& operator<<(std::ostream& out, const RedirectRow& row) {
  return out << row.name;
}

const RedirectRow redirect_rows[] = {
    {"moved", "GET", 301, "/y", "http://a.example/y#f", "GET", true},
    {"found_post", "POST", 302, "/y", "http://a.example/y#f", "GET", false},
    {"moved_post", "POST", 301, "/y", "http://a.example/y#f", "GET", false},
    {"moved_put", "PUT", 301, "/y", "http://a.example/y#f", "PUT", true},
    {"see_other_put", "PUT", 303, "/y", "http://a.example/y#f", "GET", false},
    {"see_other_head", "HEAD", 303, "/y", "http://a.example/y#f", "HEAD", true},
    {"temporary_post", "POST", 307, "/y", "http://a.example/y#f", "POST", true},
    {"permanent_post", "POST", 308, "/y", "http://a.example/y#f", "POST", true},
    {"own_fragment", "GET", 302, "/y#g", "http://a.example/y#g", "GET", true},
    {"other_host", "GET", 302, "//b.example", "http://b.example/#f", "GET", true},
    {"relative", "GET", 302, "?q", "http://a.example/x?q#f", "GET", true},
    {"not_modified", "GET", 304, "/y", "", "", true},
    {"multiple_choices", "GET", 300, "/y", "", "", true},
    {"ordinary", "GET", 200, "/y", "", "", true},
    {"to_a_script", "GET", 302, "javascript:alert(1)", "", "", true},
    {"to_data", "GET", 302, "data:text/html,x", "", "", true},
    {"to_a_file", "GET", 302, "file:///etc/passwd", "", "", true},
    {"unparseable", "GET", 302, "http://[", "", "", true},
};

class Redirects : public ::testing::TestWithParam<RedirectRow> {};
TEST_P(Redirects, NextRequest) {
  const RedirectRow& row = GetParam();
  FetchRequest sent;
  sent.url = "http://a.example/x#f";
  sent.method = row.method;
  sent.body = "body";
  sent.headers = {
      {"Content-Type", "text/plain"}, {"Authorization", "secret"}, {"Cookie", "a=1"}, {"Accept", "*/*"}};
  FetchResponse response;
  response.url = sent.url;
  response.status = row.status;
  response.headers = {{"location", row.location}, {"Location", "/second"}};
  auto next = redirected(sent, response);
  ASSERT_EQ(next ? next->url : "", row.url);
  if (!next) return;
  EXPECT_EQ(next->method, row.method_next);
  EXPECT_EQ(next->body, row.keeps_body ? "body" : "");
  EXPECT_EQ(find_header(next->headers, "content-type") != nullptr, row.keeps_body);
  EXPECT_EQ(find_header(next->headers, "authorization") != nullptr,
            std::string_view(row.url).find("b.example") == std::string_view::npos);
  EXPECT_FALSE(find_header(next->headers, "cookie"));
  EXPECT_TRUE(find_header(next->headers, "accept"));
}
INSTANTIATE_TEST_SUITE_P(Rows, Redirects, ::testing::ValuesIn(redirect_rows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Redirects, LoopEndsAtTheStandardsNumberWithEachHopSeen) {
  std::atomic<int> asked = 0;
  TestServer server([&asked](TestConnection& client) {
    while (!client.receive_request().empty()) {
      int number = ++asked;
      client.send("HTTP/1.1 302 Found\r\nSet-Cookie: n=" + std::to_string(number) + "\r\nLocation: /" +
                  std::to_string(number) + "\r\nContent-Length: 4\r\n\r\nbody");
    }
  });
  FetcherOptions options;
  options.egress.allow_private = true;
  auto fetcher = Fetcher::start(options);
  ASSERT_TRUE(fetcher) << fetcher.error().message();
  CookieJar jar;
  FetchRequest request;
  request.url = server.url("/0");
  auto followed = follow(*fetcher, request, {.cookies = &jar}, base::Deadline::after(60s));
  ASSERT_TRUE(followed) << followed.error().message();
  EXPECT_TRUE(followed->too_many);
  ASSERT_EQ(followed->hops.size(), 21u);
  for (size_t i = 0; i < followed->hops.size(); ++i) {
    EXPECT_EQ(followed->hops[i].url, server.url("/" + std::to_string(i)));
    EXPECT_EQ(followed->hops[i].body, "body");
  }
  EXPECT_EQ(jar.get(*url::Url::parse(server.url())), "n=21");
  EXPECT_EQ(server.connections(), 1);  // kept alive
}

TEST(Redirects, CookiesAndReferrersGoAlong) {
  std::string last;
  TestServer server([&last](TestConnection& client) {
    for (std::string text; !(text = client.receive_request()).empty();) {
      last = text;
      bool first = text.starts_with("GET /first");
      client.send(
          first ? "HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nReferrer-Policy: origin\r\nLocation: /second\r\n"
                  "Content-Length: 0\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  FetcherOptions options;
  options.egress.allow_private = true;
  auto fetcher = Fetcher::start(options);
  ASSERT_TRUE(fetcher);
  CookieJar jar;
  FetchRequest request;
  request.url = server.url("/first");
  request.headers = {{"Cookie", "place=holder"}, {"Accept", "*/*"}};
  FollowOptions follow_options;
  follow_options.cookies = &jar;
  follow_options.from = *url::Url::parse(server.url("/page?q"));
  auto followed = follow(*fetcher, request, follow_options, base::Deadline::after(60s));
  ASSERT_TRUE(followed);
  EXPECT_FALSE(followed->too_many);
  EXPECT_EQ(followed->hops.size(), 2u);
  EXPECT_THAT(last, testing::HasSubstr("\r\nCookie: a=1\r\n"));
  EXPECT_THAT(last, testing::HasSubstr("\r\nReferer: " + server.url("/") + "\r\n"));
}

}  // namespace
}  // namespace shikake::net
