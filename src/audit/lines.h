// Lines of a source, in bounded memory however long they are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/unpack.h"

namespace shikake::audit {

struct Line {
  std::string_view text;  // without LF or CR LF; valid until the next call; loadable 64 bytes past its end
  uint64_t number = 0;    // from 1
  bool too_long = false;  // text is its beginning, the rest was passed over
};

class LineReader {
 public:
  // Errors of next(): those of the source, and limit after `max_unpacked_bytes`.
  LineReader(base::Unpacked& source, size_t max_line_bytes, uint64_t max_unpacked_bytes);

  // False at the end. A failing source's last, unfinished line comes before its error.
  Result<bool> next(Line& line);

  uint64_t bytes() const { return total_; }  // unpacked so far
  // The first bytes of the file, for a look at what it is; as much as has been read by now.
  std::string_view first_bytes() const { return {buffer_.get(), end_}; }
  Result<> read_ahead();

 private:
  bool fill();  // false at the end or with failed_ set

  base::Unpacked& source_;
  size_t max_line_bytes_;
  uint64_t max_unpacked_bytes_;
  std::unique_ptr<char[]> buffer_;  // of capacity_, and simdjson's padding
  size_t capacity_;
  size_t begin_ = 0, end_ = 0;  // not yet handed out
  size_t searched_ = 0;         // of that, known to hold no newline
  uint64_t total_ = 0;
  uint64_t number_ = 0;
  bool skipping_ = false;  // the rest of a line that was too long
  bool ended_ = false;
  std::optional<Error> failed_;
};

}  // namespace shikake::audit
