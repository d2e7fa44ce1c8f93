#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace shikake::base {
namespace {

constexpr size_t buffer_size = 256 * 1024;  // large enough that system calls don't count

// What `errno` says about a file, with what the user can do about it.
tl::unexpected<Error> file_error(std::string_view action, const std::filesystem::path& path) {
  int saved = errno;
  Error error{Module::base, saved == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              fmt::format("could not {} the file", action), path.string()};
  if (saved == ENOSPC || saved == EDQUOT)
    error.what =
        fmt::format("could not {} the file: the disk is full; free some space and run it again", action);
  error.system_errno = saved;
  return fail(std::move(error));
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, uint64_t max_bytes) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return file_error("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error("read", path);
  std::string bytes;
  // The size is a hint only: files in /proc have none, and a file may grow meanwhile.
  uint64_t hint = info.st_size > 0 ? static_cast<uint64_t>(info.st_size) : 0;
  for (size_t room = std::min(hint, max_bytes) + 1;;
       room = std::min<uint64_t>(buffer_size, max_bytes + 1 - bytes.size())) {
    size_t before = bytes.size();
    bytes.resize(before + room);
    ssize_t got;
    do got = ::read(fd.get(), bytes.data() + before, room);
    while (got < 0 && errno == EINTR);
    if (got < 0) return file_error("read", path);
    bytes.resize(before + static_cast<size_t>(got));
    if (bytes.size() > max_bytes)
      return fail(
          Error{Module::base, ErrorCode::limit,
                fmt::format("the file is larger than the {} bytes that are read of such a file", max_bytes),
                path.string()});
    if (got == 0) return bytes;
  }
}

Result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& name) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write", name);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

AtomicFile::AtomicFile(std::filesystem::path path, std::string temporary, UniqueFd fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      buffer_(std::move(other.buffer_)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);  // the other's destructor cleans up what was ours
  std::swap(temporary_, other.temporary_);
  std::swap(fd_, other.fd_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::open(const std::filesystem::path& path) {
  // Beside its path: rename(2) is atomic within one file system only.
  std::string temporary = (path.parent_path() / ("." + path.filename().string() + ".XXXXXX")).string();
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return file_error("create", path);
  AtomicFile file(path, std::move(temporary), std::move(fd));
  // mkostemp gives 0600; a result is as readable as any other new file.
  mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file.fd_.get(), 0666 & ~mask) != 0) return file_error("create", path);
  return file;
}

Result<void> AtomicFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > buffer_size) SHIKAKE_TRY(flush());
  if (bytes.size() > buffer_size) return write_all(fd_.get(), bytes, path_);
  buffer_ += bytes;
  return {};
}

Result<void> AtomicFile::flush() {
  SHIKAKE_TRY(write_all(fd_.get(), buffer_, path_));
  buffer_.clear();
  return {};
}

Result<void> AtomicFile::commit() {
  SHIKAKE_TRY(flush());
  if (::fsync(fd_.get()) != 0) return file_error("write", path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return file_error("replace", path_);
  temporary_.clear();
  // The new name is on the disk only once its folder is.
  std::filesystem::path folder = path_.parent_path();
  UniqueFd directory(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return file_error("make durable", path_);
  return {};
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  SHIKAKE_ASSIGN(AtomicFile file, AtomicFile::open(path));
  SHIKAKE_TRY(file.write(bytes));
  return file.commit();
}

}  // namespace shikake::base
