#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cstdlib>

#include "base/progress.h"

namespace shikake::base {
namespace {

namespace fs = std::filesystem;

class File : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "shikake-file-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(File, WrittenAndReadBack) {
  fs::path path = folder_ / "a";
  for (const std::string& bytes : {std::string(), std::string("x\0y", 3), std::string(1'000'000, 'z')}) {
    ASSERT_TRUE(write_file_atomically(path, bytes));
    EXPECT_EQ(*read_file(path, 1'000'000), bytes);
    EXPECT_EQ(entries(), 1u);
  }
}

TEST_F(File, ReadingIsBounded) {
  fs::path path = folder_ / "a";
  ASSERT_TRUE(write_file_atomically(path, "12345"));
  EXPECT_EQ(*read_file(path, 5), "12345");
  auto over = read_file(path, 4);
  EXPECT_EQ(over.error().code, ErrorCode::limit);
  EXPECT_EQ(over.error().where, path);
  EXPECT_EQ(read_file("/dev/zero", 1000).error().code, ErrorCode::limit);
  EXPECT_THAT(*read_file("/proc/self/status", 100'000),
              testing::StartsWith("Name:"));  // its size is said to be 0
  EXPECT_EQ(read_file(folder_ / "none", 1).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(folder_, 1).error().system_errno, EISDIR);
}

TEST_F(File, AbandonedWriteLeavesTheOldFile) {
  fs::path path = folder_ / "a";
  ASSERT_TRUE(write_file_atomically(path, "old"));
  {
    auto file = AtomicFile::open(path);
    ASSERT_TRUE(file && file->write(std::string(1'000'000, 'x')));
  }
  EXPECT_EQ(*read_file(path, 10), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(File, ErrorsNameTheFile) {
  auto missing_folder = write_file_atomically(folder_ / "none" / "a", "x");
  EXPECT_EQ(missing_folder.error().where, folder_ / "none" / "a");
  UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  auto written = write_all(full.get(), "x", "report.json");
  EXPECT_EQ(written.error().system_errno, ENOSPC);
  EXPECT_THAT(written.error().message(),
              testing::AllOf(testing::HasSubstr("the disk is full"), testing::HasSubstr("report.json")));
}

// In a mount namespace of its own, with a file system of 64 KiB. 77: this machine allows none.
int write_on_a_full_disk(const fs::path& folder) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 77;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
  if (::mount("shikake", folder.c_str(), "tmpfs", 0, "size=64k") != 0) return 77;
  fs::path path = folder / "a";
  if (!write_file_atomically(path, "old")) return 1;
  auto written = write_file_atomically(path, std::string(1'000'000, 'x'));
  if (written || written.error().system_errno != ENOSPC || written.error().where != path) return 2;
  if (read_file(path, 10).value_or("") != "old") return 3;
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1 ? 0 : 4;
}

TEST_F(File, AFullDiskKeepsTheOldFile) {
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(write_on_a_full_disk(folder_));
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mount namespace is allowed here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Progress, Lines) {
  EXPECT_EQ(progress_line("audit", "lines", 5200, 10000, 80),
            "audit  [==========>         ]  52%  5200 of 10000 lines");
  EXPECT_EQ(progress_line("audit", "lines", 0, 4, 80), "audit  [>                   ]   0%  0 of 4 lines");
  EXPECT_EQ(progress_line("audit", "lines", 9, 4, 80), "audit  [====================] 100%  9 of 4 lines");
  EXPECT_EQ(progress_line("audit", "lines", 7, 0, 80), "audit  7 lines");
  EXPECT_EQ(progress_line("audit", "lines", 7, 0, 5), "audit");
}

TEST(Progress, SilentAndCheap) {
  testing::internal::CaptureStderr();
  silence_progress(true);
  {
    Progress progress("import", "indicators", 1'000'000);
    for (int i = 0; i < 1'000'000; ++i) progress.advance();
  }
  silence_progress(false);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace shikake::base
