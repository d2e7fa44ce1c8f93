#include "cell/changes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/file.h"
#include "cell/cell_testing.h"

namespace shikake::cell {
namespace {

class Changes : public ::testing::TestWithParam<Maker> {};
INSTANTIATE_TEST_SUITE_P(Makers, Changes, ::testing::ValuesIn(makers), maker_name);

std::string describe(const FileChange& row) {
  constexpr const char* kinds[] = {"created", "changed", "deleted", "replaced"};
  constexpr const char* types[] = {"file", "folder", "link", "fifo", "socket", "other"};
  std::string text = fmt::format("{} {}", row.path, kinds[static_cast<int>(row.kind)]);
  if (row.kind == FileChange::Kind::deleted) return text;
  text += fmt::format(" {}", types[static_cast<int>(row.type)]);
  if (row.type == FileChange::Type::file) text += fmt::format(" {} {:o} {}", row.size, row.mode, row.owner);
  return row.target.empty() ? text : text + " -> " + row.target;
}

struct Row {
  const char* name;
  const char* script;
  const char* changes;  // one a line
};
constexpr Row rows[] = {
    {"nothing", "cat /etc/passwd ~/.bashrc >/dev/null; ls -lR / >/dev/null 2>&1", ""},
    {"a new file", "printf abc > /tmp/new", "/tmp/new created file 3 644 1000\n"},
    {"changed", "echo x >> ~/.bashrc; chmod 700 ~/.profile",
     "/home/mwendt/.bashrc changed file 137 644 1000\n/home/mwendt/.profile changed file 163 700 1000\n"},
    {"deleted", "rm ~/.bash_history", "/home/mwendt/.bash_history deleted\n"},
    {"made and deleted", "echo x > /tmp/a; rm /tmp/a", ""},
    {"renamed", "mv ~/.bashrc ~/b",
     "/home/mwendt/.bashrc deleted\n/home/mwendt/b created file 135 644 1000\n"},
    {"a folder", "mkdir -p /tmp/a/b; touch /tmp/a/b/c",
     "/tmp/a created folder\n/tmp/a/b created folder\n/tmp/a/b/c created file 0 644 1000\n"},
    {"a folder deleted", "rm -r ~/docs", "/home/mwendt/docs deleted\n"},
    {"a folder replaced", "rm -r ~/docs; mkdir ~/docs; echo yes > ~/docs/one; echo > ~/docs/two",
     "/home/mwendt/docs replaced folder\n/home/mwendt/docs/one created file 4 644 1000\n"
     "/home/mwendt/docs/two created file 1 644 1000\n"},
    {"links", "ln -s /etc/passwd /tmp/l; ln -s ../../../../../etc/shadow /tmp/m",
     "/tmp/l created link -> /etc/passwd\n/tmp/m created link -> ../../../../../etc/shadow\n"},
    {"a pipe", "mkfifo /tmp/p", "/tmp/p created fifo\n"},
    {"any name", "touch '/tmp/a\n b\t\\'", "/tmp/a\n b\t\\ created file 0 644 1000\n"},
    {"unreadable", "echo secret > /tmp/s; chmod 0 /tmp/s; mkdir /tmp/d; echo > /tmp/d/f; chmod 0 /tmp/d",
     "/tmp/d created folder\n/tmp/d/f created file 1 644 1000\n/tmp/s created file 7 0 1000\n"},
};

TEST_P(Changes, AsMade) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    CellPlan plan{.guest = &guest};
    plan.files = {{.path = "/home/mwendt/docs/one", .content = "x", .users = true},
                  {.path = "/home/mwendt/docs/deep/two", .content = "x", .users = true}};
    // What the tables count on, whatever the profile holds.
    guest.identity.files = {
        {.path = "/home/mwendt/.bashrc", .content = std::string(135, 'x'), .users = true},
        {.path = "/home/mwendt/.profile", .content = std::string(163, 'x'), .users = true},
        {.path = "/home/mwendt/.bash_history", .content = "ls\n", .mode = 0600, .users = true}};
    std::string wrong;
    for (const Row& row : rows) {
      SHIKAKE_ASSIGN(Cell cell, Cell::make(plan));
      SHIKAKE_ASSIGN(const std::string said, shell(cell, row.script));
      SHIKAKE_ASSIGN(const FileChanges changes, changed_files(cell));
      std::string text;
      for (const FileChange& change : changes.rows) text += describe(change) + "\n";
      if (text != row.changes || !changes.complete)
        wrong += fmt::format("{}: wanted\n{}got\n{}{}\n\n", row.name, row.changes, text, said);
    }
    return wrong;
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "");
  EXPECT_EQ(told.status, 0);
}

TEST_P(Changes, ContentsEvenAfterTheEnd) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_TRY(shell(cell, "printf kept > /tmp/a; chmod 0 /tmp/a; ln -s /etc/passwd /tmp/l; mkfifo /tmp/p"));
    cell.end();
    SHIKAKE_ASSIGN(const FileChanges changes, changed_files(cell));
    std::string text;
    for (const FileChange& change : changes.rows) {
      auto file = open_changed(cell, change);
      char bytes[16] = {};
      if (file) (void)!read(file->get(), bytes, sizeof bytes - 1);
      text += fmt::format("{} {}\n", change.path, file ? bytes : base::name(file.error().code));
    }
    return text;
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "/tmp/a kept\n/tmp/l not_found\n/tmp/p not_found\n");
}

// A name that was a file may lead out of the layer when it is opened.
TEST_P(Changes, NeverLeaveTheLayer) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_TRY(shell(cell, "mkdir /tmp/d; echo x > /tmp/d/passwd"));
    SHIKAKE_ASSIGN(const FileChanges changes, changed_files(cell));
    SHIKAKE_TRY(shell(cell, "rm -r /tmp/d; ln -s /etc /tmp/d"));
    for (const FileChange& change : changes.rows)
      if (open_changed(cell, change)) return change.path + " was opened";
    if (open_changed(cell, {.path = "/../../etc/passwd"})) return "went up";
    return "good";
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "good");
}

TEST_P(Changes, Bounded) {
  Told told = as(GetParam(), []() -> Result<std::string> {
    SHIKAKE_ASSIGN(Guest guest, machine_as_guest());
    SHIKAKE_ASSIGN(Cell cell, Cell::make({.guest = &guest}));
    SHIKAKE_TRY(shell(cell, "cd /tmp; for i in 1 2 3 4 5 6 7 8 9; do echo > $i; done"));
    SHIKAKE_ASSIGN(const FileChanges some, changed_files(cell, 5));
    // Deeper than one path can name.
    SHIKAKE_TRY(shell(cell,
                      "cd /tmp; n=$(printf %0250d 1); for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; "
                      "do mkdir $n && cd $n; done; echo > deepest"));
    SHIKAKE_ASSIGN(const FileChanges deep, changed_files(cell));
    return fmt::format("{} {} {}", some.rows.size(), some.complete, deep.complete);
  });
  if (told.skipped) GTEST_SKIP() << told.text;
  EXPECT_EQ(told.text, "5 false false");
}

}  // namespace
}  // namespace shikake::cell
