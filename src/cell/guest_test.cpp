#include "cell/guest.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/file.h"
#include "cell/cell_testing.h"
#include "cell/guest_build.h"

namespace shikake::cell {
namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "shikake-guest-XXXXXX";
    path_ = mkdtemp(name.data());
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Identity, EveryOneOfTheProgramsOwn) {
  const std::vector<std::string> names = identity_names();
  ASSERT_NE(std::find(names.begin(), names.end(), default_guest), names.end());
  for (const std::string& name : names) {
    auto guest = identity(name);
    ASSERT_TRUE(guest) << guest.error().message();
    EXPECT_FALSE(guest->files.empty()) << name;
    // A home that was used, whoever lives in it.
    const std::string history = guest->user.home + "/.bash_history";
    EXPECT_TRUE(std::any_of(guest->files.begin(), guest->files.end(), [&](const GuestFile& file) {
      return file.path == history && file.users;
    })) << name;
    EXPECT_NE(guest->kernel_banner.find(guest->kernel_release), std::string::npos) << name;
    EXPECT_NE(guest->kernel_banner.find(guest->kernel_version), std::string::npos) << name;
    EXPECT_NE(guest->kernel_command_line.find(guest->kernel_release), std::string::npos) << name;
  }
  EXPECT_EQ(identity("../office").error().code, ErrorCode::not_found);
}

constexpr const char* good = R"(host_name = "h"
[user]
name = "u"
full_name = "U U"
[kernel]
release = "6"
version = "#1"
banner = "Linux version 6"
command_line = "ro"
)";

struct BadRow {
  const char* name;
  const char* more;  // after the good text
  const char* says;
  int line;
};
constexpr BadRow bad_rows[] = {
    {"not TOML", "x =", "", 10},
    {"unknown key", "colour = 1", "no \"colour\"", 10},
    {"file without path", "[[files]]\nmode = 1", "\"path\"", 10},
    {"file with relative path", "[[files]]\npath = \"etc/x\"", "begins with /", 10},
    {"folder as file", "[[files]]\npath = \"/etc/\"", "ends with a name", 10},
    {"set-user-id", "[[files]]\npath = \"/x\"\nmode = 0o4755", "mode", 10},
    {"bad base64", "[[files]]\npath = \"/x\"\nbase64 = \"a*b\"", "base64", 10},
    {"unknown in a file", "[[files]]\npath = \"/x\"\nage = 3", "no \"age\"", 12},
};

TEST(Identity, SaysWhatIsWrongAndWhere) {
  ASSERT_TRUE(parse_identity(good, "g"));
  for (const BadRow& row : bad_rows) {
    auto guest = parse_identity(std::string(good) + row.more, "g.toml");
    ASSERT_FALSE(guest) << row.name;
    EXPECT_EQ(guest.error().code, ErrorCode::invalid_input) << row.name;
    EXPECT_NE(guest.error().what.find(row.says), std::string::npos) << row.name << ": " << guest.error().what;
    EXPECT_EQ(guest.error().line, row.line) << row.name;
    EXPECT_EQ(guest.error().where, "g.toml") << row.name;
  }
}

TEST(Identity, FilesAsWritten) {
  auto guest =
      parse_identity(std::string(good) +
                         "[[files]]\npath = \"~/a\"\nmode = 0o600\nage_days = 2\n"
                         "base64 = \"\"\"\nAP8=\n\"\"\"\n[[files]]\npath = \"/b\"\ncontent = \"x\"\n",
                     "g");
  ASSERT_TRUE(guest) << guest.error().message();
  ASSERT_EQ(guest->files.size(), 2U);
  EXPECT_EQ(guest->files[0].path, "/home/u/a");
  EXPECT_TRUE(guest->files[0].users);
  EXPECT_EQ(guest->files[0].content, std::string("\0\xff", 2));
  EXPECT_EQ(guest->files[0].age, std::chrono::hours(48));
  EXPECT_FALSE(guest->files[1].users);
  EXPECT_EQ(guest->files[1].mode, 0644U);
}

