#include "neighbourhood/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "base/unique_fd.h"
#include "neighbourhood/hash.h"

namespace shikake::neighbourhood {
namespace {

// What a block may come to: its text, one longest URL more, lengths and days (four varints a URL).
constexpr size_t most_raw_bytes = block_text_bytes + longest_url + block_entries * 4 * 5 + 64;

std::string_view bytes_at(const uint8_t* base, uint64_t from, uint64_t to) {
  return {reinterpret_cast<const char*>(base) + from, static_cast<size_t>(to - from)};
}

template <class T>
T load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Whether the sections lie one behind the other and are as long as the counts say.
bool is_sound(const SegmentFooter& f, uint64_t file_size) {
  // No product below overflows while the counts stay under these.
  if (f.blocks > most_blocks || f.entries > f.blocks * block_entries || f.postings > file_size) return false;
  if (f.bucket_bits < fewest_bucket_bits || f.bucket_bits > most_bucket_bits) return false;
  const uint64_t buckets = (uint64_t{1} << f.bucket_bits) + 1;
  return f.footer_at + sizeof f == file_size && f.dictionary_at == sizeof(SegmentPrologue) &&
         f.blocks_at >= f.dictionary_at && f.places_at >= f.blocks_at && f.places_at <= f.footer_at &&
         f.offsets_at - f.places_at == f.blocks * 8 && f.sums_at - f.offsets_at == (f.blocks + 1) * 8 &&
         f.postings_at - f.sums_at == f.blocks * 4 &&
         f.buckets_at - f.postings_at == f.postings * posting_bytes &&
         f.footer_at - f.buckets_at == buckets * 4;
}

}  // namespace

// --- BlockReader -------------------------------------------------------------------------------------

BlockReader::BlockReader() : context_(ZSTD_createDCtx()), raw_(most_raw_bytes, '\0') {}
BlockReader::~BlockReader() {
  ZSTD_freeDCtx(context_);
}
BlockReader::BlockReader(BlockReader&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)), raw_(std::move(other.raw_)) {}

Result<const BlockView*> BlockReader::read(const Segment& segment, uint32_t block) {
  if (segment_ == &segment && block_ == block) return &view_;
  segment_ = nullptr;
  const SegmentFooter& footer = segment.footer_;
  const uint64_t begin = footer.blocks_at + segment.offset_at(block);
  const uint64_t end = footer.blocks_at + segment.offset_at(block + 1);
  if (begin > end || end > footer.places_at)
    return fail(segment.damaged("the block directory is damaged", footer.offsets_at));
  std::string_view stored = bytes_at(segment.base_, begin, end);
  const auto sum = load<uint32_t>(segment.base_ + footer.sums_at + uint64_t{block} * 4);
  if (static_cast<uint32_t>(hash64(stored)) != sum)
    return fail(segment.damaged("a block of URLs does not match its checksum", begin));
  size_t size = ZSTD_decompress_usingDDict(context_, raw_.data(), raw_.size(), stored.data(), stored.size(),
                                           segment.dictionary_);
  if (ZSTD_isError(size)) return fail(segment.damaged("a block of URLs does not decompress", begin));
  if (auto parsed = view_.parse(std::string_view(raw_).substr(0, size)); !parsed)
    return fail(segment.damaged(parsed.error().what, begin));
  segment_ = &segment, block_ = block;
  return &view_;
}

// --- Segment -----------------------------------------------------------------------------------------

