// One block of a segment: up to block_entries URLs in the segment's order, front-coded, then compressed.
// docs/neighbourhood.md has the layout.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "neighbourhood/day.h"

struct ZSTD_DCtx_s;
struct ZSTD_DDict_s;

namespace shikake::neighbourhood {

// A URL and its place among others. `url` lives as long as what gave it says.
struct Entry {
  std::string_view url;
  Day first = 0, last = 0;
  bool starts_place = false;  // the first of its place in its block
};

// Enough that front coding and compression have something to work with, few enough that reading one URL
// stays at some ten microseconds; a slot must fit a byte.
inline constexpr size_t block_entries = 128;
// Text of a block before compression, at most (one URL more may stand in it).
inline constexpr size_t block_text_bytes = 16 << 10;

// Builds the uncompressed form.
class BlockBuilder {
 public:
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ >= block_entries || text_.size() >= block_text_bytes; }
  size_t count() const { return count_; }
  void add(const Entry& entry);  // days: first <= last
  // The block so far; starts anew.
  const std::string& finish();

 private:
  size_t count_ = 0;
  Day base_ = 0;
  std::string previous_, lengths_, days_, text_, out_;
};

// A block taken apart. The URLs lie in its own memory until the next parse().
class BlockView {
 public:
  Result<> parse(std::string_view bytes);  // corrupted where they are no block
  size_t size() const { return entries_.size(); }
  const Entry& operator[](size_t i) const { return entries_[i]; }

 private:
  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace shikake::neighbourhood
