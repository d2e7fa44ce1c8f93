// What shikake-page's first process tells its parent about the workers that it forks.
#pragma once

#include <cstdint>
#include <type_traits>

namespace shikake::honeyclient::low {

// A worker's exit status when its memory is spent and it can't go on.
inline constexpr int memory_spent_status = 77;

// A datagram each; both ends are of one build and one machine.
struct WorkerNotice {
  enum class Kind : int32_t { ready, started, failed, ended };
  Kind kind = Kind::ready;
  int32_t pid = 0;
  int32_t status = 0;  // ended: as waitpid gives it; failed: errno
};
static_assert(std::is_trivially_copyable_v<WorkerNotice>);

}  // namespace shikake::honeyclient::low
