#include "context.h"

#include "base/wire.h"
#include "url/ip.h"

namespace shikake::gateway {

void Context::say_dns(DnsLookup lookup, uint32_t flow, std::string over) {
  if (lookup.name.empty()) return;
  if (++dns_lookups > setup.limits.dns_lookups) return book.say_limit("dns_lookups");
  lookup.flow = flow;
  lookup.over = std::move(over);
  lookup.time = base::system_clock().now();
  if (capture) {
    for (const std::string& answer : lookup.answers)
      if (url::IpAddress::parse(answer)) capture->name(answer, lookup.name);
  }
  book.say(FrameType::dns, base::to_wire(lookup));
}

}  // namespace shikake::gateway
