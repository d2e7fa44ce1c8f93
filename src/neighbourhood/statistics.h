// What a corpus holds, for `shikake corpus stats`.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "neighbourhood/corpus.h"

namespace shikake::neighbourhood {

// The most frequent of a stream, in bounded memory (Misra and Gries, "Finding repeated elements", 1982). A
// count is low by at most the stream's length over the number of counters.
class Frequent {
 public:
  void count(const std::string& what);
  struct Row {
    std::string what;
    uint64_t count = 0;
  };
  std::vector<Row> most(size_t number) const;  // most first; ties by text
  uint64_t error() const { return error_; }    // how much a count may be too low

 private:
  static constexpr size_t counters = 1 << 16;
  std::unordered_map<std::string, uint64_t> counts_;
  uint64_t error_ = 0;
};

struct Statistics {
  uint64_t urls = 0, url_bytes = 0, tenants = 0, root_paths = 0;
  uint64_t on_shared_hosts = 0;  // whose tenant is one of many on a platform
  Day first = 0, last = 0;
  std::vector<Frequent::Row> largest_tenants;    // by URLs
  std::vector<Frequent::Row> largest_platforms;  // shared hosts, by tenants
  std::vector<Frequent::Row> largest_places;     // "tenant S1", by URLs
  std::vector<Frequent::Row> widest_paths;       // S2 that tells, by tenants
  std::vector<Frequent::Row> widest_hosts;       // folded host that tells, by tenants
  uint64_t count_error = 0;                      // of the counts in the lists
};

Result<Statistics> statistics(Corpus& corpus, size_t rows);

}  // namespace shikake::neighbourhood
