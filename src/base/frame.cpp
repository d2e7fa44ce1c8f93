#include "base/frame.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/wire.h"

namespace shikake::base {
namespace {

constexpr size_t header_size = 5;
constexpr size_t chunk = 64 * 1024;  // a receive at a time: as much as a socket usually holds

std::string header(uint8_t type, size_t size) {
  WireWriter writer;
  writer(static_cast<uint32_t>(size), type);
  return writer.take();
}

tl::unexpected<Error> gone(std::string what) {
  return fail(Module::base, ErrorCode::unavailable, std::move(what));
}

}  // namespace

Result<std::pair<FrameChannel, FrameChannel>> FrameChannel::make_pair(uint32_t max_body) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno(Module::base, "could not make a socket pair");
  return std::pair(FrameChannel(UniqueFd(ends[0]), max_body), FrameChannel(UniqueFd(ends[1]), max_body));
}

Result<void> FrameChannel::send(uint8_t type, std::string_view body, const Deadline& deadline) {
  if (body.size() > max_body_)
    return fail(
        Module::base, ErrorCode::limit,
        fmt::format("a message of {} bytes is above its channel's bound of {}", body.size(), max_body_));
  std::string head = header(type, body.size());
  for (std::string_view part : {std::string_view(head), body}) {
    while (!part.empty()) {
      ssize_t sent = ::send(fd(), part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) {
        part.remove_prefix(static_cast<size_t>(sent));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno == EPIPE || errno == ECONNRESET) return gone("the other process has closed its channel");
      if (errno != EAGAIN) return fail_errno(Module::base, "could not send to another process");
      bool room = !closed_ && input_.size() - start_ < max_body_ + header_size;
      if (!wait_for_fd(fd(), static_cast<short>(POLLOUT | (room ? POLLIN : 0)), deadline))
        return fail(Module::base, ErrorCode::timeout, "another process did not take a message in time");
      if (room && !take_in()) closed_ = true;
    }
  }
  return {};
}

Result<Frame> FrameChannel::receive(const Deadline& deadline) {
  for (;;) {
    SHIKAKE_ASSIGN(bool whole, frame_buffered());
    if (whole) break;
    if (closed_)
      return gone(input_.size() == start_
                      ? "the other process has closed its channel"
                      : "the other process closed its channel in the middle of a message");
    if (!wait_for_fd(fd(), POLLIN, deadline))
      return fail(Module::base, ErrorCode::timeout, "another process did not answer in time");
    if (!take_in()) closed_ = true;
  }
  WireReader reader(std::string_view(input_).substr(start_, header_size));
  Frame frame;
  uint32_t size;
  reader(size, frame.type);
  frame.body = input_.substr(start_ + header_size, size);
  start_ += header_size + size;
  // Moved to the front only now and then, so that many small frames in one chunk stay linear.
  if (start_ == input_.size() || start_ >= chunk) {
    input_.erase(0, start_);
    start_ = 0;
  }
  return frame;
}

Result<bool> FrameChannel::frame_buffered() const {
  size_t have = input_.size() - start_;
  if (have < header_size) return false;
  WireReader reader(std::string_view(input_).substr(start_, header_size));
  uint32_t size;
  reader(size);
  if (size > max_body_)
    return fail(
        Module::base, ErrorCode::limit,
        fmt::format("another process announced a message of {} bytes; its bound is {}", size, max_body_));
  return have - header_size >= size;
}

bool FrameChannel::take_in() {
  size_t before = input_.size();
  input_.resize(before + chunk);
  ssize_t got = ::recv(fd(), input_.data() + before, chunk, MSG_DONTWAIT);
  int error = errno;
  input_.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  return got > 0 || (got < 0 && (error == EAGAIN || error == EINTR));
}

}  // namespace shikake::base
