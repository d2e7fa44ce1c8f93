// What a host of the range answers to one HTTP request. No sockets here.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "range/scenario.h"

namespace shikake::range {

struct Request {
  std::string client;  // its address
  std::string method;
  std::string path;   // percent-decoded
  std::string query;  // without the question mark; as sent
  std::string user_agent, referrer, cookie, accept_language;
  // An absent header and an empty one are told apart by no server that matters.
};

// Splits and decodes a request target, also in absolute form (RFC 9112 section 3.2.2), whose authority
// replaces `host`.
void set_target(Request& request, std::string_view target, std::string& host);

struct Response {
  unsigned status = 200;
  std::vector<Header> headers;  // with Content-Type, without Content-Length
  std::string body;
  const Reply* reply = nullptr;  // that decided; null: a file of the folder, or nothing
};

// Which clients have had their one time.
using OnceLedger = std::set<std::pair<const Reply*, std::string>>;

Response answer(const Host& host, const Request& request, OnceLedger& ledger);

// The host that a name or, failing that, an address stands for; null if `candidates` is empty.
const Host* choose_host(const std::vector<const Host*>& candidates, std::string_view name);

// "Shop.example:8080" -> "shop.example"
std::string host_without_port(std::string_view host);

}  // namespace shikake::range
