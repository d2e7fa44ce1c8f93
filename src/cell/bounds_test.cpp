// What a cell may use, and that nothing of it stays.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "cell/cell_testing.h"
#include "cell/cgroup.h"

namespace shikake::cell {
namespace {

class Bounds : public ::testing::TestWithParam<Maker> {};
INSTANTIATE_TEST_SUITE_P(Makers, Bounds, ::testing::ValuesIn(makers), maker_name);

// Small, so that they are met at once.
CellBounds tight() {
  CellBounds bounds;
  bounds.processes = 24;
  bounds.memory = 64 << 20;
  bounds.disk = 8 << 20;
  bounds.file_size = 2 << 20;
  bounds.open_files = 32;
  bounds.processor_time = std::chrono::seconds(2);
  return bounds;
}

struct Row {
  const char* name;
  const char* script;
  const char* ends_with;  // what was printed
};
constexpr Row rows[] = {
    // A fork bomb that does not wait for its own end.
    {"processes", "n=0; while [ $n -lt 60 ]; do sleep 1 & n=$((n+1)); done 2>/dev/null; echo never",
     "status 2]"},
    {"file size", "head -c 3000000 /dev/zero > /tmp/big; stat -c %s /tmp/big",
     "2097152\n[exited with status 0]"},
    {"disk",
     "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do head -c 2000000 /dev/zero > /tmp/$i || "
     "break; "
     "done 2>&1; test $i -lt 20",
     "status 0]"},
    {"shared memory",
     "head -c 2000000 /dev/zero > /dev/shm/a; head -c 2000000 /dev/zero > /dev/shm/b || echo full",
     "full\n[exited with status 0]"},
    {"open files", "ulimit -n; ulimit -Hn", "32\n32\n[exited with status 0]"},
    {"core files", "ulimit -c", "0\n[exited with status 0]"},
};

TEST_P(Bounds, InForce) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    std::string wrong;
    for (const Row& row : rows) {
      SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest, .bounds = tight()}));
      SHIKAKE_ASSIGN(const std::string text, shell(cell, row.script));
      if (!text.ends_with(row.ends_with)) wrong += fmt::format("{}: {}\n", row.name, text);
    }
    return wrong;
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "");
}

TEST_P(Bounds, Memory) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest, .bounds = tight()}));
    // It holds all that it reads in one piece.
    SHIKAKE_ASSIGN(const std::string text,
                   shell(cell, "head -c 200000000 /dev/zero | tail -c 190000000 | wc -c"));
    bool group = false;
    for (const BoundInForce& bound : cell.bounds())
      if (bound.what == "memory")
        group = bound.by == BoundInForce::By::cgroup_v1 || bound.by == BoundInForce::By::cgroup_v2;
    if (group != cell.bounds_met().memory) return "met: " + text;
    return text.starts_with("190000000") ? text : "bounded";
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "bounded");
}

TEST_P(Bounds, ProcessorTime) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest, .bounds = tight()}));
    return shell(cell, "while :; do :; done");
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  // The soft limit names itself; who takes its signal meets the hard one a second later.
  EXPECT_EQ(told.text, fmt::format("[was killed by signal {} ({})]", SIGXCPU, strsignal(SIGXCPU)));
}

TEST_P(Bounds, SaidAsTheyAre) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest, .bounds = tight()}));
    std::string text;
    for (const BoundInForce& bound : cell.bounds())
      text += fmt::format("{} {} {}\n", bound.what, bound.value, bound.per_process ? "each" : "all");
    const BoundsMet met = cell.bounds_met();
    SHIKAKE_TRY(shell(cell, "i=0; while head -c 2000000 /dev/zero > /tmp/$((i=i+1)); do :; done"));
    return text + fmt::format("{} {} {}", met.memory, met.disk, cell.bounds_met().disk);
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_TRUE(told.text.starts_with("processes 24 all\nmemory 67108864 ")) << told.text;
  EXPECT_TRUE(
      told.text.ends_with("disk 8388608 all\nfile_size 2097152 each\nopen_files 32 each\n"
                          "processor_time 2 each\nfalse false true"))
      << told.text;
}

// Everything that a cell leaves behind would be found here.
struct Traces {
  std::set<std::string> groups;
  std::set<std::string> mounts;

  static Traces now() {
    Traces traces;
    std::ifstream file("/proc/self/mountinfo");
    for (std::string line; std::getline(file, line);) {
      traces.mounts.insert(line);
      if (line.find(" - cgroup") == std::string::npos) continue;
      std::istringstream words(line);
      std::string id, parent, device, root, point;
      words >> id >> parent >> device >> root >> point;
      using std::filesystem::recursive_directory_iterator;
      std::error_code error;
      const auto skip = std::filesystem::directory_options::skip_permission_denied;
      for (recursive_directory_iterator at(point, skip, error), end; !error && at != end; at.increment(error))
        if (at->is_directory(error) && at->path().filename().string().starts_with("shikake-"))
          traces.groups.insert(at->path());
    }
    return traces;
  }
};

