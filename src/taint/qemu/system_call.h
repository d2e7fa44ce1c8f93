// System calls of the guests' architectures under one name each.
#pragma once

#include <array>
#include <cstdint>

#include "taint/lift.h"

namespace shikake::taint::qemu {

enum class Call : uint8_t {
  other,
  read, write, readv, writev, pread, pwrite, preadv, pwritev, sendfile, sendfile64, splice, tee, vmsplice,
  copy_file_range,
  socket, socketpair, socketcall, bind, listen, accept, accept4, connect, getsockname, getpeername, getsockopt,
  send, sendto, sendmsg, sendmmsg, recv, recvfrom, recvmsg, recvmmsg, msgsnd, msgrcv,
  open, openat, openat2, creat, unlink, unlinkat, rename, renameat, renameat2, mkdir, mkdirat,
  chmod, fchmodat, mount, execve, execveat, fork, vfork, clone, exit_group, kill, tkill, tgkill, ptrace,
  mmap, mmap2, old_mmap, munmap, mremap, msync, brk, ipc, shmat,
  signal, sigaction, rt_sigaction, sigreturn, rt_sigreturn, reboot, init_module, finit_module,
};

// Vectors of buffers and of messages longer than this the kernel does not take (UIO_MAXIOV).
inline constexpr uint64_t max_vector = 1024;

struct CallArguments {
  Call call = Call::other;
  std::array<uint64_t, 6> a{};
  int64_t number = 0;  // as the program gave it
};

// A part of the program's memory.
struct Piece {
  Address at;
  uint64_t count;
};

// Tables by architecture have columns for x86-64, i386, ARM (EABI), AArch64 and MIPS (o32), whose numbers begin at
// first_number().
size_t column_of(Architecture architecture);
int64_t first_number(Architecture architecture);

Call call_of(Architecture architecture, int64_t number);
const char* name(Call call);

}  // namespace shikake::taint::qemu
