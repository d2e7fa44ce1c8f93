// Which address stands for which name on the simulated Internet, and back: flows know their host by it.
//
// Addresses come from the benchmarking ranges (198.18.0.0/15, RFC 2544; 2001:2::/48, RFC 5180): nobody on the
// real Internet has one, so an address out of a closed run can never become an indicator against a bystander.
// A name's place in the range follows from its text, so that runs of one sample compare.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "url/ip.h"

namespace shikake::gateway {

class NameTable {
 public:
  struct Addresses {
    url::IpAddress v4, v6;
  };

  // The name's own addresses; the same at every call. Names compare without case. Past max_names all new
  // ones share one address, which stands for no name.
  Addresses addresses_of(std::string_view name);
  // Open mode: what the resolver said. The last name that led to an address stands.
  void learn(std::string_view name, const url::IpAddress& address);
  std::optional<std::string> name_of(const url::IpAddress& address) const;

  // Half of the range, so that a free place is found soon; far more than any sample needs but a DNS tunnel.
  static constexpr size_t max_names = 1 << 16;

 private:
  std::unordered_map<std::string, uint32_t> places_;  // by lower-case name
  std::unordered_map<uint32_t, std::string> names_;   // by place
  std::unordered_map<url::IpAddress, std::string> learned_;
};

}  // namespace shikake::gateway
