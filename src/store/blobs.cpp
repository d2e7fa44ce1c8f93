#include "store/blobs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <vector>

#include "base/unique_fd.h"

namespace shikake::store {
namespace {

namespace fs = std::filesystem;

Result<> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return fail_errno(Module::store, errno == ENOSPC
                                           ? "the disk is full while storing a blob; what was stored "
                                             "before is safe: free some space and try again"
                                           : "a blob cannot be written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<> sync_directory(const fs::path& directory) {
  base::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail_errno(Module::store, "cannot sync " + directory.string());
  return {};
}

// Held shared while a blob is put and alone while blobs are collected: else one could be found old, put
// again, and then removed.
class Lock {
 public:
  static Result<Lock> take(const fs::path& root, int how) {
    base::UniqueFd fd(::open((root / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return fail_errno(Module::store, "cannot open the blobs' lock");
    while (::flock(fd.get(), how) != 0) {
      if (errno != EINTR) return fail_errno(Module::store, "cannot lock the blobs");
    }
    return Lock(std::move(fd));
  }

 private:
  explicit Lock(base::UniqueFd fd) : fd_(std::move(fd)) {}
  base::UniqueFd fd_;  // closing it unlocks
};

class BlobFiles final : public BlobStore {
 public:
  BlobFiles(fs::path root, const base::Clock& clock) : root_(std::move(root)), clock_(clock) {}

  Result<base::Digest> put(std::string_view bytes) override;
  Result<std::string> get(const base::Digest& name) const override;
  bool contains(const base::Digest& name) const override {
    struct stat status {};
    return ::stat(path_of(name).c_str(), &status) == 0;
  }
  Result<uint64_t> collect(base::TimePoint before,
                           const std::function<Result<bool>(const base::Digest&)>& keep) override;

 private:
  fs::path path_of(const base::Digest& name) const {
    std::string hex = name.hex();
    return root_ / hex.substr(0, 2) / hex.substr(2);
  }
  // The time that collect() goes by, from our clock rather than the kernel's.
  bool touch(const fs::path& path) const {
    int64_t now = base::to_micros(clock_.now());
    timespec time{now / 1'000'000, (now % 1'000'000) * 1000};
    timespec times[2] = {time, time};
    return ::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0;
  }
  Result<> write_new(const fs::path& path, std::string_view bytes);
  Result<uint64_t> collect_shard(const std::string& shard, base::TimePoint before,
                                 const std::function<Result<bool>(const base::Digest&)>& keep);

  fs::path root_;
  const base::Clock& clock_;
};

// Under a name of its own first and renamed when it is whole and synced: a name never has half a body.
Result<> BlobFiles::write_new(const fs::path& path, std::string_view bytes) {
  const fs::path shard = path.parent_path();
  if (::mkdir(shard.c_str(), 0700) == 0) SHIKAKE_TRY(sync_directory(root_));
  std::string partial = (root_ / ".partial-XXXXXX").string();
  base::UniqueFd fd(::mkostemp(partial.data(), O_CLOEXEC));
  if (!fd) return fail_errno(Module::store, "cannot make a file in " + root_.string());
  auto written = write_all(fd.get(), bytes);
  if (written && (::fchmod(fd.get(), 0400) != 0 || ::fsync(fd.get()) != 0))
    written = fail_errno(Module::store, "a blob cannot be written");
  if (written && (!touch(partial) || ::rename(partial.c_str(), path.c_str()) != 0))
    written = fail_errno(Module::store, "a blob cannot be put in its place");
  if (!written) {
    ::unlink(partial.c_str());
    return written;
  }
  return sync_directory(shard);
}

Result<base::Digest> BlobFiles::put(std::string_view bytes) {
  if (bytes.size() > max_blob_bytes)
    return fail(Module::store, ErrorCode::limit, "a blob is larger than 256 MiB and was not stored");
  const base::Digest name = base::sha256(bytes);
  SHIKAKE_ASSIGN([[maybe_unused]] Lock lock, Lock::take(root_, LOCK_SH));
  const fs::path path = path_of(name);
  struct stat status {};
  // One that was damaged to another size is written anew; get() finds any other damage.
  if (::stat(path.c_str(), &status) == 0 && static_cast<size_t>(status.st_size) == bytes.size() &&
      touch(path))
    return name;
  SHIKAKE_TRY(write_new(path, bytes));
  return name;
}

Result<std::string> BlobFiles::get(const base::Digest& name) const {
  base::UniqueFd fd(::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return fail(Module::store, ErrorCode::not_found,
                "there is no blob " + name.hex() + "; it may have been collected");
  if (!fd) return fail_errno(Module::store, "blob " + name.hex() + " cannot be opened");
  std::string bytes;
  char piece[65536];
  for (;;) {
    ssize_t count = ::read(fd.get(), piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(Module::store, "blob " + name.hex() + " cannot be read");
    if (count == 0) break;
    bytes.append(piece, static_cast<size_t>(count));
    if (bytes.size() > max_blob_bytes) break;  // not what we stored: the digest will say so
  }
  if (base::sha256(bytes) != name)
    return fail(Module::store, ErrorCode::corrupted,
                "blob " + name.hex() + " is damaged: its bytes are not what its name says");
  return bytes;
}

Result<uint64_t> BlobFiles::collect_shard(const std::string& shard, base::TimePoint before,
                                          const std::function<Result<bool>(const base::Digest&)>& keep) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(root_ / shard, error), end; !error && it != end; it.increment(error))
    files.push_back(it->path());
  uint64_t gone = 0;
  for (const fs::path& file : files) {
    auto name = base::Digest::from_hex(shard + file.filename().string());
    if (!name) continue;  // not ours
    SHIKAKE_ASSIGN([[maybe_unused]] Lock lock, Lock::take(root_, LOCK_EX));
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) continue;
    int64_t put_at = status.st_mtim.tv_sec * 1'000'000 + status.st_mtim.tv_nsec / 1000;
    if (base::from_micros(put_at) >= before) continue;
    SHIKAKE_ASSIGN(bool kept, keep(*name));
    if (!kept && ::unlink(file.c_str()) == 0) ++gone;
  }
  return gone;
}

Result<uint64_t> BlobFiles::collect(base::TimePoint before,
                                    const std::function<Result<bool>(const base::Digest&)>& keep) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(root_, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  if (error) return fail(Module::store, ErrorCode::io, "the blobs cannot be listed: " + error.message());
  uint64_t gone = 0;
  for (const fs::path& entry : entries) {
    const std::string name = entry.filename().string();
    if (name.size() == 2) {
      SHIKAKE_ASSIGN(uint64_t some, collect_shard(name, before, keep));
      gone += some;
    } else if (name.starts_with(
                   ".partial-")) {  // of a writer that died: nobody else's while we hold the lock alone
      SHIKAKE_ASSIGN([[maybe_unused]] Lock lock, Lock::take(root_, LOCK_EX));
      ::unlink(entry.c_str());
    }
  }
  return gone;
}

}  // namespace

Result<std::unique_ptr<BlobStore>> open_blob_files(const fs::path& root, const base::Clock& clock) {
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(Module::store, "the blobs' directory cannot be made: " + root.string());
  return std::make_unique<BlobFiles>(root, clock);
}

}  // namespace shikake::store
