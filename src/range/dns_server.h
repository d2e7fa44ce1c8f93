// The range's resolver: UDP and TCP on port 53 of the scenario's resolver addresses.
#pragma once

#include <memory>

#include "base/result.h"
#include "range/access_log.h"
#include "range/scenario.h"

namespace boost::asio {
class io_context;
}

namespace shikake::range {

class DnsServer {
 public:
  // Answers while `io` runs. Everything given must live as long.
  static Result<std::unique_ptr<DnsServer>> start(boost::asio::io_context& io, const Scenario& scenario,
                                                  AccessLog& log, bool ipv6);
  virtual ~DnsServer() = default;
};

}  // namespace shikake::range
