#include "store/hash.h"

#include <bit>
#include <cstring>

namespace shikake::store {
namespace {

struct Lanes {
  uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void word(uint64_t m) {
    v3 ^= m;
    round();
    round();
    v0 ^= m;
  }
};

}  // namespace

uint64_t siphash(const HashKey& key, std::string_view text) {
  Lanes lanes{key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d, key.k0 ^ 0x6c7967656e657261,
              key.k1 ^ 0x7465646279746573};
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);  // little-endian, as all machines we run on
    lanes.word(word);
  }
  uint64_t last = 0;
  std::memcpy(&last, text.data() + at, text.size() - at);
  lanes.word(last | static_cast<uint64_t>(text.size()) << 56);
  lanes.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) lanes.round();
  return lanes.v0 ^ lanes.v1 ^ lanes.v2 ^ lanes.v3;
}

}  // namespace shikake::store
