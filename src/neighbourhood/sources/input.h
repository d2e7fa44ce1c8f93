// Lines and pieces of a source, unpacked on the way (base/unpack.h), in bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unpack.h"

namespace shikake::neighbourhood {

// No URL that a corpus takes is near it; a CDX line holds a URL twice and a JSON object.
inline constexpr size_t longest_line = 64 << 10;

struct InputLine {
  std::string_view text;  // without its end; good until the next call
  uint64_t number = 0;    // from 1
  bool too_long = false;  // the text is its beginning
};

class Input {
 public:
  explicit Input(int fd);                  // stays open; read from where it stands
  explicit Input(std::string_view bytes);  // outlive the input

  // Nothing at the end. Errors: io; corrupted (packed bytes damaged or cut short).
  Result<std::optional<InputLine>> line();
  // The start of what comes next, at most `size` bytes, without taking it.
  Result<std::string_view> peek(size_t size);
  // Passes over so many bytes; false when there are fewer.
  Result<bool> skip(uint64_t size);
  uint64_t line_number() const { return number_; }

 private:
  Result<bool> fill();  // more bytes in buffer_; false at the end

  Result<base::Unpacked> source_;  // an error: said by whoever asks first
  const size_t at_once_;           // bytes
  std::string buffer_;
  size_t begin_ = 0;
  uint64_t number_ = 0;
};

}  // namespace shikake::neighbourhood
