#include "neighbourhood/corpus_writer.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <bit>
#include <functional>

#include <fmt/format.h>

#include "base/check.h"
#include "neighbourhood/segment_builder.h"

namespace shikake::neighbourhood {
namespace {

constexpr size_t batch_bytes = size_t{256} << 10;  // handed to a worker at once
constexpr size_t queued_batches = 8;               // more would only be memory
// Segments of about one size are merged when there are so many: each URL is written log(N) times.
constexpr size_t merge_fan = 8;
constexpr int tier_bits = 3;  // "about one size": within a factor of eight
// A query looks into each segment.
constexpr size_t most_segments = 8;

int tier_of(const Segment& segment) {
  return std::bit_width(segment.footer().entries) / tier_bits;
}

}  // namespace

struct CorpusWriter::Batch {
  struct Item {
    uint32_t offset, size;
    Day first, last;
    uint64_t line;
  };
  std::shared_ptr<const std::string> source;
  std::string text;
  std::vector<Item> items;
};

// --- opening and closing -------------------------------------------------------------------------------

Result<std::unique_ptr<CorpusWriter>> CorpusWriter::open(const std::filesystem::path& directory,
                                                         const WriterOptions& options) {
  std::error_code made;
  std::filesystem::create_directories(directory, made);
  if (made) {
    return fail(Error{Module::neighbourhood,
                      ErrorCode::io,
                      "cannot make the corpus's directory",
                      directory.string(),
                      {},
                      {},
                      made.value()});
  }
  base::UniqueFd lock(::open((directory / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!lock) return fail_errno(Module::neighbourhood, "cannot lock " + directory.string());
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Error{Module::neighbourhood, ErrorCode::conflict,
                      "another process is adding to this corpus; try again when it is done",
                      directory.string()});
  }
  Manifest manifest;
  std::vector<std::shared_ptr<Segment>> segments;
  if (auto read = read_manifest(directory)) {
    manifest = std::move(*read);
    for (const std::string& name : manifest.segments) {
      SHIKAKE_ASSIGN(std::unique_ptr<Segment> segment, Segment::open(directory / name));
      segments.push_back(std::move(segment));
    }
  } else if (read.error().code != ErrorCode::not_found) {
    return fail(std::move(read.error()));
  } else {
    SHIKAKE_TRY(write_manifest(directory, manifest));
  }
  // What a writer that was killed left behind: segments that no manifest names.
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = file.path().filename().string();
    if (name.find(".seg") != name.npos &&
        std::find(manifest.segments.begin(), manifest.segments.end(), name) == manifest.segments.end())
      std::filesystem::remove(file.path(), ignored);
  }
  auto writer = std::unique_ptr<CorpusWriter>(
      new CorpusWriter(directory, options, std::move(lock), std::move(manifest), std::move(segments)));
  SHIKAKE_TRY(writer->file_anew());
  return writer;
}

// A suffix list that came with an update moves tenants, and a merge needs segments that are in one order.
Result<> CorpusWriter::file_anew() {
  auto is_old = [](const std::shared_ptr<Segment>& segment) { return segment->rules() != key_rules(); };
  std::vector<std::shared_ptr<Segment>> old;
  {
    std::lock_guard guard(mutex_);
    const auto begin = std::stable_partition(segments_.begin(), segments_.end(), std::not_fn(is_old));
    old_.assign(begin, segments_.end());
    segments_.erase(begin, segments_.end());
    old = old_;
  }
  if (old.empty()) return {};
  BlockReader reader;
  for (const auto& segment : old) {
    begin_source(segment->path().string());
    SHIKAKE_TRY(segment->for_each(reader, [this](const Entry& entry) {
      add(entry.url, entry.first, entry.last);
      return true;
    }));
  }
  SHIKAKE_TRY(commit());
  std::lock_guard guard(mutex_);
  report_ = {};
  old_.clear();
  SHIKAKE_TRY(write_manifest_of_segments());
  std::error_code ignored;  // what stays is taken away by the next writer
  for (const auto& segment : old) std::filesystem::remove(segment->path(), ignored);
  return {};
}

Result<> CorpusWriter::write_manifest_of_segments() {
  manifest_.segments.clear();
  for (const auto* list : {&segments_, &old_})
    for (const auto& segment : *list) manifest_.segments.push_back(segment->path().filename().string());
  return write_manifest(directory_, manifest_);
}

