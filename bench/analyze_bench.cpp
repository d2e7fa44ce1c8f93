// How long a run takes from command to report, alone and eight at once. The named peers, in the same run: the
// program by itself, and under strace.
//
//   analyze_bench [RUNS]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr int at_once = 8;
const std::string program = SHIKAKE_BUILD_DIR "/shikake";
const std::string trivial = "/bin/true";
const std::string talker =
    SHIKAKE_BUILD_DIR "/specimens/downloader";  // asks a name, connects, fetches, writes

std::string command(const std::string& file, const std::string& more = "") {
  return program + " --json analyze --no-store --env SHIKAKE_SPECIMEN=in-a-cell " + more + " " + file;
}

double seconds(Clock::duration span) {
  return std::chrono::duration<double>(span).count();
}

double timed(const std::string& line) {
  const auto start = Clock::now();
  if (std::system((line + " > /dev/null 2>&1").c_str()) != 0)
    std::fprintf(stderr, "failed: %s\n", line.c_str());
  return seconds(Clock::now() - start);
}

json::object summary(std::vector<double> values) {
  std::ranges::sort(values);
  return {{"median_s", values[values.size() / 2]}, {"least_s", values.front()}, {"most_s", values.back()}};
}

json::object repeated(const std::string& line, int runs) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(timed(line));
  return summary(std::move(times));
}

// What a report says that must not depend on who else runs.
std::string essence(const std::string& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  boost::system::error_code bad;
  const json::value document = json::parse(text, bad);
  if (bad) return "no report";
  const json::object& run = document.at("runs").at(0).as_object();
  std::multiset<std::string> rows;
  for (const json::value& behaviour : run.at("behaviours").as_array())
    rows.insert(std::string(behaviour.at("kind").as_string()));
  for (const json::value& flow : run.at("flows").as_array())
    rows.insert("flow " + std::string(flow.at("protocol").as_string()));
  for (const json::value& one : run.at("files").as_array())
    rows.insert("file " + std::string(one.at("path").as_string()));
  std::string all(run.at("outcome").as_string());
  for (const std::string& row : rows) all += "\n" + row;
  return all;
}

json::object together(const std::string& folder) {
  const std::string alone_file = folder + "/alone";
  if (std::system((command(talker) + " > " + alone_file).c_str()) != 0) return {{"error", "no run here"}};
  const auto start = Clock::now();
  std::vector<pid_t> children;
  for (int i = 0; i < at_once; ++i) {
    const std::string line = "exec " + command(talker) + " > " + folder + "/" + std::to_string(i);
    const pid_t child = ::fork();
    if (child == 0) {
      ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
    children.push_back(child);
  }
  for (pid_t child : children) ::waitpid(child, nullptr, 0);
  const double whole = seconds(Clock::now() - start);
  int same = 0;
  const std::string alone = essence(alone_file);
  for (int i = 0; i < at_once; ++i) same += essence(folder + "/" + std::to_string(i)) == alone;
  return {{"runs", at_once},
          {"seconds", whole},
          {"seconds_a_run", whole / at_once},
          {"same_report_as_alone", same}};
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("analyze-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  json::object result;
  result["native"] = repeated(trivial, runs);
  if (std::system("command -v strace > /dev/null") == 0)
    result["strace"] = repeated("strace -f -o /dev/null " + trivial, runs);
  result["command_to_report"] = repeated(command(trivial), runs);
  result["command_to_report_no_network"] = repeated(command(trivial, "--network none"), runs);
  result["static_only"] = repeated(command(trivial, "--static"), runs);
  result["eight_at_once"] = together(folder);
  std::printf("%s\n", json::serialize(result).c_str());
  std::filesystem::remove_all(folder);
  return 0;
}
