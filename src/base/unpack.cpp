#include "base/unpack.h"

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "base/check.h"

namespace shikake::base {
namespace {

constexpr size_t block_bytes = size_t{256} << 10;  // stays in the second-level cache
// A zstd frame may ask for any window; this is the most that the zstd program itself grants unasked.
constexpr int zstd_window_log_max = 27;

Error damaged(std::string what, uint64_t offset) {
  return Error{
      .module = Module::base, .code = ErrorCode::corrupted, .what = std::move(what), .offset = offset};
}

}  // namespace

// Bytes of the file, or of memory, with a look ahead.
class Unpacked::FileBytes {
 public:
  explicit FileBytes(int fd) : fd_(fd), buffer_(std::make_unique_for_overwrite<char[]>(block_bytes)) {}
  explicit FileBytes(std::string_view bytes) : FileBytes(-1) { memory_ = bytes; }

  // More behind what is left; false at the end of the file.
  Result<bool> fill() {
    if (begin_ > 0) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == block_bytes) return true;
    SHIKAKE_ASSIGN(const size_t got, read_into({buffer_.get() + end_, block_bytes - end_}));
    end_ += got;
    return got > 0;
  }
  std::string_view left() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void take(size_t count) { begin_ += count; }
  uint64_t total() const { return total_; }
  uint64_t position() const { return total_ - (end_ - begin_); }
  // Straight to where the caller wants it; nothing may be left.
  Result<size_t> read_into(std::span<char> room) {
    ssize_t got;
    if (fd_ < 0) {
      got = static_cast<ssize_t>(memory_.copy(room.data(), room.size()));
      memory_.remove_prefix(static_cast<size_t>(got));
    } else {
      do got = ::read(fd_, room.data(), room.size());
      while (got < 0 && errno == EINTR);
    }
    if (got < 0) return fail_errno(Module::base, "the file can't be read");
    total_ += static_cast<uint64_t>(got);
    return static_cast<size_t>(got);
  }

 private:
  int fd_;  // below 0: memory_
  std::string_view memory_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0, end_ = 0;
  uint64_t total_ = 0;
};

class Unpacked::Unpacker {
 public:
  explicit Unpacker(FileBytes bytes) : bytes_(std::move(bytes)) {}
  virtual ~Unpacker() = default;
  virtual Packing packing() const = 0;

  // What came before a failure is handed out before the failure.
  Result<size_t> read(std::span<char> room) {
    const size_t done = failed_ ? 0 : unpack(room);
    if (done == 0 && failed_) return fail(*failed_);
    return done;
  }
  uint64_t bytes_in() const { return bytes_.total(); }

 protected:
  // Bytes put into the room; 0 at the end and with failed_ set.
  virtual size_t unpack(std::span<char> room) = 0;

  // Bytes to unpack; false at the end of the file or after a failure. `in_the_middle`: the end is one.
  bool have_bytes(bool in_the_middle) {
    if (!bytes_.left().empty()) return true;
    auto more = bytes_.fill();
    if (more && *more) return true;
    if (!more)
      failed_ = more.error();
    else if (in_the_middle)
      failed_ =
          damaged(fmt::format("the {} data ends in the middle: the file was cut short", name(packing())),
                  bytes_.position());
    return false;
  }

  FileBytes bytes_;
  std::optional<Error> failed_;
};

class Unpacked::Plain final : public Unpacker {
 public:
  using Unpacker::Unpacker;
  Packing packing() const override { return Packing::none; }

 private:
  size_t unpack(std::span<char> room) override {
    if (const std::string_view left = bytes_.left(); !left.empty()) {  // from the look at the first bytes
      const size_t count = std::min(left.size(), room.size());
      std::memcpy(room.data(), left.data(), count);
      bytes_.take(count);
      return count;
    }
    auto got = bytes_.read_into(room);
    if (!got) failed_ = got.error();
    return got.value_or(0);
  }
};

class Unpacked::Gzip final : public Unpacker {
 public:
  explicit Gzip(FileBytes bytes) : Unpacker(std::move(bytes)) {
    constexpr int gzip_only = 16;  // added to the window's bits: no zlib header, no raw stream
    SHIKAKE_CHECK(inflateInit2(&stream_, MAX_WBITS + gzip_only) == Z_OK);
  }
  ~Gzip() override { inflateEnd(&stream_); }
  Packing packing() const override { return Packing::gzip; }

