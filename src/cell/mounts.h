// Mounts for a process in a mount namespace of its own (namespaces.h): nothing here is ever seen outside
// of it, and all of it vanishes with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::cell {

// Cuts the namespace's mounts off from those that they were copied from. spawn() does it.
Result<> make_mounts_private();

// mount(2), with an error that names the place. What is mounted is never one for set-user-id programs.
Result<> mount_new(const char* type, const std::string& folder, const std::string& source,
                   unsigned long flags = 0, const std::string& options = "");
// Shows what `descriptor` (O_PATH) is open on at `path`, a file or a folder as it is one, mounts below
// included.
Result<> bind_mount(const base::UniqueFd& descriptor, const std::string& path);

// The /proc of the calling process' pid namespace.
Result<> mount_proc(const std::string& folder = "/proc");

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
