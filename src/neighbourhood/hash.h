// The hash that corpus files are ordered by: part of the format, so it never changes within a version.
// XXH64 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md). It is not keyed: whoever feeds a
// corpus may make URLs collide, and then gets a longer run of URLs to read, bounded as every run is; what a
// query answers was compared as text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shikake::neighbourhood {

uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

// The same, with seed 0, of bytes that come in pieces.
class Hasher {
 public:
  Hasher();
  void add(std::string_view bytes);
  uint64_t finish() const;  // of all that was added

 private:
  static constexpr size_t stripe = 32;
  std::array<uint64_t, 4> lanes_;
  std::array<char, stripe> rest_;  // what is no whole stripe yet
  uint64_t size_ = 0;
};

}  // namespace shikake::neighbourhood