struct SourcesRow {
  const char* name;
  const char* file;
  const char* text;
  std::vector<std::string> lines;
};
const SourcesRow sources_rows[] = {
    {"none", "sources.list", "", {}},
    {"one line",
     "sources.list",
     "# deb http://x bookworm main\ndeb http://a/debian bookworm main contrib\ndeb-src http://a/debian "
     "bookworm main\n",
     {"deb http://a/debian bookworm main contrib"}},
    {"options",
     "sources.list.d/a.list",
     "deb [arch=amd64 signed-by=/k.gpg] http://a bookworm-security main\n",
     {"deb [arch=amd64 signed-by=/k.gpg] http://a bookworm-security main"}},
    {"other suites and components",
     "sources.list",
     "deb http://a trixie main\ndeb http://a bookworm-backports main\ndeb http://a bookworm contrib\ndeb "
     "http://a\ndeb\n"
     "deb [x\n",
     {}},
    {"deb822",
     "sources.list.d/debian.sources",
     "Types: deb\n# a comment\nURIs: http://a/debian\nSuites: bookworm\n bookworm-updates\nComponents: main "
     "contrib\n"
     "Signed-By: /usr/share/keyrings/k.gpg\n\nTypes: deb-src\nURIs: http://b\nSuites: bookworm\nComponents: "
     "main\n",
     {"deb [signed-by=/usr/share/keyrings/k.gpg] http://a/debian bookworm main",
      "deb [signed-by=/usr/share/keyrings/k.gpg] http://a/debian bookworm-updates main"}},
    {"switched off",
     "sources.list.d/a.sources",
     "Enabled: no\nTypes: deb\nURIs: http://a\nSuites: bookworm\nComponents: main\n",
     {}},
    {"neither", "sources.list.d/a.list.disabled", "deb http://a bookworm main\n", {}},
};

TEST(Sources, OfTheMachine) {
  for (const SourcesRow& row : sources_rows) {
    TemporaryFolder folder;
    const auto path = folder.path() / row.file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << row.text;
    EXPECT_EQ(sources_of_machine(folder.path(), "bookworm"), row.lines) << row.name;
  }
}

TEST(Guests, NotBuiltFallsBackAndSaysSo) {
  TemporaryFolder home;
  auto guest = open_guest(home.path(), default_guest);
  ASSERT_FALSE(guest);
  EXPECT_EQ(guest.error().code, ErrorCode::not_found);
  EXPECT_NE(guest.error().what.find("shikake guest build"), std::string::npos);
  auto fallback = open_guest_or_machine(home.path(), default_guest);
  ASSERT_TRUE(fallback);
  EXPECT_TRUE(fallback->fallback);
  EXPECT_NE(fallback->describe().find("no profile"), std::string::npos);
  EXPECT_EQ(open_guest_or_machine(home.path(), "nobody-knows").error().code, ErrorCode::not_found);
  auto rows = list_guests(home.path());
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), identity_names().size());
  for (const GuestRow& row : *rows) EXPECT_FALSE(row.built);
}

TEST(Guests, DamagedOrNewerIsNoGuest) {
  TemporaryFolder home;
  const auto folder = home.path() / "guests" / default_guest;
  std::filesystem::create_directories(folder / "root");
  EXPECT_EQ(open_guest_or_machine(home.path(), default_guest).error().code,
            ErrorCode::corrupted);  // no stamp
  std::ofstream(folder / "guest.toml") << "format = [";
  EXPECT_EQ(open_guest_or_machine(home.path(), default_guest).error().code, ErrorCode::corrupted);
  std::ofstream(folder / "guest.toml") << "format = 99\n";
  EXPECT_EQ(open_guest(home.path(), default_guest).error().code, ErrorCode::too_new);
}

// Stands for mmdebstrap(1): what it is given is the folder to fill and, at the end, sources.
std::string write_program(const std::filesystem::path& folder, const std::string& script) {
  const std::string path = folder / "mmdebstrap";
  std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
  std::filesystem::permissions(path, std::filesystem::perms(0755));
  return path;
}

// The target is the argument before the sources.
constexpr const char* small_guest =
    "for a; do case $a in */root) t=$a;; esac; done; mkdir -p $t/usr/bin $t/etc $t/proc $t/dev $t/home "
    "$t/tmp && "
    "cp /bin/sh $t/usr/bin/sh && chown 33:33 $t/etc && echo built >&2";

struct BuildRow {
  const char* name;
  const char* program;
  ErrorCode code;
  const char* says;
};
constexpr BuildRow failing_builds[] = {
    {"fails", "exit 1", ErrorCode::io, "mmdebstrap could not build"},
    {"fails halfway",
     "for a; do case $a in */root) t=$a;; esac; done; mkdir -p $t/usr/bin; touch $t/usr/bin/sh; exit 9",
     ErrorCode::io, "mmdebstrap could not build"},
    {"builds nothing", "exit 0", ErrorCode::corrupted, "no shell"},
};

TEST(GuestBuild, FailureLeavesNothing) {
  for (const BuildRow& row : failing_builds) {
    TemporaryFolder home;
    Told told = as(Maker::root, [&]() -> Result<std::string> {
      const std::string program = write_program(home.path(), row.program);
      auto built = build_guest({.home = home.path(), .program = program});
      if (built) return "built";
      if (built.error().code != row.code) return built.error().message();
      if (open_guest(home.path(), default_guest)) return "taken for a guest";
      std::string left;
      for (const auto& entry : std::filesystem::directory_iterator(home.path() / "guests"))
        if (entry.path().extension() != ".lock") left += entry.path().string();
      return left + (built.error().what.find(row.says) != std::string::npos ? "good" : built.error().what);
    });
    if (told.skipped) GTEST_SKIP() << told.text;
    EXPECT_EQ(told.text, "good") << row.name;
  }
}