CorpusWriter::CorpusWriter(std::filesystem::path directory, WriterOptions options, base::UniqueFd lock,
                           Manifest manifest, std::vector<std::shared_ptr<Segment>> segments)
    : directory_(std::move(directory)),
      options_(options),
      lock_(std::move(lock)),
      manifest_(std::move(manifest)),
      segments_(std::move(segments)),
      source_(std::make_shared<const std::string>()),
      batch_(std::make_unique<Batch>()) {
  const unsigned threads = std::max(1u, options_.threads);
  for (unsigned i = 0; i < threads; ++i) {
    builders_.push_back(std::make_unique<SegmentBuilder>(options_.memory_bytes / threads));
    threads_.emplace_back([this, builder = builders_.back().get()] { work(*builder); });
  }
}

CorpusWriter::~CorpusWriter() {
  {
    std::lock_guard guard(mutex_);
    stop_ = true;
    queue_.clear();
  }
  wake_workers_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

// --- the caller's side ---------------------------------------------------------------------------------

void CorpusWriter::begin_source(std::string name) {
  if (!batch_->items.empty()) hand_over();
  source_ = std::make_shared<const std::string>(std::move(name));
}

void CorpusWriter::add(std::string_view url, Day first, Day last, uint64_t line) {
  SHIKAKE_CHECK(first <= last);
  // Nothing longer can become a URL that is kept, and it is told as too long all the same.
  url = url.substr(0, batch_bytes);
  if (batch_->text.size() + url.size() > batch_bytes && !batch_->items.empty()) hand_over();
  batch_->items.push_back(
      {static_cast<uint32_t>(batch_->text.size()), static_cast<uint32_t>(url.size()), first, last, line});
  batch_->text.append(url);
}

void CorpusWriter::skip(std::string_view reason, uint64_t line) {
  note_skip(reason, *source_, line, 1);
}

void CorpusWriter::hand_over() {
  batch_->source = source_;
  std::unique_lock guard(mutex_);
  wake_caller_.wait(guard, [this] { return queue_.size() < queued_batches; });
  queue_.push_back(std::move(batch_));
  guard.unlock();
  wake_workers_.notify_one();
  batch_ = std::make_unique<Batch>();
}

Result<AddReport> CorpusWriter::commit() {
  if (!batch_->items.empty()) hand_over();
  {
    std::unique_lock guard(mutex_);
    wake_caller_.wait(guard, [this] { return queue_.empty() && at_work_ == 0; });
    ++flush_round_;
    flushing_ = threads_.size();
    wake_workers_.notify_all();
    wake_caller_.wait(guard, [this] { return flushing_ == 0; });
    if (error_) return fail(*error_);
  }
  std::unique_lock merging(merging_);
  SHIKAKE_TRY(merge_where_due(merging));
  std::lock_guard guard(mutex_);
  return report_;
}

void CorpusWriter::note_skip(std::string_view reason, const std::string& source, uint64_t line,
                             uint64_t count) {
  std::lock_guard guard(mutex_);
  Skipped& skipped = report_.skipped[std::string(reason)];
  // Workers tell in any order; the first place is the first all the same.
  if (skipped.count == 0 || (skipped.first_source == source && line < skipped.first_line)) {
    skipped.first_source = source;
    skipped.first_line = line;
  }
  skipped.count += count;
}

void CorpusWriter::keep_error(Error error) {
  std::lock_guard guard(mutex_);
  if (!error_) error_ = std::move(error);
}

// --- the workers' side -----------------------------------------------------------------------------------

void CorpusWriter::work(SegmentBuilder& builder) {
  auto flush = [&]() -> Result<> {
    if (builder.empty()) return {};
    const std::filesystem::path path = next_path();
    SHIKAKE_TRY(builder.write(path, options_.level));
    return register_segment(path);
  };
  uint64_t flushed_round = 0;
  while (true) {
    std::unique_ptr<Batch> batch;
    bool flush_asked = false;
    {
      std::unique_lock guard(mutex_);
      wake_workers_.wait(guard, [&] { return stop_ || !queue_.empty() || flush_round_ != flushed_round; });
      if (stop_) return;
      if (!queue_.empty()) {
        batch = std::move(queue_.front());
        queue_.pop_front();
        ++at_work_;
      } else {
        flush_asked = true;
        flushed_round = flush_round_;
      }
    }
    wake_caller_.notify_all();
    if (flush_asked) {
      if (auto done = flush(); !done) keep_error(std::move(done.error()));
      std::lock_guard guard(mutex_);
      --flushing_;
      wake_caller_.notify_all();
      continue;
    }
    uint64_t added = 0;
    for (const Batch::Item& item : batch->items) {
      std::string_view text = std::string_view(batch->text).substr(item.offset, item.size);
      if (auto done = builder.add(text, item.first, item.last); done)
        ++added;
      else
        note_skip(done.error().what, *batch->source, item.line, 1);
      if (!builder.full()) continue;
      auto written = flush();
      // One merges while the others go on adding; it looks again before it is done.
      if (std::unique_lock merging(merging_, std::try_to_lock); written && merging)
        written = merge_where_due(merging);
      if (!written) keep_error(std::move(written.error()));
    }
    std::lock_guard guard(mutex_);
    report_.added += added;
    --at_work_;
    wake_caller_.notify_all();
  }
}

std::filesystem::path CorpusWriter::next_path() {
  std::lock_guard guard(mutex_);
  return directory_ / fmt::format("{:06}.seg", manifest_.next++);
}

Result<> CorpusWriter::register_segment(const std::filesystem::path& path) {
  SHIKAKE_ASSIGN(std::unique_ptr<Segment> segment, Segment::open(path));
  std::lock_guard guard(mutex_);
  segments_.push_back(std::move(segment));
  return write_manifest_of_segments();
}

Result<> CorpusWriter::merge_where_due(const std::unique_lock<std::mutex>& merging) {
  SHIKAKE_CHECK(merging.mutex() == &merging_ && merging.owns_lock());
  while (true) {
    std::vector<std::shared_ptr<Segment>> chosen;
    {
      std::lock_guard guard(mutex_);
      std::map<int, std::vector<std::shared_ptr<Segment>>> tiers;
      for (const auto& segment : segments_) tiers[tier_of(*segment)].push_back(segment);
      for (auto& [tier, members] : tiers) {
        if (members.size() < merge_fan) continue;
        chosen = members;
        break;
      }
      if (chosen.empty() && segments_.size() > most_segments) {
        chosen = segments_;
        std::sort(chosen.begin(), chosen.end(),
                  [](const auto& a, const auto& b) { return a->footer().entries < b->footer().entries; });
        chosen.resize(segments_.size() - most_segments + 1);
      }
    }
    if (chosen.size() < 2) return {};
    SHIKAKE_TRY(merge_segments(chosen, options_.merge_level));
  }
}

Result<> CorpusWriter::compact() {
  std::lock_guard merging(merging_);
  std::vector<std::shared_ptr<Segment>> all;
  {
    std::lock_guard guard(mutex_);
    all = segments_;
  }
  if (all.size() < 2) return {};
  return merge_segments(all, options_.compact_level);
}

Result<> CorpusWriter::merge_segments(const std::vector<std::shared_ptr<Segment>>& chosen, int level) {
  auto largest = std::max_element(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
    return a->footer().entries < b->footer().entries;
  });
  const std::filesystem::path path = next_path();
  SHIKAKE_ASSIGN(std::unique_ptr<SegmentWriter> writer,
                 SegmentWriter::open(path, std::string((*largest)->dictionary()), level));
  SHIKAKE_TRY(merge(chosen, [&](const Keys& keys, const Entry& entry) -> Result<bool> {
    if (auto added = writer->add(keys, entry); !added) return fail(std::move(added.error()));
    return true;
  }));
  SHIKAKE_TRY(writer->commit());
  SHIKAKE_ASSIGN(std::unique_ptr<Segment> merged, Segment::open(path));
  std::lock_guard guard(mutex_);
  auto is_chosen = [&](const std::shared_ptr<Segment>& segment) {
    return std::find(chosen.begin(), chosen.end(), segment) != chosen.end();
  };
  segments_.erase(std::remove_if(segments_.begin(), segments_.end(), is_chosen), segments_.end());
  segments_.push_back(std::move(merged));
  SHIKAKE_TRY(write_manifest_of_segments());
  std::error_code ignored;  // what stays is taken away by the next writer
  for (const auto& segment : chosen) std::filesystem::remove(segment->path(), ignored);
  return {};
}

}  // namespace shikake::neighbourhood
