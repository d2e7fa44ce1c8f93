// Nothing of the machine is seen from inside: look/main.cpp prints all that it can see, and none of the
// machine's own words may be among it.
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/file.h"
#include "cell/cell_testing.h"

namespace shikake::cell {
namespace {

struct Word {
  std::string what;
  std::string text;
};

// Shorter ones may stand in a file by chance.
constexpr size_t shortest_word = 6;

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Those that an ordinary Debian, as the guest claims to be, has too.
bool everybodys(const std::string& mount_point) {
  for (const char* common :
       {"/", "/proc", "/sys", "/dev", "/dev/shm", "/dev/pts", "/run", "/run/lock", "/tmp"})
    if (mount_point == common) return true;
  return false;
}

std::vector<Word> words_of_machine() {
  std::vector<Word> words;
  auto add = [&words](const char* what, const std::string& text) {
    if (text.size() >= shortest_word) words.push_back({what, text});
  };
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  utsname system{};
  uname(&system);
  add("host name", host.data());
  add("kernel release in a file", system.release);
  add("kernel version in a file", system.version);
  add("machine id", first_line("/etc/machine-id"));
  add("boot id", first_line("/proc/sys/kernel/random/boot_id"));
  add("kernel command line", first_line("/proc/cmdline"));
  add("build folder", SHIKAKE_BUILD_DIR);
  add("source folder", SHIKAKE_SOURCE_DIR);
  add("a process", program_invocation_short_name);
  std::ifstream mounts("/proc/self/mounts");
  for (std::string source, point, rest; mounts >> source >> point && std::getline(mounts, rest);)
    if (!everybodys(point)) add("mount point", point);
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (const size_t path = line.rfind(':'); path != std::string::npos)
      add("control group", line.substr(path + 1));
  std::ifstream users("/etc/passwd");
  for (std::string line; std::getline(users, line);) {
    std::istringstream fields(line);
    std::string name, password, number;
    std::getline(std::getline(std::getline(fields, name, ':'), password, ':'), number, ':');
    const int id = std::atoi(number.c_str());
    if (id >= 1000 && id < 65534) add("user", name);
  }
  return words;
}

class Look : public ::testing::TestWithParam<Maker> {};
INSTANTIATE_TEST_SUITE_P(Makers, Look, ::testing::ValuesIn(makers), maker_name);

// Not as a part of a longer name: "/shared" is not seen in "/usr/lib/shared-objects".
size_t find_whole(const std::string& text, const std::string& word) {
  auto of_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; };
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !of_name(text[at - 1]);
    if (begins && (end == text.size() || !of_name(text[end]))) return at;
  }
  return std::string::npos;
}

TEST_P(Look, NothingOfTheMachine) {
  std::vector<Word> words = words_of_machine();
  // What was put there to be found.
  const std::string mark = fmt::format("shikake-mark-{}", getpid());
  std::vector<std::string> marked;
  for (const char* folder : {"/tmp/", "/var/tmp/", "/dev/shm/", "/home/", "/root/", "/run/", "/srv/"})
    if (std::ofstream(folder + mark)) marked.push_back(folder + mark);
  setenv("SHIKAKE_TEST_MARK", mark.c_str(), 1);
  words.push_back({"a file or variable of the machine's", mark});
  auto program = base::read_file(SHIKAKE_CELL_LOOK, 16 << 20);
  ASSERT_TRUE(program);
  for (const bool root : {false, true}) {
    Told told = as(GetParam(), [&] {
      // The fallback's /usr is the machine's, and so says its documentation.
      return output_of_planted(root, *program, "/opt/look",
                               {"/usr", "/etc/alternatives", "/etc/ld.so.cache"});
    });
    if (told.skipped) GTEST_SKIP() << told.text;
    EXPECT_EQ(told.status, 0);
    EXPECT_TRUE(told.text.ends_with("[exited with status 0]")) << told.text.substr(0, 2000);
    // It did look.
    for (const char* there :
         {"/home/mwendt/.bash_history\n", "/proc/self\n", "/mountinfo\n", "/proc/1/status\n", "mwendt"})
      EXPECT_NE(told.text.find(there), std::string::npos) << there;
    for (const Word& word : words) {
      const size_t at = find_whole(told.text, word.text);
      if (at != std::string::npos)
        ADD_FAILURE() << word.what << " \"" << word.text << "\" is seen" << (root ? " as root: …" : ": …")
                      << told.text.substr(at > 200 ? at - 200 : 0, 400);
    }
  }
  for (const std::string& path : marked) unlink(path.c_str());
}

}  // namespace
}  // namespace shikake::cell
