// Adds to a corpus. URLs are gathered in memory, sorted and written as segments; segments of about one size
// are merged as they add up. One writer at a time: it holds LOCK.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "neighbourhood/corpus.h"

namespace shikake::neighbourhood {

// What was left out, why, and where the first of it stands.
struct Skipped {
  uint64_t count = 0;
  std::string first_source;
  uint64_t first_line = 0;  // from 1
};

struct AddReport {
  uint64_t added = 0;                      // URLs taken, those that were known already too
  std::map<std::string, Skipped> skipped;  // by reason
};

struct WriterOptions {
  unsigned threads = 2;
  size_t memory_bytes = size_t{512} << 20;  // of URLs waiting, all threads together
  // zstd's levels: of new segments, which are soon merged; of merged ones, which are merged again; and of
  // what compact() leaves, which stays. Each takes about half as long again as the one before for 5 % less.
  int level = 1, merge_level = 3, compact_level = 6;
};

class SegmentBuilder;  // segment_builder.h

class CorpusWriter {
 public:
  // Makes the directory where there is none. conflict while another process adds. What was filed by other
  // rules than today's (key_rules()) is filed anew first.
  static Result<std::unique_ptr<CorpusWriter>> open(const std::filesystem::path& directory,
                                                    const WriterOptions& options = {});
  ~CorpusWriter();  // what was not committed is forgotten

  // Names what the next URLs come from, for the report.
  void begin_source(std::string name);
  // One URL as its source wrote it. first <= last.
  void add(std::string_view url, Day first, Day last, uint64_t line = 0);
  // A row that a reader could not make a URL of.
  void skip(std::string_view reason, uint64_t line);
  // Everything added until now is on disk when this returns. Then merges where that is due.
  Result<AddReport> commit();
  // Merges all into one segment: smallest and fastest.
  Result<> compact();

 private:
  struct Batch;
  CorpusWriter(std::filesystem::path directory, WriterOptions options, base::UniqueFd lock, Manifest manifest,
               std::vector<std::shared_ptr<Segment>> segments);

  Result<> file_anew();
  void hand_over();
  void work(SegmentBuilder& builder);
  void note_skip(std::string_view reason, const std::string& source, uint64_t line, uint64_t count);
  void keep_error(Error error);
  std::filesystem::path next_path();
  Result<> register_segment(const std::filesystem::path& path);
  Result<> write_manifest_of_segments();
  Result<> merge_where_due(const std::unique_lock<std::mutex>& merging);
  Result<> merge_segments(const std::vector<std::shared_ptr<Segment>>& chosen, int level);

  const std::filesystem::path directory_;
  const WriterOptions options_;
  base::UniqueFd lock_;

  std::mutex mutex_;  // guards everything down to `done`
  std::condition_variable wake_workers_, wake_caller_;
  std::deque<std::unique_ptr<Batch>> queue_;
  size_t at_work_ = 0;  // batches taken and not done
  uint64_t flush_round_ = 0;
  size_t flushing_ = 0;  // workers that have yet to flush in this round
  bool stop_ = false;
  std::optional<Error> error_;
  AddReport report_;
  Manifest manifest_;
  std::vector<std::shared_ptr<Segment>> segments_;
  // Filed by other rules: named by the manifest until all of them has been filed anew, and never merged.
  std::vector<std::shared_ptr<Segment>> old_;

  std::mutex merging_;  // one merge at a time
  std::shared_ptr<const std::string> source_;
  std::unique_ptr<Batch> batch_;  // the caller's, being filled
  std::vector<std::unique_ptr<SegmentBuilder>> builders_;
  std::vector<std::thread> threads_;
};

}  // namespace shikake::neighbourhood
