// Bytes of a source, unpacked on the way when they are gzip (all members), in bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

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
  explicit Input(std::string_view bytes);  // outlives the input
  ~Input();

  // Nothing at the end. Errors: io; corrupted (gzip).
  Result<std::optional<InputLine>> line();
  // The start of what comes next, at most `size` bytes, without taking it.
  Result<std::string_view> peek(size_t size);
  // Passes over so many bytes; false when there are fewer.
  Result<bool> skip(uint64_t size);
  uint64_t line_number() const { return number_; }

 private:
  struct Inflater;
  Result<bool> fill();       // more bytes in buffer_; false at the end
  Result<> look_for_gzip();  // once, at the start
  Result<> inflate();        // one step: what is in raw_, or where a member ends
  Result<size_t> read_raw(char* to, size_t room);

  int fd_ = -1;
  std::string_view bytes_;
  std::unique_ptr<Inflater> inflater_;
  bool looked_ = false, ended_ = false;
  std::string buffer_, raw_;
  size_t begin_ = 0, raw_begin_ = 0;
  uint64_t number_ = 0;
};

}  // namespace shikake::neighbourhood
