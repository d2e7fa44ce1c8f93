// What programs changed in a cell's files, read from outside: the upper layer of its overlay.
// https://docs.kernel.org/filesystems/overlayfs.html (whiteouts and opaque directories).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cell/cell.h"

namespace shikake::cell {

struct FileChange {
  enum class Kind : uint8_t {
    created,
    changed,   // was there before; content, mode, owner or time differ
    deleted,   // was there before; everything below it too
    replaced,  // a folder that was deleted and made anew: nothing of what it had shows
  };
  enum class Type : uint8_t { file, folder, link, fifo, socket, other };  // of what is there now
  std::string path;  // absolute inside; any bytes but NUL
  Kind kind = Kind::created;
  Type type = Type::file;
  uint64_t size = 0;        // bytes; of a link, its target's length
  mode_t mode = 0;          // permission bits
  uid_t owner = 0;          // inside
  std::string target = {};  // of a link
};

struct FileChanges {
  std::vector<FileChange> rows;  // sorted by path
  bool complete = true;          // false: more than `most` changes, or a folder could not be read
};

// A sample may fill its disk with empty files: more than this many names say nothing more.
inline constexpr size_t most_changes = 100'000;

// While programs run the rows are a moment's; a folder counts as changed only if it was made or replaced.
Result<FileChanges> changed_files(const Cell& cell, size_t most = most_changes);

// One of its files, opened for reading: never through a symbolic link, never a device or a pipe, never above
// the upper layer. not_found if it is gone meanwhile.
Result<base::UniqueFd> open_changed(const Cell& cell, const FileChange& change);

}  // namespace shikake::cell
