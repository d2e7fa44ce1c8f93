#include "gateway/fd_passing.h"

#include <poll.h>

#include <array>

#include "base/fd_passing.h"

namespace shikake::gateway {

Result<> send_with_fd(int socket, std::string_view bytes, int fd) {
  if (base::send_with_fds(socket, bytes, {&fd, fd >= 0 ? 1U : 0U}) < 0)
    return fail_errno(Module::gateway, "a descriptor cannot be passed on");
  return {};
}

Result<Passed> receive_with_fd(int socket, const base::Deadline& deadline) {
  if (!base::wait_for_fd(socket, POLLIN, deadline))
    return fail(Module::gateway, ErrorCode::timeout, "no message came in time");
  std::array<char, max_passed_bytes> bytes;
  base::ReceivedWithFds received = base::receive_with_fds(socket, bytes);
  if (received.size < 0) return fail_errno(Module::gateway, "no message can be received");
  if (received.size == 0) return fail(Module::gateway, ErrorCode::unavailable, "the other end is gone");
  Passed passed;
  passed.bytes.assign(bytes.data(), static_cast<size_t>(received.size));
  if (received.fds.size() == 1) passed.fd = std::move(received.fds.front());
  return passed;
}

}  // namespace shikake::gateway
