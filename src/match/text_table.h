// A set of byte strings, each with its index in order of arrival; built once, then only read.
//
//   filter: 64-bit words, four bits a key in one word: a miss costs one load
//   slots:  open addressing, linear probing, at most half full; {upper half of the hash, index}
//   items:  hash and place in the arena; an equal hash is always checked against the bytes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "match/hash.h"

namespace shikake::match {

class TextTable {
 public:
  static constexpr uint32_t none = UINT32_MAX;
  static constexpr uint32_t max_items = UINT32_MAX / 4;  // slots stay addressable by 32 bits

  // The index of `text`, which is added when it is new. CHECKs max_items. Undoes freeze().
  uint32_t insert(std::string_view text, uint64_t hash);
  // Builds the filter; find() is right before it too, but slower.
  void freeze();

  uint32_t find(std::string_view text, uint64_t hash) const {
    if (!filter_.empty()) {
      uint64_t wanted = filter_bits(hash);
      if ((filter_[filter_word(hash)] & wanted) != wanted) return none;
    }
    return find_slot(text, hash);
  }

  std::string_view text(uint32_t index) const {
    return std::string_view(arena_).substr(items_[index].offset, items_[index].length);
  }
  uint32_t size() const { return static_cast<uint32_t>(items_.size()); }
  bool empty() const { return items_.empty(); }
  size_t bytes() const;  // of memory, about

 private:
  struct Item {
    uint64_t hash;
    size_t offset;
    uint32_t length;
  };
  struct Slot {
    uint32_t tag = 0;
    uint32_t index = none;
  };

  static uint64_t filter_bits(uint64_t hash) {
    return (uint64_t{1} << (hash & 63)) | (uint64_t{1} << ((hash >> 6) & 63)) |
           (uint64_t{1} << ((hash >> 12) & 63)) | (uint64_t{1} << ((hash >> 18) & 63));
  }
  size_t filter_word(uint64_t hash) const { return (hash >> 24) & (filter_.size() - 1); }
  uint32_t find_slot(std::string_view text, uint64_t hash) const;
  void grow();

  std::vector<uint64_t> filter_;
  std::vector<Slot> slots_;
  std::vector<Item> items_;
  std::string arena_;
};

}  // namespace shikake::match
