#include "cell/forked.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "cell/seccomp.h"

namespace shikake::cell {
namespace {

void close_all_but(std::vector<int> keep) {
  keep.insert(keep.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  std::sort(keep.begin(), keep.end());
  unsigned next = 0;
  for (int fd : keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > next) close_range(next, kept - 1, 0);
    next = std::max(next, kept + 1);
  }
  close_range(next, ~0U, 0);
}

// In the child. Nothing here allocates before the descriptors are gone, but for the list of them.
Result<> confine(pid_t parent, const ForkedChild::Options& options, int channel,
                 const SeccompProgram& filter, uint64_t own_data) {
  SHIKAKE_TRY(die_with_parent(parent, SIGKILL));
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return fail_errno(Module::cell, "/dev/null can't be opened");
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (std::find(options.keep.begin(), options.keep.end(), standard) == options.keep.end())
      dup2(null, standard);
  std::vector<int> keep = options.keep;
  keep.push_back(channel);
  close_all_but(std::move(keep));
  SHIKAKE_TRY(forbid_tracing());
  Limits limits = options.limits;
  limits.file_size = 0;
  if (limits.data) *limits.data += own_data;
  SHIKAKE_TRY(apply(limits));
  return filter.install();
}

}  // namespace

Result<ForkedChild> ForkedChild::start(const Options& options, const Work& work) {
  SHIKAKE_ASSIGN(const SeccompProgram filter, SeccompPolicy::pure_computation().compile());
  SHIKAKE_ASSIGN(auto ends, base::FrameChannel::make_pair(options.max_frame_bytes));
  tzset();  // or the first date that the child prints would open /etc/localtime
  const pid_t parent = getpid();
  const uint64_t own_data = options.limits.data ? data_bytes(parent).value_or(0) : 0;
  const pid_t pid = fork();
  if (pid < 0) return fail_errno(Module::cell, "a confined child can't be started");
  if (pid == 0) {
    // _exit: what the parent has buffered and its static objects are the parent's to flush and to end.
    if (!confine(parent, options, ends.second.fd(), filter, own_data)) _exit(status_not_confined);
    _exit(work(ends.second));
  }
  base::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  ForkedChild child(pid, std::move(pidfd), std::move(ends.first));
  if (!child.pidfd_) return fail_errno(Module::cell, "a confined child can't be watched");
  return child;
}

ForkedChild::ForkedChild(ForkedChild&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)) {}

ForkedChild& ForkedChild::operator=(ForkedChild&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    channel_ = std::move(other.channel_);
  }
  return *this;
}

Result<base::WaitStatus> ForkedChild::wait(const base::Deadline& deadline) {
  if (!base::wait_for_fd(pidfd_.get(), POLLIN, deadline))
    return fail(Module::cell, ErrorCode::timeout, "a confined child is still running");
  int status = 0;
  pid_t reaped;
  do reaped = waitpid(pid_, &status, 0);
  while (reaped < 0 && errno == EINTR);
  if (reaped < 0) return fail_errno(Module::cell, "a confined child can't be waited for");
  pid_ = -1;
  using How = base::WaitStatus::How;
  if (WIFEXITED(status) && WEXITSTATUS(status) == status_not_confined)
    return fail(Module::cell, ErrorCode::unsupported,
                "a child process could not be confined on this machine (seccomp), so it read nothing");
  return WIFEXITED(status) ? base::WaitStatus{How::exited, WEXITSTATUS(status)}
                           : base::WaitStatus{How::killed, WTERMSIG(status)};
}

void ForkedChild::end() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
  pid_ = -1;
}

}  // namespace shikake::cell
