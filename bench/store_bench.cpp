// How fast intelligence goes into the store and comes out again, beside sqlite3's own bulk import into an
// indexed table of the same values in the same run. Prints one JSON document.
//
//   store_bench [INDICATORS]     1,000,000 unless said otherwise
#include <stdlib.h>
#include <time.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/checked.h"
#include "intel/feed.h"
#include "store/store.h"

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace shikake;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this process; tells more than the wall's where the machine is shared.
double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// Values as feeds have them: domains that algorithms draw, deep URLs, addresses. Order is random, which is
// the worst that an index can be given.
class Values {
 public:
  std::string next() {
    const uint64_t a = random_(), b = random_();
    char text[200];
    switch (a % 10) {
      case 0:
      case 1:
      case 2:
      case 3:
        std::snprintf(text, sizeof text, "http://%s%llu.com/%s/%08llx/login.php?id=%llu", words_[b % 8],
                      static_cast<unsigned long long>(a >> 40), words_[(b >> 8) % 8],
                      static_cast<unsigned long long>(b >> 32), static_cast<unsigned long long>(a >> 44));
        break;
      case 4:
        std::snprintf(
            text, sizeof text, "%llu.%llu.%llu.%llu", static_cast<unsigned long long>(1 + a / 16 % 9),
            static_cast<unsigned long long>(a / 4096 % 256), static_cast<unsigned long long>(b % 256),
            static_cast<unsigned long long>(b / 256 % 256));
        break;
      default:
        std::snprintf(text, sizeof text, "%s-%llx.%s.%s", words_[b % 8],
                      static_cast<unsigned long long>(a >> 24), words_[(b >> 8) % 8],
                      (b >> 16) % 2 ? "com" : "net");
    }
    return text;
  }

 private:
  static constexpr const char* words_[8] = {"secure", "account", "update", "cdn",
                                            "mail",   "shop",    "verify", "img"};
  std::mt19937_64 random_{20260301};
};

uint64_t bytes_in(const fs::path& directory) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

uint64_t peak_memory_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

intel::Observation feed_part(const std::vector<intel::IndicatorKey>& keys, size_t begin, size_t end,
                             uint64_t part) {
  intel::FeedRecord record;
  record.feed = "bench";
  record.format = "maltrail";
  record.file = "bench.txt";
  record.part = part;
  record.family = "family" + std::to_string(part);
  record.references = {"https://report.vendor.com/" + std::to_string(part)};
  for (size_t i = begin; i < end; ++i) {
    intel::FeedEntry entry;
    entry.key = keys[i];
    entry.role = intel::Role::c2;
    entry.line = i + 1;
    record.entries.push_back(std::move(entry));
  }
  intel::Observation observation;
  observation.kind = intel::ObservationKind::feed;
  observation.subject = "bench";
  observation.sensor = "import-maltrail";
  observation.time = base::system_clock().now();
  observation.record = to_json(record);
  return observation;
}

json::object import(store::Store& store, const std::vector<intel::IndicatorKey>& keys) {
  const auto start = Clock::now();
  const double cpu_before = cpu_seconds();
  store::Intake intake(store, {});
  uint64_t part = 0;
  for (size_t begin = 0; begin < keys.size();) {
    auto batch = must(store.batch());
    const size_t stop = std::min(begin + store::Store::suggested_batch, keys.size());
    while (begin < stop) {
      const size_t end = std::min(begin + intel::max_feed_entries, stop);
      must(intake.take(feed_part(keys, begin, end, part++)));
      begin = end;
    }
    must(batch.commit());
  }
  const double seconds = seconds_since(start), cpu = cpu_seconds() - cpu_before;
  const auto count = static_cast<double>(keys.size());
  return {{"seconds", seconds},
          {"cpu_seconds", cpu},
          {"indicators_per_second", count / seconds},
          {"indicators_per_cpu_second", count / cpu}};
}

