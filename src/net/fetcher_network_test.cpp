// Where the fetcher goes, and over what: the egress policy at work, proxies, TLS, HTTP/2.
#include <gmock/gmock.h>

#include <cstdlib>

#include "net/redirect.h"
#include "net/test_fetch.h"

namespace shikake::net {
namespace {

using testing::HasSubstr;

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Between a client of a proxy and a server of ours, until either goes.
void relay(TestConnection& client, uint16_t port) {
  base::UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  for (;;) {
    pollfd ends[2] = {{client.fd(), POLLIN, 0}, {server.get(), POLLIN, 0}};
    if (::poll(ends, 2, -1) < 0) return;
    char buffer[65536];
    if (ends[0].revents) {
      std::string text = client.receive();
      if (text.empty() || ::send(server.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
    }
    if (ends[1].revents) {
      ssize_t got = ::recv(server.get(), buffer, sizeof buffer, 0);
      if (got <= 0 || !client.send({buffer, static_cast<size_t>(got)})) return;
    }
  }
}

struct EgressRow {
  const char* name;
  std::string host;
  std::vector<HostAddress> hosts;
  const char* why;  // "": it is let through
};

TEST(FetcherEgress, IsHeldWhereTheSocketIsMade) {
  TestServer server(replies(ok));
  for (const EgressRow& row : {
           EgressRow{"literal", "127.0.0.1", {}, "egress: loopback (127.0.0.1 port "},
           EgressRow{"number", "2130706433", {}, "egress: loopback (127.0.0.1 port "},
           EgressRow{"short", "127.1", {}, "egress: loopback"},
           EgressRow{"mapped", "[::ffff:127.0.0.1]", {}, "egress: loopback"},
           EgressRow{"unspecified", "0.0.0.0", {}, "egress: unspecified"},
           EgressRow{"localhost", "localhost", {}, "egress: loopback"},
           EgressRow{"name_that_leads_here",
                     "a.example",
                     {{"a.example", "127.0.0.1"}},
                     "egress: loopback (127.0.0.1 port "},
           EgressRow{"name_that_leads_here_over_ipv6",
                     "a.example",
                     {{"a.example", "::1"}},
                     "egress: loopback (::1 port "},
           EgressRow{"private",
                     "a.example",
                     {{"a.example", "10.255.255.1"}},
                     "egress: private (10.255.255.1 port "},
           EgressRow{"metadata", "a.example", {{"a.example", "169.254.169.254"}}, "egress: link_local"},
           EgressRow{"documentation", "a.example", {{"a.example", "192.0.2.1"}}, "egress: documentation"},
           EgressRow{"several_bad_ones",
                     "a.example",
                     {{"a.example", "10.0.0.1"}, {"a.example", "127.0.0.1"}},
                     "egress: "},
       }) {
    FetcherOptions options;
    options.hosts = row.hosts;
    FetchResponse response = fetch_with(options, get(server.url_for(row.host)));
    EXPECT_EQ(name(response.failure), "refused") << row.name << response.why;
    EXPECT_THAT(response.why, HasSubstr(row.why)) << row.name;
    EXPECT_EQ(response.remote_ip, "") << row.name;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(FetcherEgress, ANameThatChangesItsAddressIsCheckedAgain) {
  // The same name and policy; only what it resolves to differs, as it does when a name server rebinds.
  TestServer server(replies(ok));
  FetcherOptions options;
  options.egress.allowed = {*url::Cidr::parse("127.0.0.1/32")};
  options.hosts = {{"a.example", "127.0.0.1"}};
  EXPECT_TRUE(fetch_with(options, get(server.url_for("a.example"))).complete());
  options.hosts = {{"a.example", "127.0.0.2"}};
  EXPECT_EQ(fetch_with(options, get(server.url_for("a.example"))).failure, FetchFailure::refused);
  // Two addresses at once, the allowed one dead: the other is not a way in.
  options.hosts = {{"a.example", "127.0.0.3"}, {"a.example", "127.0.0.1"}};
  EXPECT_EQ(fetch_with(options, get(server.url_for("a.example"))).remote_ip, "127.0.0.1");
  EXPECT_EQ(server.connections(), 2);
}

TEST(FetcherEgress, RedirectsDoNotLeadIn) {
  TestServer inside(replies(ok), "::1");
  TestServer outside(
      replies("HTTP/1.1 302 Found\r\nLocation: " + inside.url("/admin") + "\r\nContent-Length: 0\r\n\r\n"));
  FetcherOptions options;
  options.egress.allowed = {*url::Cidr::parse("127.0.0.1/32")};
  auto fetcher = Fetcher::start(options);
  ASSERT_TRUE(fetcher);
  auto followed = follow(*fetcher, get(outside.url()), {}, patience());
  ASSERT_TRUE(followed);
  ASSERT_EQ(followed->hops.size(), 2u);
  EXPECT_EQ(followed->hops[1].failure, FetchFailure::refused);
  EXPECT_EQ(inside.connections(), 0);
}

TEST(FetcherEgress, BadPorts) {
  FetcherOptions options = local();
  EXPECT_THAT(fetch_with(options, get("http://127.0.0.1:25/")).why, HasSubstr("egress: port"));
}

TEST(FetcherEgress, Ipv6) {
  TestServer server(replies(ok), "::1");
  FetchResponse response = fetch_with(local(), get(server.url()));
  EXPECT_TRUE(response.complete()) << response.why;
  EXPECT_EQ(response.remote_ip, "::1");
}

TEST(FetcherProxy, HttpProxyIsAskedForTheWholeUrl) {
  std::string seen;
  TestServer proxy([&seen](TestConnection& client) {
    seen = client.receive_request();
    client.send(ok);
  });
  FetcherOptions options;  // a proxy is allowed by being configured
  options.proxy.http = "http://user:secret@127.0.0.1:" + std::to_string(proxy.port());
  FetchResponse response = fetch_with(options, get("http://u:p@a.example/x?q#f"));
  EXPECT_TRUE(response.complete()) << response.why;
  EXPECT_TRUE(response.via_proxy);
  EXPECT_THAT(seen, testing::StartsWith("GET http://a.example/x?q HTTP/1.1\r\nHost: a.example\r\n"));
  EXPECT_THAT(seen, HasSubstr("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
  // The proxy could reach what we may not ask for.
  for (const char* url :
       {"http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://localhost/", "http://a.example:25/"}) {
    seen.clear();
    EXPECT_EQ(fetch_with(options, get(url)).failure, FetchFailure::refused) << url;
    EXPECT_EQ(seen, "");
  }
}

TEST(FetcherProxy, ExceptionsGoDirectlyAndAreChecked) {
  TestServer server(replies(ok)), proxy(replies(ok));
  FetcherOptions options;
  options.proxy.http = "http://127.0.0.1:" + std::to_string(proxy.port());
  options.proxy.except = "a.example, 127.0.0.0/8";
  options.hosts = {{"sub.a.example", "127.0.0.1"}};
  for (const std::string& host : {std::string("sub.a.example"), std::string("127.0.0.1")})
    EXPECT_EQ(fetch_with(options, get(server.url_for(host))).failure, FetchFailure::refused);
  options.egress.allow_private = true;
  EXPECT_FALSE(fetch_with(options, get(server.url_for("sub.a.example"))).via_proxy);
  EXPECT_EQ(proxy.connections(), 0);
}

TEST(FetcherProxy, HttpsGoesThroughATunnel) {
  auto authority = CertificateAuthority::make("Test", base::system_clock().now());
  auto certificate = authority->issue({"a.example"}, base::system_clock().now());
  TestServer server(replies(ok), "127.0.0.1", &*certificate);
  std::string seen;
  TestServer proxy([&seen, &server](TestConnection& client) {
    seen = client.receive_request();
    if (seen.find("refused.example") != std::string::npos) {
      client.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    client.send("HTTP/1.1 200 Go on\r\nX-Of-The: proxy\r\n\r\n");
    relay(client, server.port());
  });
  FetcherOptions options;
  options.proxy.https = "http://127.0.0.1:" + std::to_string(proxy.port());
  options.extra_authorities = authority->certificate_pem();
  FetchResponse response = fetch_with(options, get("https://a.example/"));
  EXPECT_TRUE(response.complete()) << response.why;
  EXPECT_THAT(seen, testing::StartsWith("CONNECT a.example:443 HTTP/1.1\r\n"));
  EXPECT_FALSE(find_header(response.headers, "X-Of-The"));
  EXPECT_TRUE(response.tls && response.tls->verified) << response.tls->verify_error;
  response = fetch_with(options, get("https://refused.example/"));
  EXPECT_EQ(name(response.failure), "proxy");
  EXPECT_EQ(response.why, "the proxy answered 403");
}

TEST(FetcherProxy, SocksResolvesNamesThere) {
  TestServer server(replies(ok));
  std::string asked;
  TestServer proxy([&asked, &server](TestConnection& client) {
    client.receive();                     // greeting
    client.send(std::string("\5\0", 2));  // no authentication
    asked = client.receive();
    client.send(std::string("\5\0\0\1\0\0\0\0\0\0", 10));
    relay(client, server.port());
  });
  FetcherOptions options;
  options.proxy.http = "socks5://127.0.0.1:" + std::to_string(proxy.port());
  FetchResponse response = fetch_with(options, get("http://a.example/"));
  EXPECT_TRUE(response.complete()) << response.why;
  EXPECT_THAT(asked, HasSubstr(std::string("\3\x09") + "a.example"));
}

TEST(FetcherProxy, Environment) {
  struct Saved {
    explicit Saved(const char* variable) : name(variable) {
      if (const char* set = std::getenv(variable)) value = set;
      ::unsetenv(variable);
    }
    ~Saved() {
      if (value)
        ::setenv(name, value->c_str(), 1);
      else
        ::unsetenv(name);
    }
    const char* name;
    std::optional<std::string> value;
  };
  Saved saved[] = {Saved("http_proxy"), Saved("HTTP_PROXY"), Saved("https_proxy"), Saved("HTTPS_PROXY"),
                   Saved("all_proxy"),  Saved("ALL_PROXY"),  Saved("no_proxy"),    Saved("NO_PROXY")};
  EXPECT_EQ(ProxySettings::from_environment().http, "");
  ::setenv("HTTP_PROXY", "http://evil:1", 1);  // a CGI's client sets it with a Proxy header
  EXPECT_EQ(ProxySettings::from_environment().http, "");
  ::setenv("ALL_PROXY", "socks5://all:1", 1);
  ::setenv("HTTPS_PROXY", "http://secure:1", 1);
  ::setenv("NO_PROXY", "Intra.example,.local.example,192.0.2.0/24", 1);
  ProxySettings settings = ProxySettings::from_environment();
  auto proxy = [&settings](const char* url) { return settings.for_url(*url::Url::parse(url)); };
  EXPECT_EQ(proxy("http://a.example/"), "socks5://all:1");
  EXPECT_EQ(proxy("https://a.example/"), "http://secure:1");
  EXPECT_EQ(proxy("https://intra.example/"), "");
  EXPECT_EQ(proxy("https://x.intra.example/"), "");
  EXPECT_EQ(proxy("https://notintra.example/"), "http://secure:1");
  EXPECT_EQ(proxy("https://x.local.example./"), "");
  EXPECT_EQ(proxy("https://192.0.2.77/"), "");
  EXPECT_EQ(proxy("https://192.0.3.77/"), "http://secure:1");
  settings.except = "*";
  EXPECT_EQ(proxy("http://a.example/"), "");
}

struct TlsRow {
  const char* name;
  std::vector<std::string> names;
  std::chrono::days age, validity;
  bool trusted;
  const char* error;  // "": verified
};

TEST(FetcherTls, BadCertificatesAreRecordedAndNoObstacle) {
  auto now = base::system_clock().now();
  auto authority = CertificateAuthority::make("Test authority", now - std::chrono::days(100));
  for (const TlsRow& row : {
           TlsRow{"good", {"a.example"}, std::chrono::days(0), std::chrono::days(9), true, ""},
           TlsRow{"other_name",
                  {"b.example"},
                  std::chrono::days(0),
                  std::chrono::days(9),
                  true,
                  "not for this host name"},
           TlsRow{"expired",
                  {"a.example"},
                  std::chrono::days(50),
                  std::chrono::days(9),
                  true,
                  "certificate has expired"},
           TlsRow{"unknown_authority",
                  {"a.example"},
                  std::chrono::days(0),
                  std::chrono::days(9),
                  false,
                  "unable to get local issuer certificate"},
       }) {
    auto certificate = authority->issue(row.names, now - row.age, row.validity);
    ASSERT_TRUE(certificate);
    TestServer server(replies(ok), "127.0.0.1", &*certificate);
    FetcherOptions options = local();
    options.hosts = {{"a.example", "127.0.0.1"}};
    if (row.trusted) options.extra_authorities = authority->certificate_pem();
    FetchResponse response = fetch_with(options, get(server.url_for("a.example")));
    EXPECT_TRUE(response.complete()) << row.name << response.why;
    ASSERT_TRUE(response.tls) << row.name;
    EXPECT_EQ(response.tls->verify_error, row.error) << row.name;
    EXPECT_EQ(response.tls->verified, std::string_view(row.error).empty());
    EXPECT_EQ(response.tls->version, "TLSv1.3");
    EXPECT_FALSE(response.tls->cipher.empty());
    ASSERT_EQ(response.tls->chain.size(), 1u);
    const Certificate& leaf = response.tls->chain[0];
    EXPECT_EQ(leaf.subject, "CN=" + row.names[0]);
    EXPECT_EQ(leaf.issuer, "CN=Test authority");
    EXPECT_EQ(leaf.names, row.names);
    EXPECT_EQ(leaf.sha256.size(), 64u);
    EXPECT_TRUE(base::from_rfc3339(leaf.not_before) && base::from_rfc3339(leaf.not_after));
    EXPECT_GT(response.timing.tls.count(), 0);
  }
}

TEST(FetcherTls, AddressesInCertificates) {
  auto now = base::system_clock().now();
  auto authority = CertificateAuthority::make("Test authority", now);
  auto certificate = authority->issue({"127.0.0.1", "::1"}, now);
  FetcherOptions options = local();
  options.extra_authorities = authority->certificate_pem();
  for (const char* address : {"127.0.0.1", "::1"}) {
    TestServer server(replies(ok), address, &*certificate);
    FetchResponse response = fetch_with(options, get(server.url()));
    ASSERT_TRUE(response.tls) << response.why;
    EXPECT_EQ(response.tls->verify_error, "") << address;
    EXPECT_EQ(response.tls->chain[0].names, (std::vector<std::string>{"127.0.0.1", "::1"}));
  }
}

std::string http2_frame(uint8_t type, uint8_t flags, uint8_t stream, std::string_view payload) {
  std::string frame = {0,
                       static_cast<char>(payload.size() >> 8),
                       static_cast<char>(payload.size()),
                       static_cast<char>(type),
                       static_cast<char>(flags),
                       0,
                       0,
                       0,
                       static_cast<char>(stream)};
  return frame + std::string(payload);
}

TEST(FetcherTls, Http2) {
  auto now = base::system_clock().now();
  auto authority = CertificateAuthority::make("Test authority", now);
  auto certificate = authority->issue({"127.0.0.1"}, now);
  auto answer = [](TestConnection& client) {
    client.receive();                                                     // preface, settings, request
    client.send(http2_frame(4, 0, 0, ""));                                // settings
    client.send(http2_frame(1, 4, 1, std::string("\x88\0\1x\3two", 8)));  // :status 200, x: two
    client.send(http2_frame(0, 1, 1, "hello"));
    client.wait_until_client_goes();
  };
  TestServer server(answer, "127.0.0.1", &*certificate, true);
  FetchResponse response = fetch_with(local(), get(server.url()));
  EXPECT_TRUE(response.complete()) << response.why;
  EXPECT_EQ(response.http_version, "2");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers, (Headers{{"x", "two"}}));
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.tls->alpn, "h2");

  TestServer broken(
      [](TestConnection& client) {
        client.receive();
        client.send(http2_frame(4, 0, 0, "") + http2_frame(1, 4, 1, "\xFF\xFF\xFF"));
        client.wait_until_client_goes();
      },
      "127.0.0.1", &*certificate, true);
  response = fetch_with(local(), get(broken.url()));
  EXPECT_EQ(name(response.failure), "connection") << response.why;  // no answer came of it
}

}  // namespace
}  // namespace shikake::net
