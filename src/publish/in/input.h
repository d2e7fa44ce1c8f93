// A feed's bytes, read once from the front in bounded memory: as lines, or as they come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace shikake::publish {

// Longest line that is read: the longest URLs of real feeds stay under 100 KiB.
inline constexpr size_t max_line_bytes = size_t{1} << 20;

struct Line {
  std::string_view text;  // without its end (LF or CR LF); valid until the next call
  uint64_t number = 0;    // from 1
  uint64_t offset = 0;    // of its first byte, from 0
  bool too_long = false;  // past max_line_bytes: `text` is its beginning, the rest was passed over
};

class Input {
 public:
  explicit Input(int fd) : fd_(fd) {}  // borrowed: stays open as long as this
  // Bytes in memory, for tests and fuzzers; they live as long as this.
  explicit Input(std::string_view bytes) : window_(bytes), memory_(bytes) {}

  // What is buffered and not yet consumed; at least `wanted` bytes (up to max_line_bytes + 1), or all that
  // is left. The view is valid until the next call.
  Result<std::string_view> peek(size_t wanted = 1);
  void consume(size_t count);

  // Nothing at the end. Takes a byte order mark off the first line.
  Result<std::optional<Line>> next_line();
  // All the rest; `limit` past `max_bytes`.
  Result<std::string> rest(size_t max_bytes);
  // Back to the first byte, for a second pass: the descriptor must be seekable.
  Result<> rewind();

  // Bytes anywhere in it, without moving on; shorter past the end.
  Result<std::string> slice(uint64_t offset, size_t size) const;

  uint64_t offset() const { return offset_; }

 private:
  int fd_ = -1;
  std::string buffer_;       // of a descriptor
  std::string_view window_;  // not yet consumed
  std::optional<std::string_view> memory_;
  uint64_t offset_ = 0;
  uint64_t line_ = 1;
  bool ended_ = false;
};

}  // namespace shikake::publish
