#include "sandbox/monitor/call_rules.h"

#include <fmt/format.h>
#include <linux/fs.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "sandbox/monitor/paths.h"

namespace shikake::sandbox::monitor {
namespace {

using K = intel::BehaviourKind;
using trace::ArgumentTest;
using trace::Call;
using trace::Sys;
using trace::Thread;
using Op = ArgumentTest::Op;

ArgumentTest is(uint8_t index, uint64_t value) {
  return {index, Op::equal, value, 0xffffffff};
}
ArgumentTest has_any(uint8_t index, uint64_t mask) {
  return {index, Op::not_equal, 0, mask};
}
ArgumentTest has_all(uint8_t index, uint64_t mask) {
  return {index, Op::equal, mask, mask};
}

constexpr uint64_t namespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr uint64_t set_id_bits = S_ISUID | S_ISGID;

std::string path(Thread& thread, const Call& call) {
  return path_of_call(thread, call);
}
std::string descriptor(Thread& thread, const Call& call) {
  return path_of(thread, call.as_int(0));
}
std::string process(Thread&, const Call& call) {
  return fmt::format("process {}", call.as_int(0));
}
std::string first_text(Thread& thread, const Call& call) {
  return thread.read_string({call[0]}, 256).value_or("");
}
std::string second_text(Thread& thread, const Call& call) {
  return thread.read_string({call[1]}, 256).value_or("");
}
std::string new_namespaces(Thread&, const Call& call) {
  std::string text;
  const std::pair<uint64_t, const char*> names[] = {
      {CLONE_NEWUSER, "user"}, {CLONE_NEWNS, "mount"}, {CLONE_NEWPID, "pid"},      {CLONE_NEWNET, "network"},
      {CLONE_NEWIPC, "ipc"},   {CLONE_NEWUTS, "uts"},  {CLONE_NEWCGROUP, "cgroup"}};
  for (const auto& [bit, name] : names)
    if ((call[0] & bit) != 0) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}
std::string user(Thread&, const Call& call) {
  return fmt::format("user {}", call.as_int(0));
}
std::string group(Thread&, const Call& call) {
  return fmt::format("group {}", call.as_int(0));
}

const std::vector<CallRule>& rules() {
  static const std::vector<CallRule> table = {
      // Powers
      {Sys::setuid, K::identity_change, {}, user},
      {Sys::setreuid, K::identity_change, {}, user},
      {Sys::setresuid, K::identity_change, {}, user},
      {Sys::setfsuid, K::identity_change, {}, user},
      {Sys::setgid, K::identity_change, {}, group},
      {Sys::setregid, K::identity_change, {}, group},
      {Sys::setresgid, K::identity_change, {}, group},
      {Sys::setgroups, K::identity_change, {}, nullptr, "groups"},
      {Sys::capset, K::capability_change, {}, nullptr, "capabilities"},
      {Sys::prctl, K::capability_change, {is(0, PR_CAP_AMBIENT)}, nullptr, "ambient capabilities"},
      {Sys::setxattr, K::capability_change, {}, path},
      {Sys::lsetxattr, K::capability_change, {}, path},
      {Sys::fsetxattr, K::capability_change, {}, descriptor},
      {Sys::chmod, K::setuid_bit, {has_any(1, set_id_bits)}, path},
      {Sys::fchmod, K::setuid_bit, {has_any(1, set_id_bits)}, descriptor},
      {Sys::fchmodat, K::setuid_bit, {has_any(2, set_id_bits)}, path},
      {Sys::mknod, K::device_node, {{1, Op::equal, S_IFCHR, S_IFMT}}, path},
      {Sys::mknod, K::device_node, {{1, Op::equal, S_IFBLK, S_IFMT}}, path},
      {Sys::mknodat, K::device_node, {{2, Op::equal, S_IFCHR, S_IFMT}}, path},
      {Sys::mknodat, K::device_node, {{2, Op::equal, S_IFBLK, S_IFMT}}, path},
      // Namespaces, mounts, roots, the kernel
      {Sys::unshare, K::namespace_change, {has_any(0, namespaces)}, new_namespaces},
      {Sys::clone, K::namespace_change, {has_any(0, namespaces)}, new_namespaces},
      {Sys::setns, K::namespace_change, {}, descriptor},
      {Sys::mount, K::mount_change, {}, path},
      {Sys::umount2, K::mount_change, {}, path},
      {Sys::open_tree, K::mount_change, {}, second_text},
      {Sys::move_mount, K::mount_change, {}, second_text},
      {Sys::fsopen, K::mount_change, {}, first_text},
      {Sys::mount_setattr, K::mount_change, {}, second_text},
      {Sys::chroot, K::root_change, {}, path},
      {Sys::pivot_root, K::root_change, {}, path},
      {Sys::init_module, K::kernel_module, {}, nullptr, "from memory"},
      {Sys::finit_module, K::kernel_module, {}, descriptor},
      {Sys::delete_module, K::kernel_module, {}, first_text},
      {Sys::kexec_load, K::kernel_module, {}, nullptr, "another kernel"},
      {Sys::kexec_file_load, K::kernel_module, {}, descriptor},
      {Sys::bpf, K::kernel_program, {}, nullptr, "bpf"},
      {Sys::open_by_handle_at, K::escape_attempt, {}, nullptr, "a file by its handle"},
      {Sys::iopl, K::escape_attempt, {}, nullptr, "I/O ports"},
      {Sys::ioperm, K::escape_attempt, {}, nullptr, "I/O ports"},
      {Sys::reboot, K::system_shutdown, {}, nullptr, "the machine"},
      {Sys::add_key, K::keyring_use, {}, second_text},
      {Sys::request_key, K::keyring_use, {}, second_text},
      {Sys::keyctl, K::keyring_use, {}, nullptr, "keyctl"},
      // Other processes. ptrace itself stands in ptrace_emulation.h, which knows who asks for whom
      {Sys::process_vm_writev, K::process_injection, {}, process},
      {Sys::process_vm_readv, K::process_memory_read, {}, process},
      {Sys::pidfd_getfd, K::process_memory_read, {}, descriptor},
      {Sys::ioctl, K::process_injection, {is(1, TIOCSTI)}, descriptor},
      // Hiding
      {Sys::setsid, K::daemonized, {}, nullptr, "a session of its own"},
      {Sys::prctl, K::name_masquerade, {is(0, PR_SET_MM)}, nullptr, "the process' command line"},
      {Sys::prctl, K::debugger_check, {is(0, PR_SET_DUMPABLE), is(1, 0)}, nullptr, "forbids being traced"},
      {Sys::mprotect, K::writable_executable_memory, {has_all(2, PROT_WRITE | PROT_EXEC)}, nullptr, "memory"},
      {Sys::pkey_mprotect,
       K::writable_executable_memory,
       {has_all(2, PROT_WRITE | PROT_EXEC)},
       nullptr,
       "memory"},
      {Sys::mmap, K::writable_executable_memory, {has_all(2, PROT_WRITE | PROT_EXEC)}, nullptr, "memory"},
      // The network
      {Sys::socket, K::packet_capture, {is(0, AF_PACKET)}, nullptr, "packet socket"},
      {Sys::socket, K::raw_session, {is(0, AF_INET), {1, Op::equal, SOCK_RAW, 0xf}}, nullptr, "raw socket"},
      {Sys::socket, K::raw_session, {is(0, AF_INET6), {1, Op::equal, SOCK_RAW, 0xf}}, nullptr, "raw socket"},
      {Sys::socket, K::netlink_use, {is(0, AF_NETLINK)}, nullptr, "netlink"},
      {Sys::ioctl, K::network_discovery, {is(1, SIOCGIFCONF)}, nullptr, "interfaces"},
      {Sys::ioctl, K::network_discovery, {is(1, SIOCGIFHWADDR)}, nullptr, "hardware addresses"},
      {Sys::ioctl, K::packet_capture, {is(1, SIOCSIFFLAGS)}, nullptr, "interface flags"},
      // Attributes that keep a file from being changed or removed
      {Sys::ioctl, K::permission_change, {is(1, FS_IOC_SETFLAGS)}, descriptor},
      {Sys::ioctl, K::permission_change, {is(1, FS_IOC32_SETFLAGS)}, descriptor},
  };
  return table;
}

}  // namespace

std::span<const CallRule> call_rules() {
  return rules();
}

bool holds(const std::vector<ArgumentTest>& tests, const Call& call) {
  return std::ranges::all_of(tests, [&](const ArgumentTest& test) {
    const uint64_t value = call[test.index];
    switch (test.op) {
      case Op::equal:
        return (value & test.mask) == test.value;
      case Op::not_equal:
        return (value & test.mask) != test.value;
      case Op::at_least_i32:
        return static_cast<int32_t>(value) >= static_cast<int32_t>(test.value);
    }
    return false;
  });
}

std::string object_of(const CallRule& rule, Thread& thread, const Call& call) {
  if (rule.object) return rule.object(thread, call);
  return rule.text;
}

}  // namespace shikake::sandbox::monitor
