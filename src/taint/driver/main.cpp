// shikake-taint-run: one program under the taint plugin, and what its flows were for, as JSON. The
// sandbox does the same inside a cell; this is the engine alone, for tests, benches and a quick look.
//     shikake-taint-run [--plugin FILE] [--root DIR] [--label PREFIX]… [--events FILE] [--no-tables] PROGRAM [ARGUMENT…]
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "taint/emulator.h"
#include "taint/report/provenance.h"

namespace {

using shikake::taint::Architecture;

struct Options {
  std::string plugin, root, events;
  std::vector<std::string> labels;
  std::vector<std::string> program;
  bool always = false;
  bool tables = true;
};

int usage() {
  std::fprintf(stderr,
               "usage: shikake-taint-run [--plugin FILE] [--root DIR] [--label PREFIX]... [--events FILE] [--always]\n"
               "                         [--no-tables] PROGRAM [ARGUMENT...]\n");
  return 2;
}

bool parse(int count, char** argument, Options& options) {
  int i = 1;
  for (; i < count && std::strncmp(argument[i], "--", 2) == 0; ++i) {
    const std::string key = argument[i];
    options.always |= key == "--always";
    options.tables &= key != "--no-tables";
    if (key == "--always" || key == "--no-tables") continue;
    if (i + 1 >= count) return false;
    const std::string value = argument[++i];
    if (key == "--plugin") options.plugin = value;
    else if (key == "--root") options.root = value;
    else if (key == "--events") options.events = value;
    else if (key == "--label") options.labels.push_back(value);
    else return false;
  }
  options.program.assign(argument + i, argument + count);
  return !options.program.empty();
}

std::optional<Architecture> architecture_of_file(const std::string& path) {
  unsigned char head[shikake::taint::elf_head_bytes] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(head), sizeof head);
  const auto found = shikake::taint::architecture_of({head, static_cast<size_t>(file.gcount())});
  if (!found)
    std::fprintf(stderr, "shikake-taint-run: %s is no ELF program of an architecture that taint follows (x86-64, i386, "
                         "ARM, AArch64, MIPS)\n", path.c_str());
  return found;
}

std::string beside_me() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  const std::string whole(path, static_cast<size_t>(length > 0 ? length : 0));
  return whole.substr(0, whole.rfind('/')) + "/shikake-taint.so";
}

}  // namespace

int main(int count, char** argument) {
  Options options;
  if (!parse(count, argument, options)) return usage();
  const auto architecture = architecture_of_file(options.program[0]);
  if (!architecture) return 1;
  if (options.plugin.empty()) options.plugin = beside_me();
  char folder[] = "/tmp/shikake-taint-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    std::fprintf(stderr, "shikake-taint-run: no folder for the run in /tmp: %s\n", std::strerror(errno));
    return 1;
  }
  const std::string state = std::string(folder) + "/state";
  const std::string events = options.events.empty() ? std::string(folder) + "/events" : options.events;
  std::string plugin = options.plugin + ",state=" + state + ",events=" + events;
  for (const std::string& prefix : options.labels) plugin += ",label=" + prefix;
  if (!options.root.empty()) plugin += ",root=" + options.root;
  if (options.always) plugin += ",always=on";
  if (!options.tables) plugin += ",tables=off";
  std::vector<std::string> line{shikake::taint::emulator_name(*architecture), "-plugin", plugin};
  for (std::string& option : shikake::taint::emulator_options(*architecture)) line.push_back(std::move(option));
  // Its libraries from the root alone: a loader that finds the machine's own C library of that architecture,
  // of another build than its own, makes programs that loop in fork.
  if (!options.root.empty())
    line.insert(line.end(), {"-L", options.root, "-E", "LD_LIBRARY_PATH=" + options.root + "/lib"});
  line.insert(line.end(), options.program.begin(), options.program.end());

  // Children that outlive their parents are waited for here.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = fork();
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);  // stdout is the report's
    std::vector<char*> list;
    for (std::string& one : line) list.push_back(one.data());
    list.push_back(nullptr);
    execvp(list[0], list.data());
    std::fprintf(stderr, "shikake-taint-run: can't start %s (Debian's package qemu-user has it): %s\n", list[0],
                 std::strerror(errno));
    _exit(127);
  }
  int status = 0, result = 1;
  for (pid_t ended; (ended = wait(&status)) > 0 || errno == EINTR;)
    if (ended == child) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

  std::ifstream file(events, std::ios::binary);
  const std::string lines((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto run = shikake::taint::report::read_events(lines);
  shikake::taint::report::judge(run);
  std::printf("%s\n", shikake::taint::report::to_json(run).c_str());
  unlink(state.c_str());
  if (options.events.empty()) unlink(events.c_str());
  rmdir(folder);
  return result == 127 ? 1 : 0;
}
