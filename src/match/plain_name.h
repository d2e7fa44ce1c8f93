// A host name as a log shows it, lower-cased in a fixed buffer, with its dots found on the way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "match/hash.h"

namespace shikake::match {

class PlainName {
 public:
  // RFC 1035 section 2.3.4: 255 octets on the wire are 253 characters.
  static constexpr size_t max_length = 253;

  // Takes bytes from `from` for as long as they are letters, digits, '.', '-' or '_'; returns where it
  // stopped. Longer than max_length: stops early, so the byte there is still one of these.
  const char* scan(const char* from, const char* end);

  // Takes any bytes, ASCII letters lower-cased, without trailing dots. Of a name longer than max_length the
  // last labels that fit are kept, behind a dot: its suffixes are still all there that an entry can equal.
  void assign(std::string_view name);

  std::string_view text() const { return {bytes_.data(), length_}; }
  void drop_trailing_dots();
  // The URL Standard's "ends in a number" can hold only where the last label starts with a digit.
  bool may_be_number() const;

  // Calls probe(suffix, hash) for the last label, then the last two, ... and at last the whole name.
  template <class Probe>
  void for_each_suffix(const HashKey& key, Probe&& probe) const {
    uint64_t hash = key.start;
    size_t label_end = length_;
    for (size_t dot = dot_count_; dot-- > 0;) {
      const size_t begin = dots_[dot] + size_t{1};
      hash = hash_more(key, hash, text().substr(begin, label_end - begin));
      probe(text().substr(begin), hash);
      label_end = dots_[dot];
    }
    if (!whole_) return;
    probe(text(), hash_more(key, hash, text().substr(0, label_end)));
  }

 private:
  std::array<char, 256> bytes_;  // a name, a dot before it and what fills the last eight bytes
  std::array<uint8_t, max_length + 1> dots_;
  uint8_t length_ = 0;
  uint8_t dot_count_ = 0;
  bool whole_ = true;  // not cut
};

// The hash that for_each_suffix gives the whole of `name` (at most max_length bytes).
uint64_t hash_name(const HashKey& key, std::string_view name);

}  // namespace shikake::match
