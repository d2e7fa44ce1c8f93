#include "neighbourhood/posting_sorter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>

#include "base/file.h"

namespace shikake::neighbourhood {
namespace {

// A shape's 32 bits are sorted by in three passes; 2048 piles' ends stay in the nearest cache.
constexpr int digit_bits = 11;
constexpr size_t digits = size_t{1} << digit_bits;
constexpr size_t fewest_to_deal = digits;  // below it, comparing is faster

// What is read of a run at once: all runs together no more than half of what waits in memory.
size_t read_size(size_t in_memory, size_t runs) {
  constexpr size_t least = 512, most = 8192;
  return std::clamp(in_memory / 2 / runs, least, most);
}

std::string_view as_bytes(const uint64_t* postings, size_t count) {
  return {reinterpret_cast<const char*>(postings), count * sizeof(uint64_t)};
}

}  // namespace

// Dealt by each digit of the shape, the lowest first. Dealing keeps the order of what is alike, so that what
// came in rising order of where stays so.
void PostingSorter::sort() {
  if (waiting_.size() < fewest_to_deal) {
    std::sort(waiting_.begin(), waiting_.end());
    return;
  }
  dealt_.resize(waiting_.size());
  for (int shift = 32; shift < 64; shift += digit_bits) {
    auto pile_of = [shift](uint64_t posting) { return posting >> shift & (digits - 1); };
    std::array<size_t, digits + 1> ends{};
    for (uint64_t posting : waiting_) ++ends[pile_of(posting) + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    for (uint64_t posting : waiting_) dealt_[ends[pile_of(posting)]++] = posting;
    waiting_.swap(dealt_);
  }
}

Result<> PostingSorter::spill() {
  if (!file_) {
    std::string name = (folder_ / ".postings.XXXXXX").string();
    file_.reset(::mkostemp(name.data(), O_CLOEXEC));
    if (!file_) return fail_errno(Module::neighbourhood, "cannot make a file in " + folder_.string());
    ::unlink(name.c_str());  // gone with this process, however it ends
  }
  sort();
  SHIKAKE_TRY(base::write_all(file_.get(), as_bytes(waiting_.data(), waiting_.size()), folder_));
  runs_.push_back({spilled_, spilled_ + waiting_.size(), {}, 0});
  spilled_ += waiting_.size();
  waiting_.clear();
  return {};
}

// The run's next piece; none where it is at its end.
Result<> PostingSorter::refill(Run& run) {
  const auto count =
      static_cast<size_t>(std::min<uint64_t>(read_size(in_memory_, runs_.size()), run.end - run.next));
  run.read.resize(count);
  run.at = 0;
  auto* bytes = reinterpret_cast<char*>(run.read.data());
  for (size_t done = 0; done < count * sizeof(uint64_t);) {
    const ssize_t got = ::pread(file_.get(), bytes + done, count * sizeof(uint64_t) - done,
                                static_cast<off_t>(run.next * sizeof(uint64_t) + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return fail_errno(Module::neighbourhood, "cannot read postings back in " + folder_.string());
    done += static_cast<size_t>(got);
  }
  run.next += count;
  return {};
}

Result<> PostingSorter::for_each(const std::function<Result<>(uint32_t shape, uint32_t where)>& visit) {
  auto give = [&](uint64_t posting) {
    return visit(static_cast<uint32_t>(posting >> 32), static_cast<uint32_t>(posting));
  };
  if (runs_.empty()) {
    sort();
    for (uint64_t posting : waiting_) SHIKAKE_TRY(give(posting));
    return {};
  }
  if (!waiting_.empty()) SHIKAKE_TRY(spill());
  waiting_ = {}, dealt_ = {};
  std::vector<Run*> heap;  // of the runs that are not at their end, the least posting first
  for (Run& run : runs_) {
    SHIKAKE_TRY(refill(run));
    heap.push_back(&run);
  }
  auto later = [](const Run* a, const Run* b) { return a->read[a->at] > b->read[b->at]; };
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    Run& run = *heap.back();
    SHIKAKE_TRY(give(run.read[run.at]));
    if (++run.at == run.read.size()) SHIKAKE_TRY(refill(run));
    if (run.read.empty())
      heap.pop_back();
    else
      std::push_heap(heap.begin(), heap.end(), later);
  }
  return {};
}

}  // namespace shikake::neighbourhood
