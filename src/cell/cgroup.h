// Control groups, version 1 and 2, whichever the machine has: what all processes of a cell may use together.
// https://docs.kernel.org/admin-guide/cgroup-v1/ and https://docs.kernel.org/admin-guide/cgroup-v2.html
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

struct GroupLimits {
  uint64_t processes = 0;
  uint64_t memory = 0;    // bytes, swap included
  double processors = 0;  // of time on them
};

class ControlGroup {
 public:
  enum class Version : uint8_t { none, v1, v2 };
  // Which version bounds what here; none: this user may not, or the machine has no such controller.
  struct Controllers {
    Version processes = Version::none;
    Version memory = Version::none;
    Version processors = Version::none;
  };

  // A new group with those limits as far as they are to be had: no controller is no error. Empty once its
  // processes are gone, it goes too: by the destructor, or, when the owner was killed, by a process that
  // outlives it for that alone.
  static ControlGroup make(const GroupLimits& limits);

  ControlGroup() = default;  // no group: nothing is bounded
  ControlGroup(ControlGroup&& other) noexcept;
  ControlGroup& operator=(ControlGroup&& other) noexcept;
  ~ControlGroup() { remove(); }

  const Controllers& controllers() const { return controllers_; }
  // Puts the calling process in. Its children are born there.
  Result<> join() const;
  bool killed_for_memory() const;
  bool refused_process() const;

 private:
  void add_v1(const GroupLimits& limits);
  void add_v2(const GroupLimits& limits);
  void start_janitor();
  void remove();

  Controllers controllers_;
  std::vector<std::string> folders_;  // that we made
  std::string memory_folder_;
  std::string processes_folder_;
  pid_t janitor_ = -1;
  base::UniqueFd janitor_leash_;  // its other end is closed when the owner is gone
};

}  // namespace shikake::cell