Result<std::unique_ptr<Segment>> Segment::open(const std::filesystem::path& path) {
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(Module::neighbourhood, "cannot open " + path.string());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    return fail_errno(Module::neighbourhood, "cannot look at " + path.string());
  auto segment = std::unique_ptr<Segment>(new Segment);
  segment->path_ = path;
  segment->size_ = static_cast<size_t>(status.st_size);
  if (segment->size_ < sizeof(SegmentPrologue))
    return fail(segment->damaged("the file is cut short within its first bytes", segment->size_));
  void* mapped = ::mmap(nullptr, segment->size_, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return fail_errno(Module::neighbourhood, "cannot map " + path.string());
  segment->base_ = static_cast<const uint8_t*>(mapped);
  SHIKAKE_TRY(segment->read_footer());
  return segment;
}

Result<> Segment::read_footer() {
  const auto prologue = load<SegmentPrologue>(base_);
  if (std::memcmp(prologue.magic, segment_magic, sizeof segment_magic) != 0)
    return fail(damaged("the file is no corpus segment", 0));
  if (prologue.version != segment_version) {
    const bool newer = prologue.version > segment_version;
    Error error{Module::neighbourhood, newer ? ErrorCode::too_new : ErrorCode::unsupported,
                "the corpus is of version " + std::to_string(prologue.version) +
                    " and this program reads version " + std::to_string(segment_version) +
                    (newer ? ": use the program that wrote it or a later one" : ": add its sources anew")};
    return fail(std::move(error).in(path_.string()));
  }
  rules_ = prologue.rules;
  if (size_ < sizeof(SegmentPrologue) + sizeof(SegmentFooter))
    return fail(damaged("the file is cut short", size_));
  const uint64_t at = size_ - sizeof(SegmentFooter);
  footer_ = load<SegmentFooter>(base_ + at);
  if (std::memcmp(footer_.magic, segment_magic, sizeof segment_magic) != 0)
    return fail(damaged("the file is cut short: no footer stands at its end", size_));
  if (hash64(bytes_at(base_, at, at + offsetof(SegmentFooter, footer_sum))) != footer_.footer_sum)
    return fail(damaged("the footer does not match its checksum", at));
  if (!is_sound(footer_, size_)) return fail(damaged("the footer contradicts itself", at));
  std::string_view dictionary = bytes_at(base_, footer_.dictionary_at, footer_.blocks_at);
  if (hash64(dictionary) != footer_.dictionary_sum)
    return fail(damaged("the dictionary does not match its checksum", footer_.dictionary_at));
  if (!dictionary.empty()) dictionary_ = ZSTD_createDDict(dictionary.data(), dictionary.size());
  return {};
}

Segment::~Segment() {
  ZSTD_freeDDict(dictionary_);
  if (base_) ::munmap(const_cast<uint8_t*>(base_), size_);
}

Error Segment::damaged(std::string_view what, uint64_t offset) const {
  Error error{Module::neighbourhood, ErrorCode::corrupted,
              std::string(what) + "; take the file away and add its sources again"};
  error.where = path_.string();
  error.offset = offset;
  return error;
}

std::string_view Segment::dictionary() const {
  return bytes_at(base_, footer_.dictionary_at, footer_.blocks_at);
}

uint64_t Segment::place_at(uint64_t block) const {
  return load<uint64_t>(base_ + footer_.places_at + block * 8);
}
uint64_t Segment::offset_at(uint64_t block) const {
  return load<uint64_t>(base_ + footer_.offsets_at + block * 8);
}

void Segment::let_go(uint64_t first_block, uint64_t end_block) const {
  // Whole pages only; madvise() is advice, and what it refuses does no harm.
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t begin = (footer_.blocks_at + offset_at(first_block)) / page * page;
  const uint64_t end = std::min(footer_.blocks_at + offset_at(end_block), footer_.places_at) / page * page;
  if (begin < end) ::madvise(const_cast<uint8_t*>(base_) + begin, end - begin, MADV_DONTNEED);
}

Result<> Segment::for_place(uint64_t place, BlockReader& reader,
                            const std::function<bool(const Entry&)>& visit) const {
  return for_range(place, place, reader, visit);
}

Result<> Segment::for_tenant(uint64_t any, BlockReader& reader,
                             const std::function<bool(const Entry&)>& visit) const {
  const uint64_t s1 = (uint64_t{1} << s1_bits) - 1;
  return for_range(any & ~s1, any | s1, reader, visit);
}

// Every URL whose place is in [low, high].
Result<> Segment::for_range(uint64_t low, uint64_t high, BlockReader& reader,
                            const std::function<bool(const Entry&)>& visit) const {
  // The first block that may hold one: the last of which the first URL lies before `low`.
  uint64_t begin = 0, end = footer_.blocks;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    if (place_at(middle) < low)
      begin = middle + 1;
    else
      end = middle;
  }
  for (uint64_t block = begin > 0 ? begin - 1 : 0; block < footer_.blocks && place_at(block) <= high;
       ++block) {
    SHIKAKE_ASSIGN(const BlockView* view, reader.read(*this, static_cast<uint32_t>(block)));
    // Where each place starts within the block; places rise, so that the first one is found by halves.
    std::array<uint8_t, block_entries> starts;
    size_t count = 0;
    for (size_t i = 0; i < view->size(); ++i)
      if ((*view)[i].starts_place) starts[count++] = static_cast<uint8_t>(i);
    auto place_of_entry = [&](uint8_t slot) -> uint64_t {
      const Reading* reading = reader.keys().read((*view)[slot].url);
      return reading ? reading->place : 0;
    };
    auto first = std::partition_point(starts.begin(), starts.begin() + static_cast<ptrdiff_t>(count),
                                      [&](uint8_t slot) { return place_of_entry(slot) < low; });
    if (first == starts.begin() + static_cast<ptrdiff_t>(count)) continue;
    for (size_t slot = *first; slot < view->size(); ++slot) {
      const Entry& entry = (*view)[slot];
      if (entry.starts_place && place_of_entry(static_cast<uint8_t>(slot)) > high) return {};
      if (!visit(entry)) return {};
    }
  }
  return {};
}

