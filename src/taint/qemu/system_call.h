// System calls of the guests' architectures under one name each.
#pragma once

#include <cstdint>

#include "taint/lift.h"

namespace shikake::taint::qemu {

enum class Call : uint8_t {
  other,
  read, write, readv, writev, pread, pwrite, preadv, pwritev, sendfile, sendfile64, splice, tee, vmsplice,
  copy_file_range,
  socket, socketpair, socketcall, bind, listen, accept, accept4, connect,
  send, sendto, sendmsg, sendmmsg, recv, recvfrom, recvmsg, recvmmsg, msgsnd, msgrcv,
  open, openat, openat2, creat, unlink, unlinkat, rename, renameat, renameat2, mkdir, mkdirat,
  chmod, fchmodat, mount, execve, execveat, fork, vfork, clone, exit_group, kill, tkill, tgkill, ptrace,
  mmap, mmap2, old_mmap, munmap, mremap, msync, brk, ipc, shmat,
  signal, sigaction, rt_sigaction, sigreturn, rt_sigreturn, reboot, init_module, finit_module,
};

Call call_of(Architecture architecture, int64_t number);
const char* name(Call call);

}  // namespace shikake::taint::qemu
