#include "audit/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace shikake::audit {
namespace {
constexpr size_t block_bytes = size_t{256} << 10;  // one read; stays in the second-level cache
constexpr size_t padding = 64;                     // simdjson loads whole vectors
}  // namespace

LineReader::LineReader(base::Unpacked& source, size_t max_line_bytes, uint64_t max_unpacked_bytes)
    : source_(source),
      max_line_bytes_(max_line_bytes),
      max_unpacked_bytes_(max_unpacked_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(max_line_bytes + block_bytes + padding)),
      capacity_(max_line_bytes + block_bytes) {}

bool LineReader::fill() {
  if (ended_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    searched_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  const size_t room = std::min(block_bytes, capacity_ - end_);
  auto got = source_.read({buffer_.get() + end_, room});
  if (got && total_ + *got > max_unpacked_bytes_) {
    got = fail(Module::audit, ErrorCode::limit,
               fmt::format("stopped after {} unpacked bytes (limit max_unpacked_bytes); raise it to read on",
                           max_unpacked_bytes_));
  }
  if (!got) failed_ = got.error();
  if (!got || *got == 0) {
    ended_ = true;
    return false;
  }
  end_ += *got;
  total_ += *got;
  return true;
}

Result<> LineReader::read_ahead() {
  if (!fill() && failed_) return fail(*failed_);
  return {};
}

Result<bool> LineReader::next(Line& line) {
  while (true) {
    const char* const from = buffer_.get() + searched_;
    const void* found = std::memchr(from, '\n', end_ - searched_);
    if (found == nullptr) {
      searched_ = end_;
      if (skipping_) begin_ = end_;
      const bool too_long = end_ - begin_ >= max_line_bytes_;
      if (!too_long && fill()) continue;
      if (!too_long && begin_ == end_) {
        if (failed_) return fail(*failed_);
        return false;
      }
      line.text = {buffer_.get() + begin_, std::min(end_ - begin_, max_line_bytes_)};
      line.number = ++number_;
      line.too_long = skipping_ = too_long;
      begin_ = end_;
      return true;
    }
    const size_t newline = searched_ + static_cast<size_t>(static_cast<const char*>(found) - from);
    const std::string_view text(buffer_.get() + begin_, newline - begin_);
    begin_ = searched_ = newline + 1;
    if (skipping_) {
      skipping_ = false;
      continue;
    }
    line.text = text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
    line.number = ++number_;
    line.too_long = text.size() > max_line_bytes_;
    if (line.too_long) line.text = text.substr(0, max_line_bytes_);
    return true;
  }
}

}  // namespace shikake::audit
