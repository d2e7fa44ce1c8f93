#include "base/zygote.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/fd_passing.h"
#include "base/zygote_protocol.h"

namespace shikake::base {
namespace {

// Tens of milliseconds; on a machine that swaps, seconds.
constexpr auto max_start_time = std::chrono::seconds(30);

bool send_socket(int control, int socket) {
  const char byte = 0;
  return send_with_fds(control, {&byte, 1}, {&socket, 1}) == 1;
}

}  // namespace

struct ZygoteState {
  Child process;
  UniqueFd control;
  // Those that somebody still asks about.
  std::map<pid_t, std::optional<WaitStatus>> children = {};
  std::optional<pid_t> started = {};
  bool failed = false, ready = false, gone = false;

  ZygoteState(Child its_process, UniqueFd its_control)
      : process(std::move(its_process)), control(std::move(its_control)) {}
  void take(const ChildNotice& notice);
  void take_notices();
  // False when the time is up.
  bool wait(const Deadline& deadline) { return wait_for_fd(control.get(), POLLIN, deadline); }
};

void ZygoteState::take(const ChildNotice& notice) {
  switch (notice.kind) {
    case ChildNotice::Kind::ready:
      ready = true;
      return;
    case ChildNotice::Kind::started:
      started = notice.pid;
      children[notice.pid].reset();
      return;
    case ChildNotice::Kind::failed:
      failed = true;
      return;
    case ChildNotice::Kind::ended: {
      auto child = children.find(notice.pid);
      if (child == children.end()) return;
      using How = WaitStatus::How;
      child->second = WIFEXITED(notice.status) ? WaitStatus{How::exited, WEXITSTATUS(notice.status)}
                                               : WaitStatus{How::killed, WTERMSIG(notice.status)};
      return;
    }
  }
}

void ZygoteState::take_notices() {
  ChildNotice notice;
  for (;;) {
    ssize_t size = ::recv(control.get(), &notice, sizeof notice, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size == 0 || (size < 0 && errno != EAGAIN)) gone = true;
    if (size != sizeof notice) return;
    take(notice);
  }
}

ZygoteChild::~ZygoteChild() {
  if (!zygote_) return;  // moved from
  end();
  zygote_->children.erase(pid_);
}

void ZygoteChild::end() const {
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

std::optional<WaitStatus> ZygoteChild::ended() const {
  zygote_->take_notices();
  return zygote_->children[pid_];
}

Result<WaitStatus> ZygoteChild::wait(const Deadline& deadline) const {
  for (;;) {
    if (auto status = ended()) return *status;
    if (zygote_->gone)
      return fail(Module::base, ErrorCode::unavailable, "the process that started it has ended");
    if (!zygote_->wait(deadline)) return fail(Module::base, ErrorCode::timeout, "it has not ended in time");
  }
}

Result<Zygote> Zygote::start(ChildOptions options) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(Module::base, "cannot make a socket for a process");
  UniqueFd ours(ends[0]), theirs(ends[1]);
  options.fds.push_back({theirs.get(), zygote_control_fd});
  // Symbols are looked up once, in the warm process, and not by each child in pages of its own.
  if (!options.environment) {
    options.environment.emplace();
    for (char** entry = environ; *entry; ++entry) options.environment->emplace_back(*entry);
  }
  options.environment->emplace_back("LD_BIND_NOW=1");
  SHIKAKE_ASSIGN(Child child, Child::start(options));
  theirs.reset();
  auto state = std::make_shared<ZygoteState>(std::move(child), std::move(ours));
  auto deadline = Deadline::after(max_start_time);
  while (!state->ready && !state->gone && state->wait(deadline)) state->take_notices();
  if (!state->ready)
    return fail(Module::base, ErrorCode::unavailable,
                fmt::format("{} ended, or took too long, before it was ready", options.path.string()));
  return Zygote(std::move(state));
}

Result<Zygote::Forked> Zygote::fork(uint32_t max_frame) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(Module::base, "cannot make a socket for a process");
  UniqueFd ours(ends[0]), theirs(ends[1]);
  state_->take_notices();
  state_->started.reset();
  state_->failed = false;
  if (!send_socket(state_->control.get(), theirs.get())) state_->gone = true;
  theirs.reset();
  auto deadline = Deadline::after(max_start_time);
  while (!state_->started && !state_->failed && !state_->gone && state_->wait(deadline))
    state_->take_notices();
  if (state_->failed)
    return fail(Module::base, ErrorCode::limit, "no further process: the system's limit is reached");
  if (!state_->started)
    return fail(Module::base, ErrorCode::unavailable, "the process that forks others has ended");
  pid_t pid = *state_->started;
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return Forked{FrameChannel(std::move(ours), max_frame), ZygoteChild(pid, std::move(pidfd), state_)};
}

int Zygote::fd() const {
  return state_->control.get();
}

}  // namespace shikake::base
