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
constexpr size_t written_at_once = 64 << 10;
constexpr size_t fewest_samples = 64;  // zstd refuses to learn from less, and there is little to gain

template <class T>
std::string_view as_text(const T& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

template <class T>
std::string_view as_text(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
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
  auto writer = std::unique_ptr<SegmentWriter>(
      new SegmentWriter(std::move(file), path.parent_path(), std::move(dictionary), level));
  SegmentPrologue prologue{};
  std::memcpy(prologue.magic, segment_magic, sizeof segment_magic);
  prologue.version = segment_version;
  prologue.rules = key_rules();
  SHIKAKE_TRY(writer->write(as_text(prologue)));
  SHIKAKE_TRY(writer->write(writer->dictionary_));
  return writer;
}

SegmentWriter::SegmentWriter(base::AtomicFile file, std::filesystem::path folder, std::string dictionary,
                             int level)
    : file_(std::move(file)),
      dictionary_(std::move(dictionary)),
      context_(ZSTD_createCCtx()),
      postings_(std::move(folder)) {
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
  const auto here = static_cast<uint32_t>(places_.size() << 8 | block_.count());
  // One posting a run: what follows within the tenant is found beside it.
  if (keys.path_shape && (new_place || keys.path_shape != last_path_shape_))
    SHIKAKE_TRY(postings_.add(keys.path_shape, here));
  if (keys.host_shape && (new_tenant || keys.host_shape != last_host_shape_))
    SHIKAKE_TRY(postings_.add(keys.host_shape, here));
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

Result<> SegmentWriter::write_index(std::string_view bytes) {
  index_sum_.add(bytes);
  return write(bytes);
}

// Postings go out as they come in order; where each bucket begins is known only then, and follows them.
Result<> SegmentWriter::write_postings() {
  footer_.postings_at = written_;
  footer_.postings = postings_.count();
  footer_.bucket_bits =
      std::clamp(static_cast<uint32_t>(std::bit_width(postings_.count() / postings_a_bucket)),
                 fewest_bucket_bits, most_bucket_bits);
  std::vector<uint32_t> begins;
  begins.reserve((size_t{1} << footer_.bucket_bits) + 1);
  std::string out;
  uint32_t at = 0;
  auto write_one = [&](uint32_t shape, uint32_t where) -> Result<> {
    while (begins.size() <= bucket_of(shape, footer_.bucket_bits)) begins.push_back(at);
    ++at;
    out += static_cast<char>(fingerprint_of(shape, footer_.bucket_bits));
    out += static_cast<char>(where);
    for (int shift : {8, 16, 24}) out += static_cast<char>(where >> shift);
    if (out.size() < written_at_once) return {};
    SHIKAKE_TRY(write_index(out));
    out.clear();
    return {};
  };
  SHIKAKE_TRY(postings_.for_each(write_one));
  SHIKAKE_TRY(write_index(out));
  begins.resize((size_t{1} << footer_.bucket_bits) + 1, at);
  footer_.buckets_at = written_;
  return write_index(as_text(begins));
}

Result<> SegmentWriter::commit() {
  SHIKAKE_TRY(end_block());
  if (footer_.entries == 0) footer_.first = footer_.last = 0;
  footer_.blocks = places_.size();
  footer_.places_at = written_;
  offsets_.push_back(written_ - footer_.blocks_at);
  SHIKAKE_TRY(write_index(as_text(places_)));
  footer_.offsets_at = written_;
  SHIKAKE_TRY(write_index(as_text(offsets_)));
  footer_.sums_at = written_;
  SHIKAKE_TRY(write_index(as_text(sums_)));
  SHIKAKE_TRY(write_postings());
  footer_.index_sum = index_sum_.finish();
  footer_.footer_at = written_;
  footer_.footer_sum = hash64(as_text(footer_).substr(0, offsetof(SegmentFooter, footer_sum)));
  SHIKAKE_TRY(write(as_text(footer_)));
  return file_.commit();
}

}  // namespace shikake::neighbourhood
