#include "cell/seccomp.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/unique_fd.h"

namespace shikake::cell {
namespace {

static_assert(sizeof(sock_filter) == sizeof(uint64_t));

// CLONE_NEWTIME shares its bit with the exit signal of clone(2), so only the others can be tested there.
constexpr uint64_t namespace_flags[] = {CLONE_NEWNS,  CLONE_NEWUSER, CLONE_NEWPID,   CLONE_NEWNET,
                                        CLONE_NEWUTS, CLONE_NEWIPC,  CLONE_NEWCGROUP};

// Any of these in open(2) flags asks for more than reading. O_TMPFILE holds O_DIRECTORY, which
// opendir(3) uses.
constexpr uint64_t open_for_writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);

}  // namespace

void SeccompPolicy::add(Rule rule) {
  auto same_call = [&rule](const Rule& other) { return other.call == rule.call; };
  if (rule.conditions.empty()) {  // the last word on this call
    std::erase_if(rules_, same_call);
  } else {
    auto unconditional = [&](const Rule& other) { return same_call(other) && other.conditions.empty(); };
    auto earlier = std::find_if(rules_.begin(), rules_.end(), unconditional);
    if (earlier != rules_.end()) {
      if (earlier->verdict == Verdict::allow) return;  // already wider
      rules_.erase(earlier);
    }
  }
  rules_.push_back(std::move(rule));
}

void SeccompPolicy::allow_if(std::string_view call, Condition condition) {
  add({std::string(call), Verdict::allow, 0, {condition}});
}

void SeccompPolicy::answer_if(int error_number, std::string_view call, Condition condition) {
  add({std::string(call), Verdict::answer, error_number, {condition}});
}

void SeccompPolicy::allow_all(std::initializer_list<const char*> calls) {
  for (const char* call : calls) allow(call);
}

void SeccompPolicy::kill_all(std::initializer_list<const char*> calls) {
  for (const char* call : calls) add({call, Verdict::kill});
}

SeccompPolicy& SeccompPolicy::allow(std::string_view call) {
  std::erase_if(rules_, [&](const Rule& rule) { return rule.call == call; });
  if (otherwise_ != Verdict::allow) add({std::string(call), Verdict::allow});
  return *this;
}

SeccompPolicy& SeccompPolicy::answer(int error_number, std::string_view call) {
  add({std::string(call), Verdict::answer, error_number});
  return *this;
}

SeccompPolicy SeccompPolicy::pure_computation() {
  using Test = Condition::Test;
  SeccompPolicy policy;
  policy.allow_all({
      // descriptors that it has
      "read",
      "write",
      "readv",
      "writev",
      "pread64",
      "pwrite64",
      "lseek",
      "close",
      "fstat",
      "recvfrom",
      "shutdown",
      "poll",
      "ppoll",
      "select",
      "pselect6",
      "epoll_wait",
      "epoll_pwait",
      "epoll_ctl",
      // memory
      "brk",
      "munmap",
      "mremap",
      "madvise",
      "membarrier",
      // time and waiting
      "futex",
      "clock_gettime",
      "clock_getres",
      "gettimeofday",
      "time",
      "nanosleep",
      "clock_nanosleep",
      "sched_yield",
      "restart_syscall",
      // itself
      "rt_sigaction",
      "rt_sigprocmask",
      "rt_sigreturn",
      "sigaltstack",
      "getpid",
      "getppid",
      "gettid",
      "getuid",
      "geteuid",
      "getgid",
      "getegid",
      "getrusage",
      "sched_getaffinity",
      "getrandom",
      "exit",
      "exit_group",
  });
  // On a connected socket only: an address would be a new peer.
  policy.allow_if("sendto", {4, Test::equal, 0});
  // Not F_DUPFD: no new descriptors.
  for (uint64_t command : {F_GETFD, F_SETFD, F_GETFL, F_SETFL}) {
    policy.allow_if("fcntl", {1, Test::equal, command});
  }
  for (uint64_t option : {PR_SET_NAME, PR_SET_VMA}) policy.allow_if("prctl", {0, Test::equal, option});
  // Asking for limits, not setting them.
  policy.allow_if("prlimit64", {2, Test::equal, 0});
  // What libraries try in passing and do without: fstat(3) goes by path in glibc 2.33 and later, stdio
  // asks for a terminal, abort(3) signals itself and, refused, crashes (which is what it should be seen
  // as).
  policy.answer(EACCES, "newfstatat");
  policy.answer_if(ENOTTY, "ioctl", {1, Test::equal, TCGETS});
  policy.answer(EPERM, "tgkill");
  return policy;
}

