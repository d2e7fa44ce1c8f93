#include "cell/root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "cell/mounts.h"

namespace shikake::cell {
namespace {

// For what we plant and the kernel's own book-keeping, so that a bound on the disk is the programs' alone.
constexpr uint64_t room_for_ourselves = uint64_t{16} << 20;
// A file that is empty costs an inode of kernel memory; on an ordinary disk of that size there were as many.
constexpr uint64_t bytes_per_inode = 16 << 10;
constexpr uint64_t most_guest_file = 1 << 20;  // of what we read of the guest: /etc/passwd
constexpr int most_links = 40;                 // the kernel's own bound, path_resolution(7)
// What the mount table shows as the device.
constexpr const char* root_device = "/dev/sda1";
// Folders of the stage: some of these names show in the mount table, so they say nothing.
constexpr const char* work_folder = "w";
constexpr const char* root_folder = "r";
constexpr const char* side_folder = "s";
std::string machine_folder(std::string name) {
  std::replace(name.begin(), name.end(), '/', '-');
  return "m-" + name;
}
constexpr std::chrono::hours installed_ago{24 * 200};

Error place_error(const std::string& path) {
  return fail_errno(Module::cell, fmt::format("{} cannot be made in a new cell", path)).value();
}

Result<> make_folder(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return fail(place_error(path));
  if (chmod(path.c_str(), mode) != 0) return fail(place_error(path));  // mkdir heeds the umask
  return {};
}

timespec before_now(std::chrono::seconds age) {
  timespec at{};
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_sec -= age.count();
  return at;
}

void set_time(const std::string& path, std::chrono::seconds age) {
  const timespec at = before_now(age);
  const std::array<timespec, 2> times{at, at};
  utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);  // a wrong date is no failure
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<size_t>(size)) : "";
}

}  // namespace

Result<RootStage> RootStage::mount(const RootPlan& plan) {
  // Any folder does: everything that is there now goes away with enter().
  RootStage stage("/tmp", plan);
  const uint64_t bytes = plan.disk_bytes + room_for_ourselves;
  SHIKAKE_TRY(mount_new("tmpfs", stage.folder_, root_device, MS_NODEV,
                        fmt::format("mode=0755,size={},nr_inodes={}", bytes, bytes / bytes_per_inode)));
  for (const char* name : {upper_layer, work_folder, veneer_layer, guest_layer, root_folder, side_folder})
    SHIKAKE_TRY(make_folder(stage.below(name), 0755));
  if (plan.fallback) {
    SHIKAKE_TRY(stage.make_skeleton());
  } else {
    SHIKAKE_TRY(bind_mount(*plan.guest, stage.below(guest_layer)));
  }
  return stage;
}

