// Bounds on what a process may use, and the small switches that keep it from growing powers.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

// setrlimit(2), soft and hard alike (CPU time a second apart), so that the process cannot raise them again. Unset: as inherited.
// Core files are always off: they would hold what the process was confined for.
struct Limits {
  std::optional<uint64_t> address_space = {};  // bytes, all mappings; counts reserved memory too
  std::optional<uint64_t> data = {};  // bytes that are its own and may be written (not what is only reserved)
  std::optional<uint64_t> cpu_seconds = {};  // of all threads; then SIGXCPU, which kills unless handled
  std::optional<uint64_t> open_files = {};   // one more than the highest descriptor
  std::optional<uint64_t> file_size = {};    // bytes; writing further raises SIGXFSZ
  std::optional<uint64_t> processes = {};    // of the user, not of this process; does not bind root
};

// Exit status of a child that could not be confined on this machine, and therefore did nothing.
inline constexpr int status_not_confined = 125;

// For the calling process and what it starts.
Result<> apply(const Limits& limits);

// No program that the process starts gains powers by set-user-id bits or file capabilities.
Result<> forbid_new_privileges();
// Others of the same user can neither trace the process nor read its memory; no core file. An exec
// resets it.
Result<> forbid_tracing();
// The calling process gets `signal` when the thread that started it ends. Set it after every change of
// user or namespace (the kernel forgets it then); gives ErrorCode::cancelled if `parent` is gone already.
Result<> die_with_parent(pid_t parent, int signal);

// Resident memory of a process in bytes; nothing when it is gone.
std::optional<uint64_t> resident_bytes(pid_t process);
// The same of what Limits::data counts (and of its stack).
std::optional<uint64_t> data_bytes(pid_t process);

// RLIMIT_RSS does nothing on Linux, so the parent watches: kills a child whose resident memory passes
// its bound. `child` must be an unreaped child of the caller for as long as the watch lives.
class ResidentWatch {
 public:
  // Often enough that a process that touches memory as fast as it can (a few GB a second) overshoots by
  // well under 100 MB.
  static constexpr std::chrono::milliseconds default_interval{10};

  static Result<ResidentWatch> start(pid_t child, uint64_t bound_bytes,
                                     std::chrono::milliseconds interval = default_interval);
  ResidentWatch(ResidentWatch&&) noexcept = default;
  ResidentWatch& operator=(ResidentWatch&&) noexcept = default;

  bool exceeded() const;        // it was killed for its memory
  uint64_t peak_bytes() const;  // the most that was seen
  void stop();

 private:
  struct Seen {
    std::atomic<bool> exceeded{false};
    std::atomic<uint64_t> peak{0};
  };
  ResidentWatch() = default;

  std::shared_ptr<Seen> seen_;
  std::jthread thread_;
};

}  // namespace shikake::cell
