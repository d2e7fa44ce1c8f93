#include "html/atom.h"

#include <bit>
#include <vector>

namespace shikake::html {
namespace {

// Known names alone: no attacker can add to it, so a plain hash does.
class KnownTable {
 public:
  KnownTable() : slots_(slots, nullptr) {
    for (const AtomData& data : known_atoms) {
      size_t slot = hash(data.text) % slots;
      while (slots_[slot]) slot = (slot + 1) % slots;
      slots_[slot] = &data;
    }
  }

  const AtomData* find(std::u16string_view text) const {
    for (size_t slot = hash(text) % slots; slots_[slot]; slot = (slot + 1) % slots) {
      if (slots_[slot]->text == text) return slots_[slot];
    }
    return nullptr;
  }

 private:
  static constexpr size_t slots = std::bit_ceil(known_names * 4);

  static size_t hash(std::u16string_view text) {
    // First, middle and last code unit and the length tell the known names well apart.
    if (text.empty()) return 0;
    return text.front() * 31u + text[text.size() / 2] * 1009u + text.back() * 7919u + text.size() * 131u;
  }

  std::vector<const AtomData*> slots_;
};

const KnownTable& known_table() {
  static const KnownTable table;
  return table;
}

}  // namespace

Atom AtomTable::find(std::u16string_view text) const {
  if (const AtomData* known = known_table().find(text)) return Atom(known);
  auto found = by_text_.find(text);
  return found == by_text_.end() ? Atom() : Atom(found->second);
}

Atom AtomTable::intern(std::u16string_view text) {
  if (Atom found = find(text)) return found;
  Owned& owned = owned_.emplace_back(Owned{std::u16string(text), {}});
  owned.data = AtomData{owned.text, Name::other};
  by_text_.emplace(owned.text, &owned.data);
  return Atom(&owned.data);
}

}  // namespace shikake::html
