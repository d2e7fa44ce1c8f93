// Puts a segment's postings in order, however many there are, in bounded memory: what is too much waits in
// sorted runs in a file that has no name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace shikake::neighbourhood {

// Postings that wait in memory, at most; as many again while they are sorted. 64 MiB in all.
inline constexpr size_t postings_in_memory = size_t{4} << 20;

class PostingSorter {
 public:
  // Runs go to `folder`, which has room for the segment that is being written there.
  explicit PostingSorter(std::filesystem::path folder, size_t in_memory = postings_in_memory)
      : folder_(std::move(folder)), in_memory_(in_memory) {}

  // A shape and where it stands; those come in rising order of where.
  Result<> add(uint32_t shape, uint32_t where) {
    if (waiting_.size() == in_memory_) SHIKAKE_TRY(spill());
    waiting_.push_back(uint64_t{shape} << 32 | where);
    ++count_;
    return {};
  }
  uint64_t count() const { return count_; }

  // All of them, by shape and then by where. Once, last.
  Result<> for_each(const std::function<Result<>(uint32_t shape, uint32_t where)>& visit);

 private:
  struct Run {
    uint64_t next = 0, end = 0;  // in the file, in postings
    std::vector<uint64_t> read;
    size_t at = 0;  // in `read`
  };
  void sort();
  Result<> spill();
  Result<> refill(Run& run);

  const std::filesystem::path folder_;
  const size_t in_memory_;
  std::vector<uint64_t> waiting_, dealt_;
  uint64_t count_ = 0, spilled_ = 0;
  base::UniqueFd file_;
  std::vector<Run> runs_;
};

}  // namespace shikake::neighbourhood
