#include "publish/in/input.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shikake::publish {
namespace {

constexpr size_t read_size = size_t{256} << 10;  // past that, larger reads gain nothing measurable
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

Result<std::string_view> Input::peek(size_t wanted) {
  if (memory_) return window_;
  while (window_.size() < wanted && !ended_) {
    size_t kept = window_.size();
    std::string next;
    next.resize(kept + std::max(read_size, wanted));
    std::memcpy(next.data(), window_.data(), kept);
    ssize_t got;
    do got = ::read(fd_, next.data() + kept, next.size() - kept);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
      Error error{Module::publish, ErrorCode::io, "the feed could not be read"};
      error.offset = offset_ + kept;
      error.system_errno = errno;
      return fail(std::move(error));
    }
    ended_ = got == 0;
    next.resize(kept + static_cast<size_t>(got));
    buffer_ = std::move(next);
    window_ = buffer_;
  }
  return window_;
}

void Input::consume(size_t count) {
  window_.remove_prefix(count);
  offset_ += count;
}

Result<std::optional<Line>> Input::next_line() {
  SHIKAKE_ASSIGN(std::string_view bytes, peek());
  if (offset_ == 0) {
    SHIKAKE_ASSIGN(bytes, peek(byte_order_mark.size()));
    if (bytes.starts_with(byte_order_mark)) {
      consume(byte_order_mark.size());
      SHIKAKE_ASSIGN(bytes, peek());
    }
  }
  if (bytes.empty()) return std::nullopt;

  Line line;
  line.number = line_++;
  line.offset = offset_;
  size_t end = bytes.find('\n');
  if (end == std::string_view::npos) {
    SHIKAKE_ASSIGN(bytes, peek(max_line_bytes + 1));
    end = bytes.find('\n');
  }
  if (end == std::string_view::npos && bytes.size() <= max_line_bytes) end = bytes.size();  // the last line
  if (end <= max_line_bytes) {
    line.text = bytes.substr(0, end);
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    consume(std::min(end + 1, bytes.size()));
    return line;
  }

  constexpr size_t shown = 200;  // of a line that nobody will parse
  static thread_local std::string beginning;
  beginning = bytes.substr(0, shown);
  while (end == std::string_view::npos && !bytes.empty()) {
    consume(bytes.size());
    SHIKAKE_ASSIGN(bytes, peek());
    end = bytes.find('\n');
  }
  if (!bytes.empty()) consume(end + 1);
  line.text = beginning;
  line.too_long = true;
  return line;
}

Result<std::string> Input::rest(size_t max_bytes) {
  std::string all;
  for (;;) {
    SHIKAKE_ASSIGN(std::string_view bytes, peek());
    if (bytes.empty()) return all;
    if (bytes.size() > max_bytes - all.size()) {
      Error error{Module::publish, ErrorCode::limit,
                  "the document is larger than " + std::to_string(max_bytes >> 20) +
                      " MiB, the most that is read of this format; split it"};
      error.offset = max_bytes;
      return fail(std::move(error));
    }
    all += bytes;
    consume(bytes.size());
  }
}

Result<> Input::rewind() {
  offset_ = 0;
  line_ = 1;
  ended_ = false;
  if (memory_) {
    window_ = *memory_;
    return {};
  }
  window_ = {};
  if (::lseek(fd_, 0, SEEK_SET) < 0)
    return fail_errno(Module::publish, "the feed can't be read a second time");
  return {};
}

Result<std::string> Input::slice(uint64_t offset, size_t size) const {
  if (memory_) return std::string(memory_->substr(std::min<uint64_t>(offset, memory_->size()), size));
  std::string out(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    ssize_t got = ::pread(fd_, out.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(Module::publish, "the feed could not be read again");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  out.resize(filled);
  return out;
}

}  // namespace shikake::publish
