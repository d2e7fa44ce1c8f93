// Every known road out of a cell, tried from inside by roads/main.cpp.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "base/file.h"
#include "cell/cell_testing.h"

namespace shikake::cell {
namespace {

// What a process of the machine holds open, for a program in a cell to find.
struct Outside {
  base::UniqueFd abstract_socket;
  base::UniqueFd path_socket;
  base::UniqueFd port_socket;
  std::string name;
  std::string path;
  int port = 0;
  int shm_key = 0;
  int shm = -1;

  ~Outside() {
    unlink(path.c_str());
    if (shm >= 0) shmctl(shm, IPC_RMID, nullptr);
  }
};

base::UniqueFd listen_local(const std::string& name, bool abstract) {
  base::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path + (abstract ? 1 : 0), sizeof at.sun_path - 2);
  const auto size = offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 1 : 0);
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&at), static_cast<socklen_t>(size)) != 0 ||
      listen(fd.get(), 8) != 0)
    fd.reset();
  return fd;
}

// Reachable by whoever shares the machine's namespaces.
bool open_roads(Outside& outside) {
  outside.name = fmt::format("shikake-road-{}", getpid());
  outside.path = "/tmp/" + outside.name;
  outside.abstract_socket = listen_local(outside.name, true);
  outside.path_socket = listen_local(outside.path, false);
  outside.port_socket.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  outside.shm_key = 0x5000000 + getpid();
  outside.shm = shmget(outside.shm_key, 4096, IPC_CREAT | 0666);
  if (!outside.abstract_socket || !outside.path_socket || outside.shm < 0) return false;
  chmod(outside.path.c_str(), 0777);
  if (bind(outside.port_socket.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      listen(outside.port_socket.get(), 8) != 0 ||
      getsockname(outside.port_socket.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return false;
  outside.port = ntohs(at.sin_port);
  return true;
}

struct Row {
  const char* road;
  const char* as_user;
  const char* as_root;                 // inside
  const char* as_only_user = nullptr;  // where nobody else exists, if that differs
};
constexpr Row rows[] = {
    {"mount", "EPERM", "EPERM"},
    {"bind", "EPERM", "EPERM"},
    {"remount", "EPERM", "EPERM"},
    {"unmount", "EPERM", "EPERM"},
    {"pivot_root", "EPERM", "EPERM"},
    {"chroot", "EPERM", "EPERM"},
    {"fsopen", "EPERM", "EPERM"},
    {"open_tree", "EPERM", "EPERM"},
    {"open_by_handle", "EPERM", "EPERM"},
    {"trace init", "EPERM", "EPERM"},
    {"init's memory", "EACCES", "EACCES"},
    {"kill init", "EPERM", "open",
     "open"},  // allowed, and without effect: it has no handlers, and the kernel protects process 1
    {"init's program", "EACCES", "EACCES"},
    {"init's network", "EACCES", "EACCES"},
    {"init's users", "EACCES", "EACCES"},
    {"unshare users", "EPERM", "EPERM"},
    {"unshare mounts", "EPERM", "EPERM"},
    {"unshare network", "EPERM", "EPERM"},
    {"clone users", "EPERM", "EPERM"},
    {"clone3 users", "ENOSPC", "ENOSPC"},  // the limit of namespaces, which is 0
    {"setuid", "EPERM", "open", "EINVAL"},
    {"capset", "EPERM", "EPERM"},
    {"raise limit", "EPERM", "EPERM"},
    {"nice", "EACCES", "EACCES"},
    {"oom score", "EACCES", "EACCES"},
    {"block device", "EPERM", "EPERM"},
    {"memory device", "EPERM", "EPERM"},
    {"/dev/mem", "ENOENT", "ENOENT"},
    {"/dev/kmsg", "ENOENT", "ENOENT"},
    {"/dev/vda", "ENOENT", "ENOENT"},
    {"/dev/kvm", "ENOENT", "ENOENT"},
    {"/dev/fuse", "ENOENT", "ENOENT"},
    {"ports", "EPERM", "EPERM"},
    {"kernel module", "EPERM", "EPERM"},
    {"kexec", "EPERM", "EPERM"},
    {"reboot", "EPERM", "EPERM"},
    {"bpf", "EPERM", "EPERM"},
    {"perf", "EACCES", "EACCES"},
    {"io_uring", "EPERM", "EPERM"},
    {"userfaultfd", "EPERM", "EPERM"},
    {"kernel log", "EPERM", "EPERM"},
    {"add_key", "EDQUOT", "EDQUOT"},
    {"request_key", "ENOKEY", "ENOKEY"},
    {"keyctl", "ENOKEY", "ENOKEY"},
    {"set the clock", "EPERM", "EPERM"},
    {"host name", "EPERM", "EPERM"},
    {"core pattern", "EACCES", "EACCES"},
    {"kernel setting", "EACCES", "EACCES"},
    {"sysrq", "ENOENT", "ENOENT"},
    {"kcore", "ENOENT", "ENOENT"},
    {"kallsyms", "ENODATA", "ENODATA"},
    {"more namespaces", "EACCES", "EACCES"},
    {"abstract socket", "ECONNREFUSED", "ECONNREFUSED"},
    {"path socket", "ENOENT", "ENOENT"},
    {"machine's loopback", "ECONNREFUSED", "ECONNREFUSED"},
    {"the Internet", "ENETUNREACH", "ENETUNREACH"},
    {"vsock", "EAFNOSUPPORT", "EAFNOSUPPORT"},
    {"packet socket", "EPERM", "open"},  // of the cell's own network
    {"crypto socket", "EAFNOSUPPORT", "EAFNOSUPPORT"},
    {"audit socket", "open", "open"},  // the machine's audit does not listen to it
    {"netlink", "open", "open"},       // only lo is there
    {"shared memory", "ENOENT", "ENOENT"},
    {"terminal", "EIO", "EIO"},
};

using Seen = std::map<std::string, std::string>;

Seen parse(const std::string& text) {
  Seen seen;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (const size_t colon = line.rfind(": "); colon != std::string::npos)
      seen[line.substr(0, colon)] = line.substr(colon + 2);
  return seen;
}

class Roads : public ::testing::TestWithParam<Maker> {};
INSTANTIATE_TEST_SUITE_P(Makers, Roads, ::testing::ValuesIn(makers), maker_name);

TEST_P(Roads, AllClosed) {
  Outside outside;
  ASSERT_TRUE(open_roads(outside));
  auto program = base::read_file(SHIKAKE_CELL_ROADS, 16 << 20);
  ASSERT_TRUE(program);
  for (const bool root : {false, true}) {
    Told told = as(GetParam(), [&]() -> Result<std::string> {
      SHIKAKE_ASSIGN(const std::string text,
                     output_of_planted(root, *program, "/opt/roads",
                                       {outside.name, outside.path, std::to_string(outside.port),
                                        std::to_string(outside.shm_key)}));
      return (ids_for_guests().count == 1 ? "alone: yes\n" : "alone: no\n") + text;
    });
    if (told.skipped) GTEST_SKIP() << told.text;
    ASSERT_EQ(told.status, 0) << told.text;
    Seen seen = parse(told.text);
    const bool alone = seen["alone"] == "yes";
    seen.erase("alone");
    EXPECT_TRUE(told.text.ends_with("[exited with status 0]")) << told.text;
    EXPECT_EQ(seen.size(), std::size(rows)) << told.text;
    for (const Row& row : rows) {
      auto at = seen.find(row.road);
      const char* user = alone && row.as_only_user ? row.as_only_user : row.as_user;
      EXPECT_EQ(at == seen.end() ? "not tried" : at->second, root ? row.as_root : user)
          << row.road << (root ? " as root" : " as a user");
    }
  }
}

}  // namespace
}  // namespace shikake::cell
