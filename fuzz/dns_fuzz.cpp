// A DNS message that can be read can be written, and reads the same again; nothing is read out of bounds.
#include <cstdint>

#include "base/check.h"
#include "net/dns.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace shikake;
  auto message = net::parse_dns({data, size});
  if (!message) {
    SHIKAKE_CHECK(message.error().offset.has_value());
    return 0;
  }
  // Pointers into the middle of a name can make more names than any message without them holds.
  constexpr size_t always_fits = 1000;
  auto bytes = net::serialise_dns(*message);
  SHIKAKE_CHECK(bytes.has_value() || size > always_fits);
  if (!bytes) return 0;
  auto again = net::parse_dns(base::as_bytes(*bytes));
  SHIKAKE_CHECK(again.has_value());
  bool shortened = again->answers.size() != message->answers.size() ||
                   again->authorities.size() != message->authorities.size() ||
                   again->additionals.size() != message->additionals.size();
  SHIKAKE_CHECK(shortened ? again->truncated && size > always_fits : *again == *message);
  auto udp = net::serialise_dns(*message, net::max_dns_udp);
  SHIKAKE_CHECK(!udp || udp->size() <= net::max_dns_udp);
  return 0;
}
