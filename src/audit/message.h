// What the confined reader tells its parent: FileStats for each file, then a FindingMessage for each case,
// then one DoneMessage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/finding.h"
#include "audit/reader.h"
#include "base/wire.h"

namespace shikake::audit {

enum class MessageType : uint8_t { file = 1, finding = 2, done = 3, progress = 4 };

// Far above the largest: a finding with a hundred events of 300 bytes and a few dozen reasons.
inline constexpr uint32_t max_message_bytes = 1 << 20;

struct EventMessage {
  uint32_t file = 0;  // index
  uint64_t line = 0;
  std::optional<base::TimePoint> time;
  Stage stage = Stage::exposed;
  uint32_t entry = 0;  // of the intelligence
  std::string seen;
  static void wire(auto& codec, auto& self) {
    codec(self.file, self.line, self.time, self.stage, self.entry, self.seen);
  }
};

struct FindingMessage {
  Finding finding;  // without events
  std::vector<EventMessage> events;
  static void wire(auto& codec, auto& self) {
    auto& f = self.finding;
    codec(f.client, f.user, f.host, f.stage, f.level, f.score, f.reasons, f.action, f.first, f.last,
          f.log_file, f.event_count, f.guarded_hits, self.events);
  }
};

struct ProgressMessage {
  uint64_t bytes = 0;  // read since the last one
  static void wire(auto& codec, auto& self) { codec(self.bytes); }
};

struct DoneMessage {
  std::vector<std::string> limits_hit;
  static void wire(auto& codec, auto& self) { codec(self.limits_hit); }
};

}  // namespace shikake::audit
