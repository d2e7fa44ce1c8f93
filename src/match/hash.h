// Keyed hashing of short texts. The multiply-and-fold step is that of wyhash
// (https://github.com/wangyi-fudan/wyhash); the key is random for each matcher, so that nobody who writes
// a feed or a log line can choose values that collide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace shikake::match {

struct HashKey {
  uint64_t start =
      0;  // the hash of nothing; never the same as `state`, or the first step would multiply by 0
  uint64_t text = 0;
  uint64_t state = 0;
  static HashKey random();
};

inline uint64_t fold_multiply(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// At most eight bytes as a number: different for different texts of the same length. Never reads past them.
inline uint64_t load_bytes(const char* from, size_t count) {
  if (count == 8) {
    uint64_t value;
    std::memcpy(&value, from, 8);
    return value;
  }
  if (count >= 4) {
    uint32_t low, high;
    std::memcpy(&low, from, 4);
    std::memcpy(&high, from + count - 4, 4);
    return (uint64_t{high} << 32) | low;
  }
  if (count == 0) return 0;
  const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(from[i])); };
  return (byte(0) << 16) | (byte(count / 2) << 8) | byte(count - 1);
}

// Goes on from `hash` with `text`. The length is mixed in, so that "a","bc" differs from "ab","c".
inline uint64_t hash_more(const HashKey& key, uint64_t hash, std::string_view text) {
  const char* from = text.data();
  size_t left = text.size();
  for (; left > 8; from += 8, left -= 8)
    hash = fold_multiply(load_bytes(from, 8) ^ key.text, hash ^ key.state);
  return fold_multiply(load_bytes(from, left) ^ key.text, (hash + text.size()) ^ key.state);
}

inline uint64_t hash_text(const HashKey& key, std::string_view text) {
  return hash_more(key, key.start, text);
}

}  // namespace shikake::match
