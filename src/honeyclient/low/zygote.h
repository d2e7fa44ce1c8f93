// The warm process that forks page workers: fork to first script takes 1 to 2 ms, a start from nothing 15.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>

#include "base/child.h"
#include "base/frame.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::honeyclient::low {

class Zygote {
 public:
  // Without a path, shikake-page is looked for beside the running program. Call from a thread that lives
  // as long (child.h).
  static Result<Zygote> start(const std::optional<std::filesystem::path>& program = std::nullopt);

  struct Worker {
    base::FrameChannel channel;
    pid_t pid;
    base::UniqueFd process;  // a pidfd: a signal never reaches a stranger who got the number later

    void kill() const;
  };
  // Errors: unavailable, when the process is gone: start another.
  Result<Worker> spawn();

  // How a worker ended; nothing while it runs.
  std::optional<base::WaitStatus> ended(pid_t pid);
  // Waits for it, at most so long.
  std::optional<base::WaitStatus> wait_ended(pid_t pid, const base::Deadline& deadline);
  int fd() const { return control_.get(); }  // readable when a worker has ended

 private:
  Zygote(base::Child child, base::UniqueFd control)
      : child_(std::move(child)), control_(std::move(control)) {}
  void take_notices();

  base::Child child_;
  base::UniqueFd control_;
  std::map<pid_t, base::WaitStatus> ended_;
  std::optional<pid_t> started_;
  bool failed_ = false, ready_ = false, gone_ = false;
};

}  // namespace shikake::honeyclient::low
