// The web servers of a scenario, all of them in one thread, on the addresses of the network namespace
// that they were started in.
#pragma once

#include <memory>

#include "base/result.h"
#include "range/access_log.h"
#include "range/scenario.h"

namespace boost::asio {
class io_context;
}

namespace shikake::net {
class CertificateAuthority;
}

namespace shikake::range {

class HttpServer {
 public:
  // Listens on every service of every host (those with IPv6 addresses if there is `ipv6`), with
  // certificates of `authority` for HTTPS; answers while `io` runs. Everything given must live as long.
  static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& io, const Scenario& scenario,
                                                   const net::CertificateAuthority& authority, AccessLog& log,
                                                   bool ipv6);
  virtual ~HttpServer() = default;
};

}  // namespace shikake::range
