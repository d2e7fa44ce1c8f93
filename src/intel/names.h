// Enum values and their names, from one table each.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/check.h"

namespace shikake::intel {

// The name at an enum value's position; the tables are as long as their enums.
template <class Enum, size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  SHIKAKE_CHECK(static_cast<size_t>(value) < N);
  return names[static_cast<size_t>(value)];
}

template <class Enum, size_t N>
std::optional<Enum> value_in(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace shikake::intel
