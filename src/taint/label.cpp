#include "taint/label.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include <sched.h>

namespace shikake::taint {
namespace {

// Above this many labels, new ones are made coarser; above the second, only whole sources are left.
constexpr uint32_t labels_crowded = 48000;
constexpr uint32_t labels_full = 64000;

// Offsets below this keep a label each: commands live at the start of a stream.
constexpr uint32_t precise_offsets = 4096;
// A range this long or longer that grows byte by byte grows in steps of about a sixteenth instead, or a
// running hash over a megabyte would use up the table.
constexpr uint32_t long_range = 64;

bool same_kind(const Range& a, const Range& b) {
  return a.source == b.source && a.by_decision == b.by_decision;
}
bool before(const Range& a, const Range& b) {
  if (a.source != b.source) return a.source < b.source;
  if (a.by_decision != b.by_decision) return a.by_decision < b.by_decision;
  return a.first < b.first;
}

LabelSummary summary(const LabelRecord& record) {
  LabelSummary found{record.ranges[0].source, 0, 0};
  for (size_t i = 0; i < record.count; ++i) {
    const Range& range = record.ranges[i];
    const uint8_t kind = range.by_decision ? 2 : 1;
    if (range.source != found.source) return {};
    found.kinds |= kind;
    if (range.first == 0 && range.last == UINT32_MAX) found.whole |= kind;
  }
  return found;
}

uint32_t hash(const LabelRecord& record) {
  uint64_t h = record.count * 0x9e3779b97f4a7c15u + record.coarsened;
  for (size_t i = 0; i < record.count; ++i) {
    const Range& r = record.ranges[i];
    h = (h ^ (uint64_t{r.source} << 1 | r.by_decision)) * 0xff51afd7ed558ccdu;
    h = (h ^ (uint64_t{r.first} << 32 | r.last)) * 0xc4ceb9fe1a85ec53u;
    h ^= h >> 29;
  }
  return static_cast<uint32_t>(h >> 32);
}

// The granule of a source's labels at an offset: 1, 16, 256, 4096 bytes, 16 times coarser each time the
// offset grows 16-fold.
uint32_t granule(uint32_t offset) {
  uint32_t size = 1;
  for (uint64_t limit = precise_offsets; offset >= limit; limit *= 16) size *= 16;
  return size;
}

// Sorted, merged ranges of any number become at most max_ranges.
class Merger {
 public:
  explicit Merger(bool coarsened) : coarsened_(coarsened) {}

  void add(const Range& range) { ranges_[count_++] = range; }

  LabelRecord finish() {
    std::sort(ranges_, ranges_ + count_, before);
    merge_touching();
    while (count_ > max_ranges && merge_nearest()) {
    }
    if (count_ > max_ranges) merge_kinds();
    if (count_ > max_ranges) {  // more sources than a label can name: the rest become one that stands for any
      count_ = max_ranges;
      ranges_[count_ - 1] = {any_source, false, 0, UINT32_MAX};
      coarsened_ = true;
    }
    LabelRecord record;
    record.count = static_cast<uint8_t>(count_);
    record.coarsened = coarsened_;
    std::copy_n(ranges_, count_, record.ranges);
    return record;
  }

 private:
  void merge_touching() {
    size_t out = 0;
    for (size_t i = 1; i < count_; ++i) {
      Range& last = ranges_[out];
      const Range& next = ranges_[i];
      if (same_kind(last, next) && (last.last == UINT32_MAX || next.first <= last.last + 1)) {
        grow(last, std::max(last.last, next.last));
      } else {
        ranges_[++out] = next;
      }
    }
    if (count_ > 0) count_ = out + 1;
  }

  void grow(Range& range, uint32_t last) {
    if (last == range.last) return;
    range.last = last;
    const uint32_t length = last - range.first;
    if (length < long_range) return;
    const uint32_t step = std::bit_floor(length) / 16;
    const uint64_t rounded = (uint64_t{last} / step + 1) * step - 1;
    if (rounded == last) return;
    range.last = static_cast<uint32_t>(std::min<uint64_t>(rounded, UINT32_MAX));
    coarsened_ = true;
  }

  // What a source's bytes decided counts as computed from them.
  void merge_kinds() {
    size_t out = 0;
    for (size_t i = 1; i < count_; ++i) {
      Range& last = ranges_[out];
      const Range& next = ranges_[i];
      if (last.source == next.source)
        last = {last.source, last.by_decision && next.by_decision, std::min(last.first, next.first), std::max(last.last, next.last)};
      else
        ranges_[++out] = next;
    }
    count_ = out + 1;
    coarsened_ = true;
  }

  bool merge_nearest() {
    size_t best = 0;
    uint32_t best_gap = UINT32_MAX;
    for (size_t i = 0; i + 1 < count_; ++i) {
      if (!same_kind(ranges_[i], ranges_[i + 1])) continue;
      const uint32_t gap = ranges_[i + 1].first - ranges_[i].last;
      if (gap < best_gap) {
        best_gap = gap;
        best = i;
      }
    }
    if (best_gap == UINT32_MAX) return false;
    ranges_[best].last = std::max(ranges_[best].last, ranges_[best + 1].last);
    std::copy(ranges_ + best + 2, ranges_ + count_, ranges_ + best + 1);
    --count_;
    coarsened_ = true;
    return true;
  }

