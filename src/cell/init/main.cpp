// The two programs of ours that are seen inside a cell, in one file that is linked statically, since the
// guest may have no libraries: process 1, which reaps what others leave behind, and the parent of a program
// that was started, which ends as its child does. Named like Debian's by whoever plants it (image.h).
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace {

// A signal that is blocked is neither lost nor able to end the one who has to stay.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

[[noreturn]] void reap_for_ever() {
  for (;;) {
    if (waitpid(-1, nullptr, 0) >= 0 || errno != ECHILD) continue;
    // Without children there is nothing to wait for but the next one's end.
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    siginfo_t about;
    sigwaitinfo(&child, &about);
  }
}

[[noreturn]] void end_as_child_does() {
  int status = 0;
  while (waitpid(-1, &status, 0) < 0) {
    if (errno != EINTR) _exit(127);
  }
  if (WIFSIGNALED(status)) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t nothing;
    sigemptyset(&nothing);
    sigprocmask(SIG_SETMASK, &nothing, nullptr);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

int main() {
  block_signals();
  // Not to be traced or read by programs of the same user, who may be the only one there is.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (getpid() == 1) {
    // The name that ps(1) and /proc/1/comm show; it would be "init" after the link that was executed.
    prctl(PR_SET_NAME, "systemd");
    reap_for_ever();
  }
  end_as_child_does();
}
