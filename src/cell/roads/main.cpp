// A guest for tests: tries every known road out of a cell, or to what it may not touch, and says how far it
// came: "name errno" a line, the errno as the C library names it, or what it got. Linked statically. It does
// no harm where it would succeed: what it tries to change is what nobody uses.
//
//   roads ABSTRACT_SOCKET PATH_SOCKET PORT SHM_KEY     what a process of the machine holds open
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

char** arguments;

int open_it(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) return -1;
  close(fd);
  return 0;
}

int write_it(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  const bool written = write(fd, text, strlen(text)) >= 0;
  const int error = errno;
  close(fd);
  errno = error;
  return written ? 0 : -1;
}

// Something to read there, or EOF as an errno of its own.
int read_it(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  char byte = 0;
  const ssize_t count = read(fd, &byte, 1);
  const int error = count == 0 ? ENODATA : errno;
  close(fd);
  errno = error;
  return count == 1 ? 0 : -1;
}

// In a child, so that nothing that succeeds changes what the next road meets.
template <class Road>
int apart(Road road) {
  const pid_t child = fork();
  if (child == 0) _exit(road() == 0 ? 0 : errno);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status)) return -1;
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

int enter_namespace(const char* path, int kind) {
  return apart([&] {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : setns(fd, kind);
  });
}

int make_namespace(int kind) {
  return apart([&] { return unshare(kind); });
}

int clone_namespace(unsigned long kind) {
  return apart([&] {
    const long child = syscall(SYS_clone, kind | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0) _exit(0);
    return child < 0 ? -1 : 0;
  });
}

int clone3_namespace(uint64_t kind) {
  return apart([&] {
    clone_args request{};
    request.flags = kind;
    request.exit_signal = SIGCHLD;
    const long child = syscall(SYS_clone3, &request, sizeof request);
    if (child == 0) _exit(0);
    return child < 0 ? -1 : 0;
  });
}

int connect_to(int family, int type, const void* address, socklen_t size) {
  const int fd = socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int status = connect(fd, static_cast<const sockaddr*>(address), size);
  const int error = errno;
  close(fd);
  errno = error;
  return status;
}

int connect_ip(const char* address, int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address, &to.sin_addr);
  return connect_to(AF_INET, SOCK_STREAM, &to, sizeof to);
}

int connect_local(const char* name, bool abstract) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  strncpy(to.sun_path + (abstract ? 1 : 0), name, sizeof to.sun_path - 2);
  const auto size = offsetof(sockaddr_un, sun_path) + strlen(name) + (abstract ? 1 : 0);
  return connect_to(AF_UNIX, SOCK_STREAM, &to, static_cast<socklen_t>(size));
}

int open_socket(int family, int type, int protocol) {
  const int fd = socket(family, type | SOCK_CLOEXEC, protocol);
  if (fd < 0) return -1;
  close(fd);
  return 0;
}

long keep_capabilities(uint32_t which) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {{which, which, 0}, {0, 0, 0}};
  return syscall(SYS_capset, &header, data);
}

int raise_limit() {
  const rlimit wanted{1 << 20, 1 << 20};
  return setrlimit(RLIMIT_NOFILE, &wanted);
}

int see_init(const char* path) {
  char text[256];
  const ssize_t size = readlink(path, text, sizeof text);
  return size < 0 ? -1 : 0;
}

struct Road {
  const char* name;
  int (*go)();
};

#define ROAD(name, expression)                        \
  {                                                   \
    name, [] { return static_cast<int>(expression); } \
  }
