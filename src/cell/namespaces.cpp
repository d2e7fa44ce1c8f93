#include "cell/namespaces.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "cell/limits.h"
#include "cell/mounts.h"
#include "cell/report.h"

namespace shikake::cell {
namespace {

// 0: absent or unreadable.
int read_setting(const char* path, int absent) {
  std::ifstream file(path);
  int value = absent;
  return file >> value ? value : absent;
}

// Why unshare(2) said no, and what would help: it has one errno for many reasons.
std::string explain_refusal(bool user, int error_number) {
  if (!user && geteuid() != 0) return "only root can make namespaces without a user namespace";
  if (error_number == ENOSPC || error_number == EUSERS ||
      read_setting("/proc/sys/user/max_user_namespaces", 1) == 0) {
    return "the number of namespaces is used up or set to 0; as root: sysctl user.max_user_namespaces=10000 "
           "(and user.max_net_namespaces, user.max_mnt_namespaces, user.max_pid_namespaces)";
  }
  if (error_number == ENOSYS || error_number == EINVAL) return "this kernel was built without namespaces";
  if (user && read_setting("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0) {
    return "user namespaces are root's alone here; as root: sysctl kernel.unprivileged_userns_clone=1, or "
           "run "
           "this as root";
  }
  if (user && read_setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1) {
    return "AppArmor keeps user namespaces from ordinary users; as root: sysctl "
           "kernel.apparmor_restrict_unprivileged_userns=0, or run this as root";
  }
  return "namespaces are refused here, as in a chroot or a container without CAP_SYS_ADMIN; run this outside "
         "of "
         "it, or give the container that capability";
}

Result<> unshare_or_explain(int flags, bool user) {
  if (unshare(flags) == 0) return {};
  Error error{Module::cell, ErrorCode::unsupported, "no namespaces: " + explain_refusal(user, errno)};
  error.system_errno = errno;
  return fail(std::move(error));
}

Result<> write_file(const std::string& path, const std::string& text) {
  base::UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  // The kernel takes a map in one write.
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno(Module::cell, "cannot write " + path);
  }
  return {};
}

// Every id that exists for this process, each under its own number.
std::string identity_map(const char* own_map) {
  std::ifstream file(own_map);
  std::string map;
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t count = 0;
  while (file >> inside >> outside >> count) map += fmt::format("{} {} {}\n", inside, inside, count);
  return map;
}

Result<> write_maps(pid_t child, const NamespacePlan& plan) {
  const std::string folder = fmt::format("/proc/{}/", child);
  if (plan.ids) {
    const std::string map =
        fmt::format("{} {} {}\n", plan.ids->inside, plan.ids->outside.first, plan.ids->outside.count);
    SHIKAKE_TRY(write_file(folder + "uid_map", map));
    if (plan.ids->outside.count == 1) SHIKAKE_TRY(write_file(folder + "setgroups", "deny"));
    return write_file(folder + "gid_map", map);
  }
  const UserMap users = plan.users;
  if (users == UserMap::same && write_file(folder + "uid_map", identity_map("/proc/self/uid_map"))) {
    if (write_file(folder + "gid_map", identity_map("/proc/self/gid_map"))) return {};
  } else {
    // An ordinary user may map themself, and one group if setgroups(2) is given up.
    auto line = [users](unsigned id) {
      return fmt::format("{} {} 1\n", users == UserMap::root ? 0 : id, id);
    };
    SHIKAKE_TRY(write_file(folder + "uid_map", line(geteuid())));
    SHIKAKE_TRY(write_file(folder + "setgroups", "deny"));
    return write_file(folder + "gid_map", line(getegid()));
  }
  SHIKAKE_TRY(write_file(folder + "setgroups", "deny"));
  return write_file(folder + "gid_map", fmt::format("{0} {0} 1\n", getegid()));
}

// Parent and child talk over a socket that keeps messages apart: the child asks for its maps and then
// says that it stands, or sends a Report of what went wrong before its body ran.
constexpr char maps_wanted = 'm';
constexpr char maps_written = 'w';
constexpr char standing = 's';

void say(const base::UniqueFd& channel, char message) {
  // A peer that is gone is found out at the next read.
  (void)!::send(channel.get(), &message, 1, MSG_NOSIGNAL);
}

bool hear(const base::UniqueFd& channel, char expected) {
  char message = 0;
  return ::recv(channel.get(), &message, 1, 0) == 1 && message == expected;
}

[[noreturn]] void give_up(const base::UniqueFd& channel, const Error& error) {
  send_failure(channel, error);
  _exit(127);
}

[[noreturn]] void end_as(int status) {
  if (WIFSIGNALED(status)) {
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// Waits for process 1 with every signal blocked, so that a Ctrl-C meant for the command inside does not
// take the namespaces from under it.
[[noreturn]] void keep(pid_t init) {
  // Whoever waits for the end of a pipe of the caller's must not wait for this process.
  close_range(0, ~0U, 0);
  int status = 0;
  while (waitpid(init, &status, 0) < 0) {
    if (errno != EINTR) _exit(127);
  }
  end_as(status);
}

[[noreturn]] void run_body(const std::function<int()>& body) {
  int status = body();
  std::fflush(nullptr);
  // Not exit(3): the parent's exit handlers are not the child's.
  _exit(status);
}

int other_flags(const NamespacePlan& plan) {
  return (plan.mount ? CLONE_NEWNS : 0) | (plan.network ? CLONE_NEWNET : 0) | (plan.pid ? CLONE_NEWPID : 0) |
         (plan.uts ? CLONE_NEWUTS : 0) | (plan.ipc ? CLONE_NEWIPC : 0) | (plan.cgroup ? CLONE_NEWCGROUP : 0) |
         (plan.clock_offset ? CLONE_NEWTIME : 0);
}

Result<> become(uint32_t inside) {
  // Refused where the caller alone exists; then there is nobody else's group to give up either.
  (void)setgroups(0, nullptr);
  if (setresgid(inside, inside, inside) != 0 || setresuid(inside, inside, inside) != 0)
    return fail_errno(Module::cell, fmt::format("user {} of a new user namespace cannot be had", inside));
  return {};
}

// Before the first process is in the namespace, and never again.
Result<> set_clocks(std::chrono::seconds offset) {
  return write_file("/proc/self/timens_offsets",
                    fmt::format("monotonic {0} 0\nboottime {0} 0\n", offset.count()));
}

// In the child: the ordered recipe.
Result<> contain(const NamespacePlan& plan, pid_t parent, const base::UniqueFd& channel) {
  if (plan.first) SHIKAKE_TRY(plan.first());
  // The /proc files of a process that may not be traced belong to root, out of the parent's reach and its
  // own.
  const int traceable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  if (plan.user) {
    SHIKAKE_TRY(unshare_or_explain(CLONE_NEWUSER, true));
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    say(channel, maps_wanted);  // only somebody outside can write them in full
    if (!hear(channel, maps_written)) {
      return fail(Module::cell, ErrorCode::cancelled, "the parent gave up on the user namespace");
    }
    if (plan.ids) SHIKAKE_TRY(become(plan.ids->inside));
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // a change of user takes it away
  }
  SHIKAKE_TRY(unshare_or_explain(other_flags(plan), plan.user));
  if (plan.clock_offset) SHIKAKE_TRY(set_clocks(*plan.clock_offset));
  if (plan.user) prctl(PR_SET_DUMPABLE, traceable == 1 ? 1 : 0, 0, 0, 0);
  SHIKAKE_TRY(die_with_parent(parent, SIGKILL));
  if (plan.mount) SHIKAKE_TRY(make_mounts_private());
  return {};
}

[[noreturn]] void child(const NamespacePlan& plan, pid_t parent, base::UniqueFd channel,
                        const std::function<int()>& body) {
  if (auto contained = contain(plan, parent, channel); !contained) give_up(channel, contained.error());
  if (plan.pid) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t init = fork();
    if (init < 0) give_up(channel, fail_errno(Module::cell, "process 1 cannot be started").value());
    if (init != 0) {
      channel.reset();
      keep(init);
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    // Process 1 sees its parent, outside of the namespace, as 0.
    if (auto bound = die_with_parent(0, SIGKILL); !bound) give_up(channel, bound.error());
  }
  say(channel, standing);
  channel.reset();
  run_body(body);
}

// In the parent: until the child stands or says why it does not.
Result<> attend(const NamespacePlan& plan, pid_t child_pid, const base::UniqueFd& channel) {
  for (;;) {
    std::array<char, most_report_bytes> message{};
    ssize_t size = ::recv(channel.get(), message.data(), message.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size > 0) {
      if (auto said = received_failure({message.data(), static_cast<size_t>(size)}))
        return fail(*std::move(said));
    }
    if (size != 1) return fail(Module::cell, ErrorCode::unavailable, "the contained child died at its start");
    if (message[0] == standing) return {};
    SHIKAKE_TRY(write_maps(child_pid, plan));
    say(channel, maps_written);
  }
}

}  // namespace

Contained::Contained(Contained&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Contained& Contained::operator=(Contained&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

Contained::~Contained() {
  kill();
}

Result<int> Contained::wait() {
  SHIKAKE_CHECK(pid_ > 0);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return fail_errno(Module::cell, "the contained child cannot be waited for");
  }
  pid_ = -1;
  return status;
}

void Contained::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  (void)wait();
}

Result<Contained> spawn(const NamespacePlan& plan, const std::function<int()>& body) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail_errno(Module::cell, "no socket to the contained child");
  }
  base::UniqueFd ours(ends[0]);
  base::UniqueFd theirs(ends[1]);
  std::fflush(nullptr);  // or both would write what is buffered
  const pid_t parent = getpid();
  pid_t pid = fork();
  if (pid < 0) return fail_errno(Module::cell, "the contained child cannot be started");
  if (pid == 0) {
    ours.reset();
    child(plan, parent, std::move(theirs), body);
  }
  theirs.reset();
  Contained contained(pid);
  SHIKAKE_TRY(attend(plan, pid, ours));
  return contained;
}

Result<> enter_new_user_namespace() {
  return unshare_or_explain(CLONE_NEWUSER, true);
}

Result<base::UniqueFd> current_network() {
  base::UniqueFd network(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network) return fail_errno(Module::cell, "the network namespace cannot be opened; is /proc mounted?");
  return network;
}

Result<base::UniqueFd> enter_new_network() {
  SHIKAKE_TRY(unshare_or_explain(CLONE_NEWNET, false));
  return current_network();
}

Result<> enter_network(const base::UniqueFd& network) {
  if (setns(network.get(), CLONE_NEWNET) != 0)
    return fail_errno(Module::cell, "the network namespace cannot be entered");
  return {};
}

}  // namespace shikake::cell
