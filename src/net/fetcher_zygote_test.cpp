// Fetchers that a warm process forks: as those that are started alone, and each by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "net/test_fetch.h"

namespace shikake::net {
namespace {

using testing::HasSubstr;

TestServer::Handler says_ok() {
  return [](TestConnection& client) {
    while (!client.receive_request().empty()) client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
}

// The parent of a process, as the kernel knows it.
int parent_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
  return -1;
}

class WarmFetcher : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Fetcher::start_zygote(std::nullopt);
    ASSERT_TRUE(started) << started.error().message();
    zygote_ = std::move(*started);
  }
  FetcherOptions options() {
    FetcherOptions options = local();
    options.zygote = &*zygote_;
    return options;
  }

  std::optional<base::Zygote> zygote_;
};

TEST_F(WarmFetcher, Fetches) {
  TestServer server(says_ok());
  FetchResponse response = fetch_with(options(), get(server.url()));
  EXPECT_EQ(response.body, "ok") << response.why;
  FetcherOptions strict = options();
  strict.egress.allow_private = false;  // each has its own options
  EXPECT_EQ(fetch_with(strict, get(server.url())).failure, FetchFailure::refused);
  EXPECT_EQ(fetch_with(options(), get(server.url())).body, "ok");
}

TEST_F(WarmFetcher, OneThatDiesLeavesTheOthers) {
  TestServer server(says_ok());
  TestServer silent([](TestConnection& client) { client.wait_until_client_goes(); });
  auto first = Fetcher::start(options()), second = Fetcher::start(options());
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->pid(), second->pid());
  EXPECT_EQ(parent_of(first->pid()), parent_of(second->pid()));
  ASSERT_TRUE(first->submit(get(silent.url())));
  ::kill(first->pid(), SIGKILL);
  auto response = first->next(patience());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->failure, FetchFailure::fetcher_died);
  EXPECT_THAT(response->why, HasSubstr("was killed by signal 9"));
  auto other = second->fetch(get(server.url()), patience());
  ASSERT_TRUE(other);
  EXPECT_EQ(other->body, "ok");
}

TEST_F(WarmFetcher, EndsWithItsOwner) {
  int pid;
  {
    auto fetcher = Fetcher::start(options());
    ASSERT_TRUE(fetcher);
    pid = fetcher->pid();
  }
  auto deadline = patience();
  while (parent_of(pid) != -1 && !deadline.passed()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(parent_of(pid), -1);
}

TEST_F(WarmFetcher, ItsZygotesEndIsSaid) {
  auto fetcher = Fetcher::start(options());
  ASSERT_TRUE(fetcher);
  int zygote = parent_of(fetcher->pid());
  ::kill(zygote, SIGKILL);
  auto next = Fetcher::start(options());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().code, ErrorCode::unavailable);
  // The kernel ended its children with it.
  auto deadline = patience();
  while (fetcher->submit(get("http://192.0.2.1/")) && !deadline.passed()) std::this_thread::sleep_for(1ms);
  EXPECT_FALSE(deadline.passed());
}

TEST(FetcherZygote, ProgramsThatAreNone) {
  auto none = Fetcher::start_zygote("/nonexistent");
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  auto ends = Fetcher::start_zygote("/bin/false");
  EXPECT_EQ(ends.error().code, ErrorCode::unavailable);
  EXPECT_THAT(ends.error().what, HasSubstr("/bin/false ended"));
}

}  // namespace
}  // namespace shikake::net