  Range ranges_[2 * max_ranges];
  size_t count_ = 0;
  bool coarsened_;
};

class SpinLock {
 public:
  explicit SpinLock(std::atomic<uint32_t>& lock) : lock_(lock) {
    // A process that was killed while it held the lock must not stop the others for ever; records are
    // written before they are published, so going on is safe for readers.
    for (uint32_t tries = 0; lock_.exchange(1, std::memory_order_acquire) != 0 && tries < 100000; ++tries)
      sched_yield();
  }
  ~SpinLock() { lock_.store(0, std::memory_order_release); }
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

 private:
  std::atomic<uint32_t>& lock_;
};

}  // namespace

Label Labels::intern(const LabelRecord& record) {
  if (record.count == 0) return 0;
  const uint32_t mask = max_labels * 2 - 1;
  const SpinLock guard(arena_->lock);
  uint32_t slot = hash(record) & mask;
  for (; arena_->buckets[slot] != 0; slot = (slot + 1) & mask) {
    const uint32_t id = arena_->buckets[slot];
    if (arena_->records[id] == record) return static_cast<Label>(id);
  }
  uint32_t used = std::max(arena_->used.load(std::memory_order_relaxed), 1u);
  if (used >= max_labels) return max_labels - 1;
  if (used == max_labels - 1) {  // the last one stands for everything that found no place
    arena_->records[used] = {1, true, {{any_source, false, 0, UINT32_MAX}}};
  } else {
    arena_->records[used] = record;
  }
  arena_->summaries[used] = summary(arena_->records[used]);
  arena_->buckets[slot] = used;
  arena_->used.store(used + 1, std::memory_order_release);
  return static_cast<Label>(used);
}

Label Labels::range(const Range& range) { return intern({1, false, {range}}); }

Label Labels::source(uint16_t source, uint32_t offset) {
  const size_t used = size();
  if (used >= labels_full) return intern({1, true, {{source, false, 0, UINT32_MAX}}});
  uint32_t size = granule(offset);
  if (used >= labels_crowded) size = std::max(size, 4096u);
  const uint32_t first = offset / size * size;
  return intern({1, size > 1, {{source, false, first, first + size - 1}}});
}

Label Labels::join_different(Label a, Label b) {
  if (a > b) std::swap(a, b);
  const uint32_t pair = uint32_t{a} << 16 | b;
  Recent& recent = recent_[(pair * 0x9e3779b1u) >> 19];
  static_assert(recent_joins == 1u << (32 - 19));
  if (recent.pair != pair) recent = {pair, join_anew(a, b)};  // threads have a table each; see engine.h
  return recent.result;
}

Label Labels::join_anew(Label a, Label b) {
  const LabelSummary& s = arena_->summaries[a];
  const LabelSummary& t = arena_->summaries[b];
  const LabelRecord& x = arena_->records[a];
  const LabelRecord& y = arena_->records[b];
  if (x.count == 1 && y.count == 1 && same_kind(x.ranges[0], y.ranges[0])) {
    if (x.ranges[0].first <= y.ranges[0].first && x.ranges[0].last >= y.ranges[0].last) return a;
    if (y.ranges[0].first <= x.ranges[0].first && y.ranges[0].last >= x.ranges[0].last) return b;
  }
  if (size() < labels_full || s.source != t.source || s.source == 0) return join_by_table(a, b);
  if (s.source != whole_source_) {
    whole_source_ = s.source;
    std::fill(std::begin(whole_), std::end(whole_), Label{0});
  }
  Label& whole = whole_[(s.kinds | t.kinds) & 3];
  if (whole == 0) whole = join_by_table(a, b);
  return whole;
}

Label Labels::join_by_table(Label a, Label b) {
  const LabelRecord& x = arena_->records[a];
  const LabelRecord& y = arena_->records[b];
  const bool full = size() >= labels_full;
  Merger merger(x.coarsened || y.coarsened || full);
  for (const LabelRecord* record : {&x, &y}) {
    for (size_t i = 0; i < record->count; ++i) {
      Range range = record->ranges[i];
      if (full) range.first = 0, range.last = UINT32_MAX;
      merger.add(range);
    }
  }
  return intern(merger.finish());
}

Label Labels::by_decision_anew(Label label) {
  if (label == 0) return 0;
  Recent& recent = recent_decisions_[label % recent_decisions];
  const LabelRecord& from = arena_->records[label];
  Merger merger(from.coarsened);
  for (size_t i = 0; i < from.count; ++i) {
    Range range = from.ranges[i];
    range.by_decision = true;
    merger.add(range);
  }
  recent = {label, intern(merger.finish())};
  return recent.result;
}

Label Labels::computed(Label label) {
  if (label == 0) return 0;
  const LabelRecord& from = arena_->records[label];
  Merger merger(from.coarsened);
  size_t kept = 0;
  for (size_t i = 0; i < from.count; ++i) {
    if (from.ranges[i].by_decision) continue;
    merger.add(from.ranges[i]);
    ++kept;
  }
  if (kept == from.count) return label;
  return kept == 0 ? Label{0} : intern(merger.finish());
}

}  // namespace shikake::taint
