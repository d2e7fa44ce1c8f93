// What Gateway::start() and shikake-gateway agree on.
#pragma once

#include <string>

#include "gateway/gateway.h"

namespace shikake::gateway {

constexpr const char* program_name = "shikake-gateway";

// The program's descriptors, all others are closed before it starts.
enum : int {
  channel_fd = 3,   // FrameChannel: frames of message.h
  handover_fd = 4,  // Unix socket: the cell's network namespace, once; then closed
  setup_fd = 5,     // a memory file: Setup
  capture_fd = 6,   // if Setup says so
  broker_fd = 7,    // if Setup says so
  first_free_fd = 8,
};

struct Setup {
  Mode mode = Mode::closed;
  Replies replies;
  std::string ca_certificate_pem, ca_key_pem;
  Limits limits;
  bool capture = false;
  bool broker = false;
  static void wire(auto& codec, auto& self) {
    codec(self.mode, self.replies, self.ca_certificate_pem, self.ca_key_pem, self.limits, self.capture,
          self.broker);
  }
};

// Replies and what surrounds them.
constexpr uint64_t max_setup_bytes = Replies::max_bytes + (8 << 20);

}  // namespace shikake::gateway
