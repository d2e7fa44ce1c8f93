#include "cell/mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/unique_fd.h"

namespace shikake::cell {
namespace {

constexpr unsigned long harmless = MS_NOSUID | MS_NODEV | MS_NOEXEC;

// Only a mount point can be made private, and in a chroot "/" is none: go to the namespace's real root,
// which setns(2) into one's own namespace does, and come back.
Result<> make_private_from_chroot() {
  base::UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  base::UniqueFd self(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!root || !self || setns(self.get(), CLONE_NEWNS) != 0) {
    return fail_errno(Module::cell, "the real root of a chroot cannot be reached");
  }
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return fail_errno(Module::cell, "mounts cannot be made private");
  }
  if (fchdir(root.get()) != 0 || chroot(".") != 0) return fail_errno(Module::cell, "the chroot is lost");
  return {};
}

}  // namespace

Result<> make_mounts_private() {
  base::UniqueFd here(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return {};
  if (errno != EINVAL) return fail_errno(Module::cell, "mounts cannot be made private");
  SHIKAKE_TRY(make_private_from_chroot());
  if (here && fchdir(here.get()) != 0) return fail_errno(Module::cell, "the working folder is lost");
  return {};
}

Result<> mount_new(const char* type, const std::string& folder, const std::string& source,
                   unsigned long flags, const std::string& options) {
  if (mount(source.c_str(), folder.c_str(), type, flags | MS_NOSUID, options.c_str()) == 0) return {};
  return fail_errno(Module::cell, fmt::format("{} cannot be mounted on {}", type, folder));
}

Result<> bind_mount(const base::UniqueFd& descriptor, const std::string& path) {
  const std::string from = fmt::format("/proc/self/fd/{}", descriptor.get());
  if (mount(from.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) return {};
  return fail_errno(Module::cell, fmt::format("nothing can be bound to {}", path));
}

Result<> mount_proc(const std::string& folder) {
  if (mount("proc", folder.c_str(), "proc", harmless, nullptr) != 0) {
    Error error{Module::cell, ErrorCode::unsupported,
                "/proc cannot be mounted afresh (a container that hides parts of /proc forbids it; run this "
                "outside of it, or as a privileged container)"};
    error.system_errno = errno;
    return fail(std::move(error));
  }
  return {};
}

Result<> cover_folder(const std::string& folder, const std::vector<CoverFile>& files) {
  base::UniqueFd below(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!below) return fail_errno(Module::cell, "cannot open " + folder);
  // The files lie in a memory file system that is mounted over the folder for as long as it takes to make
  // the two into layers of an overlay; the overlay keeps both.
  if (mount("tmpfs", folder.c_str(), "tmpfs", harmless, "mode=0755") != 0) {
    return fail_errno(Module::cell, "no memory file system over " + folder);
  }
  for (const CoverFile& file : files) {
    std::filesystem::path path = std::filesystem::path(folder) / file.path;
    std::error_code ignored;
    std::filesystem::create_directories(path.parent_path(), ignored);
    std::ofstream out(path, std::ios::binary);
    out << file.content;
    out.close();
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(0644), ignored);
    if (!out) return fail_errno(Module::cell, "cannot write " + path.string());
  }
  std::string layers = fmt::format("lowerdir={}:/proc/self/fd/{}", folder, below.get());
  if (mount("overlay", folder.c_str(), "overlay", harmless | MS_RDONLY, layers.c_str()) != 0) {
    return fail_errno(Module::cell,
                      fmt::format("no overlay over {} (an ordinary user needs Linux 5.11)", folder));
  }
  return {};
}

Result<> hide_folder(const std::string& folder) {
  if (!std::filesystem::is_directory(folder)) return {};
  if (mount("tmpfs", folder.c_str(), "tmpfs", harmless | MS_RDONLY, "mode=0755") != 0) {
    return fail_errno(Module::cell, "cannot hide " + folder);
  }
  return {};
}

}  // namespace shikake::cell
