#include "match/plain_name.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/ascii.h"

namespace shikake::match {
namespace {

constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<uint8_t>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<uint8_t>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = true;
  for (char c : {'.', '-', '_'}) table[static_cast<uint8_t>(c)] = true;
  return table;
}();

// Eight bytes at a time, each below 0x80: adding moves a comparison's answer into the byte's highest bit.
constexpr uint64_t every_byte = 0x0101010101010101, high_bits = every_byte * 0x80;

uint64_t lower_eight(uint64_t bytes) {
  const uint64_t from_a = bytes + every_byte * (0x80 - 'A'), past_z = bytes + every_byte * (0x80 - 'Z' - 1);
  return bytes | ((from_a & ~past_z & high_bits) >> 2);  // 0x80 >> 2 is the bit between cases
}

uint64_t dots_in_eight(uint64_t bytes) {  // the highest bit of each byte that is a dot
  const uint64_t zero_if_dot = bytes ^ (every_byte * '.');
  return ~(zero_if_dot + every_byte * 0x7F) & high_bits;
}

}  // namespace

const char* PlainName::scan(const char* from, const char* end) {
  const char* stop = from + std::min<size_t>(static_cast<size_t>(end - from), max_length);
  const char* at = from;
  while (at != stop && plain_bytes[static_cast<uint8_t>(*at)]) ++at;
  const auto length = static_cast<size_t>(at - from);
  length_ = static_cast<uint8_t>(length);
  dot_count_ = 0;
  whole_ = true;
  std::memset(bytes_.data() + (length & ~size_t{7}), 0, 8);  // what the last step below sees past the name
  std::memcpy(bytes_.data(), from, length);
  for (size_t i = 0; i < length; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes_.data() + i, 8);
    eight = lower_eight(eight);
    std::memcpy(bytes_.data() + i, &eight, 8);
    // The lowest byte of a number comes first in memory here; elsewhere its bytes are turned around.
    uint64_t dots = dots_in_eight(eight);
    if constexpr (std::endian::native == std::endian::big) dots = __builtin_bswap64(dots);
    for (; dots != 0; dots &= dots - 1)
      dots_[dot_count_++] = static_cast<uint8_t>(i + static_cast<size_t>(std::countr_zero(dots)) / 8);
  }
  return at;
}

void PlainName::assign(std::string_view name) {
  while (name.ends_with('.')) name.remove_suffix(1);
  whole_ = name.size() <= max_length;
  if (!whole_) {
    name = name.substr(name.size() - max_length - 1);  // with the byte before, which may be the dot
    name.remove_prefix(std::min(name.find('.'), name.size()));
  }
  length_ = static_cast<uint8_t>(name.size());
  dot_count_ = 0;
  for (uint8_t i = 0; i < length_; ++i) {
    bytes_[i] = base::to_lower(name[i]);
    if (name[i] == '.') dots_[dot_count_++] = i;
  }
}

void PlainName::drop_trailing_dots() {
  while (length_ > 0 && bytes_[length_ - 1U] == '.') --length_, --dot_count_;
}

bool PlainName::may_be_number() const {
  const size_t begin = dot_count_ == 0 ? 0 : dots_[dot_count_ - 1U] + size_t{1};
  return begin < length_ && bytes_[begin] >= '0' && bytes_[begin] <= '9';
}

uint64_t hash_name(const HashKey& key, std::string_view name) {
  PlainName plain;
  plain.assign(name);
  uint64_t whole = 0;
  plain.for_each_suffix(key, [&](std::string_view, uint64_t hash) { whole = hash; });
  return whole;
}

}  // namespace shikake::match
