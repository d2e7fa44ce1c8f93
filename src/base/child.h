// A child process that cannot outlive us, and its end as a typed value.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::base {

struct FdMapping {
  int ours;    // stays ours to close
  int theirs;  // the number that the child sees
};

struct ChildOptions {
  std::filesystem::path path;                           // not searched for
  std::vector<std::string> arguments;                   // after argv[0], which is the path
  std::optional<std::vector<std::string>> environment;  // NAME=value; without it, ours
  // What the child gets besides; every other descriptor is closed there. Its stdin and stdout are
  // /dev/null unless mapped: our stdout carries a command's result and nobody else's bytes.
  std::vector<FdMapping> fds;
  bool inherit_stderr = true;  // false (hostile bytes could write to a person's terminal): /dev/null
};

// How a process ended.
struct WaitStatus {
  enum class How { exited, killed };
  How how = How::exited;
  int value = 0;  // exit status, or signal number

  bool success() const { return how == How::exited && value == 0; }
  std::string describe() const;  // "exited with status 3", "was killed by signal 9 (Killed)"
  bool operator==(const WaitStatus&) const = default;
};

class Child {
 public:
  // The child dies with the *thread* that started it (PR_SET_PDEATHSIG is per thread): start
  // long-lived children from a thread that lives as long. A failed exec is an error here (system_errno
  // says why), not a child that exits: the child reports it through a pipe that a successful exec closes.
  static Result<Child> start(const ChildOptions& options);

  Child(Child&&) noexcept = default;
  Child& operator=(Child&& other) noexcept;
  ~Child() { end(); }  // kills and reaps

  pid_t pid() const { return pid_; }
  // Readable (poll) once the child has ended.
  int pidfd() const { return pidfd_.get(); }

  // Reaps; `timeout` when the deadline comes first. Once reaped, gives the same status again.
  Result<WaitStatus> wait(const Deadline& deadline);
  void send_signal(int signal) const;  // nothing if it has ended
  void end();                          // SIGKILL and reap

 private:
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  std::optional<WaitStatus> status_;
};

// The path of one of our other executables, looked for beside the running one, then in
// ../libexec/shikake, then in the build tree's root that the running one lies in.
Result<std::filesystem::path> find_sibling_executable(std::string_view name);

}  // namespace shikake::base
