#include "match/plain_name.h"

#include <algorithm>

namespace shikake::match {
namespace {

// The lower-case form of each byte that a plain host name may hold, zero for every other.
constexpr std::array<char, 256> plain_bytes = [] {
  std::array<char, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<uint8_t>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<uint8_t>(c)] = static_cast<char>(c - 'A' + 'a');
  for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = c;
  for (char c : {'.', '-', '_'}) table[static_cast<uint8_t>(c)] = c;
  return table;
}();

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

const char* PlainName::scan(const char* from, const char* end) {
  const char* stop = from + std::min<size_t>(static_cast<size_t>(end - from), max_length);
  unsigned length = 0, dots = 0;
  for (; from != stop; ++from, ++length) {
    const char c = plain_bytes[static_cast<uint8_t>(*from)];
    if (c == 0) break;
    bytes_[length] = c;
    dots_[dots] = static_cast<uint8_t>(length);
    dots += c == '.';
  }
  length_ = static_cast<uint8_t>(length);
  dot_count_ = static_cast<uint8_t>(dots);
  whole_ = true;
  return from;
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
    bytes_[i] = lower(name[i]);
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
