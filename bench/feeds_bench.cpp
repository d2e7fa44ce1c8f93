// How fast feeds are read, line by line to canonical entries, in this process: a million lines each of
// Maltrail trails and CSV. Beside it what `grep -c .` takes to look at the same bytes, as the floor.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "publish/reading.h"

using namespace shikake;

namespace {

constexpr size_t lines = 1'000'000;

std::string domain(std::mt19937& random) {
  static constexpr const char* endings[] = {"com", "net", "org", "info", "xyz", "top", "co.uk", "ru"};
  std::string name;
  size_t length = 6 + random() % 14;
  for (size_t i = 0; i < length; ++i) name += static_cast<char>('a' + random() % 26);
  return name + "." + endings[random() % std::size(endings)];
}

std::string address(std::mt19937& random) {
  std::string text = std::to_string(1 + random() % 223);
  for (int i = 0; i < 3; ++i) text += "." + std::to_string(random() % 256);
  return text;
}

// The mixture of the real trails: two thirds names, a quarter endpoints, some URLs, a reference every ten.
std::string maltrail(std::mt19937& random) {
  std::string out;
  for (size_t i = 0; i < lines; ++i) {
    if (i % 10 == 0)
      out += "# Reference: https://report.example/" + std::to_string(i) + "\n";
    else if (i % 10 < 7)
      out += domain(random) + "\n";
    else if (i % 10 < 9)
      out += address(random) + ":" + std::to_string(1 + random() % 65535) + "\n";
    else
      out += domain(random) + "/gate.php?id=" + std::to_string(random()) + "\n";
  }
  return out;
}

std::string csv(std::mt19937& random) {
  std::string out = "date,URL,description\n";
  for (size_t i = 1; i < lines; ++i)
    out += "2024/01/06 08:10:00,https://" + domain(random) + "/login/" + std::to_string(random()) +
           ",\"Bank, Ltd.\"\n";
  return out;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void measure(const char* name, const std::string& bytes, bool last) {
  publish::Input input(bytes);
  uint64_t records = 0, entries = 0;
  publish::ReadSinks sinks;
  sinks.record = [&](intel::FeedRecord&& record) -> Result<> {
    ++records;
    entries += record.entries.size();
    return {};
  };
  auto start = std::chrono::steady_clock::now();
  auto report = publish::read_feed(input, {}, sinks);
  double ours = seconds_since(start);

  std::string path =
      (std::filesystem::temp_directory_path() / ("feeds_bench." + std::to_string(::getpid()))).string();
  std::ofstream(path, std::ios::binary) << bytes;
  start = std::chrono::steady_clock::now();
  int status = std::system(("grep -c . " + path + " | cat >/dev/null").c_str());
  double grep = seconds_since(start);
  std::filesystem::remove(path);

  std::printf(
      "  {\"feed\": \"%s\", \"format\": \"%s\", \"lines\": %zu, \"bytes\": %zu, \"entries\": %llu, "
      "\"records\": %llu, "
      "\"seconds\": %.3f, \"lines_per_second\": %.0f, \"grep_seconds\": %.3f}%s\n",
      name, report ? report->format.c_str() : "error", lines, bytes.size(),
      static_cast<unsigned long long>(entries), static_cast<unsigned long long>(records), ours,
      static_cast<double>(lines) / ours, status == 0 ? grep : -1.0, last ? "" : ",");
}

}  // namespace

int main() {
  std::mt19937 random(1);
  std::printf("{\"benchmark\": \"feeds\", \"results\": [\n");
  measure("maltrail", maltrail(random), false);
  measure("csv", csv(random), true);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("], \"peak_rss_mib\": %ld}\n", usage.ru_maxrss / 1024);
}
