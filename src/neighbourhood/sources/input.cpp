#include "neighbourhood/sources/input.h"

#include <algorithm>

namespace shikake::neighbourhood {
namespace {

constexpr size_t most_at_once = 256 << 10, least_at_once = 4 << 10;

}  // namespace

Input::Input(int fd) : source_(base::Unpacked::open(fd)), at_once_(most_at_once) {}
Input::Input(std::string_view bytes)
    : source_(base::Unpacked::open(bytes)), at_once_(std::clamp(bytes.size(), least_at_once, most_at_once)) {}

Result<bool> Input::fill() {
  if (!source_) return fail(source_.error());
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t before = buffer_.size();
  buffer_.resize(before + at_once_);
  auto got = source_->read({buffer_.data() + before, at_once_});
  buffer_.resize(before + got.value_or(0));
  if (!got) return fail(std::move(got.error()));
  return *got > 0;
}

Result<std::string_view> Input::peek(size_t size) {
  while (buffer_.size() - begin_ < size) {
    SHIKAKE_ASSIGN(bool more, fill());
    if (!more) break;
  }
  return std::string_view(buffer_).substr(begin_, size);
}

Result<bool> Input::skip(uint64_t size) {
  while (size > 0) {
    if (begin_ == buffer_.size()) {
      SHIKAKE_ASSIGN(bool more, fill());
      if (!more) return false;
    }
    const uint64_t step = std::min<uint64_t>(size, buffer_.size() - begin_);
    begin_ += step;
    size -= step;
  }
  return true;
}

Result<std::optional<InputLine>> Input::line() {
  size_t searched = begin_;
  while (true) {
    const size_t end = buffer_.find('\n', searched);
    if (end != buffer_.npos || buffer_.size() - begin_ > longest_line) break;
    searched = buffer_.size() - begin_;  // fill() moves what is left to the front
    SHIKAKE_ASSIGN(bool more, fill());
    if (!more) break;
  }
  if (begin_ == buffer_.size()) return std::nullopt;
  InputLine line;
  line.number = ++number_;
  size_t end = buffer_.find('\n', begin_);
  line.too_long = std::min(end, buffer_.size()) - begin_ > longest_line;
  if (line.too_long) {
    // The rest is passed over, a piece at a time.
    const std::string start = buffer_.substr(begin_, longest_line);
    while (end == buffer_.npos) {
      begin_ = buffer_.size();
      SHIKAKE_ASSIGN(bool more, fill());
      if (!more) break;
      end = buffer_.find('\n', begin_);
    }
    begin_ = end == buffer_.npos ? buffer_.size() : end + 1;
    // Kept in front of what comes next, where the next call forgets it.
    buffer_.replace(0, begin_, start);
    begin_ = start.size();
    line.text = std::string_view(buffer_).substr(0, start.size());
    return line;
  }
  line.text = std::string_view(buffer_).substr(begin_, end == buffer_.npos ? end : end - begin_);
  begin_ = end == buffer_.npos ? buffer_.size() : end + 1;
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  return line;
}

}  // namespace shikake::neighbourhood
