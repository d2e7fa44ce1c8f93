// Labels: which received bytes a byte depends on. A label is a small interned set of flow and offset
// ranges; programs and shadow memory carry its 16-bit id only.
//
// All processes of one run share one table (a mapping of the run's state file), so an id means the same
// in a parent, a child and a program that was exec'd, and files and pipes can carry ids.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace shikake::taint {

// 0: depends on nothing that is tracked.
using Label = uint16_t;

// Offsets `first` to `last`, both included, of what arrived on `source`.
struct Range {
  uint16_t source = 0;
  // The byte was not computed from the range: it was only chosen by a decision on it.
  bool by_decision = false;
  uint32_t first = 0;
  uint32_t last = 0;
  bool operator==(const Range&) const = default;
};

// More ranges than this in one label are merged (nearest first), and the label says `coarsened`.
inline constexpr size_t max_ranges = 6;
// Parts of what was sent or written that an event tells of, each with a label of its own.
inline constexpr size_t max_parts = 64;
// Ids are 16 bits: shadow memory then costs two bytes a byte.
inline constexpr size_t max_labels = 65536;
// Stands for sources that a label has no place to name, when too many met, or the table is full.
inline constexpr uint16_t any_source = 0xffff;

struct LabelRecord {
  uint8_t count = 0;
  bool coarsened = false;
  Range ranges[max_ranges] = {};  // sorted by source, by_decision, first; never touching each other
  bool operator==(const LabelRecord&) const = default;
};

// A label in short, to see quickly whether one contains another.
struct LabelSummary {
  uint16_t source = 0;  // the only one; 0: several
  // Bit 0: ranges that it was computed from, bit 1: ranges by decision. `whole`: those that cover all offsets.
  uint8_t kinds = 0;
  uint8_t whole = 0;
  // Whether a label of the same source contains `other` for sure.
  bool contains(const LabelSummary& other) const { return (other.kinds & ~whole) == 0; }
};

// The table as it lies in shared memory: zero bytes are a valid, empty table.
struct LabelArena {
  std::atomic<uint32_t> lock;
  std::atomic<uint32_t> used;  // records made; 0 stands for 1, as id 0 is the empty label
  uint32_t buckets[max_labels * 2];  // open addressing by a record's hash; holds id
  LabelRecord records[max_labels];
  LabelSummary summaries[max_labels];
};

class Labels {
 public:
  // The arena must outlive the object.
  explicit Labels(LabelArena& arena) : arena_(&arena) {}

  // The label of one received byte. Far into a stream neighbours share a label (16 bytes from 4 KiB on,
  // 256 bytes from 64 KiB on, and so on), so that long downloads leave room for others.
  Label source(uint16_t source, uint32_t offset);
  // The label of a whole range, as precise as asked.
  Label range(const Range& range);

  // The union of both.
  Label join(Label a, Label b) {
    if (a == b || b == 0) return a;
    if (a == 0) return b;
    const LabelSummary& x = arena_->summaries[a];
    const LabelSummary& y = arena_->summaries[b];
    if (x.source == y.source && x.source != 0) {
      if (x.contains(y)) return a;
      if (y.contains(x)) return b;
    }
    return join_different(a, b);
  }
  // The same ranges, marked as by decision.
  Label by_decision(Label label) {
    const Recent& recent = recent_decisions_[label % recent_decisions];
    return recent.pair == label ? recent.result : by_decision_anew(label);
  }
  // Only those ranges that the byte was computed from.
  Label computed(Label label);

  std::span<const Range> ranges(Label label) const {
    const LabelRecord& r = arena_->records[label];
    return {r.ranges, r.count};
  }
  bool coarsened(Label label) const { return arena_->records[label].coarsened; }
  size_t size() const { return arena_->used.load(std::memory_order_acquire); }

 private:
  Label join_different(Label a, Label b);
  Label join_anew(Label a, Label b);
  Label join_by_table(Label a, Label b);
  Label by_decision_anew(Label label);
  Label intern(const LabelRecord& record);

  // A direct-mapped memory of recent unions.
  struct Recent {
    uint32_t pair = 0;
    Label result = 0;
  };
  static constexpr size_t recent_joins = 8192;
  static constexpr size_t recent_decisions = 256;

  LabelArena* arena_;
  Recent recent_[recent_joins] = {};
  Recent recent_decisions_[recent_decisions] = {};
  // In a full table: the labels of all offsets of one source, by kinds.
  uint16_t whole_source_ = 0;
  Label whole_[4] = {};
};

}  // namespace shikake::taint