Result<> Segment::for_each(BlockReader& reader, const std::function<bool(const Entry&)>& visit) const {
  for (uint64_t block = 0; block < footer_.blocks; ++block) {
    SHIKAKE_ASSIGN(const BlockView* view, reader.read(*this, static_cast<uint32_t>(block)));
    for (size_t slot = 0; slot < view->size(); ++slot)
      if (!visit((*view)[slot])) return {};
  }
  return {};
}

void Segment::for_shape(uint32_t shape, const std::function<bool(Posting)>& visit) const {
  if (shape == 0) return;
  const uint64_t bucket = bucket_of(shape, footer_.bucket_bits);
  const uint8_t fingerprint = fingerprint_of(shape, footer_.bucket_bits);
  const uint8_t* buckets = base_ + footer_.buckets_at;
  const uint64_t begin = load<uint32_t>(buckets + bucket * 4);
  const uint64_t end = std::min<uint64_t>(load<uint32_t>(buckets + (bucket + 1) * 4), footer_.postings);
  for (uint64_t i = begin; i < end; ++i) {
    const uint8_t* at = base_ + footer_.postings_at + i * posting_bytes;
    if (at[0] < fingerprint) continue;
    if (at[0] > fingerprint) return;
    const uint32_t block = at[2] | uint32_t{at[3]} << 8 | uint32_t{at[4]} << 16;
    if (block < footer_.blocks && !visit({block, at[1]})) return;
  }
}

Result<> Segment::verify(BlockReader& reader) const {
  if (hash64(bytes_at(base_, footer_.places_at, footer_.footer_at)) != footer_.index_sum)
    return fail(damaged("the index does not match its checksum", footer_.places_at));
  uint64_t entries = 0;
  SHIKAKE_TRY(for_each(reader, [&](const Entry&) { return ++entries > 0; }));
  if (entries != footer_.entries)
    return fail(damaged("the blocks hold another number of URLs than the footer says", 0));
  return {};
}

}  // namespace shikake::neighbourhood
