// Framed messages between our processes, over a stream socket.
//
//   +-----------------+---------+------------------+
//   | u32 body length | u8 type | body             |   little-endian; what the types mean and how a
//   +-----------------+---------+------------------+   body reads (wire.h) is the two ends' business
//
// The other end may be hostile: a length above the channel's bound is refused before anything is
// allocated for it, and memory grows only with bytes that really came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::base {

struct Frame {
  uint8_t type = 0;
  std::string body;
};

class FrameChannel {
 public:
  // Two connected ends, both close-on-exec: map one into a child (child.h), then drop it here.
  static Result<std::pair<FrameChannel, FrameChannel>> make_pair(uint32_t max_body);

  // Takes a connected stream socket, such as the one that a worker was started with.
  FrameChannel(UniqueFd socket, uint32_t max_body) : socket_(std::move(socket)), max_body_(max_body) {}

  // Errors: unavailable (the peer is gone), limit (the body is above the bound; nothing was sent),
  // timeout (after a part was sent the channel is of no more use). While it waits for room, it takes in
  // what the peer sends, up to one frame of the largest size, so that two ends that both send don't
  // stand still.
  Result<void> send(uint8_t type, std::string_view body, const Deadline& deadline);

  // Errors: unavailable (the peer is gone; `what` says if it went in the middle of a frame), limit (it
  // announced more than the bound), timeout. After a timeout nothing is lost: call again.
  Result<Frame> receive(const Deadline& deadline);

  // For poll. A whole frame may already be buffered when it isn't readable: receive until timeout.
  int fd() const { return socket_.get(); }

 private:
  bool take_in();  // what is there, at most; false when the peer has closed
  Result<bool> frame_buffered() const;

  UniqueFd socket_;
  uint32_t max_body_;
  std::string input_;  // received, not yet handed out, from start_ on
  size_t start_ = 0;
  bool closed_ = false;
};

}  // namespace shikake::base
