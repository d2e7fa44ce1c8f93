#include "cell/mount_table.h"

#include <string>

#include <fmt/format.h>

namespace shikake::cell {
namespace {

struct Mount {
  int id;
  int parent;
  const char* device;  // its number
  const char* source;
  const char* point;
  const char* type;
  const char* flags;    // of the mount
  const char* options;  // of the file system, after rw
};

constexpr Mount mounts[] = {
    {22, 28, "0:20", "sysfs", "/sys", "sysfs", "rw,nosuid,nodev,noexec,relatime", ""},
    {23, 28, "0:21", "proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime", ""},
    {24, 28, "0:5", "udev", "/dev", "devtmpfs", "rw,nosuid,relatime",
     ",size=4014056k,nr_inodes=1003514,mode=755,inode64"},
    {25, 24, "0:22", "devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime",
     ",gid=5,mode=620,ptmxmode=000"},
    {26, 28, "0:23", "tmpfs", "/run", "tmpfs", "rw,nosuid,nodev,noexec,relatime",
     ",size=807892k,mode=755,inode64"},
    {28, 1, "8:1", "/dev/sda1", "/", "ext4", "rw,relatime", ",errors=remount-ro"},
    {30, 24, "0:25", "tmpfs", "/dev/shm", "tmpfs", "rw,nosuid,nodev", ",inode64"},
    {31, 26, "0:26", "tmpfs", "/run/lock", "tmpfs", "rw,nosuid,nodev,noexec,relatime", ",size=5120k,inode64"},
};

}  // namespace

std::string_view made_up_mounts() {
  static const std::string text = [] {
    std::string all;
    for (const Mount& row : mounts)
      all += fmt::format("{} {} {} {}{} 0 0\n", row.source, row.point, row.type, row.flags, row.options);
    return all;
  }();
  return text;
}

std::string_view made_up_mountinfo() {
  static const std::string text = [] {
    std::string all;
    for (const Mount& row : mounts)
      all += fmt::format("{} {} {} / {} {} shared:{} - {} {} rw{}\n", row.id, row.parent, row.device,
                         row.point, row.flags, row.id - 15, row.type, row.source, row.options);
    return all;
  }();
  return text;
}

std::string_view made_up_mountstats() {
  static const std::string text = [] {
    std::string all;
    for (const Mount& row : mounts)
      all += fmt::format("device {} mounted on {} with fstype {}\n", row.source, row.point, row.type);
    return all;
  }();
  return text;
}

}  // namespace shikake::cell
