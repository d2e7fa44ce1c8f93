// The part of RFC 1035 (and of EDNS, RFC 6891) that a server needs: one question in, an answer out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "range/zone.h"

namespace shikake::range {

inline constexpr uint8_t dns_format_error = 1;
inline constexpr uint8_t dns_not_implemented = 4;
inline constexpr uint8_t dns_refused = 5;

struct DnsQuestion {
  uint16_t id = 0;
  bool recursion_desired = false;
  std::string name;  // labels with dots between them; a dot or backslash in a label is escaped
  uint16_t type = 0;
  uint8_t rcode = 0;             // not 0: the question is to be answered with this and nothing else
  std::vector<uint8_t> asked;    // the question section as it came, to be sent back byte for byte
  std::optional<uint16_t> edns;  // EDNS is spoken; the size of UDP answer that the client takes
};

// Nothing for what deserves no answer: no whole header, or an answer itself.
std::optional<DnsQuestion> read_question(base::ByteSpan message);

// At most `limit` bytes; an answer that does not fit is sent empty and marked as truncated, so that the
// client asks again over TCP.
std::vector<uint8_t> write_answer(const DnsQuestion& question, const ZoneAnswer& answer, size_t limit);

// The largest answer that a client takes over UDP.
size_t udp_limit(const DnsQuestion& question);

}  // namespace shikake::range
