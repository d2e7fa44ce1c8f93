#include "neighbourhood/segment_builder.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "base/check.h"
#include "neighbourhood/segment.h"

namespace shikake::neighbourhood {
namespace {

// Piles that a batch is dealt into before it is sorted: a few dozen URLs each, and few enough that each one's
// end stays in the cache.
constexpr int pile_bits = 15;
// Of a segment's blocks, so many are shown to zstd, a megabyte: more teach it little and cost as much as
// sorting.
constexpr size_t sample_blocks = 200;
// In order of place, URLs lie anywhere in memory: so many are fetched ahead of the one that is being written.
constexpr size_t fetched_ahead = 12;

}  // namespace

// All of it at once: pages come as they are written to, and growing would copy what stands there. Large pages
// where there are any: sorting and writing jump about in it.
SegmentBuilder::SegmentBuilder(size_t memory) : memory_(memory) {
  arena_.reserve(memory);
  constexpr uintptr_t page = 4096;
  const auto begin = (reinterpret_cast<uintptr_t>(arena_.data()) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(arena_.data()) + arena_.capacity()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // advice
}

Result<> SegmentBuilder::add(std::string_view text, Day first, Day last) {
  SHIKAKE_ASSIGN(url::Url url, corpus_url(text));
  const Reading* reading = key_reader_.read(url.href());
  SHIKAKE_CHECK(reading);  // corpus_url() gave it
  const Keys keys = key_reader_.keys();
  order_.push_back({keys.place, static_cast<uint64_t>(arena_.size()) << size_bits | url.href().size()});
  Stored stored{keys.path_shape, keys.host_shape, first, last};
  arena_.append(reinterpret_cast<const char*>(&stored), sizeof stored);
  arena_.append(url.href());
  return {};
}

// By place, then by text. The places' upper bits are a hash and so fall evenly: dealt out by them first, what
// is left to compare stands together.
void SegmentBuilder::sort() {
  auto pile_of = [](const Place& at) { return at.place >> (64 - pile_bits); };
  std::vector<uint32_t> ends((size_t{1} << pile_bits) + 1);
  for (const Place& at : order_) ++ends[pile_of(at) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Place> dealt(order_.size());
  for (const Place& at : order_) dealt[ends[pile_of(at)]++] = at;
  order_.swap(dealt);
  uint32_t begin = 0;  // dealing has moved each pile's begin to its end
  for (const uint32_t end : ends) {
    std::sort(order_.begin() + begin, order_.begin() + end, [this](const Place& a, const Place& b) {
      return a.place != b.place ? a.place < b.place : url(a) < url(b);
    });
    begin = end;
  }
}

std::string SegmentBuilder::sample_dictionary() const {
  std::string samples;
  std::vector<size_t> sizes;
  const size_t step = std::max<size_t>(order_.size() / sample_blocks, block_entries);
  for (size_t at = 0; at + block_entries <= order_.size(); at += step) {
    BlockBuilder block;
    for (size_t i = at; i < at + block_entries && !block.full(); ++i) {
      const Stored record = stored(order_[i]);
      block.add(
          {url(order_[i]), record.first, record.last, i == at || order_[i].place != order_[i - 1].place});
    }
    const std::string& raw = block.finish();
    samples += raw;
    sizes.push_back(raw.size());
  }
  return train_dictionary(samples, sizes);
}

Result<> SegmentBuilder::write(const std::filesystem::path& path, int level) {
  sort();
  SHIKAKE_ASSIGN(std::unique_ptr<SegmentWriter> writer,
                 SegmentWriter::open(path, sample_dictionary(), level));
  for (size_t i = 0; i < order_.size();) {
    if (i + fetched_ahead < order_.size())
      __builtin_prefetch(arena_.data() + (order_[i + fetched_ahead].offset_and_size >> size_bits));
    const std::string_view same = url(order_[i]);
    const Stored record = stored(order_[i]);
    Entry entry{same, record.first, record.last};
    for (++i; i < order_.size() && url(order_[i]) == same; ++i) {
      entry.first = std::min(entry.first, stored(order_[i]).first);
      entry.last = std::max(entry.last, stored(order_[i]).last);
    }
    SHIKAKE_TRY(writer->add({order_[i - 1].place, record.path_shape, record.host_shape}, entry));
  }
  order_.clear();
  arena_.clear();
  return writer->commit();
}

}  // namespace shikake::neighbourhood
