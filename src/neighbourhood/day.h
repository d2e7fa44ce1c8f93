// When a URL was seen, as a corpus keeps it: days since 1970-01-01 in UTC.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace shikake::neighbourhood {

using Day = uint16_t;  // to 2149

inline std::optional<Day> day_of(base::TimePoint time) {
  auto days = std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
  if (days < 0 || days > UINT16_MAX) return std::nullopt;
  return static_cast<Day>(days);
}

inline base::TimePoint time_of(Day day) {
  return base::TimePoint(std::chrono::days(day));
}

}  // namespace shikake::neighbourhood
