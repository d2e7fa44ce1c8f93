#include "sandbox/monitor/paths.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "base/unique_fd.h"

namespace shikake::sandbox::monitor {
namespace {

using trace::Sys;

// "." and ".." taken out.
std::string normalised(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.push_back(part);
    else if (!parts.empty())
      parts.pop_back();
  }
  std::string text;
  for (const std::string_view part : parts) text.append("/").append(part);
  return text.empty() ? "/" : text;
}

// Its own folder below /proc has many names.
void own_name(trace::Thread& thread, std::string& path) {
  if (!path.starts_with("/proc/")) return;
  const std::string own = fmt::format("/proc/{}", thread.process().inner_pid);
  for (const std::string_view other : {std::string_view(own), std::string_view("/proc/thread-self")}) {
    if (!path.starts_with(other) || (path.size() > other.size() && path[other.size()] != '/')) continue;
    path.replace(0, other.size(), "/proc/self");
    return;
  }
}

}  // namespace

std::string path_of(trace::Thread& thread, int fd) {
  return thread.link(fmt::format("fd/{}", fd));
}

std::string resolve(trace::Thread& thread, int folder, std::string_view path) {
  std::string absolute;
  if (path.starts_with('/')) {
    absolute = normalised(path);
  } else {
    const std::string base = folder == AT_FDCWD ? thread.link("cwd") : path_of(thread, folder);
    if (base.empty()) return {};
    absolute = path.empty() ? base : normalised(base + "/" + std::string(path));
  }
  own_name(thread, absolute);
  return absolute;
}

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

PathArgument path_argument(Sys sys, int nth) {
  switch (sys) {
    case Sys::open:
    case Sys::creat:
    case Sys::unlink:
    case Sys::rmdir:
    case Sys::mkdir:
    case Sys::mknod:
    case Sys::chmod:
    case Sys::chown:
    case Sys::lchown:
    case Sys::truncate:
    case Sys::utime:
    case Sys::utimes:
    case Sys::setxattr:
    case Sys::lsetxattr:
    case Sys::access:
    case Sys::stat:
    case Sys::lstat:
    case Sys::readlink:
    case Sys::chroot:
    case Sys::acct:
    case Sys::swapon:
    case Sys::execve:
    case Sys::umount2:
      return {-1, 0};
    case Sys::openat:
    case Sys::openat2:
    case Sys::unlinkat:
    case Sys::mkdirat:
    case Sys::mknodat:
    case Sys::fchmodat:
    case Sys::fchownat:
    case Sys::futimesat:
    case Sys::utimensat:
    case Sys::faccessat:
    case Sys::newfstatat:
    case Sys::statx:
    case Sys::readlinkat:
    case Sys::execveat:
      return {0, 1};
    case Sys::rename:
    case Sys::link:
    case Sys::pivot_root:
      return {-1, nth};
    case Sys::renameat:
    case Sys::renameat2:
    case Sys::linkat:
      return {2 * nth, 2 * nth + 1};
    case Sys::symlink:
      return {-1, 1};  // the first is text, looked up when the link is used
    case Sys::symlinkat:
      return {1, 2};
    case Sys::mount:
      return {-1, 1};
    default:
      return {-1, -1};
  }
}

std::string path_of_call(trace::Thread& thread, const trace::Call& call, int nth) {
  const PathArgument at = path_argument(call.sys, nth);
  if (at.path < 0) return {};
  const uint64_t pointer = call[static_cast<size_t>(at.path)];
  const int folder = at.folder < 0 ? AT_FDCWD : call.as_int(static_cast<size_t>(at.folder));
  if (pointer == 0) return at.folder < 0 ? std::string() : resolve(thread, folder, "");
  const auto text = thread.read_string({pointer});
  return text ? resolve(thread, folder, *text) : std::string();
}

namespace {

base::UniqueFd open_inside(trace::Thread& thread, const std::string& absolute, uint64_t flags) {
  const std::string root = fmt::format("/proc/{}/root", thread.tid().value);
  const base::UniqueFd folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return {};
  open_how how{};
  how.flags = flags | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return base::UniqueFd(
      static_cast<int>(syscall(SYS_openat2, folder.get(), absolute.c_str(), &how, sizeof how)));
}

}  // namespace

bool exists(trace::Thread& thread, const std::string& absolute) {
  return static_cast<bool>(open_inside(thread, absolute, O_PATH));
}

std::string first_bytes(trace::Thread& thread, const std::string& absolute, size_t count) {
  std::string bytes(count, '\0');
  const base::UniqueFd file = open_inside(thread, absolute, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  const bool plain = file && fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  const ssize_t got = plain ? read(file.get(), bytes.data(), bytes.size()) : 0;
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

}  // namespace shikake::sandbox::monitor
