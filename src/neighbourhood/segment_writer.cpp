#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "neighbourhood/hash.h"
#include "neighbourhood/segment.h"

namespace shikake::neighbourhood {
namespace {

// Postings a bucket, about: a look-up reads a bucket whole.
constexpr uint64_t postings_a_bucket = 8;
constexpr size_t dictionary_bytes = 64 << 10;
constexpr size_t fewest_samples = 64;  // zstd refuses to learn from less, and there is little to gain

template <class T>
std::string_view as_text(const T& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

template <class T>
void append(std::string& out, const std::vector<T>& values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

}  // namespace

std::string train_dictionary(const std::string& samples, const std::vector<size_t>& sizes) {
  if (sizes.size() < fewest_samples) return {};
  std::string dictionary(dictionary_bytes, '\0');
  size_t size = ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(), sizes.data(),
                                      static_cast<unsigned>(sizes.size()));
  if (ZDICT_isError(size)) return {};
  dictionary.resize(size);
  return dictionary;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::open(const std::filesystem::path& path,
                                                           std::string dictionary, int level) {
  SHIKAKE_ASSIGN(base::AtomicFile file, base::AtomicFile::open(path));
  auto writer =
      std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(file), std::move(dictionary), level));
  SegmentPrologue prologue{};
  std::memcpy(prologue.magic, segment_magic, sizeof segment_magic);
  prologue.version = segment_version;
  prologue.rules = key_rules();
  SHIKAKE_TRY(writer->write(as_text(prologue)));
  SHIKAKE_TRY(writer->write(writer->dictionary_));
  return writer;
}

SegmentWriter::SegmentWriter(base::AtomicFile file, std::string dictionary, int level)
    : file_(std::move(file)), dictionary_(std::move(dictionary)), context_(ZSTD_createCCtx()) {
  if (!dictionary_.empty())
    compression_dictionary_ = ZSTD_createCDict(dictionary_.data(), dictionary_.size(), level);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 0);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_dictIDFlag, 0);
  ZSTD_CCtx_refCDict(context_, compression_dictionary_);
  std::memcpy(footer_.magic, segment_magic, sizeof segment_magic);
  footer_.dictionary_at = sizeof(SegmentPrologue);
  footer_.blocks_at = footer_.dictionary_at + dictionary_.size();
  footer_.dictionary_sum = hash64(dictionary_);
  footer_.first = UINT16_MAX;
}

SegmentWriter::~SegmentWriter() {
  ZSTD_freeCDict(compression_dictionary_);
  ZSTD_freeCCtx(context_);
}

Result<> SegmentWriter::write(std::string_view bytes) {
  written_ += bytes.size();
  return file_.write(bytes);
}

Result<> SegmentWriter::add(const Keys& keys, const Entry& entry) {
  SHIKAKE_CHECK(footer_.entries == 0 || keys.place >= last_place_);
  if (block_.full()) SHIKAKE_TRY(end_block());
  const bool new_tenant = footer_.entries == 0 || (keys.place >> s1_bits) != (last_place_ >> s1_bits);
  const bool new_place = footer_.entries == 0 || keys.place != last_place_;
  if (block_.empty()) place_of_block_ = keys.place;
  const uint64_t here = uint64_t{places_.size()} << 8 | block_.count();
  // One posting a run: what follows within the tenant is found beside it.
  if (keys.path_shape && (new_place || keys.path_shape != last_path_shape_))
    postings_.push_back(uint64_t{keys.path_shape} << 32 | here);
  if (keys.host_shape && (new_tenant || keys.host_shape != last_host_shape_))
    postings_.push_back(uint64_t{keys.host_shape} << 32 | here);
  last_place_ = keys.place, last_path_shape_ = keys.path_shape, last_host_shape_ = keys.host_shape;
  Entry marked = entry;
  marked.starts_place = new_place;
  block_.add(marked);
  ++footer_.entries;
  footer_.url_bytes += entry.url.size();
  footer_.first = std::min(footer_.first, entry.first);
  footer_.last = std::max(footer_.last, entry.last);
  return {};
}

Result<> SegmentWriter::end_block() {
  if (block_.empty()) return {};
  if (places_.size() >= most_blocks)
    return fail(Module::neighbourhood, ErrorCode::limit, "a segment cannot hold more than 2^24 blocks");
  const std::string& raw = block_.finish();
  compressed_.resize(ZSTD_compressBound(raw.size()));
  size_t size = ZSTD_compress2(context_, compressed_.data(), compressed_.size(), raw.data(), raw.size());
  SHIKAKE_CHECK(!ZSTD_isError(size));  // the room suffices, and nothing else can fail
  std::string_view stored = std::string_view(compressed_).substr(0, size);
  places_.push_back(place_of_block_);
  offsets_.push_back(written_ - footer_.blocks_at);
  sums_.push_back(static_cast<uint32_t>(hash64(stored)));
  return write(stored);
}

// Sorted by shape, then by where it stands.
void SegmentWriter::write_postings(std::string& out) {
  std::sort(postings_.begin(), postings_.end());
  footer_.postings = postings_.size();
  footer_.bucket_bits =
      std::clamp(static_cast<uint32_t>(std::bit_width(postings_.size() / postings_a_bucket)),
                 fewest_bucket_bits, most_bucket_bits);
  footer_.buckets_at = footer_.places_at + out.size();
  const uint64_t buckets = uint64_t{1} << footer_.bucket_bits;
  std::vector<uint32_t> begins;
  begins.reserve(buckets + 1);
  size_t at = 0;
  for (uint64_t bucket = 0; bucket < buckets; ++bucket) {
    begins.push_back(static_cast<uint32_t>(at));
    while (at < postings_.size() &&
           bucket_of(static_cast<uint32_t>(postings_[at] >> 32), footer_.bucket_bits) == bucket)
      ++at;
  }
  begins.push_back(static_cast<uint32_t>(postings_.size()));
  append(out, begins);
  footer_.postings_at = footer_.places_at + out.size();
  out.reserve(out.size() + postings_.size() * posting_bytes);
  for (uint64_t posting : postings_) {
    out += static_cast<char>(fingerprint_of(static_cast<uint32_t>(posting >> 32), footer_.bucket_bits));
    out += static_cast<char>(posting);
    for (int shift : {8, 16, 24}) out += static_cast<char>(posting >> shift);
  }
}

Result<> SegmentWriter::write_index(std::string& index) {
  footer_.places_at = written_;
  footer_.blocks = places_.size();
  offsets_.push_back(written_ - footer_.blocks_at);
  append(index, places_);
  footer_.offsets_at = footer_.places_at + index.size();
  append(index, offsets_);
  footer_.sums_at = footer_.places_at + index.size();
  append(index, sums_);
  write_postings(index);
  footer_.index_sum = hash64(index);
  SHIKAKE_TRY(write(index));
  footer_.footer_at = written_;
  return {};
}

Result<> SegmentWriter::commit() {
  SHIKAKE_TRY(end_block());
  if (footer_.entries == 0) footer_.first = footer_.last = 0;
  std::string index;
  SHIKAKE_TRY(write_index(index));
  footer_.footer_sum = hash64(as_text(footer_).substr(0, offsetof(SegmentFooter, footer_sum)));
  SHIKAKE_TRY(write(as_text(footer_)));
  return file_.commit();
}

}  // namespace shikake::neighbourhood
