#include "cell/devices.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "cell/mounts.h"

namespace shikake::cell {
namespace {

// A user namespace may make no device nodes, so the machine's are bound one by one.
constexpr const char* devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

struct Link {
  const char* name;
  const char* target;
};
constexpr Link links[] = {{"ptmx", "pts/ptmx"},
                          {"fd", "/proc/self/fd"},
                          {"stdin", "/proc/self/fd/0"},
                          {"stdout", "/proc/self/fd/1"},
                          {"stderr", "/proc/self/fd/2"}};

}  // namespace

Result<> mount_devices(const std::string& root, uint64_t shared_memory_bytes) {
  const std::string dev = root + "/dev";
  SHIKAKE_TRY(mount_new("tmpfs", dev, "udev", MS_NOEXEC, "mode=0755,size=64k,nr_inodes=64"));
  for (const char* name : devices) {
    const std::string path = dev + "/" + name;
    base::UniqueFd place(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    base::UniqueFd device(open(fmt::format("/dev/{}", name).c_str(), O_PATH | O_CLOEXEC));
    if (!place || !device) return fail_errno(Module::cell, fmt::format("no /dev/{} for a new cell", name));
    SHIKAKE_TRY(bind_mount(device, path));
  }
  for (const Link& link : links)
    if (symlink(link.target, (dev + "/" + link.name).c_str()) != 0)
      return fail_errno(Module::cell, fmt::format("no /dev/{} for a new cell", link.name));
  for (const char* folder : {"pts", "shm"})
    if (mkdir((dev + "/" + folder).c_str(), 0755) != 0)
      return fail_errno(Module::cell, fmt::format("no /dev/{} for a new cell", folder));
  SHIKAKE_TRY(mount_new("devpts", dev + "/pts", "devpts", MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"));
  return mount_new("tmpfs", dev + "/shm", "tmpfs", MS_NODEV,
                   fmt::format("mode=1777,size={},nr_inodes=4096", shared_memory_bytes));
}

}  // namespace shikake::cell
