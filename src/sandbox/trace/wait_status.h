// What waitpid(2) says about a traced thread, read once and by name.
#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <csignal>

namespace shikake::sandbox::trace {

class WaitStatus {
 public:
  enum class Kind {
    exited,      // value(): exit status
    killed,      // value(): signal
    call_entry,  // a traced call is about to run (seccomp)
    syscall,     // entry or return of a call, when resumed that way
    fork,        // fork, vfork or clone made a task
    exec,
    exit,        // about to end; memory and descriptors are still there
    stop,        // first stop of a new task, an interrupt, or the end of a group stop
    group_stop,  // value(): the stopping signal; it waits for SIGCONT
    signal,      // value(): about to be delivered
  };

  explicit WaitStatus(int status) : status_(status), kind_(classify(status)) {}

  Kind kind() const { return kind_; }
  bool ended() const { return kind_ == Kind::exited || kind_ == Kind::killed; }
  int event() const { return static_cast<int>(static_cast<unsigned>(status_) >> 16); }
  int value() const {
    if (WIFEXITED(status_)) return WEXITSTATUS(status_);
    if (WIFSIGNALED(status_)) return WTERMSIG(status_);
    return WSTOPSIG(status_);
  }
  int raw() const { return status_; }

 private:
  static Kind classify(int status) {
    if (WIFEXITED(status)) return Kind::exited;
    if (WIFSIGNALED(status)) return Kind::killed;
    const int event = static_cast<int>(static_cast<unsigned>(status) >> 16);
    switch (event) {
      case PTRACE_EVENT_SECCOMP:
        return Kind::call_entry;
      case PTRACE_EVENT_FORK:
      case PTRACE_EVENT_VFORK:
      case PTRACE_EVENT_CLONE:
        return Kind::fork;
      case PTRACE_EVENT_EXEC:
        return Kind::exec;
      case PTRACE_EVENT_EXIT:
        return Kind::exit;
      case PTRACE_EVENT_STOP:
        return WSTOPSIG(status) == SIGTRAP ? Kind::stop : Kind::group_stop;
      default:
        return WSTOPSIG(status) == (SIGTRAP | 0x80) ? Kind::syscall : Kind::signal;
    }
  }

  int status_;
  Kind kind_;
};

}  // namespace shikake::sandbox::trace
