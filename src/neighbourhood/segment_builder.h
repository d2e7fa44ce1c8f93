// URLs waiting in memory to become a segment.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "neighbourhood/day.h"
#include "neighbourhood/keys.h"

namespace shikake::neighbourhood {

// URLs with their keys, waiting to be sorted.
class SegmentBuilder {
 public:
  explicit SegmentBuilder(size_t memory);

  // Fails with the reason why the text is no corpus URL.
  Result<> add(std::string_view text, Day first, Day last);
  bool full() const { return arena_.size() + order_.size() * sizeof(Place) >= memory_; }
  bool empty() const { return order_.empty(); }

  // Sorts and writes; empty afterwards.
  Result<> write(const std::filesystem::path& path, int level);

 private:
  static constexpr int size_bits = 16;
  static_assert(longest_url < 1u << size_bits);
  struct Place {
    uint64_t place, offset_and_size;
  };
  struct Stored {
    uint32_t path_shape, host_shape;
    Day first, last;
  };
  Stored stored(const Place& at) const {
    Stored record;
    std::memcpy(&record, arena_.data() + (at.offset_and_size >> size_bits), sizeof record);
    return record;
  }
  std::string_view url(const Place& at) const {
    return {arena_.data() + (at.offset_and_size >> size_bits) + sizeof(Stored),
            at.offset_and_size & ((1u << size_bits) - 1)};
  }
  void sort();
  std::string sample_dictionary() const;

  const size_t memory_;
  KeyReader key_reader_;
  std::string arena_;
  std::vector<Place> order_;
};

}  // namespace shikake::neighbourhood
