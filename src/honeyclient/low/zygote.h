// The warm process that forks page workers: fork to first script takes 1 to 2 ms, a start from nothing 20.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "base/zygote.h"

namespace shikake::honeyclient::low {

// A worker's exit status when its memory is spent and it can't go on.
inline constexpr int memory_spent_status = 77;

// Without a path, shikake-page is looked for beside the running program. Call from a thread that lives as
// long (base/child.h).
Result<base::Zygote> start_page_zygote(const std::optional<std::filesystem::path>& program = std::nullopt);

}  // namespace shikake::honeyclient::low
