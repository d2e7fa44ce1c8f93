// A warm program that forks: its libraries are loaded and its tables made once, so that the process for the
// next job stands after a millisecond or two instead of an exec's and the dynamic linker's ten.
//
//   SHIKAKE_ASSIGN(Zygote zygote, Zygote::start(options));       // a program that calls serve_forks()
//   SHIKAKE_ASSIGN(Zygote::Forked forked, zygote.fork(max_frame));   // as many as wanted
//
// Nothing hostile may reach the warm process: what it holds, every later child holds. Its children share its
// address layout.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "base/child.h"
#include "base/frame.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::base {

struct ZygoteState;

class ZygoteChild {
 public:
  ZygoteChild(ZygoteChild&&) noexcept = default;
  ZygoteChild& operator=(ZygoteChild&&) = delete;
  ~ZygoteChild();  // kills it

  pid_t pid() const { return pid_; }
  void end() const;  // SIGKILL; the zygote reaps it
  // How it ended; nothing while it runs.
  std::optional<WaitStatus> ended() const;
  // Errors: timeout; unavailable, when the zygote is gone (its children are then, too).
  Result<WaitStatus> wait(const Deadline& deadline) const;

 private:
  friend class Zygote;
  ZygoteChild(pid_t pid, UniqueFd pidfd, std::shared_ptr<ZygoteState> zygote)
      : pid_(pid), pidfd_(std::move(pidfd)), zygote_(std::move(zygote)) {}

  pid_t pid_;
  UniqueFd pidfd_;  // a signal never reaches a stranger who got the number later
  std::shared_ptr<ZygoteState> zygote_;
};

class Zygote {
 public:
  // Waits until it is warm. Its descriptor 3 is taken. Call from a thread that lives as long (child.h).
  // Errors: Child::start()'s; unavailable, when it ends before it is warm.
  static Result<Zygote> start(ChildOptions options);

  struct Forked {
    FrameChannel channel;  // the child ends when it closes
    ZygoteChild child;
  };
  // A child, and a channel to it whose frames are at most so large. Errors: unavailable, when the zygote is
  // gone: start another; limit, when the system lets it have no process.
  Result<Forked> fork(uint32_t max_frame);

  // Readable when a child has ended.
  int fd() const;

 private:
  explicit Zygote(std::shared_ptr<ZygoteState> state) : state_(std::move(state)) {}

  std::shared_ptr<ZygoteState> state_;
};

// The other side, in the warm program: forks a child for each call of fork() and runs `work` there with the
// stream socket to whom asked. The child ignores SIGPIPE, dies with the zygote, and exits with what `work`
// returns, without the libraries' farewells. Returns (an exit status) in the zygote alone, when its parent
// has gone.
int serve_forks(const std::function<int(UniqueFd socket)>& work);

}  // namespace shikake::base
