#include "cell/refusals.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shikake::cell {
namespace {

struct Row {
  const char* call;
  int error;
  // Refused only if the argument holds all bits of `mask` as `value` has them; no mask: with any arguments.
  unsigned argument = 0;
  uint64_t mask = 0;
  uint64_t value = 0;
};

constexpr uint64_t whole = 0xffff'ffff;  // of an argument that is an int

// What an ordinary user of Debian gets, unless a comment says why not.
constexpr Row unconditional[] = {
    // The kernel's own code.
    {"init_module", EPERM},
    {"finit_module", EPERM},
    {"delete_module", EPERM},
    {"kexec_load", EPERM},
    {"kexec_file_load", EPERM},
    {"bpf", EPERM},
    {"perf_event_open", EACCES},
    {"userfaultfd", EPERM},
    // Its requests are seen by no filter and no tracer. Allowed by Debian; refused so where an administrator
    // set
    // kernel.io_uring_disabled.
    {"io_uring_setup", EPERM},
    {"io_uring_enter", EPERM},
    {"io_uring_register", EPERM},
    // Keys are the machine's, not a namespace's. Allowed by Debian; these are errors of a user without any.
    {"add_key", EDQUOT},
    {"request_key", ENOKEY},
    {"keyctl", ENOKEY},
    // Mounts and roots.
    {"mount", EPERM},
    {"umount", EPERM},
    {"umount2", EPERM},
    {"pivot_root", EPERM},
    {"chroot", EPERM},
    {"open_tree", EPERM},
    {"move_mount", EPERM},
    {"fsopen", EPERM},
    {"fsconfig", EPERM},
    {"fsmount", EPERM},
    {"fspick", EPERM},
    {"mount_setattr", EPERM},
    {"swapon", EPERM},
    {"swapoff", EPERM},
    {"quotactl", EPERM},
    {"quotactl_fd", EPERM},
    {"open_by_handle_at", EPERM},
    {"fanotify_init", EPERM},
    // Other namespaces. clone3's flags lie in memory, out of a filter's sight: there the kernel says no,
    // because the
    // cell's user namespace may hold no others (root.h).
    {"setns", EPERM},
    // The machine.
    {"reboot", EPERM},
    {"acct", EPERM},
    {"settimeofday", EPERM},
    {"stime", EPERM},
    {"clock_settime", EPERM},
    {"clock_settime64", EPERM},
    {"iopl", EPERM},
    {"ioperm", EPERM},
    {"vhangup", EPERM},
    {"syslog", EPERM},  // the machine's boot messages and command line
    {"lookup_dcookie", EPERM},
};

constexpr uint64_t new_namespaces[] = {CLONE_NEWNS,  CLONE_NEWUSER, CLONE_NEWPID,   CLONE_NEWNET,
                                       CLONE_NEWUTS, CLONE_NEWIPC,  CLONE_NEWCGROUP};

// Namespaces of the network hold only these; another family (AF_VSOCK) may lead to the machine, or is an old
// and little used part of the kernel. Answered as where the family's module is not there.
constexpr int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};
constexpr int most_families = 64;  // of them the kernel knows 46

const std::vector<Row>& table() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all(std::begin(unconditional), std::end(unconditional));
    for (const char* call : {"clone", "unshare"})
      for (uint64_t flag : new_namespaces) all.push_back({call, EPERM, 0, flag, flag});
    all.push_back({"unshare", EPERM, 0, CLONE_NEWTIME, CLONE_NEWTIME});  // clone's signal has this bit
    for (const char* call : {"socket", "socketpair"})
      for (int family = 0; family < most_families; ++family)
        if (std::find(std::begin(families), std::end(families), family) == std::end(families))
          all.push_back({call, EAFNOSUPPORT, 0, whole, static_cast<uint64_t>(family)});
    // Types into the terminal that a cell was given; the kernel's default since 6.2.
    all.push_back({"ioctl", EIO, 1, whole, TIOCSTI});
    all.push_back({"ioctl", EPERM, 1, whole, TIOCLINUX});
    return all;
  }();
  return rows;
}

// i386 has these twice: by themselves since Linux 4.3, and as socketcall(2), whose arguments lie in memory.
constexpr int i386_socket = 359;
constexpr int i386_socketpair = 360;

bool names_family(std::string_view call) {
  return call == "socket" || call == "socketpair";
}

// libseccomp knows the two only as one.
int number_of(uint32_t architecture, std::string_view call) {
  if (architecture == SCMP_ARCH_X86 && names_family(call))
    return call == "socket" ? i386_socket : i386_socketpair;
  return seccomp_syscall_resolve_name_arch(architecture, std::string(call).c_str());
}

// The rows of one table of calls, with its numbers.
struct Numbered {
  long number;
  const Row* row;
};
std::vector<Numbered> numbered(uint32_t architecture) {
  std::vector<Numbered> all;
  for (const Row& row : table()) {
    const int number = number_of(architecture, row.call);
    if (number >= 0) all.push_back({number, &row});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Numbered& one, const Numbered& other) { return one.number < other.number; });
  return all;
}

}  // namespace

