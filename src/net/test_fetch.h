// For tests: what every test of the fetcher begins with.
#pragma once

#include <gtest/gtest.h>

#include "base/gzip.h"
#include "net/fetcher.h"
#include "net/test_server.h"

namespace shikake::net {

using base::gzip;
using namespace std::chrono_literals;

inline base::Deadline patience() {
  return base::Deadline::after(60s);
}  // for what happens at once on any machine

// Loopback allowed.
inline FetcherOptions local() {
  FetcherOptions options;
  options.egress.allow_private = true;
  options.inherit_stderr = true;
  return options;
}

inline FetchRequest get(std::string url) {
  FetchRequest request;
  request.url = std::move(url);
  return request;
}

inline FetchResponse fetch_with(const FetcherOptions& options, const FetchRequest& request) {
  auto fetcher = Fetcher::start(options);
  EXPECT_TRUE(fetcher) << fetcher.error().message();
  if (!fetcher) return {};
  auto response = fetcher->fetch(request, patience());
  EXPECT_TRUE(response) << response.error().message();
  return response ? std::move(*response) : FetchResponse{};
}

inline TestServer::Handler replies(std::string text) {
  return [text](TestConnection& client) {
    client.receive_request();
    client.send(text);
  };
}

}  // namespace shikake::net
