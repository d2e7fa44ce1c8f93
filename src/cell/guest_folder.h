// Where a built profile lies, for those who build and open it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace shikake::cell {

inline constexpr const char* guest_stamp = "guest.toml";
inline constexpr const char* guest_root = "root";
inline constexpr int64_t guest_format = 1;  // of the stamp and of the layout

inline std::filesystem::path guest_folder(const std::filesystem::path& home, std::string_view name) {
  return home / "guests" / name;
}

}  // namespace shikake::cell
