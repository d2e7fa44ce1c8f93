#include "honeyclient/low/page/worker.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/digest.h"
#include "base/frame.h"
#include "base/log.h"
#include "cell/limits.h"
#include "cell/seccomp.h"
#include "honeyclient/components/charset.h"
#include "honeyclient/components/table.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/zygote_protocol.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr int control_fd = 3;

Result<> confine(const cell::SeccompProgram& policy) {
  SHIKAKE_TRY(cell::apply({.cpu_seconds = limits::max_cpu_seconds, .file_size = 0}));
  rlimit data{limits::max_private_memory, limits::max_private_memory};
  if (setrlimit(RLIMIT_DATA, &data) != 0)
    return fail_errno(Module::honeyclient, "cannot bound a page's memory");
  return policy.install();
}

void start_cpu_timer() {
  struct sigaction action {};
  action.sa_handler = [](int) { on_cpu_tick(); };
  action.sa_flags = SA_RESTART;
  sigaction(SIGPROF, &action, nullptr);
  itimerval every{{0, 50'000}, {0, 50'000}};
  setitimer(ITIMER_PROF, &every, nullptr);
}

// In the forked child. Does not return.
[[noreturn]] void run_worker(int socket, Engine& engine, const cell::SeccompProgram& policy,
                             const Work& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, control_fd}) close(fd);
  signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  base::FrameChannel channel(base::UniqueFd(socket), limits::max_frame);
  auto frame = channel.receive(base::Deadline::never());
  if (!frame || frame->type != static_cast<uint8_t>(ToPage::start)) _exit(1);
  // Still the parent's own words (persona, seed); the document in it is not looked at before the filter.
  auto start = base::from_wire<Start>(frame->body);
  if (!start) _exit(1);
  engine.set_time_zone(start->persona.time_zone);
  start_cpu_timer();
  if (!confine(policy)) _exit(cell::status_not_confined);
  work(engine, std::move(channel), std::move(*start));
  _exit(0);
}

// The descriptor that came with the parent's byte; -1: the parent is gone, or it was a probe.
int receive_socket() {
  char byte;
  iovec piece{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = recvmsg(control_fd, &message, MSG_CMSG_CLOEXEC);
  if (size <= 0) _exit(0);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

void tell(const WorkerNotice& notice) {
  // One datagram: a notice is whole or not there. A parent that is gone ends us at the next poll.
  (void)!send(control_fd, &notice, sizeof notice, MSG_NOSIGNAL);
}

void reap() {
  int status;
  while (pid_t ended = waitpid(-1, &status, WNOHANG)) {
    if (ended < 0) return;
    tell({WorkerNotice::Kind::ended, ended, status});
  }
}

}  // namespace

int serve_workers(const Work& work) {
  // A worker may compute and talk over its socket; time zone files are read before.
  auto policy = cell::SeccompPolicy::pure_computation().compile();
  if (!policy) {
    base::log(base::LogLevel::error, policy.error().message());
    return 1;
  }
  components::table();  // and what else reads files is asked once before
  components::warm_charsets();
  base::sha256(std::string_view());  // OpenSSL reads its configuration when it is first used
  Engine engine;
  if (!engine.start()) {
    base::log(base::LogLevel::error, "the script engine does not start");
    return 1;
  }
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  int ended = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  tell({WorkerNotice::Kind::ready, getpid(), 0});
  pollfd fds[] = {{control_fd, POLLIN, 0}, {ended, POLLIN, 0}};
  for (;;) {
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents) {
      signalfd_siginfo ignored;
      while (read(ended, &ignored, sizeof ignored) > 0) {}
      reap();
    }
    if (!fds[0].revents) continue;
    int socket = receive_socket();
    if (socket < 0) continue;
    pid_t child = fork();
    if (child == 0) {
      close(ended);
      run_worker(socket, engine, *policy, work);
    }
    close(socket);
    tell({child > 0 ? WorkerNotice::Kind::started : WorkerNotice::Kind::failed, child, errno});
  }
}

}  // namespace shikake::honeyclient::low::page