 private:
  size_t unpack(std::span<char> room) override {
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(room.size());
    while (stream_.avail_out == room.size()) {
      // What inflate still holds comes out without new bytes.
      if (!inside_full_ && !have_bytes(!between_members_)) break;
      // Behind a member: another one, or the zeros that tapes pad with.
      if (between_members_ && bytes_.left().starts_with('\0')) {
        bytes_.take(1);
        continue;
      }
      const std::string_view in = bytes_.left();
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      stream_.avail_in = static_cast<uInt>(in.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      bytes_.take(in.size() - stream_.avail_in);
      between_members_ = code == Z_STREAM_END;
      inside_full_ = stream_.avail_out == 0 && !between_members_;
      if (code == Z_STREAM_END) {
        inflateReset(&stream_);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        failed_ = damaged(
            fmt::format("the gzip data is damaged ({})", stream_.msg ? stream_.msg : "no reason given"),
            bytes_.position());
        break;
      }
    }
    return room.size() - stream_.avail_out;
  }

  z_stream stream_{};
  bool between_members_ = false;
  bool inside_full_ = false;  // the last call filled its room: more may be waiting
};

class Unpacked::Zstd final : public Unpacker {
 public:
  explicit Zstd(FileBytes bytes) : Unpacker(std::move(bytes)), stream_(ZSTD_createDStream()) {
    SHIKAKE_CHECK(stream_ != nullptr);
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, zstd_window_log_max);
    wanted_ = frame_start_bytes_ = ZSTD_initDStream(stream_);
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }
  Packing packing() const override { return Packing::zstd; }

 private:
  size_t unpack(std::span<char> room) override {
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    while (out.pos == 0) {
      if (!inside_full_ && !have_bytes(!at_frame_start_)) break;
      // Only as much as the library asks for, which is a block: of a call that fails it hands out nothing, so
      // the fewer bytes a call is given the less is lost in front of the damage.
      const std::string_view in = bytes_.left().substr(0, inside_full_ ? 0 : wanted_);
      ZSTD_inBuffer input{in.data(), in.size(), 0};
      const size_t code = ZSTD_decompressStream(stream_, &out, &input);
      bytes_.take(input.pos);
      if (ZSTD_isError(code) != 0) {
        failed_ =
            damaged(fmt::format("the zstd data is damaged ({})", ZSTD_getErrorName(code)), bytes_.position());
        break;
      }
      at_frame_start_ = code == 0;
      wanted_ = at_frame_start_ ? frame_start_bytes_ : code;
      inside_full_ = out.pos == out.size && !at_frame_start_;
    }
    return out.pos;
  }

  ZSTD_DStream* stream_;
  size_t wanted_, frame_start_bytes_;
  bool at_frame_start_ = true;
  bool inside_full_ = false;  // the last call filled its room: more may be waiting
};

std::string_view name(Packing packing) {
  switch (packing) {
    case Packing::none:
      return "none";
    case Packing::gzip:
      return "gzip";
    case Packing::zstd:
      return "zstd";
  }
  SHIKAKE_CHECK(false);
}

Unpacked::Unpacked(std::unique_ptr<Unpacker> unpacker) : unpacker_(std::move(unpacker)) {}
Unpacked::Unpacked(Unpacked&&) noexcept = default;
Unpacked& Unpacked::operator=(Unpacked&&) noexcept = default;
Unpacked::~Unpacked() = default;

Result<Unpacked> Unpacked::open(int fd) {
  return open(FileBytes(fd));
}
Result<Unpacked> Unpacked::open(std::string_view bytes) {
  return open(FileBytes(bytes));
}

Result<Unpacked> Unpacked::open(FileBytes bytes) {
  constexpr std::string_view gzip_magic("\x1F\x8B\x08", 3);
  constexpr std::string_view zstd_magic("\x28\xB5\x2F\xFD", 4);
  while (bytes.left().size() < zstd_magic.size()) {
    SHIKAKE_ASSIGN(const bool more, bytes.fill());
    if (!more) break;
  }
  if (bytes.left().starts_with(gzip_magic)) return Unpacked(std::make_unique<Gzip>(std::move(bytes)));
  if (bytes.left().starts_with(zstd_magic)) return Unpacked(std::make_unique<Zstd>(std::move(bytes)));
  return Unpacked(std::make_unique<Plain>(std::move(bytes)));
}

Result<size_t> Unpacked::read(std::span<char> room) {
  return unpacker_->read(room);
}
Packing Unpacked::packing() const {
  return unpacker_->packing();
}
uint64_t Unpacked::bytes_in() const {
  return unpacker_->bytes_in();
}

}  // namespace shikake::base
