#include "cell/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace shikake::cell {
namespace {

constexpr std::string_view folder_prefix = "shikake-";
// The scheduler's own default: long enough not to cost, short enough not to be felt.
constexpr long period_microseconds = 100'000;
// A group is empty as soon as the kernel has ended its processes; after that long something holds it for
// good.
constexpr int janitor_patience_seconds = 20;
// Two runs may start at once: what is younger than this may not have its first process yet.
constexpr int stale_after_seconds = 60;

bool write_setting(const std::string& path, const std::string& value) {
  base::UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

std::string read_setting(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// "oom_kill 3" among a file's lines.
uint64_t counter(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  std::string name;
  uint64_t value = 0;
  while (file >> name >> value)
    if (name == key) return value;
  return 0;
}

// A hierarchy of groups, and where in it the calling process is.
struct Hierarchy {
  bool v2 = false;
  std::string mount;                     // where it is mounted
  std::string root;                      // what of it is mounted there
  std::vector<std::string> controllers;  // of version 1

  // The calling process' group as a folder; nothing if it lies outside of what is mounted.
  std::optional<std::string> own_folder() const;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// proc(5), /proc/self/mountinfo: id, parent, device, root, mount point, options, optional fields, "-", type,
// source, options of the file system.
std::vector<Hierarchy> hierarchies() {
  std::vector<Hierarchy> found;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const std::string& type = dash[1];
    if (type != "cgroup" && type != "cgroup2") continue;
    found.push_back({type == "cgroup2", words[4], words[3], split(dash[3], ',')});
  }
  return found;
}

std::optional<std::string> Hierarchy::own_folder() const {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t one = line.find(':');
    const size_t two = line.find(':', one == std::string::npos ? one : one + 1);
    if (two == std::string::npos) continue;
    const std::vector<std::string> names = split(line.substr(one + 1, two - one - 1), ',');
    const bool this_one = v2 ? names.empty() : !names.empty() && has(controllers, names[0]);
    if (!this_one) continue;
    std::string path = line.substr(two + 1);
    if (root != "/") {
      if (path.compare(0, root.size(), root) != 0) return std::nullopt;
      path.erase(0, root.size());
    }
    return path == "/" ? mount : mount + path;
  }
  return std::nullopt;
}

// Since boot, in clock ticks: with the number it names one process for ever. proc(5), /proc/pid/stat.
std::string start_time(pid_t process) {
  const std::string text = read_setting(fmt::format("/proc/{}/stat", process));
  const size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return "";
  const std::vector<std::string> fields = split(text.substr(after_name + 2), ' ');
  return fields.size() > 19 ? fields[19] : "";
}

std::string new_name() {
  static std::atomic<unsigned> counted{0};
  return fmt::format("{}{}-{}-{}", folder_prefix, getpid(), start_time(getpid()), ++counted);
}

// Whose owner and janitor were both killed.
void remove_stale(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> stale;
  for (std::filesystem::directory_iterator at(parent, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (!name.starts_with(folder_prefix)) continue;
    const std::vector<std::string> parts = split(name.substr(folder_prefix.size()), '-');
    struct stat about {};
    if (parts.size() != 3 || stat(at->path().c_str(), &about) != 0) continue;
    if (about.st_ctime + stale_after_seconds > time(nullptr)) continue;
    if (start_time(std::atoi(parts[0].c_str())) != parts[1]) stale.push_back(at->path());
  }
  for (const std::string& folder : stale) rmdir(folder.c_str());  // refused while somebody is in it
}

std::optional<std::string> make_folder(const std::string& parent, const std::string& name) {
  remove_stale(parent);
  std::string folder = parent + "/" + name;
  if (mkdir(folder.c_str(), 0755) != 0) return std::nullopt;
  return folder;
}

std::string quota(double processors) {
  return std::to_string(
      std::max(1000L, static_cast<long>(processors * static_cast<double>(period_microseconds))));
}

// A group may give controllers to its children only if no process is in itself, the root's excepted: so ours
// becomes a sibling of the caller's or of an ancestor's, the nearest one that the caller may make and that
// has them.
std::optional<std::string> make_v2_folder(const Hierarchy& hierarchy, const std::string& name) {
  const auto own = hierarchy.own_folder();
  if (!own) return std::nullopt;
  const std::filesystem::path top = hierarchy.mount;
  for (std::filesystem::path at = *own;; at = at.parent_path()) {
    const std::string given_file = at / "cgroup.subtree_control";
    // In the root, and where the caller's is the only process, this gives what is not given yet.
    if (at != std::filesystem::path(*own) || at == top)
      for (const char* wanted : {"+memory", "+pids", "+cpu"}) write_setting(given_file, wanted);
    const std::vector<std::string> given = split(read_setting(given_file), ' ');
    const bool enough = std::any_of(given.begin(), given.end(), [](const std::string& word) {
      return word.starts_with("memory") || word.starts_with("pids");
    });
    if (enough && access((at / "cgroup.procs").c_str(), W_OK) == 0)
      if (auto folder = make_folder(at, name)) return folder;
    if (at == top) return std::nullopt;
  }
}

}  // namespace

void ControlGroup::add_v1(const GroupLimits& limits) {
  const std::string name = new_name();
  for (const Hierarchy& hierarchy : hierarchies()) {
    if (hierarchy.v2) continue;
    const bool memory = has(hierarchy.controllers, "memory");
    const bool processes = has(hierarchy.controllers, "pids");
    const bool processors = has(hierarchy.controllers, "cpu");
    if (!memory && !processes && !processors) continue;
    const auto own = hierarchy.own_folder();
    if (!own) continue;
    const auto folder = make_folder(*own, name);
    if (!folder) continue;
    folders_.push_back(*folder);
    if (memory && write_setting(*folder + "/memory.limit_in_bytes", std::to_string(limits.memory))) {
      // Absent where the kernel does not account for swap.
      write_setting(*folder + "/memory.memsw.limit_in_bytes", std::to_string(limits.memory));
      memory_folder_ = *folder;
      controllers_.memory = Version::v1;
    }
    if (processes && write_setting(*folder + "/pids.max", std::to_string(limits.processes))) {
      processes_folder_ = *folder;
      controllers_.processes = Version::v1;
    }
    if (processors && write_setting(*folder + "/cpu.cfs_period_us", std::to_string(period_microseconds)) &&
        write_setting(*folder + "/cpu.cfs_quota_us", quota(limits.processors)))
      controllers_.processors = Version::v1;
  }
}

void ControlGroup::add_v2(const GroupLimits& limits) {
  for (const Hierarchy& hierarchy : hierarchies()) {
    if (!hierarchy.v2) continue;
    // Beside version 1, whose hierarchies hold the controllers, this one has none.
    if (split(read_setting(hierarchy.mount + "/cgroup.controllers"), ' ').empty()) continue;
    const auto folder = make_v2_folder(hierarchy, new_name());
    if (!folder) continue;
    folders_.push_back(*folder);
    if (controllers_.memory == Version::none &&
        write_setting(*folder + "/memory.max", std::to_string(limits.memory))) {
      write_setting(*folder + "/memory.swap.max", "0");
      memory_folder_ = *folder;
      controllers_.memory = Version::v2;
    }
    if (controllers_.processes == Version::none &&
        write_setting(*folder + "/pids.max", std::to_string(limits.processes))) {
      processes_folder_ = *folder;
      controllers_.processes = Version::v2;
    }
    if (controllers_.processors == Version::none &&
        write_setting(*folder + "/cpu.max",
                      fmt::format("{} {}", quota(limits.processors), period_microseconds)))
      controllers_.processors = Version::v2;
    return;
  }
}

ControlGroup ControlGroup::make(const GroupLimits& limits) {
  ControlGroup group;
  group.add_v1(limits);
  group.add_v2(limits);
  if (!group.folders_.empty()) group.start_janitor();
  return group;
}

// The kernel ends every process of a cell with its owner, but a group stays. Forked from a process that may
// have threads, so it may only make system calls.
void ControlGroup::start_janitor() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  base::UniqueFd leash(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    setsid();  // out of a terminal's reach
    dup2(ends[0], 0);
    close_range(1, ~0U, 0);
    char byte = 0;
    while (read(0, &byte, 1) < 0 && errno == EINTR) {}
    const timespec pause{0, 20'000'000};
    for (int round = 0; round < janitor_patience_seconds * 50; ++round) {
      bool left = false;
      for (const std::string& folder : folders_) left |= rmdir(folder.c_str()) != 0 && errno != ENOENT;
      if (!left) break;
      nanosleep(&pause, nullptr);
    }
    _exit(0);
  }
  close(ends[0]);
  if (child < 0) return;
  janitor_ = child;
  janitor_leash_ = std::move(leash);
}

void ControlGroup::remove() {
  for (const std::string& folder : folders_) {
    // The last process may be dead and not quite gone.
    for (int round = 0; rmdir(folder.c_str()) != 0 && errno == EBUSY && round < 100; ++round) usleep(1000);
  }
  folders_.clear();
  janitor_leash_.reset();
  if (janitor_ > 0)
    while (waitpid(janitor_, nullptr, 0) < 0 && errno == EINTR) {}
  janitor_ = -1;
}

ControlGroup::ControlGroup(ControlGroup&& other) noexcept
    : controllers_(other.controllers_),
      folders_(std::exchange(other.folders_, {})),
      memory_folder_(std::move(other.memory_folder_)),
      processes_folder_(std::move(other.processes_folder_)),
      janitor_(std::exchange(other.janitor_, -1)),
      janitor_leash_(std::move(other.janitor_leash_)) {}

ControlGroup& ControlGroup::operator=(ControlGroup&& other) noexcept {
  if (this != &other) {
    remove();
    controllers_ = other.controllers_;
    folders_ = std::exchange(other.folders_, {});
    memory_folder_ = std::move(other.memory_folder_);
    processes_folder_ = std::move(other.processes_folder_);
    janitor_ = std::exchange(other.janitor_, -1);
    janitor_leash_ = std::move(other.janitor_leash_);
  }
  return *this;
}

Result<> ControlGroup::join() const {
  for (const std::string& folder : folders_) {
    if (!write_setting(folder + "/cgroup.procs", "0"))
      return fail_errno(Module::cell, "the control group cannot be joined: " + folder);
  }
  return {};
}

bool ControlGroup::killed_for_memory() const {
  if (controllers_.memory == Version::v1)
    return counter(memory_folder_ + "/memory.oom_control", "oom_kill") > 0;
  return controllers_.memory == Version::v2 && counter(memory_folder_ + "/memory.events", "oom_kill") > 0;
}

bool ControlGroup::refused_process() const {
  return controllers_.processes != Version::none && counter(processes_folder_ + "/pids.events", "max") > 0;
}

}  // namespace shikake::cell
