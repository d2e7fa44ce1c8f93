// What the confined feed reader (reader_main.cpp) and its parent (import.cpp) say to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "publish/in/collector.h"

namespace shikake::publish {

inline constexpr std::string_view reader_program = "shikake-feed-reader";

// A record holds some 4 MiB and one object of at most 16 MiB; escapes can double it.
inline constexpr uint32_t max_reader_frame = 64u << 20;

enum class ReaderMessage : uint8_t {
  question,  // to the reader: Question; each is answered by all that follows, up to a report or an error
  record,    // a FeedRecord as JSON
  guard,     // GuardMessage
  sighting,  // FeedSighting
  report,    // ReadReport: all is read
  error,     // ErrorMessage: the file as a whole can't be read
};

struct Question {
  uint32_t file = 0;  // which of the inputs that it was started with
  ReadOptions options;

  static void wire(auto& codec, auto& self) { codec(self.file, self.options); }
};

struct GuardMessage {
  std::string name, description, version, source;
  uint8_t type = 0;
  std::vector<std::string> attributes, values;

  static void wire(auto& codec, auto& self) {
    codec(self.name, self.description, self.version, self.source, self.type, self.attributes, self.values);
  }
};

struct ErrorMessage {
  uint8_t code = 0;
  std::string what;
  std::optional<uint64_t> line, offset;
  int32_t system_errno = 0;

  static void wire(auto& codec, auto& self) {
    codec(self.code, self.what, self.line, self.offset, self.system_errno);
  }
};

}  // namespace shikake::publish
