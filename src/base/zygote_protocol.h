// What a zygote tells its parent about the children that it forks. The parent sends one byte with the socket of a
// new child (SCM_RIGHTS).
#pragma once

#include <cstdint>
#include <type_traits>

namespace shikake::base {

constexpr int zygote_control_fd = 3;

// A datagram each; both ends are of one build and one machine.
struct ChildNotice {
  enum class Kind : int32_t { ready, started, failed, ended };
  Kind kind = Kind::ready;
  int32_t pid = 0;
  int32_t status = 0;  // ended: as waitpid gives it; failed: errno
};
static_assert(std::is_trivially_copyable_v<ChildNotice>);

}  // namespace shikake::base
