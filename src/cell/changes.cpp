#include "cell/changes.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

namespace shikake::cell {
namespace {

// "/a/b" below a layer, whatever links and mounts a program has left on the way.
base::UniqueFd open_below(const base::UniqueFd& layer, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const std::string relative = path == "/" ? "." : path.substr(1);
  return base::UniqueFd(
      static_cast<int>(syscall(SYS_openat2, layer.get(), relative.c_str(), &how, sizeof how)));
}

bool was_there(const Cell& cell, const std::string& path) {
  const auto& layers = cell.lower();
  return std::any_of(layers.begin(), layers.end(), [&](const base::UniqueFd& layer) {
    return static_cast<bool>(open_below(layer, path, O_PATH | O_NOFOLLOW));
  });
}

FileChange::Type type_of(mode_t mode) {
  using Type = FileChange::Type;
  if (S_ISREG(mode)) return Type::file;
  if (S_ISDIR(mode)) return Type::folder;
  if (S_ISLNK(mode)) return Type::link;
  if (S_ISFIFO(mode)) return Type::fifo;
  return S_ISSOCK(mode) ? Type::socket : Type::other;
}

// What the folder had before does not show through any more.
bool is_opaque(const base::UniqueFd& folder) {
  std::array<char, 2> value{};
  return fgetxattr(folder.get(), "user.overlay.opaque", value.data(), value.size()) == 1 && value[0] == 'y';
}

struct Folder {
  std::string path;
  bool fresh;  // nothing in it was there before
};

class Walk {
 public:
  Walk(const Cell& cell, size_t most) : cell_(cell), most_(most) {}

  FileChanges run() {
    ahead_.push_back({"/", false});
    while (!ahead_.empty() && found_.rows.size() < most_) {
      const Folder next = std::move(ahead_.back());
      ahead_.pop_back();
      look_into(next);
    }
    found_.complete = found_.complete && ahead_.empty() && found_.rows.size() < most_;
    std::sort(found_.rows.begin(), found_.rows.end(),
              [](const FileChange& one, const FileChange& other) { return one.path < other.path; });
    return std::move(found_);
  }

 private:
  void look_into(const Folder& folder) {
    base::UniqueFd opened = open_below(cell_.upper(), folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const int fd = opened.get();
    std::unique_ptr<DIR, int (*)(DIR*)> listing(opened ? fdopendir(fd) : nullptr, closedir);
    if (!listing) {
      found_.complete = false;  // gone meanwhile, or deeper than a path can say
      return;
    }
    (void)opened.release();  // the listing's now
    while (const dirent* entry = readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (found_.rows.size() >= most_) return;
      look_at(fd, name, folder);
    }
  }

  void look_at(int folder_fd, const std::string& name, const Folder& folder) {
    struct stat about {};
    if (fstatat(folder_fd, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return;  // gone meanwhile
    FileChange row;
    row.path = (folder.path == "/" ? "" : folder.path) + "/" + name;
    row.type = type_of(about.st_mode);
    row.mode = about.st_mode & 07777;
    row.size = static_cast<uint64_t>(about.st_size);
    row.owner = cell_.inside(about.st_uid);
    if (S_ISCHR(about.st_mode) && about.st_rdev == makedev(0, 0)) {
      row.kind = FileChange::Kind::deleted;
      found_.rows.push_back(std::move(row));
      return;
    }
    const bool before = !folder.fresh && was_there(cell_, row.path);
    row.kind = before ? FileChange::Kind::changed : FileChange::Kind::created;
    if (S_ISLNK(about.st_mode)) {
      std::array<char, PATH_MAX> target{};
      const ssize_t size = readlinkat(folder_fd, name.c_str(), target.data(), target.size());
      if (size > 0) row.target.assign(target.data(), static_cast<size_t>(size));
    }
    if (S_ISDIR(about.st_mode)) {
      const base::UniqueFd below(
          openat(folder_fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      const bool opaque = below && is_opaque(below);
      ahead_.push_back({row.path, !before || opaque});
      if (before && !opaque) return;  // there only for what changed below it
      if (before) row.kind = FileChange::Kind::replaced;
    }
    found_.rows.push_back(std::move(row));
  }

  const Cell& cell_;
  size_t most_;
  std::vector<Folder> ahead_;
  FileChanges found_;
};

}  // namespace

Result<FileChanges> changed_files(const Cell& cell, size_t most) {
  return Walk(cell, most).run();
}

Result<base::UniqueFd> open_changed(const Cell& cell, const FileChange& change) {
  // Not blocking: a pipe may have taken the file's name meanwhile.
  base::UniqueFd file = open_below(cell.upper(), change.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  struct stat about {};
  if (!file && errno != ENOENT && errno != ELOOP && errno != ENXIO)
    return fail_errno(Module::cell, "a file that changed in a cell cannot be read");
  if (!file || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return fail(Module::cell, ErrorCode::not_found, "a file that changed in a cell is gone");
  return file;
}

}  // namespace shikake::cell