TEST(GuestBuild, WholeProfileAppearsAtOnce) {
  TemporaryFolder home;
  Told told = as(Maker::root, [&]() -> Result<std::string> {
    const std::string program = write_program(home.path(), small_guest);
    SHIKAKE_ASSIGN(const GuestRow row, build_guest({.home = home.path(), .program = program}));
    if (!row.built || row.files < 7) return "not whole";
    if (build_guest({.home = home.path(), .program = program}).error().code != ErrorCode::conflict)
      return "twice";
    SHIKAKE_TRY(build_guest({.home = home.path(), .again = true, .program = program}));
    SHIKAKE_ASSIGN(const auto rows, list_guests(home.path()));
    SHIKAKE_ASSIGN(const Guest guest, open_guest(home.path(), default_guest));
    struct stat about {};
    // No file belongs to a user of the machine.
    if (fstatat(guest.root.get(), "etc", &about, 0) != 0 || about.st_uid != ids_for_guests().first + 33)
      return "owner";
    return fmt::format("{} {}", guest.describe(), rows[0].name);
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "profile office office");
}

// kill -9 in the middle: what it had started ends with it, and the next build begins anew.
TEST(GuestBuild, Interrupted) {
  TemporaryFolder home;
  const auto begun = home.path() / "begun";
  std::ofstream(begun).close();
  std::filesystem::permissions(begun, std::filesystem::perms(0666));
  std::filesystem::permissions(home.path(), std::filesystem::perms(0777));
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  const pid_t builder = fork();
  if (builder == 0) {
    const std::string program = write_program(
        home.path(), fmt::format("{}; echo x > {}; exec sleep 1000", small_guest, begun.string()));
    (void)build_guest({.home = home.path(), .program = program});
    _exit(0);
  }
  for (int round = 0; round < 1000 && std::filesystem::file_size(begun) == 0; ++round) usleep(10'000);
  ASSERT_GT(std::filesystem::file_size(begun), 0U);
  kill(builder, SIGKILL);
  waitpid(builder, nullptr, 0);
  EXPECT_EQ(open_guest(home.path(), default_guest).error().code, ErrorCode::not_found);
  Told told = as(Maker::root, [&]() -> Result<std::string> {
    const std::string program = write_program(home.path(), small_guest);
    SHIKAKE_TRY(build_guest({.home = home.path(), .program = program}));
    std::string left;
    for (const auto& entry : std::filesystem::directory_iterator(home.path() / "guests"))
      left += entry.path().filename().string() + " ";
    return left.size() == std::string("office office.lock ").size() ? "good" : left;
  });
  EXPECT_EQ(told.text, "good");
}

TEST(GuestBuild, RefusedWithAdvice) {
  TemporaryFolder home;
  std::filesystem::permissions(home.path(), std::filesystem::perms(0777));
  EXPECT_EQ(build_guest({.home = home.path(), .name = "no-such"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(build_guest({.home = home.path(), .packages = {"-o Dir=/"}}).error().code,
            ErrorCode::invalid_usage);
  auto missing = build_guest({.home = home.path(), .program = "no-such-program"});
  EXPECT_EQ(missing.error().code, ErrorCode::unsupported);
  EXPECT_NE(missing.error().what.find("apt install mmdebstrap"), std::string::npos);
  // A user who owns nobody else's ids.
  Told told = as(Maker::ordinary, [&]() -> Result<std::string> {
    auto built = build_guest({.home = home.path(), .program = "/bin/true"});
    return built ? "built" : built.error().what;
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  if (geteuid() != 0) GTEST_SKIP() << "this user may own ids";
  EXPECT_NE(told.text.find("usermod --add-subuids"), std::string::npos) << told.text;
}

// A profile that lies in the home of $SHIKAKE_HOME, if somebody built one there: the same looks as of the
// fallback, and its files are root's.
TEST(Guests, BuiltProfileLooksLikeDebian) {
  const char* home = std::getenv("SHIKAKE_HOME");
  if (!home || !open_guest(home, default_guest)) GTEST_SKIP() << "no profile was built below $SHIKAKE_HOME";
  Told told = as(Maker::root, [&]() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, open_guest(home, default_guest));
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    return shell(
        cell,
        "id -un; stat -c %U /usr/bin/sh /etc /home/mwendt; python3 -c 'print(6*7)'; perl -e 'print 1'; "
        "echo x > /tmp/x && cat /etc/hostname; cut -d: -f1 /etc/passwd | tail -1");
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "mwendt\nroot\nroot\nmwendt\n42\n1kontor-pc3\nmwendt\n[exited with status 0]");
}

}  // namespace
}  // namespace shikake::cell
