// Who asked the range for what, one JSON object a line, as soon as it was answered.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "range/site.h"

namespace shikake::range {

class AccessLog {
 public:
  AccessLog() = default;  // keeps nothing
  explicit AccessLog(base::UniqueFd file) : file_(std::move(file)) {}
  // Replaces what the file held.
  static Result<AccessLog> open(const std::string& path);

  struct Http {
    const Request& request;
    std::string_view host, target, address;  // Host header; request target as sent; whom the client asked
    uint16_t port;
    bool tls;
    uint64_t request_bytes;  // of the body
    unsigned status;
    uint64_t response_bytes;  // of the body, as far as it was sent
  };
  void http(const Http& entry);

  // transport: "udp" or "tcp"
  void dns(std::string_view client, std::string_view transport, std::string_view name, uint16_t type,
           uint8_t rcode, size_t answers);

 private:
  void write(std::string line);
  base::UniqueFd file_;
};

}  // namespace shikake::range