SeccompPolicy SeccompPolicy::everything_but_exec() {
  SeccompPolicy policy;
  policy.otherwise_ = Verdict::allow;
  policy.kill_all({
      "execve",
      "execveat",
      // other processes
      "ptrace",
      "process_vm_readv",
      "process_vm_writev",
      "pidfd_getfd",
      "kcmp",
      // namespaces and mounts
      "unshare",
      "setns",
      "mount",
      "umount2",
      "move_mount",
      "open_tree",
      "fsopen",
      "fsconfig",
      "fsmount",
      "fspick",
      "mount_setattr",
      "pivot_root",
      "chroot",
      "open_by_handle_at",
      // the kernel
      "bpf",
      "perf_event_open",
      "userfaultfd",
      "io_uring_setup",
      "add_key",
      "request_key",
      "keyctl",
      "init_module",
      "finit_module",
      "delete_module",
      "kexec_load",
      "kexec_file_load",
      "reboot",
      "swapon",
      "swapoff",
      "acct",
      "quotactl",
      "settimeofday",
      "clock_settime",
      "clock_adjtime",
      "adjtimex",
      "personality",
  });
  for (uint64_t flag : namespace_flags) {
    policy.add({"clone", Verdict::kill, 0, {{0, Condition::Test::masked_equal, flag, flag}}});
  }
  // Its flags lie in memory, where no filter can look; glibc falls back to clone.
  policy.answer(ENOSYS, "clone3");
  return policy;
}

SeccompPolicy& SeccompPolicy::allow_threads() {
  constexpr uint64_t thread = CLONE_THREAD | CLONE_VM;
  allow_if("clone", {0, Condition::Test::masked_equal, thread, thread});
  answer(ENOSYS, "clone3");
  allow_all({"set_robust_list", "rseq", "set_tid_address", "sched_setaffinity", "sched_getparam",
             "sched_getscheduler"});
  return *this;
}

SeccompPolicy& SeccompPolicy::allow_network() {
  using Test = Condition::Test;
  allow_if("socket", {0, Test::equal, AF_INET});
  allow_if("socket", {0, Test::equal, AF_INET6});
  // Resolvers try AF_UNIX (a name service daemon) and AF_NETLINK (which addresses are there) and go on.
  answer_if(EAFNOSUPPORT, "socket", {0, Test::less, AF_INET});
  answer_if(EAFNOSUPPORT, "socket", {0, Test::greater, AF_INET6});
  allow_all({"connect", "getsockopt", "setsockopt", "getsockname", "getpeername", "sendto", "sendmsg",
             "sendmmsg", "recvmsg", "recvmmsg", "pipe", "pipe2", "eventfd2", "epoll_create1", "fcntl"});
  allow_if("socketpair", {0, Test::equal, AF_UNIX});
  for (uint64_t request : {FIONBIO, FIONREAD}) allow_if("ioctl", {1, Test::equal, request});
  return *this;
}

SeccompPolicy& SeccompPolicy::allow_reading_files() {
  using Test = Condition::Test;
  allow_if("open", {1, Test::masked_equal, 0, open_for_writing});
  allow_if("openat", {2, Test::masked_equal, 0, open_for_writing});
  answer(ENOSYS, "openat2");  // its flags lie in memory
  allow_all({"newfstatat", "stat", "lstat", "statx", "access", "faccessat", "faccessat2", "readlink",
             "readlinkat", "getdents64", "getcwd", "statfs", "fstatfs", "fadvise64", "uname"});
  return *this;
}

SeccompPolicy& SeccompPolicy::allow_executable_memory() {
  executable_memory_ = true;
  return *this;
}

