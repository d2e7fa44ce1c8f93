#include "cell/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/fd_passing.h"
#include "cell/report.h"

namespace shikake::cell {

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
  static_cast<void>(base::send_with_fds(channel.get(), bytes, descriptors));
}

Result<Message> receive_message(const base::UniqueFd& channel, const base::Deadline& deadline) {
  if (!base::wait_for_fd(channel.get(), POLLIN, deadline))
    return fail(Module::cell, ErrorCode::timeout, "a child process has said nothing yet");
  std::array<char, most_report_bytes> bytes{};
  base::ReceivedWithFds received = base::receive_with_fds(channel.get(), bytes);
  if (received.size < 0 && errno != ECONNRESET)
    return fail_errno(Module::cell, "a child process cannot be heard");
  Message message{.bytes = {}, .sender = received.sender, .descriptors = std::move(received.fds)};
  if (received.size > 0) message.bytes.assign(bytes.data(), static_cast<size_t>(received.size));
  if (auto failure = received_failure(message.bytes)) return fail(*std::move(failure));
  return message;
}

}  // namespace shikake::cell
