// What every part of a running gateway shares. One thread uses it; only the capture has one of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include <boost/asio/io_context.hpp>

#include "capture.h"
#include "flow_book.h"
#include "gateway/names.h"
#include "gateway/setup.h"
#include "tls.h"

namespace shikake::gateway {

namespace asio = boost::asio;

class Link;
class BrokerClient;

struct Context {
  asio::io_context& io;
  const Setup& setup;
  NameTable& names;
  FlowBook& book;
  TlsAuthority& tls;
  Capture* capture = nullptr;      // none: nobody wants one
  BrokerClient* broker = nullptr;  // open mode
  bool ipv6 = false;
  std::chrono::microseconds clock_ahead{0};

  // Connections that a responder waits for (FTP's data), by where the cell will connect to.
  std::map<std::pair<std::string, uint16_t>, std::function<void(std::shared_ptr<Link>)>> expected = {};
  // How often rows of the replies with `times` have answered, by row.
  std::unordered_map<const HttpReply*, uint32_t> used = {};
  // Open mode: servers whose clients did not take our certificate ("host address port"); the next connection
  // there passes unopened, with its secrets kept.
  std::set<std::string> pinned = {};
  uint64_t dns_lookups = 0;
  // Handed on to the real network.
  uint64_t relayed_pieces = 0, relayed_bytes = 0;
  void count_relayed(size_t bytes) {
    ++relayed_pieces;
    relayed_bytes += bytes;
  }

  FlowBook::Handle open_flow(Transport transport, Endpoint local, Endpoint remote) {
    auto flow = book.open(transport, std::move(local), std::move(remote));
    if (flow && capture) capture->flow(flow->facts);
    return flow;
  }
  void say_dns(DnsLookup lookup, uint32_t flow, std::string over);
};

}  // namespace shikake::gateway
