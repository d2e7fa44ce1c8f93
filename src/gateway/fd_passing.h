// Descriptors over a Unix socket, beside a few bytes: see unix(7), SCM_RIGHTS.
#pragma once

#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::gateway {

constexpr size_t max_passed_bytes = 4096;

// One message; -1: none with it. The socket keeps messages apart (SOCK_SEQPACKET).
Result<> send_with_fd(int socket, std::string_view bytes, int fd);

struct Passed {
  std::string bytes;
  base::UniqueFd fd;
};
// Errors: unavailable (the peer is gone), timeout.
Result<Passed> receive_with_fd(int socket, const base::Deadline& deadline);

}  // namespace shikake::gateway
