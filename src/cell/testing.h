// For tests only: what a process that was taken over tries, and whether a running process is confined.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/child.h"

namespace shikake::cell {

// Each returns 0 where it works, otherwise an errno.
namespace attempts {

inline int errno_of(long result) {
  return result < 0 ? errno : 0;
}

inline int open_reading() {
  return errno_of(open("/dev/null", O_RDONLY));
}
inline int open_writing() {
  return errno_of(open("/dev/null", O_WRONLY));
}
inline int open_creating() {
  return errno_of(open("/tmp/shikake-seccomp-never", O_CREAT | O_RDWR, 0600));
}
inline int look_at_file() {
  struct stat info {};
  return errno_of(stat("/", &info));
}
inline int internet_socket() {
  return errno_of(socket(AF_INET, SOCK_STREAM, 0));
}
inline int unix_socket() {
  return errno_of(socket(AF_UNIX, SOCK_STREAM, 0));
}
inline int packet_socket() {
  return errno_of(socket(AF_PACKET, SOCK_RAW, 0));
}
inline int listening() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  return errno_of(bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any));
}
inline int new_process() {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  return errno_of(pid);
}
inline int exec_program() {
  execl("/bin/true", "true", nullptr);
  return errno;
}
inline int exec_by_descriptor() {
  return errno_of(syscall(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0));
}
inline int map_plain() {
  void* page = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  std::memset(page, 1, 1 << 20);
  return errno_of(munmap(page, 1 << 20));
}
inline int map_flags(int flags) {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}
inline int map_shared() {
  return map_flags(MAP_SHARED);
}
inline int map_growing_down() {
  return map_flags(MAP_PRIVATE | MAP_GROWSDOWN);
}
inline int map_executable() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : 0;
}
inline int make_executable() {
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return errno_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}
inline int new_thread() {
  int ran = 1;
  std::thread([&ran] { ran = 0; }).join();
  return ran;
}
inline int duplicate() {
  return errno_of(fcntl(0, F_DUPFD, 10));
}
inline int kill_parent() {
  return errno_of(kill(getppid(), 0));
}
inline int trace() {
  return errno_of(syscall(SYS_ptrace, 0, 0, 0, 0));  // PTRACE_TRACEME
}
inline int new_user_namespace() {
  return errno_of(syscall(SYS_unshare, CLONE_NEWUSER));
}
inline int clone_into_user_namespace() {
  return errno_of(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}
inline int io_uring() {
  constexpr long setup = 425;  // everywhere
  return errno_of(syscall(setup, 1, nullptr));
}
}  // namespace attempts

struct Attempt {
  const char* name;
  int (*action)();
  base::WaitStatus end;  // of a process that may only compute
};

inline constexpr base::WaitStatus killed_by_filter{base::WaitStatus::How::killed, SIGSYS};
inline constexpr base::WaitStatus refused{base::WaitStatus::How::exited, EPERM};

// What docs/processes.md says that no reader and no page worker can do.
inline constexpr Attempt forbidden_attempts[] = {
    {"open", attempts::open_reading, killed_by_filter},
    {"create", attempts::open_creating, killed_by_filter},
    {"socket", attempts::internet_socket, killed_by_filter},
    {"unix_socket", attempts::unix_socket, killed_by_filter},
    {"exec", attempts::exec_program, killed_by_filter},
    {"execveat", attempts::exec_by_descriptor, killed_by_filter},
    {"fork", attempts::new_process, killed_by_filter},
    {"thread", attempts::new_thread, killed_by_filter},
    {"duplicate", attempts::duplicate, killed_by_filter},
    {"signal", attempts::kill_parent, killed_by_filter},
    {"ptrace", attempts::trace, killed_by_filter},
    {"namespace", attempts::new_user_namespace, killed_by_filter},
    {"io_uring", attempts::io_uring, killed_by_filter},
    {"map_executable", attempts::map_executable, refused},
    {"make_executable", attempts::make_executable, refused},
    {"map_shared", attempts::map_shared, refused},
    {"map_growing_down", attempts::map_growing_down, refused},
};

inline const Attempt* find_attempt(std::string_view name) {
  for (const Attempt& attempt : forbidden_attempts)
    if (attempt.name == name) return &attempt;
  return nullptr;
}

// A running process as the kernel sees it: /proc/PID/status and /proc/PID/fd.
struct Confinement {
  bool filtered = false;  // seccomp mode 2
  bool no_new_privs = false;
  std::map<int, std::string> descriptors;  // what each leads to; empty where we may not look
};

// The most resident memory that a process ever had; nothing when it is gone.
inline std::optional<uint64_t> peak_resident_bytes(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(line.find_first_of("0123456789"))) * 1024;
  return std::nullopt;
}

inline Confinement confinement_of(pid_t process) {
  const std::filesystem::path folder = "/proc/" + std::to_string(process);
  Confinement found;
  std::ifstream status(folder / "status");
  for (std::string line; std::getline(status, line);) {
    if (line == "Seccomp:\t2") found.filtered = true;
    if (line == "NoNewPrivs:\t1") found.no_new_privs = true;
  }
  std::error_code refusal;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "fd", refusal))
    found.descriptors[std::stoi(entry.path().filename())] =
        std::filesystem::read_symlink(entry.path(), refusal).string();
  return found;
}

}  // namespace shikake::cell

// A sanitizer's runtime starts threads by calls of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHIKAKE_SKIP_ATTEMPTS_OF_SANITIZERS(attempt)             \
  if ((attempt).action == ::shikake::cell::attempts::new_thread) \
  GTEST_SKIP() << "the sanitizer starts threads by system calls of its own"
#else
#define SHIKAKE_SKIP_ATTEMPTS_OF_SANITIZERS(attempt) static_cast<void>(attempt)
#endif
