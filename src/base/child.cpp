#include "base/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/check.h"

namespace shikake::base {
namespace {

// Everything that the child needs, made before fork: afterwards only async-signal-safe calls may run.
struct Prepared {
  std::string path;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<FdMapping> fds;
  int first_free = 0;  // above every descriptor number that the child is to see
  pid_t parent = 0;
};

// The pipe's message: which step failed, and errno.
struct StartFailure {
  int step = 0;
  int error = 0;
};
constexpr std::array<const char*, 3> step_names = {"could not arrange the descriptors of",
                                                   "could not confine", "could not execute"};
enum Step : int { arrange_fds, set_death_signal, execute };

[[noreturn]] void report_and_exit(int report, int step) {
  StartFailure failure{step, errno};
  ssize_t ignored = ::write(report, &failure, sizeof failure);
  static_cast<void>(ignored);  // the parent then sees a child that ended
  ::_exit(127);
}

[[noreturn]] void run_child(Prepared& prepared, int report) {
  // Sources go above all targets first, so that no dup2 overwrites one that is still to be used.
  report = ::fcntl(report, F_DUPFD_CLOEXEC, prepared.first_free);
  for (FdMapping& mapping : prepared.fds) {
    mapping.ours = ::fcntl(mapping.ours, F_DUPFD_CLOEXEC, prepared.first_free);
    if (mapping.ours < 0) report_and_exit(report, arrange_fds);
  }
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) report_and_exit(report, arrange_fds);
  for (const FdMapping& mapping : prepared.fds) {
    if (::dup2(mapping.ours, mapping.theirs) < 0) report_and_exit(report, arrange_fds);
  }
  // The parent may have died before the call: then no signal would ever come.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != prepared.parent)
    report_and_exit(report, set_death_signal);
  // Ignored signals and the mask survive exec; the child starts with neither.
  ::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(prepared.path.c_str(), prepared.argv.data(), prepared.envp.data());
  report_and_exit(report, execute);
}

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

bool maps_to(const std::vector<FdMapping>& fds, int theirs) {
  return std::any_of(fds.begin(), fds.end(), [&](const FdMapping& m) { return m.theirs == theirs; });
}

WaitStatus to_status(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? WaitStatus{WaitStatus::How::exited, info.si_status}
                                    : WaitStatus{WaitStatus::How::killed, info.si_status};
}

}  // namespace

std::string WaitStatus::describe() const {
  if (how == How::exited) return fmt::format("exited with status {}", value);
  return fmt::format("was killed by signal {} ({})", value, ::strsignal(value));
}

Result<Child> Child::start(const ChildOptions& options) {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail_errno(Module::base, "could not open /dev/null");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Module::base, "could not make a pipe");
  UniqueFd report_read(ends[0]), report_write(ends[1]);

  Prepared prepared;
  prepared.path = options.path.string();
  std::vector<std::string> arguments = {prepared.path};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  prepared.argv = c_strings(arguments);
  if (options.environment)
    prepared.envp = c_strings(*options.environment);
  else
    for (char** entry = environ;; ++entry) {
      prepared.envp.push_back(*entry);
      if (!*entry) break;
    }
  prepared.fds = options.fds;
  for (int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    bool inherit = standard == STDERR_FILENO && options.inherit_stderr;
    if (!inherit && !maps_to(options.fds, standard)) prepared.fds.push_back({null.get(), standard});
  }
  prepared.first_free = STDERR_FILENO + 1;
  for (const FdMapping& mapping : prepared.fds)
    prepared.first_free = std::max(prepared.first_free, mapping.theirs + 1);
  prepared.parent = ::getpid();

  pid_t pid = ::fork();
  if (pid < 0) return fail_errno(Module::base, "could not make a process");
  if (pid == 0) run_child(prepared, report_write.get());
  report_write.reset();

  // Nobody else reaps our child, so its number cannot have been given away yet.
  Child child(pid, UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  if (!child.pidfd_) return fail_errno(Module::base, "could not watch a process that was just made");
  StartFailure failure;
  ssize_t got;
  do got = ::read(report_read.get(), &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  if (got == sizeof failure) {
    SHIKAKE_CHECK(failure.step >= 0 && failure.step < static_cast<int>(step_names.size()));
    Error error{Module::base, failure.error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                fmt::format("{} a new process", step_names[static_cast<size_t>(failure.step)]),
                prepared.path};
    error.system_errno = failure.error;
    return fail(std::move(error));
  }
  return child;
}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = other.pid_;
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
  }
  return *this;
}

Result<WaitStatus> Child::wait(const Deadline& deadline) {
  if (status_) return *status_;
  SHIKAKE_CHECK(pidfd_);  // not moved from
  if (!wait_for_fd(pidfd_.get(), POLLIN, deadline))
    return fail(Module::base, ErrorCode::timeout, fmt::format("process {} has not ended in time", pid_));
  siginfo_t info{};
  int waited;
  do waited = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED);
  while (waited != 0 && errno == EINTR);
  if (waited != 0) return fail_errno(Module::base, fmt::format("could not wait for process {}", pid_));
  status_ = to_status(info);
  return *status_;
}

void Child::send_signal(int signal) const {
  if (pidfd_ && !status_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

void Child::end() {
  if (!pidfd_ || status_) return;
  send_signal(SIGKILL);
  static_cast<void>(wait(Deadline::never()));
}

Result<std::filesystem::path> find_sibling_executable(std::string_view name) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error)
    return fail(Module::base, ErrorCode::unavailable,
                "/proc is not mounted, so our own programs can't be found");
  auto runs = [](const fs::path& path) {
    return ::access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path);
  };
  std::vector<fs::path> candidates = {folder / name, folder.parent_path() / "libexec" / "shikake" / name};
  constexpr int deepest = 4;  // build/<preset>/src/<module>/<module>_test has its root two folders up
  fs::path root = folder;
  for (int depth = 0; depth < deepest; ++depth, root = root.parent_path()) {
    if (fs::exists(root / "CMakeCache.txt", error)) candidates.push_back(root / name);
  }
  for (const fs::path& candidate : candidates) {
    if (runs(candidate)) return candidate;
  }
  Error missing{Module::base, ErrorCode::not_found,
                fmt::format("the program {} is missing; build or install Shikake again", name)};
  return fail(std::move(missing).in(folder.string()));
}

}  // namespace shikake::base