json::object lookups(const store::Store& store, const std::vector<intel::IndicatorKey>& keys) {
  std::mt19937_64 random(7);
  std::vector<double> micros;
  for (int i = 0; i < 20'000; ++i) {
    const std::string& value = keys[random() % keys.size()].value;
    const auto start = Clock::now();
    if (must(store.lookup(value)).empty()) std::exit(1);
    micros.push_back(seconds_since(start) * 1e6);
  }
  std::sort(micros.begin(), micros.end());
  return {{"median_us", micros[micros.size() / 2]},
          {"p99_us", micros[micros.size() * 99 / 100]},
          {"worst_us", micros.back()}};
}

json::object scan(const store::Store& store, size_t expected) {
  const auto start = Clock::now();
  size_t count = 0;
  must(store.for_each({}, [&](const intel::Indicator&, store::Position) { return ++count, true; }));
  if (count != expected) std::exit(1);
  return {{"seconds", seconds_since(start)}};
}

// The peer: one table with a unique index, no evidence, no observations, nothing parsed or checked.
json::object peer(const fs::path& directory, const std::vector<intel::IndicatorKey>& keys) {
  std::ofstream csv(directory / "peer.csv");
  for (size_t i = 0; i < keys.size(); ++i)
    csv << name(keys[i].type) << ",\"" << keys[i].value << "\",bench,c2," << i + 1 << "\n";
  csv.close();
  std::ofstream script(directory / "peer.sql");
  script
      << "PRAGMA journal_mode=WAL;\nPRAGMA synchronous=FULL;\nPRAGMA cache_size=-65536;\n"
      << "CREATE TABLE i (type TEXT, value TEXT, source TEXT, role TEXT, line INT, UNIQUE (type, value));\n"
      << ".import --csv " << (directory / "peer.csv").string() << " i\n";
  script.close();
  const auto start = Clock::now();
  const std::string command = "sqlite3 '" + (directory / "peer.db").string() + "' < '" +
                              (directory / "peer.sql").string() + "' > /dev/null";
  if (std::system(command.c_str()) != 0) return {{"skipped", "sqlite3 is not installed"}};
  const double seconds = seconds_since(start);
  return {{"what", "sqlite3 .import --csv into one table with a unique index"},
          {"seconds", seconds},
          {"rows_per_second", static_cast<double>(keys.size()) / seconds},
          {"bytes", fs::file_size(directory / "peer.db")}};
}

}  // namespace

int main(int argc, char** argv) {
  const size_t count = argc > 1 ? base::parse_integer<size_t>(argv[1]).value_or(0) : 1'000'000;
  if (count == 0) return 2;
  std::string made = (fs::temp_directory_path() / "shikake-store-bench-XXXXXX").string();
  if (!::mkdtemp(made.data())) return 1;
  const fs::path directory = made;

  Values values;
  std::vector<intel::IndicatorKey> keys;
  keys.reserve(count);
  while (keys.size() < count) keys.push_back(must(intel::guess_key(values.next())));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::shuffle(keys.begin(), keys.end(), std::mt19937_64(3));

  json::object result{{"benchmark", "store"}, {"indicators", keys.size()}};
  const uint64_t before = peak_memory_kib();
  {
    auto store = must(store::Store::open(directory / "home"));
    result["import"] = import(*store, keys);
    result["import_again"] = import(*store, keys);
    result["lookup"] = lookups(*store, keys);
    result["for_each"] = scan(*store, keys.size());
    const auto start = Clock::now();
    must(store->rejudge({}));
    result["rejudge"] = json::object{{"seconds", seconds_since(start)}};
  }
  result["peak_memory_kib_above_values"] = peak_memory_kib() - before;
  result["bytes_on_disk"] = bytes_in(directory / "home");
  result["peer"] = peer(directory, keys);
  std::puts(json::serialize(result).c_str());
  std::error_code ignored;
  fs::remove_all(directory, ignored);
}
