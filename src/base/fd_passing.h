// Descriptors over a Unix socket that keeps messages apart, beside a few bytes: see unix(7), SCM_RIGHTS.
#pragma once

#include <sys/types.h>

#include <span>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace shikake::base {

// With one message; what a peer sends beyond them, the kernel closes.
constexpr size_t most_passed_fds = 8;

// As sendmsg(2): the size sent, or -1 and errno; a signal does not break in. Allocates nothing.
ssize_t send_with_fds(int socket, std::string_view bytes, std::span<const int> fds);

struct ReceivedWithFds {
  ssize_t size = -1;  // as recvmsg(2)
  pid_t sender = -1;  // where the socket asks for it (SO_PASSCRED), as the receiver counts
  std::vector<UniqueFd> fds;
};
// As recvmsg(2); a signal does not break in. The descriptors are closed on exec.
ReceivedWithFds receive_with_fds(int socket, std::span<char> bytes);

}  // namespace shikake::base
