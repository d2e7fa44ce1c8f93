#include "cell/users.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/child.h"
#include "base/unique_fd.h"
#include "cell/namespaces.h"

namespace shikake::cell {
namespace {

// A line of /etc/subuid: "name or number:first:count".
std::optional<IdRange> subordinate(const char* path, const std::string& user, uid_t number) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t one = line.find(':');
    const size_t two = line.find(':', one == std::string::npos ? one : one + 1);
    if (two == std::string::npos) continue;
    const std::string owner = line.substr(0, one);
    if (owner != user && owner != std::to_string(number)) continue;
    const unsigned long first = std::strtoul(line.c_str() + one + 1, nullptr, 10);
    const unsigned long count = std::strtoul(line.c_str() + two + 1, nullptr, 10);
    if (first > 0 && count >= guest_ids && first + guest_ids <= UINT32_MAX)
      return IdRange{static_cast<uint32_t>(first), guest_ids};
  }
  return std::nullopt;
}

struct Subordinates {
  IdRange users;
  IdRange groups;
};

std::optional<Subordinates> own_subordinates() {
  const passwd* entry = getpwuid(geteuid());
  const std::string user = entry ? entry->pw_name : "";
  auto users = subordinate("/etc/subuid", user, geteuid());
  auto groups = subordinate("/etc/subgid", user, geteuid());
  if (!users || !groups) return std::nullopt;
  return Subordinates{*users, *groups};
}

bool run(const char* program, std::vector<std::string> arguments) {
  for (const char* folder : {"/usr/bin/", "/bin/"}) {
    auto child = base::Child::start({.path = std::string(folder) + program, .arguments = arguments});
    if (!child) continue;
    auto ended = child->wait(base::Deadline::never());
    return ended && ended->success();
  }
  return false;
}

// Only who is outside, and has been given the ids by the administrator, can map them: newuidmap(1).
bool map_subordinates(pid_t process, uid_t user, gid_t group, const Subordinates& ids) {
  auto arguments = [process](unsigned own, const IdRange& more) {
    return std::vector<std::string>{
        std::to_string(process),   "0", std::to_string(own), "1", "1", std::to_string(more.first),
        std::to_string(more.count)};
  };
  return run("newuidmap", arguments(user, ids.users)) && run("newgidmap", arguments(group, ids.groups));
}

// A process that stays outside and maps once it is told to.
class Mapper {
 public:
  static std::optional<Mapper> start(const Subordinates& ids) {
    std::array<int, 2> go{};
    if (pipe2(go.data(), O_CLOEXEC) != 0) return std::nullopt;
    const pid_t process = getpid();
    const uid_t user = geteuid();
    const gid_t group = getegid();
    const pid_t helper = fork();
    if (helper == 0) {
      close(go[1]);
      char byte = 0;
      const bool wanted = read(go[0], &byte, 1) == 1;
      _exit(wanted && map_subordinates(process, user, group, ids) ? 0 : 1);
    }
    close(go[0]);
    base::UniqueFd tell(go[1]);
    if (helper < 0) return std::nullopt;
    return Mapper(helper, std::move(tell));
  }

  // Without `wanted` it goes away.
  bool finish(bool wanted) {
    if (wanted) (void)!write(tell_.get(), "g", 1);
    tell_.reset();
    int status = 0;
    while (waitpid(helper_, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  Mapper(pid_t helper, base::UniqueFd tell) : helper_(helper), tell_(std::move(tell)) {}
  pid_t helper_;
  base::UniqueFd tell_;
};

bool write_own(const char* file, const std::string& text) {
  base::UniqueFd to(open(fmt::format("/proc/self/{}", file).c_str(), O_WRONLY | O_CLOEXEC));
  return to && write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// What a map that newuidmap has not written gets: the caller is root. True if both stand.
bool map_self_alone(uid_t user, gid_t group) {
  const bool users = write_own("uid_map", fmt::format("0 {} 1\n", user)) || errno == EPERM;
  write_own("setgroups", "deny");
  const bool groups = write_own("gid_map", fmt::format("0 {} 1\n", group)) || errno == EPERM;
  return users && groups && geteuid() == 0 && getegid() == 0;
}

// Whether `count` ids from `first` on exist here.
bool exists(const char* map, uint64_t first, uint64_t count) {
  std::ifstream file(map);
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t length = 0;
  while (file >> inside >> outside >> length)
    if (inside <= first && first + count <= inside + length) return true;
  return false;
}

}  // namespace

bool ids_exist(const IdRange& ids) {
  return exists("/proc/self/uid_map", ids.first, ids.count) &&
         exists("/proc/self/gid_map", ids.first, ids.count);
}

IdRange ids_for_guests() {
  constexpr IdRange roots{machine_first_guest_id, guest_ids};
  constexpr IdRange subordinates{1, guest_ids};
  if (ids_exist(roots)) return roots;
  if (ids_exist(subordinates)) return subordinates;
  return {geteuid(), 1};
}

Result<uint32_t> enter_user_namespace() {
  auto others = [] { return ids_for_guests().count == guest_ids ? guest_ids : 0; };
  if (geteuid() == 0) return others();
  const uid_t user = geteuid();
  const gid_t group = getegid();
  std::optional<Mapper> mapper;
  if (auto ids = own_subordinates()) mapper = Mapper::start(*ids);
  const int traceable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  auto entered = enter_new_user_namespace();
  if (!entered) {
    if (mapper) mapper->finish(false);
    return tl::unexpected(std::move(entered).error());
  }
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // or the /proc files that hold the maps were root's
  const bool mapped = (mapper && mapper->finish(true)) || map_self_alone(user, group);
  prctl(PR_SET_DUMPABLE, traceable == 1 ? 1 : 0, 0, 0, 0);
  if (!mapped) return fail_errno(Module::cell, "the users of a new user namespace cannot be named");
  (void)setgroups(0, nullptr);  // refused where nobody but the caller exists
  return others();
}

std::string_view advice_for_ids() {
  return "this user has no subordinate ids; as root: apt install uidmap && usermod --add-subuids "
         "100000-165535 --add-subgids 100000-165535 USER";
}

}  // namespace shikake::cell