enum class Ending { destructor, kill_9, interrupt };
struct EndingRow {
  const char* name;
  Ending ending;
};
constexpr EndingRow endings[] = {{"destructor", Ending::destructor},
                                 {"kill -9 of the owner", Ending::kill_9},
                                 {"Ctrl-C", Ending::interrupt}};

// The owner's part: a cell with a program that left its session and ignores what it can; says "r" when it
// runs.
Result<> keep_a_cell(bool for_ever, int ready, base::UniqueFd held) {
  SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
  SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
  const char* script = "trap '' TERM INT HUP; (setsid sleep 1000 &); echo r; sleep 1000";
  SHIKAKE_ASSIGN(
      CellProcess process,
      cell.start({.program = "/bin/sh", .arguments = {"-c", script}, .out = ready, .err = held.get()}));
  held.reset();
  while (for_ever) pause();
  usleep(100'000);  // so that there is something to end
  return {};
}

[[noreturn]] void own_a_cell(Maker maker, bool for_ever, int ready, base::UniqueFd held) {
  signal(SIGINT, SIG_DFL);
  if (maker == Maker::ordinary && geteuid() == 0 &&
      (setgroups(0, nullptr) != 0 || setgid(ordinary_user) != 0 || setuid(ordinary_user) != 0))
    _exit(90);
  auto done = enter_user_namespace().and_then(
      [&](uint32_t) { return keep_a_cell(for_ever, ready, std::move(held)); });
  if (!done) (void)!write(ready, done.error().code == ErrorCode::unsupported ? "u" : "x", 1);
  _exit(done ? 0 : 1);
}

// Every process of the cell holds the write end of a pipe: its end says that all of them are gone.
TEST_P(Bounds, NothingStays) {
  if (GetParam() == Maker::root && geteuid() != 0) GTEST_SKIP() << "not root";
  for (const EndingRow& row : endings) {
    const Traces before = Traces::now();
    std::array<int, 2> held{};
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe2(held.data(), O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    std::fflush(nullptr);
    const pid_t owner = fork();
    if (owner == 0) {
      close(held[0]);
      own_a_cell(GetParam(), row.ending != Ending::destructor, ready[1], base::UniqueFd(held[1]));
    }
    close(held[1]);
    close(ready[1]);
    char said = 0;
    EXPECT_EQ(read(ready[0], &said, 1), 1) << row.name;
    if (row.ending == Ending::kill_9) kill(owner, SIGKILL);
    if (row.ending == Ending::interrupt) kill(owner, SIGINT);
    char byte = 0;
    EXPECT_EQ(read(held[0], &byte, 1), 0) << row.name;  // blocks until the last one is gone
    waitpid(owner, nullptr, 0);
    for (int fd : {held[0], ready[0]}) close(fd);
    if (said == 'u') GTEST_SKIP() << "no namespaces here";
    EXPECT_EQ(said, 'r') << row.name;
    const std::string own = fmt::format("/shikake-{}-", owner);
    auto left = [&own] {
      std::string groups;
      for (const std::string& group : Traces::now().groups)
        if (group.find(own) != std::string::npos) groups += group + "\n";
      return groups;
    };
    // A group goes as soon as the kernel has ended its last process.
    for (int round = 0; !left().empty() && round < 1000; ++round) usleep(10'000);
    EXPECT_EQ(left(), "") << row.name;
    EXPECT_EQ(Traces::now().mounts, before.mounts) << row.name;
  }
}

// A program that kills all it can signal ends itself and its like, and the cell goes on.
TEST_P(Bounds, KillerOfAll) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_TRY(shell(cell, "kill -9 -1; echo alone"));
    return shell(cell, "echo alive");
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "alive\n[exited with status 0]");
}

// A hierarchy of version 2 as it is beside one of version 1: the kernel's own, mounted for this alone,
// without the controllers that bound a cell. It is walked through, found useless, and left as it was.
TEST(Groups, AVersion2HierarchyWithoutControllersIsPassedOver) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      _exit(77);
    umount2("/sys/fs/cgroup", MNT_DETACH);  // those of version 1
    if (mount("none", "/sys/fs/cgroup", "cgroup2", 0, nullptr) != 0) _exit(77);
    const auto given = base::read_file("/sys/fs/cgroup/cgroup.controllers", 4096);
    if (!given || given->find("memory") != std::string::npos || given->find("pids") != std::string::npos)
      _exit(78);
    const ControlGroup group = ControlGroup::make({.processes = 8, .memory = 1 << 24, .processors = 1});
    const auto& by = group.controllers();
    const bool none = by.memory == ControlGroup::Version::none &&
                      by.processes == ControlGroup::Version::none &&
                      by.processors == ControlGroup::Version::none;
    size_t ours = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/fs/cgroup"))
      ours += entry.path().filename().string().starts_with(fmt::format("shikake-{}-", getpid()));
    _exit(!none ? 1 : ours != 0 ? 2 : group.join() ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this machine mounts no hierarchy of version 2";
  if (WEXITSTATUS(status) == 78) GTEST_SKIP() << "its controllers are there: other tests use them";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace shikake::cell
