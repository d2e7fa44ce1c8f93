#include "match/text_table.h"

#include <bit>

#include "base/check.h"

namespace shikake::match {
namespace {
constexpr size_t first_slots = 16;
constexpr size_t keys_a_filter_word = 4;  // 16 bits a key: about one miss in 200 gets through
}  // namespace

uint32_t TextTable::find_slot(std::string_view text, uint64_t hash) const {
  if (slots_.empty()) return none;
  const size_t mask = slots_.size() - 1;
  const uint32_t tag = static_cast<uint32_t>(hash >> 32);
  for (size_t at = hash & mask; slots_[at].index != none; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && this->text(slots_[at].index) == text) return slots_[at].index;
  }
  return none;
}

uint32_t TextTable::insert(std::string_view text, uint64_t hash) {
  if (uint32_t found = find_slot(text, hash); found != none) return found;
  SHIKAKE_CHECK(items_.size() < max_items);
  filter_.clear();
  if ((items_.size() + 1) * 2 > slots_.size()) grow();
  const uint32_t index = size();
  items_.push_back({hash, arena_.size(), static_cast<uint32_t>(text.size())});
  arena_.append(text);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].index != none) at = (at + 1) & mask;
  slots_[at] = {static_cast<uint32_t>(hash >> 32), index};
  return index;
}

void TextTable::grow() {
  slots_.assign(slots_.empty() ? first_slots : slots_.size() * 2, Slot{});
  const size_t mask = slots_.size() - 1;
  for (uint32_t index = 0; index < size(); ++index) {
    size_t at = items_[index].hash & mask;
    while (slots_[at].index != none) at = (at + 1) & mask;
    slots_[at] = {static_cast<uint32_t>(items_[index].hash >> 32), index};
  }
}

void TextTable::freeze() {
  filter_.assign(std::bit_ceil(items_.size() / keys_a_filter_word + 1), 0);
  for (const Item& item : items_) filter_[filter_word(item.hash)] |= filter_bits(item.hash);
  arena_.shrink_to_fit();
  items_.shrink_to_fit();
}

size_t TextTable::bytes() const {
  return filter_.size() * sizeof(uint64_t) + slots_.size() * sizeof(Slot) + items_.capacity() * sizeof(Item) +
         arena_.capacity();
}

}  // namespace shikake::match
