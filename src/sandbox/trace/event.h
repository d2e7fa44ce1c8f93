// What happens in a guest, as values: one kind of event whoever saw it (ptrace, or an emulator's plugin).
#pragma once

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/child.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "sandbox/trace/calls.h"
#include "sandbox/trace/ids.h"

namespace shikake::sandbox::trace {

// What an emulator runs in a process; nothing of it where the program is of the machine's own instruction set.
struct Emulated {
  std::string by;        // "arm", as in qemu-arm; "": no emulator
  bool started = false;  // the guest's first instruction has been reached: until then all calls are the emulator's
  uint32_t own_threads = 0;                       // that the emulator made for itself
  std::shared_ptr<const base::UniqueFd> program;  // the file that it runs
};

// A process of the run as the event source knows it. Lives until its last thread has ended.
struct Process {
  ProcessId id;
  ProcessId parent;         // 0: the run's first process
  Pid pid;                  // as the tracer sees it
  pid_t inner_pid = 0;      // as the process itself sees it (getpid)
  std::string executable;   // path inside the guest; " (deleted)" and "/memfd:name" as the kernel says
  uint32_t threads = 0;     // alive
  uint32_t executions = 0;  // execs so far
  Emulated emulated;
  base::TimePoint started;
};

// A program began: by an exec that succeeded.
struct Execution {
  std::string executable;              // path inside the guest, symbolic links resolved by the kernel
  std::string directory;               // working directory
  std::vector<std::string> arguments;  // from the new stack, before the program ran
  std::vector<std::string> environment;
  bool truncated = false;  // longer than max_execution_bytes
  bool is_32_bit = false;
};

// How long one exec's arguments and environment may be together; more is cut and says so.
inline constexpr size_t max_execution_bytes = 64 << 10;

struct Ending {
  base::WaitStatus status;
  base::TimePoint time;
};

// Why run() came back.
enum class RunEnd : uint8_t {
  all_gone,  // no process is left
  deadline,  // the time given passed; processes live on until killed
  stopped,   // stop() was asked for
  limit,     // more processes at once than max_live_threads
};
std::string_view name(RunEnd end);

}  // namespace shikake::sandbox::trace