std::optional<int> refusal(CallTable calls, long number, const std::array<uint64_t, 6>& arguments) {
  static const std::vector<Numbered> of_x86_64 = numbered(SCMP_ARCH_X86_64);
  static const std::vector<Numbered> of_i386 = numbered(SCMP_ARCH_X86);
  const auto& rows = calls == CallTable::x86_64 ? of_x86_64 : of_i386;
  auto at = std::lower_bound(rows.begin(), rows.end(), number,
                             [](const Numbered& row, long wanted) { return row.number < wanted; });
  for (; at != rows.end() && at->number == number; ++at) {
    const Row& row = *at->row;
    if ((arguments[row.argument] & row.mask) == row.value) return row.error;
  }
  return std::nullopt;
}

namespace {

using Context = std::unique_ptr<void, void (*)(void*)>;

tl::unexpected<Error> broken(int status) {
  Error error{Module::cell, ErrorCode::unsupported, "the filter for programs in a cell cannot be built"};
  error.system_errno = -status;
  return fail(std::move(error));
}

uint32_t action(bool trace, int error) {
  const auto number = static_cast<uint16_t>(error);
  return trace ? SCMP_ACT_TRACE(number) : SCMP_ACT_ERRNO(number);
}

Result<Context> rules_for(uint32_t architecture, bool trace) {
  Context context(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  if (!context) return broken(0);
  // A call of a table that is not here (x32): as where the kernel was built without it.
  seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
  seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  const bool native = architecture == seccomp_arch_native();
  if (!native) {
    seccomp_arch_remove(context.get(), seccomp_arch_native());
    if (int status = seccomp_arch_add(context.get(), architecture); status < 0) return broken(status);
  }
  for (const Row& row : table()) {
    // It would refuse every socketcall, whatever the family.
    if (architecture == SCMP_ARCH_X86 && names_family(row.call)) continue;
    const int number = seccomp_syscall_resolve_name(row.call);
    if (number == __NR_SCMP_ERROR) continue;  // newer than this libseccomp
    scmp_arg_cmp argument = SCMP_CMP64(row.argument, SCMP_CMP_MASKED_EQ, row.mask, row.value);
    const int status =
        seccomp_rule_add_array(context.get(), action(trace, row.error), number, row.mask ? 1 : 0, &argument);
    if (status < 0 && status != -EDOM) return broken(status);
  }
  return context;
}

uint64_t instruction(uint16_t code, uint32_t value, uint8_t if_true = 0, uint8_t if_false = 0) {
  const sock_filter one{code, if_true, if_false, value};
  uint64_t bytes = 0;
  static_assert(sizeof bytes == sizeof one);
  std::memcpy(&bytes, &one, sizeof one);
  return bytes;
}

// The families of i386's own socket and socketpair, which libseccomp cannot tell from socketcall. It falls
// through where it has nothing to say.
std::vector<uint64_t> i386_families(bool trace) {
  constexpr uint16_t load = BPF_LD | BPF_W | BPF_ABS;
  constexpr uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;
  constexpr auto count = static_cast<uint8_t>(std::size(families));
  std::vector<uint64_t> all = {
      instruction(load, offsetof(seccomp_data, arch)),
      instruction(equal, AUDIT_ARCH_I386, 0, count + 5),
      instruction(load, offsetof(seccomp_data, nr)),
      instruction(equal, i386_socket, 1, 0),
      instruction(equal, i386_socketpair, 0, count + 2),
      instruction(load, offsetof(seccomp_data, args)),  // its lower half: the machine is little-endian
  };
  for (uint8_t at = 0; at < count; ++at)
    all.push_back(
        instruction(equal, static_cast<uint32_t>(families[at]), static_cast<uint8_t>(count - at), 0));
  all.push_back(instruction(BPF_RET | BPF_K, action(trace, EAFNOSUPPORT)));
  return all;
}

Result<SeccompProgram> compile(bool trace) {
  SHIKAKE_ASSIGN(Context context, rules_for(seccomp_arch_native(), trace));
  const bool with_i386 = seccomp_arch_native() == SCMP_ARCH_X86_64;
  if (with_i386) {
    SHIKAKE_ASSIGN(Context more, rules_for(SCMP_ARCH_X86, trace));
    if (int status = seccomp_merge(context.get(), more.get()); status < 0) return broken(status);
    (void)more.release();  // the other's now
  }
  SHIKAKE_ASSIGN(SeccompProgram program, SeccompProgram::from_libseccomp(context.get()));
  if (with_i386) program.prepend(i386_families(trace));
  return program;
}

}  // namespace

Result<SeccompProgram> refusing_filter(bool trace) {
  // It takes longer than all the rest of a cell's start.
  static const std::array<Result<SeccompProgram>, 2> compiled{compile(false), compile(true)};
  return compiled[trace ? 1 : 0];
}

}  // namespace shikake::cell
