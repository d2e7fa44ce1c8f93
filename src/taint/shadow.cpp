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
  const Middle* middle = top_->next[index(address, 36, top_bits)].load(std::memory_order_acquire);
  if (middle == nullptr) return nullptr;
  const Table* table = middle->next[index(address, 24, middle_bits)].load(std::memory_order_acquire);
  if (table == nullptr) return nullptr;
  Page* page = table->next[index(address, page_bits, table_bits)].load(std::memory_order_acquire);
  return page == nullptr ? nullptr : page->labels.data();
}

Label* Shadow::make_page(Address address) {
  Middle* middle = make(top_->next[index(address, 36, top_bits)]);
  Table* table = make(middle->next[index(address, 24, middle_bits)]);
  auto& slot = table->next[index(address, page_bits, table_bits)];
  if (slot.load(std::memory_order_acquire) == nullptr) pages_.fetch_add(1, std::memory_order_relaxed);
  return make(slot)->labels.data();
}

void Shadow::mark(Address address, size_t count) {
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
        if (page(from) != nullptr) return from;
      }
    }
    from = (from | (step - 1)) + 1;
    if (from == 0) break;
  }
  return end;
}

void Shadow::clear(Address address, uint64_t count) {
  const Address end = end_of(address, count);
  for (Address at = labelled_from(address, end); at < end; at = labelled_from(at, end)) {
    const uint64_t part = std::min<uint64_t>(end - at, left_in_page(at));
    std::fill_n(page(at) + (at & (page_bytes - 1)), part, Label{0});
    at += part;
  }
}

void Shadow::move(Address to, Address from, uint64_t count) {
  clear(to, count);
  const Address end = end_of(from, count);
  for (Address at = labelled_from(from, end); at < end; at = labelled_from(at, end)) {
    const uint64_t part = std::min<uint64_t>(end - at, left_in_page(at));
    Label* labels = page(at) + (at & (page_bytes - 1));
    write(to + (at - from), part, labels);
    std::fill_n(labels, part, Label{0});
    at += part;
  }
}

}  // namespace shikake::taint
