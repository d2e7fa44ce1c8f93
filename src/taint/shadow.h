// Shadow memory: one label a byte of the guest's memory, in pages made when the first labelled byte is
// written to them. Reads take no lock; pages are never given back while a program runs.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "taint/fork_mutex.h"
#include "taint/label.h"

namespace shikake::taint {

using Address = uint64_t;

inline constexpr unsigned page_bits = 12;
inline constexpr size_t page_bytes = size_t{1} << page_bits;

// "May these 512 bytes hold a label?", for the emulator's callback on each memory access: one load and
// one or. Addresses 512 MiB apart share an entry, which costs time and loses nothing.
inline constexpr unsigned granule_bits = 9;
inline constexpr Address granule_bytes = Address{1} << granule_bits;
inline constexpr size_t filter_size = size_t{1} << 20;
struct ShadowFilter {
  // An access that begins here may meet a label: it is here, or in a neighbour.
  static constexpr uint8_t near = 1;
  // Labels are here, and the neighbours know.
  static constexpr uint8_t here = 2;
  std::array<uint8_t, filter_size> maybe{};
  static size_t entry(Address address) { return (address >> granule_bits) & (filter_size - 1); }
  uint8_t at(Address address) const { return maybe[entry(address)]; }
  // Whether labels may be written to the run with nothing to note.
  bool holds(Address address, size_t count) const {
    return (at(address) & here) != 0 && (address & (granule_bytes - 1)) + count <= granule_bytes;
  }
};

// Where labels of memory lie that this process shares with others, or with a file: the page that begins `offset`
// bytes into what is shared. Null where it has none yet, unless `make`; then null when there is no room for more.
using SharedLabels = std::function<Label*(uint64_t offset, bool make)>;

class Shadow {
 public:
  Shadow();
  ~Shadow();
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  // The labels of the page that holds `address`, or null when none of its bytes ever had one.
  Label* page(Address address) const;
  // The same, made if missing.
  Label* make_page(Address address);

  Label get(Address address) const {
    const Label* labels = page(address);
    return labels == nullptr ? Label{0} : labels[address & (page_bytes - 1)];
  }
  void set(Address address, Label label);
  void read(Address address, size_t count, Label* labels) const;
  void write(Address address, size_t count, const Label* labels);
  // As memory that was mapped anew, or is gone: what was shared there is not shared any more, and keeps its labels.
  void clear(Address address, uint64_t count);
  // Moves labels as mremap moves bytes: those that were at `to` are gone, and so are those at `from`. The two
  // must not overlap.
  void move(Address to, Address from, uint64_t count);

  // From here on `count` bytes from `first` on, whole pages, have their labels where `labels` says: whoever shares
  // them sees what is written here, at once. Pages found before in caches are stale: see Thread::forget_pages().
  void share(Address first, uint64_t count, SharedLabels labels);
  bool shares(Address address) const;
  // A shared piece that ended at `end` ends at `new_end` now.
  void grow(Address end, Address new_end);

  size_t pages() const { return pages_.load(std::memory_order_relaxed); }
  // Whether some byte may hold a label.
  bool empty() const { return pages() == 0 && !sharing_.load(std::memory_order_relaxed); }

  // In static memory, so that generated callbacks reach it without a load of its address.
  static ShadowFilter filter;

 private:
  // 48 bits of address: 12 at the top, 12 of directory, 12 of table, 12 in the page.
  static constexpr unsigned top_bits = 12, middle_bits = 12, table_bits = 12;
  template <class T, unsigned Bits>
  struct Level {
    std::array<std::atomic<T*>, size_t{1} << Bits> next{};
  };
  struct Page {
    std::array<Label, page_bytes> labels{};
  };
  using Table = Level<Page, table_bits>;
  using Middle = Level<Table, middle_bits>;
  using Top = Level<Middle, top_bits>;

  struct Shared {
    Address first, end;
    uint64_t offset;  // of `first` in what is shared
    SharedLabels labels;
  };

  static void mark(Address address, size_t count);
  // The page, unless it is shared and was not looked for yet.
  Label* known_page(Address address) const;
  Label* shared_page(Address address, bool make) const;
  // Takes pieces out of what is shared.
  std::vector<Shared> unshare(Address first, Address end);
  std::atomic<Page*>& slot(Address address) const;
  // The first address from `from` on whose page ever held labels; `end` when there is none before it. Reservations
  // of terabytes are common, and nearly all of their directories are absent.
  Address labelled_from(Address from, Address end) const;

  Top* top_;
  std::atomic<size_t> pages_ = 0;
  mutable ForkMutex sharing_lock_;
  std::vector<Shared> shared_;  // no two overlap
  std::atomic<bool> sharing_ = false;
};

}  // namespace shikake::taint
