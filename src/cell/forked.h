// A piece of our own work on hostile bytes, done in a forked child that shares what we have in memory (copied
// when written) and can do nothing but compute, read the descriptors it is left, and answer in frames.
//
//   auto child = ForkedChild::start({.keep = {log_fd}, .max_frame_bytes = 1 << 20},
//                                   [&](base::FrameChannel& to_parent) { …; return 0; });
//   while (auto frame = child->channel().receive(…)) …
//
// Where the work needs a memory of its own, start an executable instead (reader.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/child.h"
#include "base/deadline.h"
#include "base/frame.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cell/limits.h"

namespace shikake::cell {

class ForkedChild {
 public:
  struct Options {
    std::vector<int> keep;         // descriptors that the child may use; all others are closed there
    uint32_t max_frame_bytes = 0;  // in both directions
    // What it may use: `data` beside what it shares with us at its start. Hostile bytes unpack to any size.
    Limits limits = {};
  };
  // Its exit status. Runs behind the filter: what a library would load or open late must be warmed up before.
  using Work = std::function<int(base::FrameChannel&)>;

  // The child dies with the thread that started it. Its stdin, stdout and stderr are /dev/null: hostile bytes
  // must not reach a terminal through a child that they took over.
  static Result<ForkedChild> start(const Options& options, const Work& work);

  ForkedChild(ForkedChild&& other) noexcept;
  ForkedChild& operator=(ForkedChild&& other) noexcept;
  ~ForkedChild() { end(); }  // kills and reaps

  base::FrameChannel& channel() { return channel_; }
  pid_t pid() const { return pid_; }
  Result<base::WaitStatus> wait(const base::Deadline& deadline);  // once; `timeout` leaves it running

 private:
  ForkedChild(pid_t pid, base::UniqueFd pidfd, base::FrameChannel channel)
      : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}
  void end();

  pid_t pid_ = -1;
  base::UniqueFd pidfd_;
  base::FrameChannel channel_;
};

}  // namespace shikake::cell
