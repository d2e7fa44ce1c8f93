#include "honeyclient/low/zygote.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/zygote_protocol.h"

namespace shikake::honeyclient::low {

namespace {

// The engine takes 15 ms to come up; a loaded machine more.
constexpr auto max_start_time = std::chrono::milliseconds(10'000);

auto gone() {
  return fail(Module::honeyclient, ErrorCode::unavailable,
              "the page process has ended; the next visit starts another");
}

}  // namespace

void Zygote::Worker::kill() const {
  syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

Result<Zygote> Zygote::start(const std::optional<std::filesystem::path>& program) {
  std::filesystem::path path;
  if (program) {
    path = *program;
  } else {
    SHIKAKE_ASSIGN(path, base::find_sibling_executable("shikake-page"));
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(Module::honeyclient, "cannot make a socket for the page process");
  base::UniqueFd ours(ends[0]), theirs(ends[1]);
  base::ChildOptions options;
  options.path = path;
  options.fds = {{theirs.get(), 3}};
  options.inherit_stderr = false;  // hostile bytes that took a worker over could write to a terminal
  SHIKAKE_ASSIGN(base::Child child, base::Child::start(options));
  Zygote zygote(std::move(child), std::move(ours));
  theirs.reset();
  auto deadline = base::Deadline::after(max_start_time);
  while (!zygote.ready_ && !zygote.gone_ && base::wait_for_fd(zygote.fd(), POLLIN, deadline))
    zygote.take_notices();
  if (!zygote.ready_)
    return fail(Module::honeyclient, ErrorCode::unavailable,
                "shikake-page does not start: the script engine failed");
  return zygote;
}

void Zygote::take_notices() {
  WorkerNotice notice;
  for (;;) {
    ssize_t size = recv(control_.get(), &notice, sizeof notice, MSG_DONTWAIT);
    if (size == 0) gone_ = true;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != EAGAIN) gone_ = true;
    if (size != sizeof notice) return;
    switch (notice.kind) {
      case WorkerNotice::Kind::ready:
        ready_ = true;
        break;
      case WorkerNotice::Kind::started:
        started_ = notice.pid;
        break;
      case WorkerNotice::Kind::failed:
        failed_ = true;
        break;
      case WorkerNotice::Kind::ended: {
        bool exited = WIFEXITED(notice.status);
        using How = base::WaitStatus::How;
        ended_[notice.pid] = {exited ? How::exited : How::killed,
                              exited ? WEXITSTATUS(notice.status) : WTERMSIG(notice.status)};
        break;
      }
    }
  }
}

Result<Zygote::Worker> Zygote::spawn() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(Module::honeyclient, "cannot make a socket for a page worker");
  base::UniqueFd ours(ends[0]), theirs(ends[1]);
  char byte = 0;
  iovec piece{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  int fd = theirs.get();
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  take_notices();
  started_.reset();
  failed_ = false;
  if (sendmsg(control_.get(), &message, MSG_NOSIGNAL) != 1) return gone();
  theirs.reset();
  auto deadline = base::Deadline::after(max_start_time);
  while (!started_ && !failed_ && !gone_ && base::wait_for_fd(control_.get(), POLLIN, deadline))
    take_notices();
  if (failed_)
    return fail(Module::honeyclient, ErrorCode::limit,
                "no process for another page: the system's limit is reached");
  if (!started_) return gone();
  base::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, *started_, 0)));
  return Worker{base::FrameChannel(std::move(ours), limits::max_frame), *started_, std::move(process)};
}

std::optional<base::WaitStatus> Zygote::ended(pid_t pid) {
  take_notices();
  auto found = ended_.find(pid);
  if (found == ended_.end()) return std::nullopt;
  return found->second;
}

std::optional<base::WaitStatus> Zygote::wait_ended(pid_t pid, const base::Deadline& deadline) {
  for (;;) {
    if (auto status = ended(pid)) return status;
    if (gone_ || !base::wait_for_fd(control_.get(), POLLIN, deadline)) return std::nullopt;
  }
}

}  // namespace shikake::honeyclient::low
