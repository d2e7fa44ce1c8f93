#include "taint/qemu/run_state.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace shikake::taint::qemu {
namespace {

RunState* map(int fd) {
  void* at = mmap(nullptr, sizeof(RunState), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (at == MAP_FAILED) return nullptr;
  // The table is sparse: reading ahead would fill and clear pages that nobody wants.
  madvise(at, sizeof(RunState), MADV_RANDOM);
  return static_cast<RunState*>(at);
}

// The descriptor that waits in a socket; -1 where none does.
int received(int socket) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0) return -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

}  // namespace

RunState* map_run_state(const char* path) {
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return nullptr;
  RunState* state = ftruncate(fd, sizeof(RunState)) == 0 ? map(fd) : nullptr;
  close(fd);
  return state;
}

RunState* map_run_state(const Bell& bell) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return nullptr;
  const int fd = bell.ring(BellWord::state, static_cast<uint64_t>(ends[1]), 0) == 0 ? received(ends[0]) : -1;
  RunState* state = fd >= 0 ? map(fd) : nullptr;
  for (const int one : {ends[0], ends[1], fd})
    if (one >= 0) close(one);
  return state;
}

}  // namespace shikake::taint::qemu