constexpr Road roads[] = {
    // Mounts and roots.
    ROAD("mount", mount("none", "/mnt", "tmpfs", 0, nullptr)),
    ROAD("bind", mount("/proc", "/mnt", nullptr, MS_BIND, nullptr)),
    ROAD("remount", mount(nullptr, "/", nullptr, MS_REMOUNT, nullptr)),
    ROAD("unmount", umount2("/proc/version", MNT_DETACH)),
    ROAD("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp")),
    ROAD("chroot", apart([] { return chroot("/tmp"); })),
    ROAD("fsopen", syscall(SYS_fsopen, "tmpfs", 0)),
    ROAD("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1)),
    ROAD("open_by_handle", syscall(SYS_open_by_handle_at, AT_FDCWD, nullptr, 0)),
    // Process 1 and the machine's processes.
    ROAD("trace init", ptrace(PTRACE_SEIZE, 1, nullptr, nullptr)),
    ROAD("init's memory", open_it("/proc/1/mem", O_RDWR)),
    ROAD("kill init", (kill(1, SIGKILL), kill(1, 0))),
    ROAD("init's program", see_init("/proc/1/exe")),
    ROAD("init's network", enter_namespace("/proc/1/ns/net", CLONE_NEWNET)),
    ROAD("init's users", enter_namespace("/proc/1/ns/user", CLONE_NEWUSER)),
    // Namespaces.
    ROAD("unshare users", make_namespace(CLONE_NEWUSER)),
    ROAD("unshare mounts", make_namespace(CLONE_NEWNS)),
    ROAD("unshare network", make_namespace(CLONE_NEWNET)),
    ROAD("clone users", clone_namespace(CLONE_NEWUSER)),
    ROAD("clone3 users", clone3_namespace(CLONE_NEWUSER)),
    // Powers.
    ROAD("setuid", apart([] { return setuid(0); })),
    ROAD("capset", apart([] { return static_cast<int>(keep_capabilities(1U << CAP_SYS_ADMIN)); })),
    ROAD("raise limit", raise_limit()),
    ROAD("nice", setpriority(PRIO_PROCESS, 0, -10)),
    ROAD("oom score", write_it("/proc/self/oom_score_adj", "-1000")),
    // Devices.
    ROAD("block device", mknod("/tmp/sda", S_IFBLK | 0600, makedev(8, 0))),
    ROAD("memory device", mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1))),
    ROAD("/dev/mem", open_it("/dev/mem", O_RDWR)),
    ROAD("/dev/kmsg", open_it("/dev/kmsg", O_RDONLY)),
    ROAD("/dev/vda", open_it("/dev/vda", O_RDONLY)),
    ROAD("/dev/kvm", open_it("/dev/kvm", O_RDWR)),
    ROAD("/dev/fuse", open_it("/dev/fuse", O_RDWR)),
    ROAD("ports", syscall(SYS_iopl, 3)),
    // The kernel.
    ROAD("kernel module", syscall(SYS_init_module, nullptr, 0, "")),
    ROAD("kexec", syscall(SYS_kexec_load, 0, 0, nullptr, 0)),
    ROAD("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, nullptr)),  // CAD off: shuts nothing down
    ROAD("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, nullptr, 0)),
    ROAD("perf", syscall(SYS_perf_event_open, nullptr, 0, -1, -1, 0)),
    ROAD("io_uring", syscall(SYS_io_uring_setup, 1, nullptr)),
    ROAD("userfaultfd", syscall(SYS_userfaultfd, 0)),
    ROAD("kernel log", syscall(SYS_syslog, 3, arguments[0], 1)),
    ROAD("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3)),
    ROAD("request_key", syscall(SYS_request_key, "user", "x", nullptr, -3)),
    ROAD("keyctl", syscall(SYS_keyctl, 0, -4, 0)),
    ROAD("set the clock", syscall(SYS_clock_settime, CLOCK_REALTIME, nullptr)),
    ROAD("host name", sethostname("x", 1)),
    ROAD("core pattern", write_it("/proc/sys/kernel/core_pattern", "|/tmp/x")),
    ROAD("kernel setting", write_it("/proc/sys/kernel/panic", "0")),
    ROAD("sysrq", write_it("/proc/sysrq-trigger", "?")),
    ROAD("kcore", open_it("/proc/kcore", O_RDONLY)),
    ROAD("kallsyms", read_it("/proc/kallsyms")),
    ROAD("more namespaces", write_it("/proc/sys/user/max_user_namespaces", "1000")),
    // Sockets and shared memory of the machine.
    ROAD("abstract socket", connect_local(arguments[1], true)),
    ROAD("path socket", connect_local(arguments[2], false)),
    ROAD("machine's loopback", connect_ip("127.0.0.1", atoi(arguments[3]))),
    ROAD("the Internet", connect_ip("192.0.2.1", 80)),
    ROAD("vsock", open_socket(AF_VSOCK, SOCK_STREAM, 0)),
    ROAD("packet socket", open_socket(AF_PACKET, SOCK_RAW, 0)),
    ROAD("crypto socket", open_socket(AF_ALG, SOCK_SEQPACKET, 0)),
    ROAD("audit socket", open_socket(AF_NETLINK, SOCK_RAW, 9)),
    ROAD("netlink", if_nametoindex("lo") == 1 && if_nametoindex("eth0") == 0 ? 0 : -1),
    ROAD("shared memory", shmget(atoi(arguments[4]), 0, 0)),
    ROAD("terminal", ioctl(0, TIOCSTI, "x")),
};

}  // namespace

int main(int count, char** values) {
  arguments = values;
  if (count != 5) return 2;
  for (const Road& road : roads) {
    errno = 0;
    const int status = road.go();
    printf("%s: %s\n", road.name, status == 0 ? "open" : strerrorname_np(errno));
    fflush(stdout);
  }
}
