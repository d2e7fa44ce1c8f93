// What /proc tells about a task, see proc_pid_status(5) and proc_pid_stat(5).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace shikake::sandbox::trace {

struct TaskStatus {
  pid_t process = 0;  // Tgid
  pid_t parent = 0;   // PPid
  pid_t inner = 0;    // the process' number in its innermost pid namespace
  std::string name;   // as it calls itself; 15 bytes at most
};
std::optional<TaskStatus> task_status(pid_t task);

inline std::optional<pid_t> inner_pid(pid_t process) {
  const auto status = task_status(process);
  return status ? std::optional(status->inner) : std::nullopt;
}

// 'R' running, 'S' sleeping, 'D' in a wait that nothing interrupts, 't' traced stop …; nothing: gone.
std::optional<char> task_state(pid_t process, pid_t task);

}  // namespace shikake::sandbox::trace
