// What the simulated Internet's name servers say: every name exists, each with addresses of its own.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "gateway/message.h"
#include "gateway/names.h"
#include "gateway/replies.h"

namespace shikake::gateway {

struct DnsAnswer {
  std::string bytes;
  DnsLookup lookup;  // flow, time and `over` are the caller's to fill; an empty name: nothing was asked
};

// Answers a query (RFC 1035) in at most `limit` bytes, truncated where it does not fit. Rows of `replies`
// come first; then A and AAAA give the name's addresses, MX a host "mail." below it, PTR the name that has
// the address; other types exist without data. Nothing for what deserves no answer: no whole header, or a
// response.
std::optional<DnsAnswer> answer_dns(base::ByteSpan query, NameTable& names, const Replies& replies, bool ipv6,
                                    size_t limit);

// The largest answer that the client of this query takes over UDP, and that travels in one packet.
size_t udp_answer_limit(base::ByteSpan query);

// The answer "server failure" to a query, for when nobody could be asked; empty if it deserves none.
std::string refuse_dns(base::ByteSpan query, uint8_t code);

// What a resolver answered (open mode): the lookup for the record, addresses learned into `names`.
std::optional<DnsLookup> read_dns_answer(base::ByteSpan response, NameTable& names);

}  // namespace shikake::gateway
