// Mounts for a process in a mount namespace of its own (namespaces.h): nothing here is ever seen outside
// of it, and all of it vanishes with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shikake::cell {

// Cuts the namespace's mounts off from those that they were copied from. spawn() does it.
Result<> make_mounts_private();

// The /proc of the calling process' pid namespace.
Result<> mount_proc();

struct CoverFile {
  std::string path;  // below the folder: "resolv.conf", "ssl/certs/ca-certificates.crt"
  std::string content;
};
// Shows `files` in `folder` above what is there, all of it read-only from then on. Works where a file is
// missing, or a symbolic link to somewhere else.
Result<> cover_folder(const std::string& folder, const std::vector<CoverFile>& files);

// Shows an empty folder in its place; nothing happens if there is none.
Result<> hide_folder(const std::string& folder);

}  // namespace shikake::cell
