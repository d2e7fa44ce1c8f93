#include "taint/shadow.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace shikake::taint {

ShadowFilter Shadow::filter;

namespace {

// Makes what is missing; of two threads that make the same, one's is thrown away.
template <class T>
T* make(std::atomic<T*>& slot) {
  T* there = slot.load(std::memory_order_acquire);
  if (there != nullptr) return there;
  auto made = std::make_unique<T>();
  if (slot.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) return made.release();
  return there;
}

size_t index(Address address, unsigned shift, unsigned bits) {
  return static_cast<size_t>(address >> shift) & ((size_t{1} << bits) - 1);
}

// The directories know 48 bits: more would meet the same pages again.
Address end_of(Address address, uint64_t count) {
  return address + std::min({count, ~address, uint64_t{1} << 48});
}

size_t left_in_page(Address address) { return page_bytes - (address & (page_bytes - 1)); }

}  // namespace

Shadow::Shadow() : top_(new Top) {}

Shadow::~Shadow() {
  unshare(0, ~Address{0});
  for (auto& middle_slot : top_->next) {
    Middle* middle = middle_slot.load();
    if (middle == nullptr) continue;
    for (auto& table_slot : middle->next) {
      Table* table = table_slot.load();
      if (table == nullptr) continue;
      for (auto& page_slot : table->next) delete page_slot.load();
      delete table;
    }
    delete middle;
  }
  delete top_;
}

Label* Shadow::page(Address address) const {
  Label* known = known_page(address);
  return known != nullptr || !sharing_.load(std::memory_order_acquire) ? known : shared_page(address, false);
}

Label* Shadow::known_page(Address address) const {
  const Middle* middle = top_->next[index(address, 36, top_bits)].load(std::memory_order_acquire);
  if (middle == nullptr) return nullptr;
  const Table* table = middle->next[index(address, 24, middle_bits)].load(std::memory_order_acquire);
  if (table == nullptr) return nullptr;
  Page* page = table->next[index(address, page_bits, table_bits)].load(std::memory_order_acquire);
  return page == nullptr ? nullptr : page->labels.data();
}

std::atomic<Shadow::Page*>& Shadow::slot(Address address) const {
  Middle* middle = make(top_->next[index(address, 36, top_bits)]);
  Table* table = make(middle->next[index(address, 24, middle_bits)]);
  return table->next[index(address, page_bits, table_bits)];
}

Label* Shadow::make_page(Address address) {
  if (sharing_.load(std::memory_order_acquire))
    if (Label* shared = shared_page(address, true); shared != nullptr) return shared;
  auto& there = slot(address);
  if (there.load(std::memory_order_acquire) == nullptr) pages_.fetch_add(1, std::memory_order_relaxed);
  return make(there)->labels.data();
}

// --- shared memory ---------------------------------------------------------------------------------------------

Label* Shadow::shared_page(Address address, bool make) const {
  const std::lock_guard guard(sharing_lock_);
  for (const Shared& shared : shared_) {
    if (address < shared.first || address >= shared.end) continue;
    const Address page = address & ~Address{page_bytes - 1};
    Label* labels = shared.labels(shared.offset + (page - shared.first), make);
    // A page is nothing but its labels.
    static_assert(sizeof(Page) == page_bytes * sizeof(Label));
    if (labels != nullptr) slot(address).store(reinterpret_cast<Page*>(labels), std::memory_order_release);
    return labels;
  }
  return nullptr;
}

void Shadow::share(Address first, uint64_t count, SharedLabels labels) {
  clear(first, count);
  const Address end = end_of(first, count);
  // Pages of this process's own give way. They are empty, and other threads may be looking at them still: kept.
  for (Address at = labelled_from(first, end); at < end; at = labelled_from(at + page_bytes, end))
    slot(at).store(nullptr, std::memory_order_release);
  const std::lock_guard guard(sharing_lock_);
  shared_.push_back({first, end, 0, std::move(labels)});
  sharing_.store(true, std::memory_order_release);
  // Labels may come from elsewhere at any time.
  mark(first, static_cast<size_t>(end - first));
}

bool Shadow::shares(Address address) const {
  if (!sharing_.load(std::memory_order_acquire)) return false;
  const std::lock_guard guard(sharing_lock_);
  return std::ranges::any_of(shared_, [&](const Shared& s) { return address >= s.first && address < s.end; });
}

void Shadow::grow(Address end, Address new_end) {
  const std::lock_guard guard(sharing_lock_);
  for (Shared& shared : shared_)
    if (shared.end == end) {
      shared.end = new_end;
      mark(end, static_cast<size_t>(new_end - end));
      return;
    }
}

