// How a program comes into a cell: three forks.
//
//   owner ─ waiter's host        outside of the cell's pid namespace; ends as the next one does, so that the
//   owner
//            │                   can wait for it, and takes it along when the owner dies
//            └─ waiter           inside: what the program sees as its parent (init/main.cpp)
//                └─ program
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "cell/channel.h"
#include "cell/image.h"
#include "cell/powers.h"
#include "cell/refusals.h"
#include "cell/report.h"
#include "cell/state.h"

namespace shikake::cell {
namespace {

constexpr std::chrono::seconds patience{60};
constexpr int every_namespace =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

struct Ready {
  pid_t inside;
};

// What the forks need, made before the first of them.
struct Start {
  const Cell::State& state;
  const CellCommand& command;
  const std::function<void()>& before_exec;
  base::UniqueFd& channel;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string folder;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> login_environment(const GuestIdentity& identity, const GuestUser& user,
                                           const std::string& folder) {
  std::vector<std::string> all = {"HOME=" + user.home, "USER=" + user.name, "LOGNAME=" + user.name,
                                  "SHELL=" + user.shell, "PWD=" + folder};
  all.insert(all.end(), identity.environment.begin(), identity.environment.end());
  return all;
}

[[noreturn]] void give_up(const base::UniqueFd& channel, const Error& error) {
  send_failure(channel, error);
  _exit(127);
}

Result<> become(uid_t user, gid_t group) {
  // Refused where the caller alone exists.
  (void)setgroups(1, &group);
  if (setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
    return fail_errno(Module::cell, fmt::format("user {} does not exist in the cell", user));
  return {};
}

Result<> enter(const Cell::State& state) {
  // What is in this memory is the owner's: nobody inside may look before it is gone with the exec.
  SHIKAKE_TRY(forbid_tracing());
  SHIKAKE_TRY(state.group.join());
  const bool clocks = access("/proc/self/ns/time_for_children", F_OK) == 0;
  if (setns(state.init_pidfd.get(), every_namespace | (clocks ? CLONE_NEWTIME : 0)) != 0)
    return fail_errno(Module::cell, "the cell cannot be entered");
  SHIKAKE_TRY(become(state.owner, state.owner));
  return forbid_tracing();
}

Result<> take_stdio(const CellCommand& command) {
  // Copies above the numbers that they will have, or one could overwrite another.
  std::array<int, 3> from{command.in, command.out, command.err};
  for (int& fd : from) {
    fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 10) : open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return fail_errno(Module::cell, "a program's standard descriptors cannot be opened");
  }
  for (int standard = 0; standard < 3; ++standard)
    if (dup2(from[static_cast<size_t>(standard)], standard) < 0)
      return fail_errno(Module::cell, "a program's standard descriptors cannot be opened");
  return {};
}

void forget_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// In the program's process: the recipe.
Result<> confine(const Start& start) {
  forget_signals();
  setsid();
  umask(022);
  SHIKAKE_TRY(take_stdio(start.command));
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  // Of somebody else the exec takes every power, and a bounding set that is not full would only show.
  if (start.state.user.id == 0) SHIKAKE_TRY(keep_ordinary_powers());
  SHIKAKE_TRY(become(start.state.user.id, start.state.user.id));
  SHIKAKE_TRY(forbid_tracing());
  if (chdir(start.folder.c_str()) != 0 && chdir("/") != 0)
    return fail_errno(Module::cell, "the program's folder cannot be entered");
  SHIKAKE_TRY(apply(start.state.limits));
  return start.state.filter.install();
}

[[noreturn]] void run_program(Start& start) {
  if (auto done = confine(start); !done) give_up(start.channel, done.error());
  // Told with the number that both sides know it by; the owner answers once it has hold of the process.
  const Ready ready{getpid()};
  send_message(start.channel, {reinterpret_cast<const char*>(&ready), sizeof ready});
  char go = 0;
  if (read(start.channel.get(), &go, 1) != 1) _exit(127);
  std::vector<char*> arguments = pointers(start.arguments);
  std::vector<char*> environment = pointers(start.environment);
  if (start.before_exec) start.before_exec();
  execve(start.command.program.c_str(), arguments.data(), environment.data());
  give_up(start.channel,
          fail_errno(Module::cell, start.command.program + " cannot be started in the cell").value());
}

[[noreturn]] void run_waiter(Start& start) {
  (void)die_with_parent(0, SIGKILL);
  // Its other end is closed by the exec: until then the program would find the owner's name and memory in its
  // parent.
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    give_up(start.channel, fail_errno(Module::cell, "no pipe in the cell").value());
  const pid_t program = fork();
  if (program < 0) give_up(start.channel, fail_errno(Module::cell, "no further process in the cell").value());
  if (program == 0) {
    close(ends[1]);
    char byte = 0;
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {}
    run_program(start);
  }
  close_range(0, ~0U, CLOSE_RANGE_CLOEXEC);
  const char* arguments[] = {waiter_name, "-f", nullptr};
  const char* environment[] = {nullptr};
  if (keep_ordinary_powers() && start.state.filter.install())
    execve(waiter_path, const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
  _exit(127);
}

[[noreturn]] void run_host(Start& start, pid_t owner) {
  if (auto bound = die_with_parent(owner, SIGKILL); !bound) give_up(start.channel, bound.error());
  if (auto inside = enter(start.state); !inside) give_up(start.channel, inside.error());
  // A change of user made the kernel forget it.
  if (auto bound = die_with_parent(owner, SIGKILL); !bound) give_up(start.channel, bound.error());
  const pid_t waiter = fork();
  if (waiter < 0) give_up(start.channel, fail_errno(Module::cell, "no further process in the cell").value());
  if (waiter == 0) run_waiter(start);
  close_range(0, ~0U, 0);
  int status = 0;
  while (waitpid(waiter, &status, 0) < 0)
    if (errno != EINTR) _exit(127);
  if (WIFSIGNALED(status)) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    forget_signals();
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

Result<CellProcess> Cell::start(const CellCommand& command, const std::function<void()>& before_exec) {
  SHIKAKE_ASSIGN(auto channel, make_channel());
  const std::string folder = command.folder.empty() ? state_->user.home : command.folder;
  Start start{*state_, command, before_exec, channel.second, {command.argv0.value_or(command.program)},
              {},      folder};
  start.arguments.insert(start.arguments.end(), command.arguments.begin(), command.arguments.end());
  start.environment = command.environment.value_or(login_environment(state_->identity, state_->user, folder));

  const pid_t owner = getpid();
  CellProcess process;
  process.waiter_ = fork();
  if (process.waiter_ < 0) return fail_errno(Module::cell, "no further process for a cell");
  if (process.waiter_ == 0) {
    channel.first.reset();
    run_host(start, owner);
  }
  channel.second.reset();
  process.waiter_pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, process.waiter_, 0)));
  SHIKAKE_ASSIGN(const Message ready, receive_message(channel.first, base::Deadline::after(patience)));
  if (ready.bytes.size() != sizeof(Ready))
    return fail(Module::cell, ErrorCode::unavailable, "a program in a cell died before its start");
  Ready said{};
  std::memcpy(&said, ready.bytes.data(), sizeof said);
  process.pid_ = ready.sender;
  process.inside_ = said.inside;
  process.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, process.pid_, 0)));
  if (!process.pidfd_ || !process.waiter_pidfd_)
    return fail_errno(Module::cell, "a program in a cell cannot be watched");
  process.report_ = std::move(channel.first);
  send_message(process.report_, "g");
  if (!before_exec) SHIKAKE_TRY(process.started(base::Deadline::after(patience)));
  return process;
}

