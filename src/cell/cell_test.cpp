#include "cell/cell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include <fmt/format.h>

#include "cell/cell_testing.h"

namespace shikake::cell {
namespace {

class Cells : public ::testing::TestWithParam<Maker> {};
INSTANTIATE_TEST_SUITE_P(Makers, Cells, ::testing::ValuesIn(makers), maker_name);

#define EXPECT_TOLD(told, wanted)                    \
  do {                                               \
    if ((told).skipped) GTEST_SKIP() << (told).text; \
    EXPECT_EQ((told).status, 0) << (told).text;      \
    EXPECT_EQ((told).text, wanted);                  \
  } while (false)

struct Row {
  const char* name;
  const char* script;
  const char* printed;
};
// In a cell of the fallback with nothing changed.
constexpr Row looks[] = {
    {"user", "id -un; id -u; id -gn", "mwendt\n1000\nmwendt\n"},
    {"folder", "pwd; echo $HOME $USER $LOGNAME $SHELL",
     "/home/mwendt\n/home/mwendt mwendt mwendt /bin/bash\n"},
    {"host", "hostname; cat /etc/hostname /proc/sys/kernel/hostname", "kontor-pc3\nkontor-pc3\nkontor-pc3\n"},
    {"process 1", "cat /proc/1/comm; tr '\\0' ' ' < /proc/1/cmdline", "systemd\n/sbin/init "},
    {"parent", "cat /proc/$PPID/comm; tr '\\0' ' ' < /proc/$PPID/cmdline", "cron\n/usr/sbin/CRON -f "},
    {"processes", "set -- /proc/[0-9]*; echo $#", "3\n"},  // 1, cron, sh
    {"kernel command line", "grep -c BOOT_IMAGE=/boot/vmlinuz-6 /proc/cmdline; wc -l < /proc/cmdline",
     "1\n1\n"},
    {"kernel", "cut -d' ' -f1-3 /proc/version; cat /proc/sys/kernel/osrelease",
     "Linux version 6.1.0-28-amd64\n6.1.0-28-amd64\n"},
    {"uptime", "cut -d. -f1 /proc/uptime | grep -c '^1886'", "1\n"},  // 52.4 hours are 188640 s
    {"control groups", "cut -d: -f3 /proc/self/cgroup | sort -u", "/\n"},
    {"network", "ls /proc/sys/net/ipv4/conf", "all\ndefault\nlo\n"},
    {"devices", "ls /dev | tr '\\n' ' '",
     "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero "},
    {"null", "echo x > /dev/null && head -c 3 /dev/zero | od -An -tx1", " 00 00 00\n"},
    {"home is the user's", "echo x > ~/new && stat -c %U ~/new ~/.bash_history ~",
     "mwendt\nmwendt\nmwendt\n"},
    {"temporary files", "echo x > /tmp/a && rm /tmp/a && echo y > /dev/shm/b && echo good", "good\n"},
    {"secret files are secret", "stat -c %a ~/.bash_history", "600\n"},
    {"history has an age", "test $(stat -c %Y ~/.bash_history) -lt $(($(date +%s) - 86400)) && echo old",
     "old\n"},
    {"environment", "env | cut -d= -f1 | sort | tr '\\n' ' '",
     "EDITOR HOME LANG LOGNAME PATH PWD SHELL TERM USER XDG_CURRENT_DESKTOP XDG_SESSION_TYPE "},
    // The fallback's /usr is the machine's, but for what its people put there.
    {"usr_local", "ls -A /usr/local && echo nothing", "nothing\n"},
    {"descriptors", "ls /proc/self/fd | tr '\\n' ' '", "0 1 2 3 "},  // 3 is the listing's own
    {"capabilities", "grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status | cut -f2 | sort -u",
     "0000000000000000\n"},
    {"signals", "grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2 | sort -u", "0000000000000000\n"},
};

TEST_P(Cells, LookLikeTheGuest) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    std::string wrong;
    for (const Row& row : looks) {
      SHIKAKE_ASSIGN(const std::string printed, shell(cell, row.script));
      const std::string wanted = std::string(row.printed) + "[exited with status 0]";
      if (printed != wanted) wrong += fmt::format("{}: wanted {}\nprinted {}\n\n", row.name, wanted, printed);
    }
    return wrong;
  });
  EXPECT_TOLD(told, "");
}

