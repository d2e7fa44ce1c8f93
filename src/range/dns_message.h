// What a name server does with a message (net/dns.h reads and writes them): one question in, an answer out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "net/dns.h"
#include "range/zone.h"

namespace shikake::range {

struct Question {
  uint16_t id = 0;
  bool recursion_desired = false;
  net::DnsQuestion asked;        // its name as it came, to be sent back so
  uint8_t rcode = 0;             // not 0: the question is to be answered with this and nothing else
  std::optional<uint16_t> edns;  // EDNS (RFC 6891) is spoken; the size of UDP answer that the client takes
};

// Nothing for what deserves no answer: no whole header, or an answer itself.
std::optional<Question> read_question(base::ByteSpan message);

// At most `limit` bytes; an answer that does not fit is sent empty and marked as truncated, so that the
// client asks again over TCP.
std::string write_answer(const Question& question, const ZoneAnswer& answer, size_t limit);

// The largest answer that a client takes over UDP.
size_t udp_limit(const Question& question);

}  // namespace shikake::range
