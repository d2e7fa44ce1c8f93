#include "cell/landlock.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace shikake::cell {
namespace {

constexpr int no_landlock = 77;

// The exit status of `body` in a child process, which alone is restricted.
int in_child(const std::function<int()>& body) {
  pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool opens(const std::filesystem::path& path, int flags) {
  int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

TEST(Landlock, LeavesTheListedFilesForReadingAlone) {
  std::string pattern = (std::filesystem::temp_directory_path() / "shikake-landlock-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  std::filesystem::path folder = pattern;
  std::filesystem::create_directory(folder / "kept");
  for (const char* name : {"listed", "other", "kept/below"}) std::ofstream(folder / name) << "x";
  std::filesystem::create_symlink(folder / "listed", folder / "link");
  int status = in_child([&folder] {
    int open_before = ::open((folder / "other").c_str(), O_RDONLY);
    auto restricted = allow_reading_only({folder / "listed", folder / "kept", folder / "missing"});
    if (!restricted) return 1;
    if (!*restricted) return no_landlock;
    if (!opens(folder / "listed", O_RDONLY) || !opens(folder / "link", O_RDONLY)) return 2;
    if (!opens(folder / "kept/below", O_RDONLY) || !opens(folder / "kept", O_RDONLY | O_DIRECTORY)) return 3;
    if (opens(folder / "other", O_RDONLY) || opens(folder, O_RDONLY | O_DIRECTORY)) return 4;
    if (opens(folder / "listed", O_WRONLY) || opens(folder / "new", O_WRONLY | O_CREAT)) return 5;
    if (::unlink((folder / "kept/below").c_str()) == 0) return 6;
    char byte;
    if (::read(open_before, &byte, 1) != 1) return 7;
    ::execl("/bin/true", "true", nullptr);
    return errno == EACCES ? 0 : 8;
  });
  std::filesystem::remove_all(folder);
  if (status == no_landlock) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace shikake::cell
