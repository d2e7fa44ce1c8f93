#include "html/entities.h"

#include <algorithm>

namespace shikake::html {

const Entity entities[entity_count] = {
#include "html/entities_data.inc"
};

bool EntityMatcher::take(char16_t c) {
  // -1 sorts a name that has ended before all that go on.
  auto at = [this](const Entity& entity) {
    return length_ < entity.name.size() ? static_cast<int>(entity.name[length_]) : -1;
  };
  const Entity* begin = std::lower_bound(entities + begin_, entities + end_, static_cast<int>(c),
                                         [&](const Entity& entity, int value) { return at(entity) < value; });
  const Entity* end = std::upper_bound(begin, entities + end_, static_cast<int>(c),
                                       [&](int value, const Entity& entity) { return value < at(entity); });
  if (begin == end) return false;
  begin_ = static_cast<uint32_t>(begin - entities);
  end_ = static_cast<uint32_t>(end - entities);
  ++length_;
  if (begin->name.size() == length_) longest_ = begin;
  return true;
}

}  // namespace shikake::html
