#include "sandbox/monitor/monitor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "sandbox/monitor/path_rules.h"
#include "sandbox/monitor/testing.h"

namespace shikake::sandbox::monitor {
namespace {

using base::Deadline;
using K = intel::BehaviourKind;
using intel::FileAction;
using namespace std::chrono_literals;

struct Ran {
  RememberingSink sink;
  base::WaitStatus status;
  trace::RunEnd end{};
};

class Last : public trace::Hook {
 public:
  void on_process_end(const trace::Process& process, const trace::Ending& ending) override {
    if (process.id.value == 1) first = ending.status;
  }
  base::WaitStatus first;
};

// Runs a guest in scratch folders under the monitor; its exit status is 125 where those cannot be had.
template <class What>
std::unique_ptr<Ran> run(const What& what, std::chrono::seconds time = 20s) {
  auto ran = std::make_unique<Ran>();
  Monitor monitor({.sample = "/tmp/sample"}, ran->sink);
  Last last;
  auto tracer = trace::Tracer::make({});
  tracer->add(monitor);
  tracer->add(last);
  auto child = trace::start_guest(*tracer, what, {.before = trace::enter_scratch_folders});
  EXPECT_TRUE(child) << child.error().message();
  auto end = tracer->run(Deadline::after(time));
  EXPECT_TRUE(end);
  ran->end = *end;
  tracer->kill_all();
  monitor.finish();
  ran->status = last.first;
  return ran;
}

#define NEED_SCRATCH(ran) \
  if ((ran)->status.value == 125) GTEST_SKIP() << "this machine lets us make no mount namespace"

std::unique_ptr<Ran> run_script(const std::string& script) {
  return run(std::vector<std::string>{"/bin/sh", "-c", script});
}

// --- what a shell line shows -----------------------------------------------------------------------------

struct ScriptRow {
  const char* name;
  const char* script;
  K kind;
  const char* object;
};

class Scripts : public ::testing::TestWithParam<ScriptRow> {};

TEST_P(Scripts, ShowTheirBehaviour) {
  const ScriptRow& row = GetParam();
  const auto ran = run_script(row.script);
  NEED_SCRATCH(ran);
  const auto* found = ran->sink.find(row.kind, row.object);
  ASSERT_NE(found, nullptr) << ran->sink.all();
  EXPECT_NE(found->proof, "");
  EXPECT_EQ(ran->end, trace::RunEnd::all_gone);
}

constexpr ScriptRow scripts[] = {
    {"cron", "echo x > /etc/cron.d/job", K::persistence_cron, "/etc/cron.d/job"},
    {"cron_by_rename", "echo x > /tmp/j; mv /tmp/j /etc/cron.d/job", K::persistence_cron, "/etc/cron.d/job"},
    {"cron_by_dots", "cd /etc/init.d; echo x > ../cron.d/./job", K::persistence_cron, "/etc/cron.d/job"},
    {"cron_by_folder", "cd /etc/cron.d; echo x > job", K::persistence_cron, "/etc/cron.d/job"},
    {"systemd", "echo x > /etc/systemd/system/a.service", K::persistence_systemd,
     "/etc/systemd/system/a.service"},
    {"timer", "echo x > /etc/systemd/system/a.timer", K::persistence_timer, "/etc/systemd/system/a.timer"},
    {"unit_link", "ln -s /x /etc/systemd/system/b.service", K::persistence_systemd,
     "/etc/systemd/system/b.service"},
    {"rc_local", "echo x > /etc/rc.local", K::persistence_rc, "/etc/rc.local"},
    {"bashrc", "echo x >> /home/mika/.bashrc", K::persistence_shell, "/home/mika/.bashrc"},
    {"root_profile", "echo x >> /root/.profile", K::persistence_shell, "/root/.profile"},
    {"authorized_keys", "echo x >> /home/mika/.ssh/authorized_keys", K::persistence_ssh_keys,
     "/home/mika/.ssh/authorized_keys"},
    {"preload", "echo /x.so > /etc/ld.so.preload", K::persistence_preload, "/etc/ld.so.preload"},
    {"account", "echo r::0:0::/:/bin/sh >> /etc/passwd", K::persistence_account, "/etc/passwd"},
    {"udev", "echo x > /etc/udev/rules.d/9.rules", K::persistence_udev, "/etc/udev/rules.d/9.rules"},
    {"shadow", "cat /etc/shadow", K::password_file_read, "/etc/shadow"},
    {"ssh_key", "cat /home/mika/.ssh/id_ed25519", K::ssh_keys_read, "/home/mika/.ssh/id_ed25519"},
    {"ssh_key_relative", "cd /home/mika/.ssh; cat id_rsa", K::ssh_keys_read, "/home/mika/.ssh/id_rsa"},
    {"history", "cat /home/mika/.bash_history", K::history_read, "/home/mika/.bash_history"},
    {"history_gone", "echo x > /home/mika/.bash_history; rm /home/mika/.bash_history", K::history_removal,
     "/home/mika/.bash_history"},
    {"logs_gone", "echo x > /var/log/auth.log; rm /var/log/auth.log", K::log_removal, "/var/log/auth.log"},
    {"status", "cat /proc/self/status", K::debugger_check, "/proc/self/status"},
    {"dmi", "cat /sys/class/dmi/id/product_name", K::environment_check, "/sys/class/dmi/id/product_name"},
    {"container_file", "cat /.dockerenv", K::environment_check, "/.dockerenv"},
    {"container_file_tested", "test -e /.dockerenv", K::environment_check, "/.dockerenv"},
    {"process_list", "ls /proc", K::process_discovery, "/proc"},
    {"dropped", "cp /bin/true /tmp/d; /tmp/d", K::dropped_executable_run, "/tmp/d"},
    {"dropped_script", "cd /tmp; printf '#!/bin/sh\\n' > d; chmod +x d; ./d", K::dropped_executable_run,
     "/tmp/d"},
    {"hidden", "echo x > /tmp/.hidden", K::hidden_file, "/tmp/.hidden"},
    {"old_times", "echo x > /tmp/f; touch -d 2001-01-01 /tmp/f", K::file_time_change, "/tmp/f"},
    {"setuid_bit", "cp /bin/true /tmp/t; chmod u+s /tmp/t", K::setuid_bit, "/tmp/t"},
    {"shell", "sh -c 'echo hello'", K::shell_command, "echo hello"},
    {"piped_shell", "echo true | sh", K::shell_command, "sh"},
    {"session", "setsid true", K::daemonized, ""},
    // Numbers that no process can have.
    {"spree", "kill -9 4194401; kill -9 4194402; kill -9 4194403", K::killing_spree, "other processes"},
    {"probing", "kill -0 4194401", K::process_discovery, "probing process numbers"},
    {"mounting", "mount -t tmpfs x /tmp", K::mount_change, "/tmp"},
    {"namespaces", "unshare -n true", K::namespace_change, "network"},
    {"device", "mknod /tmp/n c 1 3", K::device_node, "/tmp/n"},
    {"way_out", "cat /proc/1/root/x", K::escape_attempt, "/proc/1/root/x"},
};
INSTANTIATE_TEST_SUITE_P(Monitor, Scripts, ::testing::ValuesIn(scripts),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Monitor, AQuietProgramShowsNothing) {
  const auto ran = run(std::vector<std::string>{"/bin/true"});
  NEED_SCRATCH(ran);
  EXPECT_EQ(ran->sink.behaviours.size(), 0u) << ran->sink.all();
  EXPECT_TRUE(ran->sink.files.empty());
  ASSERT_EQ(ran->sink.processes.size(), 1u);
  const intel::RunProcess& process = ran->sink.processes[0];
  EXPECT_EQ(process.how_ended, "exited 0");
  EXPECT_FALSE(process.parent);
  EXPECT_THAT(process.argv, ::testing::ElementsAre("/bin/true"));
}

// --- files -------------------------------------------------------------------------------------------------

// That a file is there is asked by whoever lists a folder; that a name is looked up, by whoever connects; a
// mode is tried on any file.
TEST(Monitor, WhatOrdinaryProgramsDoIsCalm) {
  const auto ran = run([] {
    struct stat status {};
    for (const char* path : {"/root/.bash_history", "/root/.ssh/id_rsa", "/root/.aws/credentials"})
      if (stat(path, &status) == 0 && access(path, F_OK) != 0) return 1;
    const int file = open("/tmp/note", O_WRONLY | O_CREAT, 0600);
    if (file < 0 || write(file, "plain text", 10) != 10) return 2;
    if (fchmod(file, 0700) != 0 || chmod("/tmp/note", 0700) != 0) return 3;
    close(file);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(0xc0000235);  // 192.0.2.53
    to.sin_port = htons(53);
    const int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    connect(datagrams, reinterpret_cast<sockaddr*>(&to), sizeof to);
    return 0;
  });
  NEED_SCRATCH(ran);
  EXPECT_TRUE(ran->status.success()) << ran->status.describe();
  for (const K kind : {K::history_read, K::ssh_keys_read, K::credential_files_read, K::dropped_executable,
                       K::connection, K::host_contact})
    EXPECT_EQ(ran->sink.find(kind), nullptr) << ran->sink.all();
  EXPECT_NE(ran->sink.find(K::permission_change), nullptr) << ran->sink.all();
}

TEST(Monitor, AnEmptyFileThatMayRunIsAProgramToCome) {
  const auto ran = run_script(": > /tmp/later; chmod +x /tmp/later");
  NEED_SCRATCH(ran);
  EXPECT_NE(ran->sink.find(K::dropped_executable), nullptr) << ran->sink.all();
}

TEST(Monitor, ContentsAreKept) {
  const auto ran = run_script(
      "echo one > /tmp/closed; echo two > /tmp/removed; rm /tmp/removed; echo three > /tmp/was; mv /tmp/was "
      "/tmp/is;"
      "echo old > /home/mika/x; echo new > /home/mika/x");
  NEED_SCRATCH(ran);
  const RememberingSink& sink = ran->sink;
  const auto content = [&](const intel::RunFile* file) {
    return file && file->sha256 && sink.contents.contains(*file->sha256) ? sink.contents.at(*file->sha256)
                                                                         : "none";
  };
  EXPECT_EQ(content(sink.find_file("/tmp/closed", FileAction::created)), "one\n");
  EXPECT_EQ(content(sink.find_file("/tmp/removed", FileAction::deleted)), "two\n");
  EXPECT_EQ(content(sink.find_file("/tmp/was", FileAction::renamed)), "three\n");
  EXPECT_EQ(content(sink.find_file("/home/mika/x", FileAction::created)), "new\n");
  EXPECT_EQ(sink.contents.count(base::sha256("old\n")), 1u) << "what a second opening emptied";
}

TEST(Monitor, FilesThatNobodyClosesAndFilesInMemory) {
  const auto ran = run([] {
    const int open_file = open("/tmp/open", O_CREAT | O_WRONLY, 0600);
    const int memory = memfd_create("stage", 0);
    bool fine = write(open_file, "left open", 9) == 9 && write(memory, "#!/bin/sh\n", 10) == 10;
    kill(getpid(), SIGKILL);
    return fine ? 0 : 1;
  });
  if (ran->status.how == base::WaitStatus::How::exited) NEED_SCRATCH(ran);
  EXPECT_EQ(ran->sink.contents.count(base::sha256("left open")), 1u);
  const auto* memory = ran->sink.find_file("/memfd:stage", FileAction::created);
  ASSERT_NE(memory, nullptr);
  EXPECT_TRUE(memory->kept);
  EXPECT_TRUE(memory->program);
}

TEST(Monitor, ProgramsInMemoryAndDeletedOnes) {
  const auto ran = run([] {
    const int in = open("/bin/true", O_RDONLY);
    const int memory = memfd_create("payload", 0);
    std::vector<char> bytes(1 << 20);
    const ssize_t length = read(in, bytes.data(), bytes.size());
    if (write(memory, bytes.data(), static_cast<size_t>(length)) != length) return 1;
    if (fork() == 0) {
      char* const argv[] = {const_cast<char*>("kworker"), nullptr};
      syscall(SYS_execveat, memory, "", argv, nullptr, AT_EMPTY_PATH);
      _exit(9);
    }
    int status = 0;
    wait(&status);
    return WEXITSTATUS(status);
  });
  NEED_SCRATCH(ran);
  EXPECT_EQ(ran->status.value, 0);
  ASSERT_NE(ran->sink.find(K::memory_executed), nullptr) << ran->sink.all();
  ASSERT_EQ(ran->sink.processes.size(), 2u);
  ASSERT_TRUE(ran->sink.processes[1].image);
  EXPECT_EQ(ran->sink.contents.count(*ran->sink.processes[1].image), 1u);
}

TEST(Monitor, SelfDeletion) {
  const auto ran = run_script("cp /bin/sh /tmp/sample; exec /tmp/sample -c 'rm /tmp/sample; :'");
  NEED_SCRATCH(ran);
  EXPECT_NE(ran->sink.find(K::self_delete, "/tmp/sample"), nullptr) << ran->sink.all();
}

// --- sockets -----------------------------------------------------------------------------------------------

int loopback_listener(uint16_t& port) {
  const int server = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t length = sizeof address;
  getsockname(server, reinterpret_cast<sockaddr*>(&address), &length);
  port = ntohs(address.sin_port);
  return server;
}

TEST(Monitor, SocketsHaveBothEnds) {
  const auto ran = run([] {
    uint16_t port = 0;
    const int server = loopback_listener(port);
    listen(server, 1);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return 1;
    accept(server, nullptr, nullptr);
    const int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    for (int i = 0; i < 3; ++i) sendto(datagrams, "hello", 5, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
    return 0;
  });
  NEED_SCRATCH(ran);
  std::map<SocketAct, SocketUse> by_act;
  for (const auto& [index, use] : ran->sink.sockets) by_act[use.act] = use;
  ASSERT_EQ(by_act.size(), 4u);
  EXPECT_EQ(by_act[SocketAct::connected].remote, by_act[SocketAct::listening].local);
  EXPECT_EQ(by_act[SocketAct::connected].local, by_act[SocketAct::accepted].remote);
  EXPECT_EQ(by_act[SocketAct::connected].transport, "tcp");
  EXPECT_EQ(by_act[SocketAct::sent].datagrams, 3u);
  EXPECT_EQ(by_act[SocketAct::sent].bytes_out, 15u);
  EXPECT_FALSE(by_act[SocketAct::sent].local.ends_with(":0"));
  EXPECT_NE(ran->sink.find(K::host_contact), nullptr);
  EXPECT_NE(ran->sink.find(K::listening_port), nullptr);
}

TEST(Monitor, ManyPortsAreAScan) {
  const auto ran = run([] {
    for (uint16_t port = 1; port <= 20; ++port) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      to.sin_port = htons(port);
      const int client = socket(AF_INET, SOCK_STREAM, 0);
      connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to);
      close(client);
    }
    return 0;
  });
  NEED_SCRATCH(ran);
  EXPECT_NE(ran->sink.find(K::port_scan, "127.0.0.1"), nullptr) << ran->sink.all();
}

// --- calls
// ---------------------------------------------------------------------------------------------------

struct CallRow {
  const char* name;
  int (*body)();
  K kind;
};
class Calls : public ::testing::TestWithParam<CallRow> {};

TEST_P(Calls, ShowTheirBehaviour) {
  const auto ran = run(std::function<int()>(GetParam().body));
  if (ran->status.how == base::WaitStatus::How::exited) NEED_SCRATCH(ran);
  EXPECT_NE(ran->sink.find(GetParam().kind), nullptr) << ran->sink.all();
}

constexpr CallRow calls[] = {
    {"writable_code",
     [] {
       return mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                  ? 1
                  : 0;
     },
     K::writable_executable_memory},
    {"name", [] { return static_cast<int>(prctl(PR_SET_NAME, "kworker/0:1")); }, K::name_masquerade},
    {"not_dumpable", [] { return static_cast<int>(prctl(PR_SET_DUMPABLE, 0)); }, K::debugger_check},
    {"hang_up_ignored", [] { return static_cast<int>(signal(SIGHUP, SIG_IGN) == SIG_ERR ? 1 : 0); },
     K::interrupts_ignored},
    {"user", [] { return static_cast<int>(setuid(getuid())); }, K::identity_change},
    {"other_memory",
     [] {
       char byte = 0;
       iovec local{&byte, 1}, remote{nullptr, 1};  // no address: nothing is written
       return process_vm_writev(getppid(), &local, 1, &remote, 1, 0) == 1 ? 1 : 0;
     },
     K::process_injection},
    {"netlink", [] { return static_cast<int>(socket(AF_NETLINK, SOCK_RAW, 0) < 0); }, K::netlink_use},
    {"raw_packets", [] { return static_cast<int>(socket(AF_PACKET, SOCK_RAW, 0) == 12345); },
     K::packet_capture},
    {"keyring", [] { return static_cast<int>(syscall(SYS_keyctl, 0, -3, 0) == 12345); }, K::keyring_use},
    {"module", [] { return static_cast<int>(syscall(SYS_delete_module, "nosuch", 0) == 12345); },
     K::kernel_module},
    {"old_table_open",  // openat through the 32-bit table of a 64-bit program
     [] {
       char* path = static_cast<char*>(
           mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
       strcpy(path, "/etc/shadow");
       long result;
       asm volatile("int $0x80" : "=a"(result) : "a"(5), "b"(path), "c"(0), "d"(0) : "memory");
       return 0;
     },
     K::password_file_read},
};
INSTANTIATE_TEST_SUITE_P(Monitor, Calls, ::testing::ValuesIn(calls),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Monitor, ManyOfAKindAreCounted) {
  const auto ran = run([] {
    for (int i = 0; i < 200; ++i)
      close(open(("/tmp/." + std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0600));
    for (int i = 0; i < 10; ++i) close(open("/etc/shadow", O_RDONLY));
    return 0;
  });
  NEED_SCRATCH(ran);
  uint64_t count = 0;
  size_t rows = 0;
  for (const auto& [index, behaviour] : ran->sink.behaviours)
    if (behaviour.kind == K::hidden_file) count += behaviour.count, ++rows;
  EXPECT_EQ(count, 200u);
  EXPECT_EQ(rows, max_objects_of_a_kind);
  EXPECT_THAT(ran->sink.limits, ::testing::Contains("behaviours"));
  EXPECT_EQ(ran->sink.find(K::password_file_read)->count, 10u);
}

// --- tables
// --------------------------------------------------------------------------------------------------

struct PatternRow {
  const char *pattern, *path;
  bool expected;
};
TEST(PathRules, Patterns) {
  constexpr PatternRow rows[] = {
      {"/a/b", "/a/b", true},
      {"/a/b", "/a/bc", false},
      {"/a/*", "/a/b", true},
      {"/a/*", "/a/b/c", false},
      {"/a/**", "/a/b/c", true},
      {"/a/**", "/a", false},
      {"/a/**.t", "/a/b/c.t", true},
      {"/m/**/k*.db", "/m/keys/p/k4.db", true},
      {"/m/**/k*.db", "/m/keys/p/k/4.db", false},
      {"/p/*/maps", "/p/12/maps", true},
      {"/p/*/maps", "/p/12/13/maps", false},
      {"*", "", true},
  };
  for (const PatternRow& row : rows)
    EXPECT_EQ(matches(row.pattern, row.path), row.expected) << row.pattern << " " << row.path;
}

// The slow way: every split of the path.
bool slow(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.front() != '*')
    return !path.empty() && path.front() == pattern.front() && slow(pattern.substr(1), path.substr(1));
  const bool across = pattern.starts_with("**");
  const std::string_view rest = pattern.substr(across ? 2 : 1);
  for (size_t i = 0; i <= path.size(); ++i) {
    if (slow(rest, path.substr(i))) return true;
    if (i < path.size() && path[i] == '/' && !across) return false;
  }
  return false;
}

TEST(PathRules, PatternsAsTheSlowWay) {
  uint64_t state = 1;
  const auto draw = [&](std::string_view letters, size_t length) {
    std::string text;
    for (size_t i = 0; i < length; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += letters[(state >> 33) % letters.size()];
    }
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    std::string pattern = draw("ab/*", 1 + static_cast<size_t>(i) % 6);
    // Three stars in a row mean nothing: a row of the table has none.
    for (size_t at; (at = pattern.find("***")) != std::string::npos;) pattern.erase(at, 1);
    const std::string path = draw("ab/", static_cast<size_t>(i) % 7);
    EXPECT_EQ(matches(pattern, path), slow(pattern, path)) << pattern << " " << path;
  }
}

TEST(PathRules, EveryRowMatchesSomethingItself) {
  for (const PathRule& rule : path_rules()) {
    std::string path(rule.pattern);
    if (path.starts_with('~')) path.replace(0, 1, "/home/mika");
    for (size_t at; (at = path.find("**")) != std::string::npos;) path.replace(at, 2, "x");
    for (size_t at; (at = path.find('*')) != std::string::npos;) path.replace(at, 1, "x");
    EXPECT_TRUE(match_path(rule.access, path)) << path;
  }
}

}  // namespace
}  // namespace shikake::sandbox::monitor
