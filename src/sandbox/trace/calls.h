// System calls by what they do, whatever instruction set or table a guest reaches them through.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shikake::sandbox::trace {

// The table of numbers that a call came through. A process may use several: a 64-bit program reaches the
// 32-bit table with `int 0x80`.
enum class Abi : uint8_t { x86_64, i386, x32 };

// One value a call that the sandbox knows by meaning; rows of different names that do the same share one
// (setuid and setuid32). `other` is any call that a hook asked for by its name.
enum class Sys : uint8_t {
  other,
  // files
  open,
  openat,
  openat2,
  creat,
  open_by_handle_at,
  unlink,
  unlinkat,
  rmdir,
  rename,
  renameat,
  renameat2,
  link,
  linkat,
  symlink,
  symlinkat,
  mkdir,
  mkdirat,
  mknod,
  mknodat,
  chmod,
  fchmod,
  fchmodat,
  chown,
  lchown,
  fchown,
  fchownat,
  truncate,
  ftruncate,
  utime,
  utimes,
  futimesat,
  utimensat,
  setxattr,
  lsetxattr,
  fsetxattr,
  ioctl,
  access,
  faccessat,
  memfd_create,
  close,
  read,
  pread64,
  write,
  readlink,
  readlinkat,
  mmap,
  mprotect,
  pkey_mprotect,
  mremap,
  munmap,
  stat,
  lstat,
  fstat,
  newfstatat,
  statx,
  getdents64,
  dup,
  dup2,
  dup3,
  lseek,
  // processes
  clone,
  clone3,
  fork,
  vfork,
  execve,
  execveat,
  exit,
  exit_group,
  wait4,
  waitid,
  kill,
  tkill,
  tgkill,
  rt_sigqueueinfo,
  rt_tgsigqueueinfo,
  pidfd_send_signal,
  ptrace,
  process_vm_readv,
  process_vm_writev,
  pidfd_getfd,
  prctl,
  arch_prctl,
  seccomp,
  setsid,
  personality,
  getppid,
  rt_sigaction,
  // powers
  setuid,
  setgid,
  setreuid,
  setregid,
  setresuid,
  setresgid,
  setgroups,
  setfsuid,
  setfsgid,
  capset,
  chroot,
  pivot_root,
  mount,
  umount2,
  open_tree,
  move_mount,
  fsopen,
  fsconfig,
  fsmount,
  mount_setattr,
  unshare,
  setns,
  init_module,
  finit_module,
  delete_module,
  kexec_load,
  kexec_file_load,
  bpf,
  perf_event_open,
  userfaultfd,
  keyctl,
  add_key,
  request_key,
  io_uring_setup,
  reboot,
  swapon,
  sethostname,
  setdomainname,
  settimeofday,
  clock_settime,
  adjtimex,
  clock_adjtime,
  acct,
  iopl,
  ioperm,
  syslog,
  // network
  socket,
  connect,
  bind,
  listen,
  accept,
  accept4,
  sendto,
  sendmsg,
  sendmmsg,
  shutdown,
  socketcall,
  // time
  nanosleep,
  clock_nanosleep,
  poll,
  ppoll,
  select,
  old_select,
  pselect6,
  epoll_wait,
  epoll_pwait,
  epoll_pwait2,
  futex,
  rt_sigtimedwait,
  mq_timedsend,
  mq_timedreceive,
  semtimedop,
  recvmmsg,
  alarm,
  setitimer,
  getitimer,
  timer_create,
  timer_settime,
  timer_gettime,
  timer_delete,
  timerfd_create,
  timerfd_settime,
  timerfd_gettime,
  clock_gettime,
  gettimeofday,
  time,
  times,
  sysinfo,
  uname,
  clock_getres,
  count_,
};

// One row a kernel name: where it stands in each table; -1: not there.
struct CallRow {
  Sys sys;
  std::string_view name;
  int16_t x86_64;
  int16_t i386;
};
std::span<const CallRow> call_rows();

// The row for a number of a table; nothing for calls that the sandbox does not know by meaning.
const CallRow* find_call(Abi abi, int number);
std::string_view name(Sys sys);
std::string_view name(Abi abi);

// The kernel's name for any number, "call_513" for one without; slow (asks libseccomp).
std::string call_name(Abi abi, int number);
// Its number in a table by the kernel's name; nothing where it has none.
std::optional<int> call_number(Abi abi, const std::string& name);

// A call as it was made.
struct Call {
  Sys sys = Sys::other;
  Abi abi = Abi::x86_64;
  int number = -1;
  std::array<uint64_t, 6> arguments{};  // 32-bit tables: zero-extended
  uint64_t instruction = 0;             // address of the instruction after the call
  uint64_t stack = 0;                   // stack pointer

  uint64_t operator[](size_t index) const { return arguments[index]; }
  int as_int(size_t index) const { return static_cast<int>(arguments[index]); }
  bool is_32_bit() const { return abi == Abi::i386; }
  size_t pointer_bytes() const { return abi == Abi::x86_64 ? 8 : 4; }
};

}  // namespace shikake::sandbox::trace
