// shikake-taint-run: one program under the taint plugin, and what its flows were for, as JSON. The
// sandbox does the same inside a cell; this is the engine alone, for tests, benches and a quick look.
//     shikake-taint-run [--plugin FILE] [--root DIR] [--label PREFIX]… [--events FILE] PROGRAM [ARGUMENT…]
#include <elf.h>
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
#include <string>
#include <vector>

#include "taint/report/provenance.h"

namespace {

struct Options {
  std::string plugin, root, events;
  std::vector<std::string> labels;
  std::vector<std::string> program;
  bool always = false;
};

int usage() {
  std::fprintf(stderr,
               "usage: shikake-taint-run [--plugin FILE] [--root DIR] [--label PREFIX]... [--events FILE] [--always]\n"
               "                         PROGRAM [ARGUMENT...]\n");
  return 2;
}

bool parse(int count, char** argument, Options& options) {
  int i = 1;
  for (; i < count && std::strncmp(argument[i], "--", 2) == 0; ++i) {
    const std::string key = argument[i];
    if (key == "--always") {
      options.always = true;
      continue;
    }
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

std::string emulator_for(const std::string& path, std::string& problem) {
  unsigned char head[20] = {};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(head), sizeof head) || std::memcmp(head, ELFMAG, SELFMAG) != 0) {
    problem = path + " is no ELF program";
    return {};
  }
  const bool big = head[EI_DATA] == ELFDATA2MSB;
  const unsigned machine = big ? head[18] << 8 | head[19] : head[19] << 8 | head[18];
  switch (machine) {
    case EM_X86_64: return "qemu-x86_64";
    case EM_386: return "qemu-i386";
    case EM_ARM: if (!big) return "qemu-arm"; break;
    case EM_AARCH64: if (!big) return "qemu-aarch64"; break;
    case EM_MIPS: if (head[EI_CLASS] == ELFCLASS32) return big ? "qemu-mips" : "qemu-mipsel"; break;
    default: break;
  }
  problem = path + " is of an architecture that taint does not follow (ELF machine " + std::to_string(machine) + ")";
  return {};
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
  std::string problem;
  const std::string emulator = emulator_for(options.program[0], problem);
  if (emulator.empty()) {
    std::fprintf(stderr, "shikake-taint-run: %s\n", problem.c_str());
    return 1;
  }
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
  std::vector<std::string> line{emulator, "-plugin", plugin};
  if (!options.root.empty()) line.insert(line.end(), {"-L", options.root});
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
