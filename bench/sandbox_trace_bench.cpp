// What tracing costs: programs alone, under the monitor and the clock, and under strace (all calls, and the
// same calls with its own seccomp filter), one after the other in each round. Prints one JSON document; times
// are the least of the rounds, in seconds. Lines: CPU-bound at most 1.02 of native; call-heavy: added time at
// most a third of `strace -f -o`, and less than that of `strace -f --seccomp-bpf` with the same calls.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

#include "sandbox/clock/clock.h"
#include "sandbox/monitor/emulated_ptrace.h"
#include "sandbox/monitor/testing.h"
#include "sandbox/trace/testing.h"

namespace {

using namespace shikake;
namespace monitor = sandbox::monitor;
namespace trace = sandbox::trace;
using Clock = std::chrono::steady_clock;
using Command = std::vector<std::string>;

// Time of the wall, and of the processors in all programs concerned: tracer and traced take turns, so on an
// idle machine both tell the same, and on a busy one the second still does.
struct Took {
  double wall = 0, processors = 0;
};

double processor_seconds() {
  double sum = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage use{};
    getrusage(who, &use);
    for (const timeval& part : {use.ru_utime, use.ru_stime})
      sum += static_cast<double>(part.tv_sec) + 1e-6 * static_cast<double>(part.tv_usec);
  }
  return sum;
}

class Stopwatch {
 public:
  Took stop() const {
    return {std::chrono::duration<double>(Clock::now() - start_).count(), processor_seconds() - processors_};
  }

 private:
  Clock::time_point start_ = Clock::now();
  double processors_ = processor_seconds();
};

Took run_plain(const Command& command) {
  const Stopwatch watch;
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) dup2(null, fd);
    std::vector<char*> argv;
    for (const std::string& each : command) argv.push_back(const_cast<char*>(each.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return watch.stop();
}

struct Traced {
  Took took;
  trace::Tracer::Counters counters;
};

Traced run_traced(const Command& command) {
  monitor::RememberingSink sink;
  monitor::Monitor watching({}, sink);
  auto tracer = trace::Tracer::make({});
  sandbox::clock::VirtualClock clock(*tracer, {}, &watching);
  monitor::EmulatedPtrace emulated(*tracer, &watching);
  tracer->add(watching);
  tracer->add(clock);
  tracer->add(emulated);
  const Stopwatch watch;
  if (!trace::start_guest(*tracer, command) || !tracer->run(base::Deadline::never())) std::exit(1);
  return {watch.stop(), tracer->counters()};
}

std::string calls_of_interest() {
  monitor::RememberingSink sink;
  const monitor::Monitor watching({}, sink);
  std::set<std::string> names;
  for (const auto& interest : watching.interests())
    for (const auto& row : trace::call_rows())
      if (row.sys == interest.sys && row.x86_64 >= 0) names.insert("?" + std::string(row.name));
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ",").append(name);
  // Programs that begin are events of ours too.
  return text + ",execve,execveat";
}

Command behind(Command prefix, const Command& command) {
  prefix.insert(prefix.end(), command.begin(), command.end());
  return prefix;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::string log = "/tmp/shikake_trace_bench.log";
  const std::string same = calls_of_interest();
  const std::map<std::string, Command> workloads = {
      {"cpu", {"/bin/sh", "-c", "i=0; while [ $i -lt 3000000 ]; do i=$((i+1)); done"}},
      {"find", {"/usr/bin/find", "/usr"}},
      {"tar", {"/bin/sh", "-c", "tar cf - /usr/share/doc | cat > /dev/null"}},
      {"fork_exec", {"/bin/sh", "-c", "i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done"}},
      {"git_status", {"/usr/bin/git", "-C", SHIKAKE_SOURCE_DIR, "status"}},
  };
  boost::json::object document;
  for (const auto& [name, command] : workloads) {
    if (argc > 2 && name != argv[2]) continue;
    std::map<std::string, Took> least;
    const auto keep = [&](const std::string& what, Took took) {
      const auto [known, fresh] = least.try_emplace(what, took);
      known->second.wall = std::min(known->second.wall, took.wall);
      known->second.processors = std::min(known->second.processors, took.processors);
    };
    trace::Tracer::Counters counters;
    for (int round = 0; round < rounds; ++round) {
      keep("native", run_plain(command));
      const Traced traced = run_traced(command);
      counters = traced.counters;
      keep("shikake", traced.took);
      if (name == "cpu") continue;  // strace does nothing there either
      keep("strace", run_plain(behind({"strace", "-f", "-o", log}, command)));
      keep("strace_same_calls",
           run_plain(behind({"strace", "-f", "--seccomp-bpf", "-e", "trace=" + same, "-o", log}, command)));
    }
    boost::json::object row;
    for (const auto& [what, took] : least) row[what] = {{"wall", took.wall}, {"processors", took.processors}};
    row["stops"] = counters.stops;
    for (const auto& [unit, member] : {std::pair("wall", &Took::wall), {"processors", &Took::processors}}) {
      const double native = least["native"].*member, ours = least["shikake"].*member;
      boost::json::object ratios{{"of_native", ours / native}};
      if (name != "cpu") {
        ratios["added_of_strace"] = (ours - native) / (least["strace"].*member - native);
        ratios["added_of_strace_same_calls"] =
            (ours - native) / (least["strace_same_calls"].*member - native);
      }
      row[std::string("by_") + unit] = std::move(ratios);
    }
    document[name] = std::move(row);
  }
  unlink(log.c_str());
  std::cout << boost::json::serialize(document) << "\n";
}