namespace {

struct Folder {
  const char* path;
  mode_t mode = 0755;
};
constexpr Folder skeleton[] = {
    {"dev"},
    {"etc"},
    {"home"},
    {"media"},
    {"mnt"},
    {"opt"},
    {"proc"},
    {"root", 0700},
    {"run"},
    {"run/lock", 01777},
    {"srv"},
    {"sys"},
    {"tmp", 01777},
    {"usr"},
    {"var"},
    {"var/cache"},
    {"var/lib"},
    {"var/log"},
    {"var/mail"},
    {"var/spool"},
    {"var/spool/cron"},
    {"var/spool/cron/crontabs", 01730},
    {"var/tmp", 01777},
    {"var/www"},
};
constexpr const char* program_folders[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
// What programs of /usr look for in /etc: none of it speaks of the machine or its users.
constexpr const char* machine_files[] = {"etc/ld.so.cache", "etc/ld.so.conf", "etc/debian_version"};
constexpr uint64_t most_machine_file = 4 << 20;

}  // namespace

Result<> RootStage::make_skeleton() {
  const std::string machine = fmt::format("/proc/self/fd/{}", plan_.guest->get());
  const std::string veneer = below(veneer_layer) + "/";
  for (const Folder& row : skeleton) {
    SHIKAKE_TRY(make_folder(veneer + row.path, row.mode));
    made_.push_back({veneer + row.path, installed_ago});
  }
  machine_folders_ = {"usr"};
  for (const char* name : program_folders) {
    const std::string target = read_link(machine + "/" + name);
    struct stat about {};
    if (!target.empty()) {
      if (symlink(target.c_str(), (veneer + name).c_str()) != 0) return fail(place_error(name));
      set_time(veneer + name, installed_ago);
    } else if (stat((machine + "/" + name).c_str(), &about) == 0) {
      SHIKAKE_TRY(make_folder(veneer + name, 0755));
      machine_folders_.emplace_back(name);
    }
  }
  for (const char* name : machine_files)
    if (auto text = base::read_file(machine + "/" + name, most_machine_file))
      SHIKAKE_TRY(plant({.path = std::string("/") + name, .content = *text, .age = installed_ago}));
  // awk, editor, php and others lead through here.
  if (access((machine + "/etc/alternatives").c_str(), F_OK) == 0) {
    SHIKAKE_TRY(make_folder(veneer + "etc/alternatives", 0755));
    machine_folders_.emplace_back("etc/alternatives");
  }
  SHIKAKE_TRY(hide_local(machine + "/usr/local", veneer + "usr/local"));
  // The machine's folders lie below the stage too, so that no path of the machine is in the mount table.
  for (const std::string& name : machine_folders_) {
    SHIKAKE_TRY(make_folder(below(machine_folder(name)), 0755));
    base::UniqueFd from(openat(plan_.guest->get(), name.c_str(), O_PATH | O_CLOEXEC));
    if (!from) return fail_errno(Module::cell, "the machine's /" + name + " cannot be opened");
    SHIKAKE_TRY(bind_mount(from, below(machine_folder(name))));
  }
  return {};
}

// What was put into /usr/local is of the machine's people, not of its distribution: the folder is there and
// empty. A device 0:0 in an upper layer of an overlay hides the name below
// (overlayfs.html#whiteouts-and-opaque-directories in the kernel's documentation), and anybody may make one.
Result<> RootStage::hide_local(const std::string& machines, const std::string& ours) {
  std::error_code error;
  std::filesystem::directory_iterator entries(machines, error);
  if (error) return {};  // there is none
  SHIKAKE_TRY(make_folder(ours, 0755));
  made_.push_back({ours, installed_ago});
  for (const auto& entry : entries) {
    const std::string name = ours + "/" + entry.path().filename().string();
    if (mknod(name.c_str(), S_IFCHR, makedev(0, 0)) != 0) return fail(place_error(name));
  }
  return {};
}

std::string RootStage::read_guest(const std::string& path) const {
  for (const char* layer : {veneer_layer, guest_layer})
    if (auto text = base::read_file(below(layer) + path, most_guest_file)) return *text;
  return "";
}

// Where a path leads after the links of the guest among its folders; its last name is left alone.
Result<std::string> RootStage::where(const std::string& path) const {
  std::vector<std::string> ahead;  // in reverse
  auto push = [&ahead](const std::filesystem::path& names) {
    std::vector<std::string> parts;
    for (const auto& part : names)
      if (part != "/" && !part.empty() && part != ".") parts.push_back(part);
    ahead.insert(ahead.end(), parts.rbegin(), parts.rend());
  };
  push(path);
  std::filesystem::path at = "/";
  for (int links = 0; !ahead.empty();) {
    const std::string name = std::exchange(ahead.back(), {});
    ahead.pop_back();
    if (name == "..") {
      at = at.parent_path();
      continue;
    }
    std::string target;
    if (!ahead.empty())
      for (const char* layer : {veneer_layer, guest_layer})
        if (target.empty()) target = read_link(below(layer) + (at / name).string());
    if (target.empty()) {
      at /= name;
    } else if (++links > most_links) {
      return fail(Module::cell, ErrorCode::invalid_input, "too many links on the way to " + path);
    } else {
      if (target[0] == '/') at = "/";
      push(target);
    }
  }
  return at.string();
}

std::string RootStage::root() const {
  return below(root_folder);
}

// Everything is made as the user who owns what root owns elsewhere.
Result<> RootStage::give(const std::string& path, uid_t user) {
  if (user == plan_.owner) return {};
  if (lchown(path.c_str(), user, user) != 0) return fail(place_error(path));
  return {};
}

Result<> RootStage::make_folders(const std::filesystem::path& path, const GuestFile& for_file) {
  if (path == "/" || path.empty()) return {};
  const std::string made = below(veneer_layer) + path.string();
  auto known = std::find_if(made_.begin(), made_.end(), [&](const Made& row) { return row.path == made; });
  if (known != made_.end()) {
    known->age = std::min(known->age, for_file.age);
    return {};
  }
  SHIKAKE_TRY(make_folders(path.parent_path(), for_file));
  struct stat about {};
  if (stat(made.c_str(), &about) == 0) return {};  // of the skeleton
  made_.push_back({made, for_file.age});
  // As the guest has it, since the veneer shows over it.
  if (stat((below(guest_layer) + path.string()).c_str(), &about) == 0) {
    SHIKAKE_TRY(make_folder(made, about.st_mode & 07777));
    return give(made, about.st_uid);
  }
  const bool in_home = for_file.users && (path.string() + "/").starts_with(plan_.user.home + "/");
  const bool secret = in_home && path != plan_.user.home && (for_file.mode & 077) == 0;
  SHIKAKE_TRY(make_folder(made, secret ? 0700 : 0755));
  return give(made, in_home ? plan_.user.id : plan_.owner);
}

Result<> RootStage::plant(const GuestFile& file) {
  if (file.path.empty() || file.path[0] != '/' || file.path.back() == '/')
    return fail(Module::cell, ErrorCode::invalid_input,
                "a file to plant in a cell needs an absolute path: \"" + file.path + "\"");
  SHIKAKE_ASSIGN(const std::string place, where(file.path));
  SHIKAKE_TRY(make_folders(std::filesystem::path(place).parent_path(), file));
  const std::string path = below(veneer_layer) + place;
  unlink(path.c_str());  // planted before by somebody less particular
  if (!file.same_as.empty()) {
    SHIKAKE_ASSIGN(const std::string other, where(file.same_as));
    if (link((below(veneer_layer) + other).c_str(), path.c_str()) != 0) return fail(place_error(file.path));
    return {};
  }
  {
    base::UniqueFd out(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out) return fail(place_error(file.path));
    SHIKAKE_TRY(base::write_all(out.get(), file.content, path));
  }
  SHIKAKE_TRY(give(path, file.users ? plan_.user.id : plan_.owner));
  if (chmod(path.c_str(), file.mode & 07777) != 0) return fail(place_error(file.path));
  set_time(path, file.age);
  return {};
}

Result<std::string> RootStage::side_file(const std::string& name, const std::string& content) {
  const std::string path = below(side_folder) + "/" + name;
  base::UniqueFd out(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
  if (!out) return fail(place_error(name));
  SHIKAKE_TRY(base::write_all(out.get(), content, path));
  return path;
}

Result<> RootStage::join_layers() {
  for (const Made& row : made_) set_time(row.path, row.age);
  // The upper layer's root is the whole's: as old as the machine, and as Debian has it.
  set_time(below(upper_layer), installed_ago);
  if (chdir(folder_.c_str()) != 0) return fail(place_error(folder_));
  // Relative, since the mount table shows these words. An ordinary user's overlay keeps its marks in user.*
  // attributes: https://docs.kernel.org/filesystems/overlayfs.html#user-xattr
  SHIKAKE_TRY(mount_new("overlay", root_folder, root_device, MS_NODEV,
                        fmt::format("lowerdir={}:{},upperdir={},workdir={},userxattr", veneer_layer,
                                    guest_layer, upper_layer, work_folder)));
  for (const std::string& name : machine_folders_)
    SHIKAKE_TRY(mount_new("overlay", std::string(root_folder) + "/" + name, root_device, MS_NODEV | MS_RDONLY,
                          fmt::format("lowerdir={}/{}:{}", veneer_layer, name, machine_folder(name))));
  return {};
}

Result<> RootStage::enter() {
  if (chdir(root().c_str()) != 0) return fail(place_error(root()));
  // The old root comes to lie over the new one, and is taken from there with everything below it:
  // pivot_root(2).
  if (syscall(SYS_pivot_root, ".", ".") != 0)
    return fail_errno(Module::cell, "the cell's root cannot be entered");
  if (umount2(".", MNT_DETACH) != 0)
    return fail_errno(Module::cell, "the machine's root cannot be taken away");
  if (chdir("/") != 0) return fail(place_error("/"));
  return {};
}

Result<base::UniqueFd> RootStage::open_layer(const char* name) const {
  base::UniqueFd layer(open(below(name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!layer) return fail(place_error(name));
  return layer;
}

}  // namespace shikake::cell
