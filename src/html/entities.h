// Named character references, matched a character at a time so that a chunk may end anywhere in one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shikake::html {

struct Entity {
  std::string_view name;  // after the ampersand; with its semicolon, if it has one
  char32_t first;
  char32_t second;  // 0: there is no second code point
};

inline constexpr size_t entity_count = 2231;
extern const Entity entities[entity_count];  // sorted by name

class EntityMatcher {
 public:
  void restart() { *this = {}; }
  // Takes one more character; false if no name begins with all that was taken (then it is not taken).
  bool take(char16_t c);
  // The longest name that is complete within what was taken, nullptr if there is none.
  const Entity* longest() const { return longest_; }

 private:
  uint32_t begin_ = 0, end_ = entity_count;  // names that begin with what was taken
  uint32_t length_ = 0;
  const Entity* longest_ = nullptr;
};

}  // namespace shikake::html