std::vector<Shadow::Shared> Shadow::unshare(Address first, Address end) {
  std::vector<Shared> taken, left;
  if (!sharing_.load(std::memory_order_acquire)) return taken;
  const std::lock_guard guard(sharing_lock_);
  for (Shared& shared : shared_) {
    const auto piece = [&](Address from, Address to) {
      return Shared{from, to, shared.offset + (from - shared.first), shared.labels};
    };
    const Address from = std::max(first, shared.first), to = std::min(end, shared.end);
    if (from >= to) {
      left.push_back(std::move(shared));
      continue;
    }
    if (shared.first < from) left.push_back(piece(shared.first, from));
    if (to < shared.end) left.push_back(piece(to, shared.end));
    for (Address at = labelled_from(from, to); at < to; at = labelled_from(at + page_bytes, to))
      slot(at).store(nullptr, std::memory_order_release);
    taken.push_back(piece(from, to));
  }
  shared_ = std::move(left);
  sharing_.store(!shared_.empty(), std::memory_order_release);
  return taken;
}

void Shadow::mark(Address address, size_t count) {
  count = std::min(count, size_t{granule_bytes} * filter_size);  // all entries
  const Address first = address & ~(granule_bytes - 1);
  for (Address a = first; a < address + count; a += granule_bytes)
    filter.maybe[ShadowFilter::entry(a)] |= ShadowFilter::here | ShadowFilter::near;
  // The granule before too: an access may begin there and reach into this one.
  filter.maybe[ShadowFilter::entry(first - granule_bytes)] |= ShadowFilter::near;
  const Address behind = (address + count - 1 + granule_bytes) & ~(granule_bytes - 1);
  filter.maybe[ShadowFilter::entry(behind)] |= ShadowFilter::near;
}

void Shadow::set(Address address, Label label) { write(address, 1, &label); }

void Shadow::read(Address address, size_t count, Label* labels) const {
  while (count > 0) {
    const size_t part = std::min(count, left_in_page(address));
    const Label* from = page(address);
    if (from == nullptr) {
      std::fill_n(labels, part, Label{0});
    } else {
      std::memcpy(labels, from + (address & (page_bytes - 1)), part * sizeof(Label));
    }
    address += part;
    labels += part;
    count -= part;
  }
}

void Shadow::write(Address address, size_t count, const Label* labels) {
  while (count > 0) {
    const size_t part = std::min(count, left_in_page(address));
    const bool labelled = std::any_of(labels, labels + part, [](Label l) { return l != 0; });
    Label* to = labelled ? make_page(address) : page(address);
    if (to != nullptr)
      std::memcpy(to + (address & (page_bytes - 1)), labels, part * sizeof(Label));
    if (labelled) mark(address, part);
    address += part;
    labels += part;
    count -= part;
  }
}

Address Shadow::labelled_from(Address from, Address end) const {
  while (from < end) {
    Address step = Address{1} << (page_bits + table_bits + middle_bits);
    if (const Middle* middle = top_->next[index(from, 36, top_bits)].load(std::memory_order_acquire)) {
      step = Address{1} << (page_bits + table_bits);
      if (middle->next[index(from, 24, middle_bits)].load(std::memory_order_acquire) != nullptr) {
        step = page_bytes;
        if (known_page(from) != nullptr) return from;
      }
    }
    from = (from | (step - 1)) + 1;
    if (from == 0) break;
  }
  return end;
}

void Shadow::clear(Address address, uint64_t count) {
  const Address end = end_of(address, count);
  unshare(address, end);
  for (Address at = labelled_from(address, end); at < end; at = labelled_from(at, end)) {
    const uint64_t part = std::min<uint64_t>(end - at, left_in_page(at));
    std::fill_n(page(at) + (at & (page_bytes - 1)), part, Label{0});
    at += part;
  }
}

void Shadow::move(Address to, Address from, uint64_t count) {
  clear(to, count);
  const Address end = end_of(from, count);
  for (const Shared& shared : unshare(from, end))
    share(to + (shared.first - from), shared.end - shared.first,
          [labels = shared.labels, begins = shared.offset](uint64_t offset, bool wanted) { return labels(begins + offset, wanted); });
  for (Address at = labelled_from(from, end); at < end; at = labelled_from(at, end)) {
    const uint64_t part = std::min<uint64_t>(end - at, left_in_page(at));
    Label* labels = page(at) + (at & (page_bytes - 1));
    write(to + (at - from), part, labels);
    std::fill_n(labels, part, Label{0});
    at += part;
  }
}

}  // namespace shikake::taint
