// How long a cell takes: made, a program started in it and ended, the whole gone; against bubblewrap(1) and
// unshare(1), which do less (no made-up files, no control group, no filter), in the same run.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "base/child.h"
#include "cell/cell.h"
#include "cell/users.h"

using namespace shikake;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int rounds = 60;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

boost::json::object summary(std::vector<double> times) {
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  auto at = [&times](double share) {
    return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
  };
  return {{"median_ms", at(0.5)}, {"p90_ms", at(0.9)}, {"least_ms", times.front()}};
}

struct Times {
  std::vector<double> make, start, program, end, whole;
};

Result<> one_cell(const cell::Guest& guest, Times& times) {
  const auto begin = Clock::now();
  SHIKAKE_ASSIGN(cell::Cell made, cell::Cell::make({.guest = &guest}));
  times.make.push_back(milliseconds_since(begin));
  const auto starting = Clock::now();
  SHIKAKE_ASSIGN(cell::CellProcess process, made.start({.program = "/bin/true"}));
  times.start.push_back(milliseconds_since(starting));
  SHIKAKE_TRY(process.wait(base::Deadline::never()));
  times.program.push_back(milliseconds_since(begin));
  const auto ending = Clock::now();
  made.end();
  times.end.push_back(milliseconds_since(ending));
  times.whole.push_back(milliseconds_since(begin));
  return {};
}

boost::json::object peer(const char* path, std::vector<std::string> arguments) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    auto child = base::Child::start({.path = path, .arguments = arguments});
    if (!child) return {{"skipped", child.error().message()}};
    auto ended = child->wait(base::Deadline::never());
    if (!ended || !ended->success()) return {{"skipped", "it failed here"}};
    times.push_back(milliseconds_since(begin));
  }
  return summary(times);
}

}  // namespace

int main(int argc, char** argv) {
  auto entered = cell::enter_user_namespace();
  auto guest = argc > 1 ? cell::open_guest(argv[1], cell::default_guest) : cell::machine_as_guest();
  if (!entered || !guest) {
    std::fprintf(stderr, "%s\n", (entered ? guest.error() : entered.error()).message().c_str());
    return 1;
  }
  Times times;
  for (int round = 0; round < rounds; ++round) {
    if (auto done = one_cell(*guest, times); !done) {
      std::fprintf(stderr, "%s\n", done.error().message().c_str());
      return 1;
    }
  }
  const boost::json::object report{
      {"guest", guest->describe()},
      {"rounds", rounds},
      {"make", summary(times.make)},
      {"start_program", summary(times.start)},
      {"from_nothing_to_the_end_of_true", summary(times.program)},
      {"end", summary(times.end)},
      {"whole", summary(times.whole)},
      {"bubblewrap_true",
       peer("/usr/bin/bwrap", {"--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib",
                               "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev",
                               "--tmpfs", "/tmp", "--", "/usr/bin/true"})},
      {"unshare_true", peer("/usr/bin/unshare", {"-U", "-r", "-m", "-p", "-n", "-i", "-u", "-C", "-f",
                                                 "--mount-proc", "/usr/bin/true"})},
  };
  std::printf("%s\n", boost::json::serialize(report).c_str());
}
