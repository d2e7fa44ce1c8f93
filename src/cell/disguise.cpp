#include "cell/disguise.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>

#include "base/file.h"
#include "base/unique_fd.h"
#include "cell/mount_table.h"

namespace shikake::cell {
namespace {

std::string random_uuid() {
  std::array<uint8_t, 16> bytes{};
  (void)!getrandom(bytes.data(), bytes.size(), 0);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4, RFC 9562
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (at == 4 || at == 6 || at == 8 || at == 10) text += '-';
    text += fmt::format("{:02x}", bytes[at]);
  }
  return text;
}

// One disk, as in mount_table.h.
constexpr std::string_view partitions =
    "major minor  #blocks  name\n\n   8        0  125034840 sda\n   8        1  124009472 sda1\n"
    "   8        2          1 sda2\n   8        5     999424 sda5\n";
constexpr std::string_view disk_statistics =
    "   8       0 sda 391225 61204 19620442 81532 284220 191402 11938584 223409 0 178040 312205 0 0 0 0 "
    "14220 7263\n"
    "   8       1 sda1 390950 60120 19610938 81455 284208 191402 11938584 223398 0 177964 304853 0 0 0 0 0 "
    "0\n";
constexpr std::string_view swaps = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

struct Mask {
  std::string path;  // below /proc
  std::string content;
};

std::vector<Mask> masks(const GuestIdentity& identity) {
  return {
      {"cmdline", identity.kernel_command_line + "\n"},
      {"version", identity.kernel_banner + "\n"},
      {"sys/kernel/osrelease", identity.kernel_release + "\n"},
      {"sys/kernel/version", identity.kernel_version + "\n"},
      {"sys/kernel/random/boot_id", random_uuid() + "\n"},
      {"mounts", std::string(made_up_mounts())},
      {"partitions", std::string(partitions)},
      {"diskstats", std::string(disk_statistics)},
      {"swaps", std::string(swaps)},
      // How the machine's kernel was built, loaded and laid out; the devices it found; its users' keys.
      {"config.gz", ""},
      {"kallsyms", ""},
      {"modules", ""},
      {"iomem", ""},
      {"ioports", ""},
      {"keys", ""},
      {"key-users", ""},
      {"sched_debug", ""},
      {"timer_list", ""},
      {"latency_stats", ""},
      {"vmallocinfo", ""},
      {"slabinfo", ""},
  };
}

// Of the machine's: what is no file of every kernel.
bool present(const std::string& path) {
  return faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// Not mount(2), which follows a link: /proc/mounts is one.
Result<> cover(const std::string& file, const std::string& with) {
  const base::UniqueFd tree(
      static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, with.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (tree && syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, file.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0)
    return {};
  return fail_errno(Module::cell, fmt::format("{} cannot be covered", file));
}

constexpr const char* namespace_limits[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};

}  // namespace

Result<> disguise_proc(RootStage& stage, const GuestIdentity& identity) {
  const std::string proc = stage.root() + "/proc/";
  for (const Mask& mask : masks(identity)) {
    if (!present(proc + mask.path)) continue;
    std::string name = mask.path;
    for (char& letter : name)
      if (letter == '/') letter = '-';
    SHIKAKE_ASSIGN(const std::string file, stage.side_file(name, mask.content));
    SHIKAKE_TRY(cover(proc + mask.path, file));
  }
  return {};
}

Result<> allow_no_namespaces(const std::string& proc) {
  for (const char* kind : namespace_limits) {
    const std::string path = fmt::format("{}/sys/user/max_{}_namespaces", proc, kind);
    if (!present(path)) continue;
    base::UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || write(file.get(), "0", 1) != 1) return fail_errno(Module::cell, "cannot write " + path);
  }
  return {};
}

Result<> set_host_name(const std::string& name) {
  if (sethostname(name.data(), name.size()) != 0 || setdomainname("(none)", 6) != 0)
    return fail_errno(Module::cell, "the cell's host name cannot be set");
  return {};
}

}  // namespace shikake::cell
