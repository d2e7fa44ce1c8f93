// Interned names: equal text, equal pointer. Known names (names.h) live for the whole program, the others
// as long as the table that made them.
#pragma once

#include <array>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "html/names.h"

namespace shikake::html {

struct AtomData {
  std::u16string_view text;
  Name name;
};

#define SHIKAKE_HTML_NAME(identifier, string) AtomData{u##string, Name::identifier},
inline constexpr std::array<AtomData, known_names> known_atoms = {{SHIKAKE_HTML_NAMES(SHIKAKE_HTML_NAME)}};
#undef SHIKAKE_HTML_NAME

class Atom {
 public:
  constexpr Atom() = default;  // the null atom: no prefix, no namespace
  constexpr Atom(Name known)
      : data_(&known_atoms[static_cast<size_t>(known)]) {}  // NOLINT: an Atom is a Name
  constexpr explicit Atom(const AtomData* data) : data_(data) {}

  std::u16string_view text() const { return data_ ? data_->text : std::u16string_view(); }
  Name name() const { return data_ ? data_->name : Name::other; }
  constexpr explicit operator bool() const { return data_ != nullptr; }
  constexpr bool operator==(const Atom&) const = default;
  // Any strict order that lasts as long as the table; not alphabetical.
  const void* key() const { return data_; }

 private:
  const AtomData* data_ = nullptr;
};

class AtomTable {
 public:
  AtomTable() = default;
  AtomTable(const AtomTable&) = delete;
  AtomTable& operator=(const AtomTable&) = delete;

  Atom intern(std::u16string_view text);
  // Without adding: the null atom if nobody has interned it, so that nothing in the tree can have it.
  Atom find(std::u16string_view text) const;

 private:
  struct Owned {
    std::u16string text;
    AtomData data;
  };
  // Ordered, not hashed: the names come from attackers, and an order has no collisions to aim at.
  std::map<std::u16string_view, const AtomData*> by_text_;
  std::list<Owned> owned_;
};

}  // namespace shikake::html