Result<> CellProcess::started(const base::Deadline& deadline) {
  if (!report_) return {};
  SHIKAKE_ASSIGN(const Message said, receive_message(report_, deadline));
  if (said.bytes.empty()) report_.reset();
  return {};
}

Result<base::WaitStatus> CellProcess::wait(const base::Deadline& deadline) {
  if (status_) return *status_;
  if (!base::wait_for_fd(waiter_pidfd_.get(), POLLIN, deadline))
    return fail(Module::cell, ErrorCode::timeout, "a program in a cell is still running");
  int status = 0;
  pid_t reaped = -1;
  do reaped = waitpid(waiter_, &status, 0);
  while (reaped < 0 && errno == EINTR);
  if (reaped < 0) return fail_errno(Module::cell, "a program in a cell cannot be waited for");
  waiter_ = -1;
  using How = base::WaitStatus::How;
  status_ = WIFEXITED(status) ? base::WaitStatus{How::exited, WEXITSTATUS(status)}
                              : base::WaitStatus{How::killed, WTERMSIG(status)};
  return *status_;
}

void CellProcess::kill() const {
  if (pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

void CellProcess::end() {
  kill();
  if (waiter_ <= 0) return;
  // Not by waiting for it: the program may have stopped its parent inside.
  ::kill(waiter_, SIGKILL);
  while (waitpid(waiter_, nullptr, 0) < 0 && errno == EINTR) {}
  waiter_ = -1;
}

CellProcess::CellProcess(CellProcess&& other) noexcept
    : pid_(other.pid_),
      inside_(other.inside_),
      waiter_(std::exchange(other.waiter_, -1)),
      pidfd_(std::move(other.pidfd_)),
      waiter_pidfd_(std::move(other.waiter_pidfd_)),
      report_(std::move(other.report_)),
      status_(other.status_) {}

CellProcess& CellProcess::operator=(CellProcess&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = other.pid_;
    inside_ = other.inside_;
    waiter_ = std::exchange(other.waiter_, -1);
    pidfd_ = std::move(other.pidfd_);
    waiter_pidfd_ = std::move(other.waiter_pidfd_);
    report_ = std::move(other.report_);
    status_ = other.status_;
  }
  return *this;
}

CellProcess::~CellProcess() {
  end();
}

}  // namespace shikake::cell
