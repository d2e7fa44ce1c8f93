// Answers that were had, for those who ask the same again: other personas of one visit, and its forced run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/http.h"

namespace shikake::honeyclient::low {

// Two requests are the same when their server can see no difference: method, URL, body, protocol version, and
// every header with its value, in their order. (What travels below, addresses and the shape of TLS, is one
// machine's.)
std::string identity(const net::FetchRequest& request);

// Of several visits, also on several threads. The n-th same request of a visit has the n-th answer: what a
// server counts, it counts for each persona alike.
class SharedAnswers {
 public:
  std::optional<net::FetchResponse> answer(const std::string& identity, uint32_t n) const;
  void keep(const std::string& identity, uint32_t n, const net::FetchResponse& response);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<net::FetchResponse>> answers_;
};

// Of one visit, for its forced run: by method, URL and body, whatever the headers. What pages make up anew
// (runs of digits in the query) counts as the same.
class KeptAnswers {
 public:
  void keep(const net::FetchRequest& request, const net::FetchResponse& response);
  std::optional<net::FetchResponse> answer(const net::FetchRequest& request) const;
  bool holds(const std::string& url, const std::string& method, const std::string& body) const;

 private:
  const net::FetchResponse* find(const std::string& url, const std::string& method,
                                 const std::string& body) const;
  std::map<std::string, net::FetchResponse> answers_;
  std::map<std::string, std::string> steady_;  // to a key of answers_
};

// Without what pages make up anew for each request: long runs of digits in the query become "#". Clocks and
// random numbers have at least so many; a shorter number may say which exploit it is.
constexpr ptrdiff_t made_up_digits = 8;
std::string steady_url(const std::string& url, ptrdiff_t least_digits = made_up_digits);

}  // namespace shikake::honeyclient::low
