// Capture files as pcapng (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-05.html): packets with
// comments, names of addresses, and TLS secrets, so that tshark shows hosts and plaintext by itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace shikake::gateway {

class PcapngWriter {
 public:
  // One interface, Ethernet, times in microseconds. `fd` stays the caller's and must outlive the writer.
  static Result<PcapngWriter> start(int fd, std::string_view interface, uint32_t snap_length);

  struct Packet {
    base::TimePoint time;
    base::ByteSpan bytes;    // from the Ethernet header on, at most snap_length
    uint32_t wire_size = 0;  // as it was sent
    bool from_cell = false;  // inbound for the interface
    std::string_view comment = {};
  };
  Result<> packet(const Packet& packet);
  // Lines of NSS' key log format; to be written before the packets that they open.
  Result<> tls_secrets(std::string_view key_log);
  // "198.18.4.7" has the name "a.example"; may come anywhere.
  Result<> name(std::string_view address, std::string_view host);

  uint64_t bytes() const { return written_; }

 private:
  explicit PcapngWriter(int fd) : fd_(fd) {}
  Result<> block(uint32_t type, const std::string& body);

  int fd_;
  uint64_t written_ = 0;
};

}  // namespace shikake::gateway
