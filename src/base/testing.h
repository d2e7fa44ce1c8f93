// For tests and benchmarks only: where real data lies, if it is on this machine at all. It is optional: tests
// that want it are skipped where it is absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace shikake::base {

// shared_data("wpt/urltestdata.json"): its path below $SHIKAKE_SHARED/data or, without that variable,
// below ../shared/data beside the source tree. Nothing where it is absent: skip, visibly.
inline std::optional<std::filesystem::path> shared_data(std::string_view relative) {
  const char* set = std::getenv("SHIKAKE_SHARED");
  std::filesystem::path root = set ? std::filesystem::path(set)
                                   : std::filesystem::path(SHIKAKE_SOURCE_DIR) / ".." / "shared";
  std::filesystem::path path = root / "data" / relative;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  return path;
}

}  // namespace shikake::base

#define SHIKAKE_NEED_SHARED_DATA(variable, relative)                                  \
  auto variable = ::shikake::base::shared_data(relative);                             \
  if (!variable) GTEST_SKIP() << "optional test data: no " << (relative) << " in ../shared/data"
