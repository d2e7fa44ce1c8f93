#include "neighbourhood/sources/input.h"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace shikake::neighbourhood {
namespace {

constexpr size_t chunk = 256 << 10;
constexpr int gzip_window = 15 + 16;  // zlib's way of asking for gzip and nothing else

}  // namespace

struct Input::Inflater {
  z_stream stream{};
  bool between_members = false;
  Inflater() { inflateInit2(&stream, gzip_window); }
  ~Inflater() { inflateEnd(&stream); }
};

Input::Input(int fd) : fd_(fd) {}
Input::Input(std::string_view bytes) : bytes_(bytes) {}
Input::~Input() = default;

Result<size_t> Input::read_raw(char* to, size_t room) {
  if (fd_ < 0) {
    const size_t size = std::min(room, bytes_.size());
    std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
    return size;
  }
  ssize_t got;
  do got = ::read(fd_, to, room);
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno(Module::neighbourhood, "cannot read the source");
  return static_cast<size_t>(got);
}

Result<> Input::look_for_gzip() {
  looked_ = true;
  raw_.resize(chunk);
  size_t have = 0;
  while (have < 2) {
    SHIKAKE_ASSIGN(size_t got, read_raw(raw_.data() + have, chunk - have));
    if (got == 0) break;
    have += got;
  }
  raw_.resize(have);
  if (raw_.starts_with("\x1f\x8b")) inflater_ = std::make_unique<Inflater>();
  return {};
}

Result<bool> Input::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  if (!looked_) SHIKAKE_TRY(look_for_gzip());
  const size_t before = buffer_.size();
  while (!ended_ && buffer_.size() == before) {
    if (raw_begin_ == raw_.size()) {
      raw_.resize(chunk);
      raw_begin_ = 0;
      SHIKAKE_ASSIGN(size_t got, read_raw(raw_.data(), chunk));
      raw_.resize(got);
    }
    if (inflater_) {
      SHIKAKE_TRY(inflate());
      continue;
    }
    ended_ = raw_.empty();
    buffer_ += raw_;
    raw_begin_ = raw_.size();
  }
  return buffer_.size() > before;
}

Result<> Input::inflate() {
  z_stream& stream = inflater_->stream;
  auto damaged = [&](const char* what) {
    ended_ = true;
    return fail(Module::neighbourhood, ErrorCode::corrupted, what);
  };
  if (raw_.empty()) {
    ended_ = true;
    if (!inflater_->between_members) return damaged("the gzip file is cut short");
    return {};
  }
  if (inflater_->between_members) {
    // Members follow one another (WARC has one a record); zeros may pad the end.
    if (raw_[raw_begin_] == '\0') {
      ++raw_begin_;
      return {};
    }
    inflateReset(&stream);
    inflater_->between_members = false;
  }
  const size_t before = buffer_.size();
  stream.next_in = reinterpret_cast<Bytef*>(raw_.data() + raw_begin_);
  stream.avail_in = static_cast<uInt>(raw_.size() - raw_begin_);
  buffer_.resize(before + chunk);
  stream.next_out = reinterpret_cast<Bytef*>(buffer_.data() + before);
  stream.avail_out = chunk;
  const int status = ::inflate(&stream, Z_NO_FLUSH);
  buffer_.resize(before + chunk - stream.avail_out);
  raw_begin_ = raw_.size() - stream.avail_in;
  if (status == Z_STREAM_END)
    inflater_->between_members = true;
  else if (status != Z_OK && status != Z_BUF_ERROR)
    return damaged("the gzip file is damaged");
  return {};
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
