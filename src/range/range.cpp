#include "range/range.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "cell/namespaces.h"
#include "range/inside.h"

namespace shikake::range {
namespace {

// Blocks the signals that are passed on, for as long as it lives, and reads them instead.
class SignalsToPassOn {
 public:
  static Result<SignalsToPassOn> take() {
    SignalsToPassOn taken;
    sigset_t wanted;
    sigemptyset(&wanted);
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&wanted, number);
    pthread_sigmask(SIG_BLOCK, &wanted, &taken.before_);
    taken.file_ = base::UniqueFd(signalfd(-1, &wanted, SFD_CLOEXEC));
    if (!taken.file_) return fail_errno(Module::range, "signals cannot be read");
    return taken;
  }
  SignalsToPassOn(SignalsToPassOn&&) = default;
  ~SignalsToPassOn() {
    if (file_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  int descriptor() const { return file_.get(); }

  // 0 for one that the command has got already: a terminal's Ctrl-C goes to every process of the
  // foreground group, and comes from the kernel.
  int next() const {
    signalfd_siginfo info{};
    if (read(file_.get(), &info, sizeof info) != sizeof info || info.ssi_code == SI_KERNEL) return 0;
    return static_cast<int>(info.ssi_signo);
  }

 private:
  SignalsToPassOn() = default;
  base::UniqueFd file_;
  sigset_t before_{};
};

// Until the inside says how the command ended.
Result<int> attend(const base::UniqueFd& channel) {
  SHIKAKE_ASSIGN(auto signals, SignalsToPassOn::take());
  for (;;) {
    std::array<pollfd, 2> ready = {{{channel.get(), POLLIN, 0}, {signals.descriptor(), POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return fail_errno(Module::range, "the range cannot be attended");
    }
    if (ready[1].revents & POLLIN) {
      int number = signals.next();
      if (number != 0) (void)!send(channel.get(), &number, sizeof number, MSG_NOSIGNAL);
    }
    if (!(ready[0].revents & (POLLIN | POLLHUP))) continue;
    Outcome outcome{};
    ssize_t size = recv(channel.get(), &outcome, sizeof outcome, 0);
    if (size != sizeof outcome) {
      return fail(Module::range, ErrorCode::unavailable, "the range died, and the command with it");
    }
    if (!outcome.failed) return outcome.status;
    return fail(Error{outcome.module, outcome.code, outcome.what.data(), {}, {}, {}, outcome.status});
  }
}

Result<int> run_in(const cell::NamespacePlan& plan, const Scenario& scenario,
                   const std::vector<std::string>& command, AccessLog& log) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno(Module::range, "no socket into the range");
  }
  base::UniqueFd ours(ends[0]);
  base::UniqueFd theirs(ends[1]);
  SHIKAKE_ASSIGN(auto contained, cell::spawn(plan, [&] {
                   ours.reset();
                   return inside(scenario, command, log, theirs);
                 }));
  theirs.reset();
  return attend(ours);
}

}  // namespace

Result<int> run(const Scenario& scenario, const std::vector<std::string>& command,
                const RunOptions& options) {
  if (command.empty()) return fail(Module::range, ErrorCode::invalid_usage, "no command to run in the range");
  AccessLog log;
  if (options.log) {
    SHIKAKE_ASSIGN(log, AccessLog::open(*options.log));
  }
  // A user namespace keeps even root's command from the machine's network. Where there is none to be had
  // (a chroot, a kernel without), root can do without; an ordinary user cannot.
  cell::NamespacePlan plan{.user = true, .mount = true, .network = true, .pid = true};
  auto status = run_in(plan, scenario, command, log);
  if (!status && status.error().code == ErrorCode::unsupported && geteuid() == 0) {
    plan.user = false;
    return run_in(plan, scenario, command, log);
  }
  return status;
}

}  // namespace shikake::range
