#include "cell/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "cell/report.h"

namespace shikake::cell {
namespace {
constexpr size_t most_descriptors = 8;
}

Result<std::pair<base::UniqueFd, base::UniqueFd>> make_channel() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(Module::cell, "no socket to a child process");
  std::pair<base::UniqueFd, base::UniqueFd> both{base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
  const int on = 1;
  if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
    return fail_errno(Module::cell, "a child's messages would have no sender");
  return both;
}

void send_message(const base::UniqueFd& channel, std::string_view bytes, std::span<const int> descriptors) {
  SHIKAKE_CHECK(descriptors.size() <= most_descriptors);
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> control{};
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  (void)!sendmsg(channel.get(), &message, MSG_NOSIGNAL);
}

Result<Message> receive_message(const base::UniqueFd& channel, const base::Deadline& deadline) {
  if (!base::wait_for_fd(channel.get(), POLLIN, deadline))
    return fail(Module::cell, ErrorCode::timeout, "a child process has said nothing yet");
  std::array<char, most_report_bytes> bytes{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_descriptors * sizeof(int)) + CMSG_SPACE(sizeof(ucred))>
      control{};
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do size = recvmsg(channel.get(), &message, MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  Message received;
  if (size < 0 && errno != ECONNRESET) return fail_errno(Module::cell, "a child process cannot be heard");
  if (size > 0) received.bytes.assign(bytes.data(), static_cast<size_t>(size));
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_CREDENTIALS) {
      ucred sender{};
      std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
      received.sender = sender.pid;
    } else if (header->cmsg_type == SCM_RIGHTS) {
      for (size_t at = 0; at < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++at) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header) + at * sizeof(int), sizeof fd);
        received.descriptors.emplace_back(fd);
      }
    }
  }
  if (auto failure = received_failure(received.bytes)) return fail(*std::move(failure));
  return received;
}

}  // namespace shikake::cell
