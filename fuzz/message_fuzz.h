// What every fuzzer of messages between processes does: cuts its input into frames, and holds that a body
// which decodes is the only spelling of what it means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "base/frame.h"
#include "base/wire.h"

namespace shikake {

// Takes off a frame: its type, a body length of two bytes, the body (as much as there is).
inline std::optional<base::Frame> next_frame(std::string_view& input) {
  if (input.size() < 3) return std::nullopt;
  base::Frame frame;
  frame.type = static_cast<uint8_t>(input[0]);
  const size_t size = static_cast<uint8_t>(input[1]) | static_cast<size_t>(static_cast<uint8_t>(input[2]))
                                                           << 8;
  input.remove_prefix(3);
  frame.body = input.substr(0, size);
  input.remove_prefix(frame.body.size());
  return frame;
}

template <class Message>
void check_one_spelling(std::string_view body) {
  auto message = base::from_wire<Message>(body);
  if (message) SHIKAKE_CHECK(base::to_wire(*message) == body);
}

}  // namespace shikake
