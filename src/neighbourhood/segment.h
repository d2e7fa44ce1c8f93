// A segment: one immutable file of a corpus, sorted, compressed in blocks, read through mmap.
// docs/neighbourhood.md has the layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "neighbourhood/block.h"
#include "neighbourhood/hash.h"
#include "neighbourhood/keys.h"
#include "neighbourhood/posting_sorter.h"

struct ZSTD_CCtx_s;
struct ZSTD_CDict_s;

namespace shikake::neighbourhood {

// A file begins with its magic and its version and ends with its footer: so it is written from front to end
// in one go, and one that was cut short shows it. Little-endian, as the machines are that this runs on.
struct SegmentPrologue {
  char magic[8];
  uint32_t version;
  uint32_t rules;  // key_rules() by which it is in order
};
struct SegmentFooter {
  uint64_t entries, blocks, postings;
  uint64_t url_bytes;  // of all URLs as text
  // Where each section begins; each ends where the next begins, the last one with the footer.
  uint64_t dictionary_at, blocks_at, places_at, offsets_at, sums_at, postings_at, buckets_at, footer_at;
  uint64_t dictionary_sum;  // hash64 of the dictionary
  uint64_t index_sum;       // hash64 of everything from places_at to footer_at
  uint32_t bucket_bits;     // log2 of the number of buckets
  uint16_t first, last;     // days
  uint64_t footer_sum;      // hash64 of the footer before this field
  char magic[8];
};
inline constexpr char segment_magic[8] = {'S', 'H', 'I', 'K', 'C', 'O', 'R', 'P'};
inline constexpr uint32_t segment_version = 2;

// A shape's hash is the bucket it lies in and, behind those bits, the fingerprint by which it is told there.
inline constexpr uint32_t fewest_bucket_bits = 1, most_bucket_bits = 24;
inline uint64_t bucket_of(uint32_t shape, uint32_t bucket_bits) {
  return shape >> (32 - bucket_bits);
}
inline uint8_t fingerprint_of(uint32_t shape, uint32_t bucket_bits) {
  return static_cast<uint8_t>(shape >> (24 - bucket_bits));
}

// Where a shape stands: the first URL of its run.
struct Posting {
  uint32_t block = 0;
  uint8_t slot = 0;
};
inline constexpr size_t posting_bytes = 5;  // fingerprint u8, slot u8, block u24
inline constexpr uint32_t most_blocks = 1u << 24;

class Segment;

// Decompressed blocks, one at a time. One a thread; the segments that it has read must outlive it.
class BlockReader {
 public:
  BlockReader();
  ~BlockReader();
  BlockReader(BlockReader&&) noexcept;
  // The view is good until the next call. corrupted names the file and the byte.
  Result<const BlockView*> read(const Segment& segment, uint32_t block);
  KeyReader& keys() { return keys_; }

 private:
  ZSTD_DCtx_s* context_ = nullptr;
  std::string raw_;
  BlockView view_;
  KeyReader keys_;
  const Segment* segment_ = nullptr;  // whose block `view_` is
  uint32_t block_ = 0;
};

class Segment {
 public:
  // Reads prologue and footer alone; too_new, or corrupted where the file is no segment, cut short or grown.
  static Result<std::unique_ptr<Segment>> open(const std::filesystem::path& path);
  ~Segment();

  const std::filesystem::path& path() const { return path_; }
  const SegmentFooter& footer() const { return footer_; }

  uint32_t rules() const { return rules_; }
  std::string_view dictionary() const;
  // Every URL as it stands, whatever it was filed by, until `visit` returns false.
  Result<> for_each(BlockReader& reader, const std::function<bool(const Entry&)>& visit) const;

  // The URLs of a place in their order, until `visit` returns false.
  Result<> for_place(uint64_t place, BlockReader& reader,
                     const std::function<bool(const Entry&)>& visit) const;
  // The same for each URL of a tenant, whatever its S1. `any` is any place of it.
  Result<> for_tenant(uint64_t any, BlockReader& reader,
                      const std::function<bool(const Entry&)>& visit) const;
  // Where runs of URLs with this shape begin, in the segment's order. A few of them are others' (a
  // fingerprint is 8 bits): the caller looks.
  void for_shape(uint32_t shape, const std::function<bool(Posting)>& visit) const;
  uint64_t place_at(uint64_t block) const;  // of the block's first URL
  // These blocks will not be read again soon: their pages need not stay with this process.
  void let_go(uint64_t first_block, uint64_t end_block) const;
  // Reads all of it against its checksums.
  Result<> verify(BlockReader& reader) const;

 private:
  friend class BlockReader;
  Segment() = default;
  Result<> for_range(uint64_t low, uint64_t high, BlockReader& reader,
                     const std::function<bool(const Entry&)>& visit) const;
  uint64_t offset_at(uint64_t block) const;  // from blocks_at
  Result<> read_footer();
  Error damaged(std::string_view what, uint64_t offset) const;

  std::filesystem::path path_;
  const uint8_t* base_ = nullptr;
  size_t size_ = 0;
  uint32_t rules_ = 0;
  SegmentFooter footer_{};
  ZSTD_DDict_s* dictionary_ = nullptr;
};

// Writes one: all entries in order (place, then URL), none twice.
class SegmentWriter {
 public:
  // `dictionary`: what zstd is told beforehand of how these URLs look; may be empty.
  static Result<std::unique_ptr<SegmentWriter>> open(const std::filesystem::path& path,
                                                     std::string dictionary, int level);
  ~SegmentWriter();

  Result<> add(const Keys& keys, const Entry& entry);
  // Whole and synced, or not there at all.
  Result<> commit();
  uint64_t entries() const { return footer_.entries; }

 private:
  SegmentWriter(base::AtomicFile file, std::filesystem::path folder, std::string dictionary, int level);
  Result<> write(std::string_view bytes);
  Result<> write_index(std::string_view bytes);  // what the index's checksum covers
  Result<> end_block();
  Result<> write_postings();

  base::AtomicFile file_;
  std::string dictionary_;
  ZSTD_CCtx_s* context_ = nullptr;
  ZSTD_CDict_s* compression_dictionary_ = nullptr;
  SegmentFooter footer_{};
  BlockBuilder block_;
  std::string compressed_;
  uint64_t place_of_block_ = 0, last_place_ = 0;
  uint32_t last_path_shape_ = 0, last_host_shape_ = 0;
  uint64_t written_ = 0;
  // A segment's directory stays in memory until the end: 20 bytes a block.
  std::vector<uint64_t> places_, offsets_;
  std::vector<uint32_t> sums_;
  PostingSorter postings_;
  Hasher index_sum_;
};

// A dictionary of how the URLs of these blocks look, for blocks of the same kind.
std::string train_dictionary(const std::string& samples, const std::vector<size_t>& sizes);

}  // namespace shikake::neighbourhood