TEST_P(Cells, ExitStatusComesThrough) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    std::string all;
    for (const char* script : {"exit 42", "kill -9 $$", "kill -SEGV $$", "exec /bin/true"}) {
      SHIKAKE_ASSIGN(const std::string text, shell(cell, script));
      all += text;
    }
    auto missing = cell.start({.program = "/no/such/program"});
    if (missing) return "a program that is not there was started";
    return all + fmt::format("[errno {}]", missing.error().system_errno);
  });
  EXPECT_TOLD(told,
              fmt::format("[exited with status 42][was killed by signal 9 ({})][was killed by signal 11 ({})]"
                          "[exited with status 0][errno {}]",
                          strsignal(9), strsignal(11), ENOENT));
}

// The hook stops the program before its first instruction; start() comes back meanwhile.
TEST_P(Cells, HookBeforeExec) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_ASSIGN(CellProcess process,
                   cell.start({.program = "/bin/sh", .arguments = {"-c", "exit 7"}}, [] { raise(SIGSTOP); }));
    auto stopped = [&] {
      std::ifstream file(fmt::format("/proc/{}/stat", process.pid()));
      std::string text(std::istreambuf_iterator<char>(file), {});
      return text.find(") T ") != std::string::npos;
    };
    for (int round = 0; !stopped() && round < 1000; ++round) usleep(5000);
    if (!stopped()) return "never stopped";
    if (process.started(base::Deadline::now()).error().code != ErrorCode::timeout) return "started too early";
    kill(process.pid(), SIGCONT);
    SHIKAKE_TRY(process.started(base::Deadline::after(std::chrono::seconds(20))));
    SHIKAKE_ASSIGN(auto ended, process.wait(base::Deadline::after(std::chrono::seconds(20))));
    return ended.describe();
  });
  EXPECT_TOLD(told, "exited with status 7");
}

TEST_P(Cells, PlantedFilesAndAnotherUser) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    CellPlan plan{.guest = &guest};
    plan.user = GuestUser{.name = "root"};
    plan.files = {{"/bin/sample", "#!/bin/sh\nid -u; pwd; cat /etc/resolv.conf\n", 0755},
                  {"/etc/resolv.conf", "nameserver 192.0.2.53\n"}};
    SHIKAKE_ASSIGN(Cell cell, Cell::make(plan));
    SHIKAKE_ASSIGN(const std::string text, output_of(cell, {.program = "/usr/bin/sample"}));
    return text;
  });
  EXPECT_TOLD(told, "0\n/root\nnameserver 192.0.2.53\n[exited with status 0]");
}

TEST_P(Cells, SeveralProgramsInOneCell) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_ASSIGN(CellProcess first, cell.start({.program = "/bin/sleep", .arguments = {"100"}}));
    SHIKAKE_ASSIGN(const std::string seen, shell(cell, "echo x > /tmp/a; ps -e -o comm= | grep -c sleep"));
    if (first.wait(base::Deadline::now()).error().code != ErrorCode::timeout) return "ended early";
    first.kill();
    SHIKAKE_ASSIGN(auto ended, first.wait(base::Deadline::after(std::chrono::seconds(20))));
    SHIKAKE_ASSIGN(const std::string after, shell(cell, "cat /tmp/a; ps -e -o comm= | grep -c sleep"));
    return seen + " " + ended.describe() + " " + after;
  });
  EXPECT_TOLD(
      told, fmt::format("1\n[exited with status 0] was killed by signal 9 ({}) x\n0\n[exited with status 1]",
                        strsignal(9)));
}

TEST_P(Cells, OrphansAreReaped) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_TRY(shell(cell, "for i in 1 2 3 4 5 6 7 8; do (sh -c 'exit 3' &) ; done; sleep 0.2"));
    return shell(cell, "sleep 0.3; ps -e -o stat= | grep -c Z");
  });
  EXPECT_TOLD(told, "0\n[exited with status 1]");
}

}  // namespace
}  // namespace shikake::cell
