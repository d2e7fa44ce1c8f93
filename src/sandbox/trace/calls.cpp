#include "sandbox/trace/calls.h"

#include <seccomp.h>

#include <cstdlib>
#include <vector>

namespace shikake::sandbox::trace {
namespace {

// The kernel's arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl.
constexpr CallRow rows[] = {
    {Sys::open, "open", 2, 5},
    {Sys::openat, "openat", 257, 295},
    {Sys::openat2, "openat2", 437, 437},
    {Sys::creat, "creat", 85, 8},
    {Sys::open_by_handle_at, "open_by_handle_at", 304, 342},
    {Sys::unlink, "unlink", 87, 10},
    {Sys::unlinkat, "unlinkat", 263, 301},
    {Sys::rmdir, "rmdir", 84, 40},
    {Sys::rename, "rename", 82, 38},
    {Sys::renameat, "renameat", 264, 302},
    {Sys::renameat2, "renameat2", 316, 353},
    {Sys::link, "link", 86, 9},
    {Sys::linkat, "linkat", 265, 303},
    {Sys::symlink, "symlink", 88, 83},
    {Sys::symlinkat, "symlinkat", 266, 304},
    {Sys::mkdir, "mkdir", 83, 39},
    {Sys::mkdirat, "mkdirat", 258, 296},
    {Sys::mknod, "mknod", 133, 14},
    {Sys::mknodat, "mknodat", 259, 297},
    {Sys::chmod, "chmod", 90, 15},
    {Sys::fchmod, "fchmod", 91, 94},
    {Sys::fchmodat, "fchmodat", 268, 306},
    {Sys::fchmodat, "fchmodat2", 452, 452},
    {Sys::chown, "chown", 92, 182},
    {Sys::chown, "chown32", -1, 212},
    {Sys::lchown, "lchown", 94, 16},
    {Sys::lchown, "lchown32", -1, 198},
    {Sys::fchown, "fchown", 93, 95},
    {Sys::fchown, "fchown32", -1, 207},
    {Sys::fchownat, "fchownat", 260, 298},
    {Sys::truncate, "truncate", 76, 92},
    {Sys::truncate, "truncate64", -1, 193},
    {Sys::ftruncate, "ftruncate", 77, 93},
    {Sys::ftruncate, "ftruncate64", -1, 194},
    {Sys::utime, "utime", 132, 30},
    {Sys::utimes, "utimes", 235, 271},
    {Sys::futimesat, "futimesat", 261, 299},
    {Sys::utimensat, "utimensat", 280, 320},
    {Sys::utimensat, "utimensat_time64", -1, 412},
    {Sys::setxattr, "setxattr", 188, 226},
    {Sys::lsetxattr, "lsetxattr", 189, 227},
    {Sys::fsetxattr, "fsetxattr", 190, 228},
    {Sys::ioctl, "ioctl", 16, 54},
    {Sys::access, "access", 21, 33},
    {Sys::faccessat, "faccessat", 269, 307},
    {Sys::faccessat, "faccessat2", 439, 439},
    {Sys::memfd_create, "memfd_create", 319, 356},
    {Sys::close, "close", 3, 6},
    {Sys::read, "read", 0, 3},
    {Sys::pread64, "pread64", 17, 180},
    {Sys::write, "write", 1, 4},
    {Sys::readlink, "readlink", 89, 85},
    {Sys::readlinkat, "readlinkat", 267, 305},
    {Sys::mmap, "mmap", 9, -1},
    {Sys::mmap, "mmap2", -1, 192},
    {Sys::mmap, "mmap", -1, 90},
    {Sys::mprotect, "mprotect", 10, 125},
    {Sys::pkey_mprotect, "pkey_mprotect", 329, 380},
    {Sys::mremap, "mremap", 25, 163},
    {Sys::munmap, "munmap", 11, 91},
    {Sys::stat, "stat", 4, -1},
    {Sys::stat, "stat64", -1, 195},
    {Sys::stat, "stat", -1, 106},
    {Sys::stat, "oldstat", -1, 18},
    {Sys::lstat, "lstat", 6, -1},
    {Sys::lstat, "lstat64", -1, 196},
    {Sys::lstat, "lstat", -1, 107},
    {Sys::fstat, "fstat", 5, -1},
    {Sys::fstat, "fstat64", -1, 197},
    {Sys::fstat, "fstat", -1, 108},
    {Sys::newfstatat, "newfstatat", 262, -1},
    {Sys::newfstatat, "fstatat64", -1, 300},
    {Sys::statx, "statx", 332, 383},
    {Sys::getdents64, "getdents64", 217, 220},
    {Sys::dup, "dup", 32, 41},
    {Sys::dup2, "dup2", 33, 63},
    {Sys::dup3, "dup3", 292, 330},
    {Sys::lseek, "lseek", 8, 19},
    {Sys::lseek, "_llseek", -1, 140},
    {Sys::clone, "clone", 56, 120},
    {Sys::clone3, "clone3", 435, 435},
    {Sys::fork, "fork", 57, 2},
    {Sys::vfork, "vfork", 58, 190},
    {Sys::execve, "execve", 59, 11},
    {Sys::execveat, "execveat", 322, 358},
    {Sys::exit, "exit", 60, 1},
    {Sys::exit_group, "exit_group", 231, 252},
    {Sys::wait4, "wait4", 61, 114},
    {Sys::waitid, "waitid", 247, 284},
    {Sys::kill, "kill", 62, 37},
    {Sys::tkill, "tkill", 200, 238},
    {Sys::tgkill, "tgkill", 234, 270},
    {Sys::rt_sigqueueinfo, "rt_sigqueueinfo", 129, 178},
    {Sys::rt_tgsigqueueinfo, "rt_tgsigqueueinfo", 297, 335},
    {Sys::pidfd_send_signal, "pidfd_send_signal", 424, 424},
    {Sys::ptrace, "ptrace", 101, 26},
    {Sys::process_vm_readv, "process_vm_readv", 310, 347},
    {Sys::process_vm_writev, "process_vm_writev", 311, 348},
    {Sys::pidfd_getfd, "pidfd_getfd", 438, 438},
    {Sys::prctl, "prctl", 157, 172},
    {Sys::arch_prctl, "arch_prctl", 158, 384},
    {Sys::seccomp, "seccomp", 317, 354},
    {Sys::setsid, "setsid", 112, 66},
    {Sys::personality, "personality", 135, 136},
    {Sys::getppid, "getppid", 110, 64},
    {Sys::rt_sigaction, "rt_sigaction", 13, 174},
    {Sys::setuid, "setuid", 105, 23},
    {Sys::setuid, "setuid32", -1, 213},
    {Sys::setgid, "setgid", 106, 46},
    {Sys::setgid, "setgid32", -1, 214},
    {Sys::setreuid, "setreuid", 113, 70},
    {Sys::setreuid, "setreuid32", -1, 203},
    {Sys::setregid, "setregid", 114, 71},
    {Sys::setregid, "setregid32", -1, 204},
    {Sys::setresuid, "setresuid", 117, 164},
    {Sys::setresuid, "setresuid32", -1, 208},
    {Sys::setresgid, "setresgid", 119, 170},
    {Sys::setresgid, "setresgid32", -1, 210},
    {Sys::setgroups, "setgroups", 116, 81},
    {Sys::setgroups, "setgroups32", -1, 206},
    {Sys::setfsuid, "setfsuid", 122, 138},
    {Sys::setfsuid, "setfsuid32", -1, 215},
    {Sys::setfsgid, "setfsgid", 123, 139},
    {Sys::setfsgid, "setfsgid32", -1, 216},
    {Sys::capset, "capset", 126, 185},
    {Sys::chroot, "chroot", 161, 61},
    {Sys::pivot_root, "pivot_root", 155, 217},
    {Sys::mount, "mount", 165, 21},
    {Sys::umount2, "umount2", 166, 52},
    {Sys::umount2, "umount", -1, 22},
    {Sys::open_tree, "open_tree", 428, 428},
    {Sys::move_mount, "move_mount", 429, 429},
    {Sys::fsopen, "fsopen", 430, 430},
    {Sys::fsconfig, "fsconfig", 431, 431},
    {Sys::fsmount, "fsmount", 432, 432},
    {Sys::mount_setattr, "mount_setattr", 442, 442},
    {Sys::unshare, "unshare", 272, 310},
    {Sys::setns, "setns", 308, 346},
    {Sys::init_module, "init_module", 175, 128},
    {Sys::finit_module, "finit_module", 313, 350},
    {Sys::delete_module, "delete_module", 176, 129},
    {Sys::kexec_load, "kexec_load", 246, 283},
    {Sys::kexec_file_load, "kexec_file_load", 320, -1},
    {Sys::bpf, "bpf", 321, 357},
    {Sys::perf_event_open, "perf_event_open", 298, 336},
    {Sys::userfaultfd, "userfaultfd", 323, 374},
    {Sys::keyctl, "keyctl", 250, 288},
    {Sys::add_key, "add_key", 248, 286},
    {Sys::request_key, "request_key", 249, 287},
    {Sys::io_uring_setup, "io_uring_setup", 425, 425},
    {Sys::reboot, "reboot", 169, 88},
    {Sys::swapon, "swapon", 167, 87},
    {Sys::sethostname, "sethostname", 170, 74},
    {Sys::setdomainname, "setdomainname", 171, 121},
    {Sys::settimeofday, "settimeofday", 164, 79},
    {Sys::clock_settime, "clock_settime", 227, 264},
    {Sys::clock_settime, "clock_settime64", -1, 404},
    {Sys::adjtimex, "adjtimex", 159, 124},
    {Sys::clock_adjtime, "clock_adjtime", 305, 343},
    {Sys::clock_adjtime, "clock_adjtime64", -1, 405},
    {Sys::acct, "acct", 163, 51},
    {Sys::iopl, "iopl", 172, 110},
    {Sys::ioperm, "ioperm", 173, 101},
    {Sys::syslog, "syslog", 103, 103},
    {Sys::socket, "socket", 41, 359},
    {Sys::connect, "connect", 42, 362},
    {Sys::bind, "bind", 49, 361},
    {Sys::listen, "listen", 50, 363},
    {Sys::accept, "accept", 43, -1},
    {Sys::accept4, "accept4", 288, 364},
    {Sys::sendto, "sendto", 44, 369},
    {Sys::sendmsg, "sendmsg", 46, 370},
    {Sys::sendmmsg, "sendmmsg", 307, 345},
    {Sys::shutdown, "shutdown", 48, 373},
    {Sys::socketcall, "socketcall", -1, 102},
    {Sys::nanosleep, "nanosleep", 35, 162},
    {Sys::clock_nanosleep, "clock_nanosleep", 230, 267},
    {Sys::clock_nanosleep, "clock_nanosleep_time64", -1, 407},
    {Sys::poll, "poll", 7, 168},
    {Sys::ppoll, "ppoll", 271, 309},
    {Sys::ppoll, "ppoll_time64", -1, 414},
    {Sys::select, "select", 23, -1},
    {Sys::select, "_newselect", -1, 142},
    {Sys::old_select, "select", -1, 82},
    {Sys::pselect6, "pselect6", 270, 308},
    {Sys::pselect6, "pselect6_time64", -1, 413},
    {Sys::epoll_wait, "epoll_wait", 232, 256},
    {Sys::epoll_pwait, "epoll_pwait", 281, 319},
    {Sys::epoll_pwait2, "epoll_pwait2", 441, 441},
    {Sys::futex, "futex", 202, 240},
    {Sys::futex, "futex_time64", -1, 422},
    {Sys::rt_sigtimedwait, "rt_sigtimedwait", 128, 177},
    {Sys::rt_sigtimedwait, "rt_sigtimedwait_time64", -1, 421},
    {Sys::mq_timedsend, "mq_timedsend", 242, 279},
    {Sys::mq_timedsend, "mq_timedsend_time64", -1, 418},
    {Sys::mq_timedreceive, "mq_timedreceive", 243, 280},
    {Sys::mq_timedreceive, "mq_timedreceive_time64", -1, 419},
    {Sys::semtimedop, "semtimedop", 220, -1},
    {Sys::semtimedop, "semtimedop_time64", -1, 420},
    {Sys::recvmmsg, "recvmmsg", 299, 337},
    {Sys::recvmmsg, "recvmmsg_time64", -1, 417},
    {Sys::alarm, "alarm", 37, 27},
    {Sys::setitimer, "setitimer", 38, 104},
    {Sys::getitimer, "getitimer", 36, 105},
    {Sys::timer_create, "timer_create", 222, 259},
    {Sys::timer_settime, "timer_settime", 223, 260},
    {Sys::timer_settime, "timer_settime64", -1, 409},
    {Sys::timer_gettime, "timer_gettime", 224, 261},
    {Sys::timer_gettime, "timer_gettime64", -1, 408},
    {Sys::timer_delete, "timer_delete", 226, 263},
    {Sys::timerfd_create, "timerfd_create", 283, 322},
    {Sys::timerfd_settime, "timerfd_settime", 286, 325},
    {Sys::timerfd_settime, "timerfd_settime64", -1, 411},
    {Sys::timerfd_gettime, "timerfd_gettime", 287, 326},
    {Sys::timerfd_gettime, "timerfd_gettime64", -1, 410},
    {Sys::clock_gettime, "clock_gettime", 228, 265},
    {Sys::clock_gettime, "clock_gettime64", -1, 403},
    {Sys::gettimeofday, "gettimeofday", 96, 78},
    {Sys::time, "time", 201, 13},
    {Sys::times, "times", 100, 43},
    {Sys::sysinfo, "sysinfo", 99, 116},
    {Sys::uname, "uname", 63, 122},
    {Sys::uname, "olduname", -1, 109},
    {Sys::clock_getres, "clock_getres", 229, 266},
    {Sys::clock_getres, "clock_getres_time64", -1, 406},
};

// Row by number, for one table.
std::vector<const CallRow*> index_of(int16_t CallRow::*column) {
  std::vector<const CallRow*> index;
  for (const CallRow& row : rows) {
    if (row.*column < 0) continue;
    const auto number = static_cast<size_t>(row.*column);
    if (index.size() <= number) index.resize(number + 1, nullptr);
    index[number] = &row;
  }
  return index;
}

uint32_t seccomp_architecture(Abi abi) {
  switch (abi) {
    case Abi::x86_64:
      return SCMP_ARCH_X86_64;
    case Abi::i386:
      return SCMP_ARCH_X86;
    case Abi::x32:
      return SCMP_ARCH_X32;
  }
  return SCMP_ARCH_X86_64;
}

}  // namespace

std::span<const CallRow> call_rows() {
  return rows;
}

const CallRow* find_call(Abi abi, int number) {
  static const std::vector<const CallRow*> wide = index_of(&CallRow::x86_64);
  static const std::vector<const CallRow*> narrow = index_of(&CallRow::i386);
  const auto& index = abi == Abi::i386 ? narrow : wide;
  if (number < 0 || static_cast<size_t>(number) >= index.size()) return nullptr;
  return index[static_cast<size_t>(number)];
}

std::string_view name(Sys sys) {
  for (const CallRow& row : rows)
    if (row.sys == sys) return row.name;
  return "other";
}

std::string_view name(Abi abi) {
  switch (abi) {
    case Abi::x86_64:
      return "x86-64";
    case Abi::i386:
      return "i386";
    case Abi::x32:
      return "x32";
  }
  return "x86-64";
}

std::string call_name(Abi abi, int number) {
  if (const CallRow* row = find_call(abi, number)) return std::string(row->name);
  char* found =
      seccomp_syscall_resolve_num_arch(seccomp_architecture(abi == Abi::x32 ? Abi::x86_64 : abi), number);
  std::string text = found ? found : "call_" + std::to_string(number);
  std::free(found);  // NOLINT: libseccomp hands over malloc'ed memory
  return text;
}

std::optional<int> call_number(Abi abi, const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(seccomp_architecture(abi), name.c_str());
  if (number < 0) return std::nullopt;  // unknown, or libseccomp's pseudo numbers for what a table lacks
  return number;
}

}  // namespace shikake::sandbox::trace