Result<> SeccompPolicy::emit(void* context) const {
  auto comparison = [](const Condition& condition) {
    switch (condition.test) {
      case Condition::Test::equal:
        return SCMP_CMP64(condition.argument, SCMP_CMP_EQ, condition.value);
      case Condition::Test::masked_equal:
        return SCMP_CMP64(condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, condition.value);
      case Condition::Test::less:
        return SCMP_CMP64(condition.argument, SCMP_CMP_LT, condition.value);
      case Condition::Test::greater:
        break;
    }
    return SCMP_CMP64(condition.argument, SCMP_CMP_GT, condition.value);
  };
  std::vector<Rule> rules = rules_;
  constexpr auto masked = Condition::Test::masked_equal;
  for (const char* call : {"mmap", "mprotect", "pkey_mprotect"}) {
    std::vector<Condition> harmless;
    if (!executable_memory_) {
      rules.push_back({call, Verdict::answer, EPERM, {Condition{2, masked, PROT_EXEC, PROT_EXEC}}});
      harmless.push_back({2, masked, 0, PROT_EXEC});
    }
    if (otherwise_ == Verdict::allow) continue;
    if (std::string_view(call) == "mmap") {
      // RLIMIT_DATA counts neither shared memory nor what grows downwards: such memory would have no bound.
      for (uint64_t uncounted : {MAP_SHARED, MAP_GROWSDOWN}) {
        std::vector<Condition> refused = harmless;
        refused.push_back({3, masked, uncounted, uncounted});
        rules.push_back({call, Verdict::answer, EPERM, std::move(refused)});
      }
      harmless.push_back({3, masked, 0, MAP_SHARED | MAP_GROWSDOWN});
    }
    rules.push_back({call, Verdict::allow, 0, std::move(harmless)});
  }
  for (const Rule& rule : rules) {
    int number = seccomp_syscall_resolve_name(rule.call.c_str());
    if (number == __NR_SCMP_ERROR) {
      return fail(Module::cell, ErrorCode::invalid_usage,
                  fmt::format("no system call is named \"{}\"", rule.call));
    }
    uint32_t action = rule.verdict == Verdict::allow ? SCMP_ACT_ALLOW
                      : rule.verdict == Verdict::answer
                          ? SCMP_ACT_ERRNO(static_cast<unsigned>(rule.error_number))
                          : SCMP_ACT_KILL_PROCESS;
    std::vector<scmp_arg_cmp> arguments;
    for (const Condition& condition : rule.conditions) arguments.push_back(comparison(condition));
    int status = seccomp_rule_add_array(context, action, number, static_cast<unsigned>(arguments.size()),
                                        arguments.data());
    // A call that this architecture never had (open on arm64) needs no rule.
    if (status < 0 && status != -EDOM) {
      return fail(Error{Module::cell,
                        ErrorCode::invalid_usage,
                        fmt::format("no seccomp rule can be made for {}", rule.call),
                        {},
                        {},
                        {},
                        -status});
    }
  }
  return {};
}

Result<SeccompProgram> SeccompPolicy::compile() const {
  std::unique_ptr<void, void (*)(void*)> context(
      seccomp_init(otherwise_ == Verdict::allow ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS), seccomp_release);
  if (!context) return fail(Module::cell, ErrorCode::unsupported, "seccomp filters are not to be had here");
  seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree: many calls are allowed
  SHIKAKE_TRY(emit(context.get()));

  return SeccompProgram::from_libseccomp(context.get());
}

Result<SeccompProgram> SeccompProgram::from_libseccomp(void* context) {
  // A pipe, not a file: a process that may write no files (RLIMIT_FSIZE 0) may be the one that asks. The
  // kernel takes at most BPF_MAXINSNS instructions, half of what a pipe holds, so writing can't block.
  static_assert(BPF_MAXINSNS * sizeof(sock_filter) < 64 * 1024);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return fail_errno(Module::cell, "no pipe for the seccomp filter");
  const base::UniqueFd from(ends[0]), to(ends[1]);
  if (int status = seccomp_export_bpf(context, to.get()); status < 0) {
    return fail(Error{
        Module::cell, ErrorCode::unsupported, "the seccomp filter cannot be built", {}, {}, {}, -status});
  }
  SeccompProgram program;
  program.instructions_.resize(BPF_MAXINSNS);
  const ssize_t size = read(from.get(), program.instructions_.data(), BPF_MAXINSNS * sizeof(uint64_t));
  if (size <= 0) return fail_errno(Module::cell, "the seccomp filter cannot be read back");
  program.instructions_.resize(static_cast<size_t>(size) / sizeof(uint64_t));
  return program;
}

Result<> SeccompProgram::install() const {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return fail_errno(Module::cell, "no_new_privs was refused");
  // The kernel only reads the instructions.
  auto* filter = reinterpret_cast<sock_filter*>(const_cast<uint64_t*>(instructions_.data()));
  sock_fprog program{static_cast<unsigned short>(instructions_.size()), filter};
  long status = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (status < 0) return fail_errno(Module::cell, "the kernel refused the seccomp filter");
  if (status > 0) {
    return fail(
        Module::cell, ErrorCode::conflict,
        fmt::format("thread {} has a seccomp filter of its own, so the process cannot share one", status));
  }
  return {};
}

Result<> SeccompPolicy::install() const {
  SHIKAKE_ASSIGN(auto program, compile());
  return program.install();
}

}  // namespace shikake::cell
