#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/fd_passing.h"
#include "base/zygote.h"
#include "base/zygote_protocol.h"

namespace shikake::base {
namespace {

void tell(const ChildNotice& notice) {
  // One datagram: a notice is whole or not there. A parent that is gone ends us at the next poll.
  (void)!::send(zygote_control_fd, &notice, sizeof notice, MSG_NOSIGNAL);
}

void reap(int signals) {
  signalfd_siginfo ignored;
  while (::read(signals, &ignored, sizeof ignored) > 0) {}
  int status;
  for (pid_t ended; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
    tell({ChildNotice::Kind::ended, ended, status});
}

[[noreturn]] void run_child(UniqueFd socket, pid_t parent, const std::function<int(UniqueFd)>& work) {
  // The parent may have gone before the call: then no signal would ever come.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(1);
  ::close(zygote_control_fd);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::_exit(work(std::move(socket)));
}

}  // namespace

int serve_forks(const std::function<int(UniqueFd socket)>& work) {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  UniqueFd signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return 1;
  // What was freed while it got warm is put together here once, not by each child in pages of its own.
  ::malloc_trim(0);
  const pid_t own = ::getpid();
  tell({ChildNotice::Kind::ready, own, 0});
  pollfd fds[] = {{zygote_control_fd, POLLIN, 0}, {signals.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents) reap(signals.get());
    if (!fds[0].revents) continue;
    char byte;
    ReceivedWithFds asked = receive_with_fds(zygote_control_fd, {&byte, 1});
    if (asked.size <= 0) return 0;  // who could ask is not there any more
    if (asked.fds.empty()) continue;
    const pid_t child = ::fork();
    if (child == 0) {
      signals.reset();
      run_child(std::move(asked.fds.front()), own, work);
    }
    tell({child > 0 ? ChildNotice::Kind::started : ChildNotice::Kind::failed, child, errno});
  }
}

}  // namespace shikake::base
