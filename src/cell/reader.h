// The confined reader: a program of ours that parses hostile bytes from descriptors opened before, and can do
// nothing but answer in frames. Feed and log readers have this one shape.
//
//   parent                                   child (an executable beside the parent's)
//   ReaderProcess::start("shikake-…", fd) ──► confine_reader(): limits, then seccomp for pure computation
//   channel.send(question) ───────────────►   descriptor 3: the channel
//   channel.receive() ◄───────────────────    descriptors 4, 5, …: the inputs
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/child.h"
#include "base/frame.h"
#include "base/result.h"
#include "cell/limits.h"

namespace shikake::cell {

inline constexpr int reader_channel_fd = 3;
inline constexpr int reader_first_input_fd = 4;

// In the child, before the first hostile byte and after whatever libraries load late (warm them up first).
// Whatever is not computing on those descriptors kills it from here on. Where it fails, exit with
// status_not_confined (limits.h): nobody reads the child's stderr.
Result<> confine_reader();

struct ReaderProcess {
  base::Child child;
  base::FrameChannel channel;
  ResidentWatch memory;

  // `program` is one of our executables. `inputs` stay the caller's; the child shares their file offsets.
  // `memory_bytes`: resident memory past which it is killed.
  static Result<ReaderProcess> start(std::string_view program, std::span<const int> inputs,
                                     uint32_t max_frame, uint64_t memory_bytes);

  // Why the child went away before it had answered.
  Error failure(Module module);
};

}  // namespace shikake::cell
