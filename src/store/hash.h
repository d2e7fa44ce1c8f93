// SipHash-2-4 (Aumasson and Bernstein, https://www.aumasson.jp/siphash/siphash.pdf): a hash that nobody can
// make collide without its key. For indexes and tables that hold what strangers chose.
#pragma once

#include <cstdint>
#include <string_view>

namespace shikake::store {

struct HashKey {
  uint64_t k0 = 0, k1 = 0;
};

uint64_t siphash(const HashKey& key, std::string_view text);

}  // namespace shikake::store
