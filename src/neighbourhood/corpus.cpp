#include "neighbourhood/corpus.h"

#include <algorithm>

namespace shikake::neighbourhood {
namespace {

// A writer may merge segments away between our reading the manifest and opening them; then the manifest has
// changed. More often than this in a row is no accident.
constexpr int tries_to_open = 5;
// Blocks of each segment that a merge keeps mapped behind it: some 4 MB.
constexpr uint32_t blocks_kept = 2048;

// Reads one segment in order for a merge.
class Cursor {
 public:
  Cursor(std::shared_ptr<Segment> segment, KeyReader& keys)
      : segment_(std::move(segment)), key_reader_(keys) {}

  // The next entry, or the end.
  Result<> advance() {
    if (view_ && ++slot_ < view_->size()) return read_keys();
    if (block_ - kept_from_ >= blocks_kept || block_ == segment_->footer().blocks) {
      segment_->let_go(kept_from_, block_);
      kept_from_ = block_;
    }
    if (block_ == segment_->footer().blocks) {
      at_end_ = true;
      return {};
    }
    SHIKAKE_ASSIGN(view_, reader_.read(*segment_, block_));
    ++block_, slot_ = 0;
    return read_keys();
  }
  bool at_end() const { return at_end_; }
  const Entry& entry() const { return (*view_)[slot_]; }
  const Keys& keys() const { return keys_; }
  bool before(const Cursor& other) const {
    if (keys_.place != other.keys_.place) return keys_.place < other.keys_.place;
    return entry().url < other.entry().url;
  }

 private:
  Result<> read_keys() {
    const Reading* reading = key_reader_.read(entry().url);
    if (!reading) {
      return fail(Error{Module::neighbourhood, ErrorCode::corrupted,
                        "a block holds what is no URL; take the file away and add its sources again",
                        segment_->path().string()});
    }
    keys_ = key_reader_.keys();
    return {};
  }

  std::shared_ptr<Segment> segment_;
  KeyReader& key_reader_;
  BlockReader reader_;
  const BlockView* view_ = nullptr;
  Keys keys_;
  uint32_t block_ = 0, kept_from_ = 0;
  size_t slot_ = 0;
  bool at_end_ = false;
};

// Gathers segments' answers to one question: each URL once with its days united, the first `limit` in the
// corpus's order and one more, which says that there are more.
class First {
 public:
  explicit First(size_t limit) : limit_(std::min<size_t>(limit, UINT32_MAX)) {}

  // Whether a URL at this place, or behind it, may be among them, as far as was settled.
  bool wants(uint64_t place, std::string_view url = {}) const {
    if (settled_ <= limit_) return true;
    const Found& last = found_[limit_];
    return place != last.place ? place < last.place : url <= text(last);
  }
  void take(uint64_t place, const Entry& entry) {
    found_.push_back({place, texts_.size(), entry.url.size(), entry.first, entry.last});
    texts_.append(entry.url);
    if (found_.size() > 2 * (limit_ + 1)) settle();
  }
  // Puts in order what was taken, and forgets what is too much.
  void settle() {
    if (settled_ == found_.size()) return;
    auto less = [this](const Found& a, const Found& b) {
      return a.place != b.place ? a.place < b.place : text(a) < text(b);
    };
    const auto fresh = found_.begin() + static_cast<ptrdiff_t>(settled_);
    if (!std::is_sorted(fresh, found_.end(), less)) std::sort(fresh, found_.end(), less);
    if (settled_ > 0) std::inplace_merge(found_.begin(), fresh, found_.end(), less);
    size_t kept = 0;
    for (const Found& found : found_) {
      Found* before = kept > 0 ? &found_[kept - 1] : nullptr;
      if (before && before->place == found.place && text(*before) == text(found)) {
        before->first = std::min(before->first, found.first);
        before->last = std::max(before->last, found.last);
      } else if (kept <= limit_) {
        found_[kept++] = found;
      }
    }
    found_.resize(kept);
    settled_ = kept;
  }
  Listing finish() {
    settle();
    Listing listing;
    listing.more = found_.size() > limit_;
    if (listing.more) found_.pop_back();
    listing.urls.reserve(found_.size());
    for (const Found& found : found_)
      listing.urls.push_back({std::string(text(found)), found.first, found.last});
    return listing;
  }

 private:
  struct Found {
    uint64_t place;
    size_t offset, size;  // in texts_
    Day first, last;
  };
  std::string_view text(const Found& found) const {
    return std::string_view(texts_).substr(found.offset, found.size);
  }

  const size_t limit_;
  std::vector<Found> found_;
  size_t settled_ = 0;  // of found_
  std::string texts_;
};

}  // namespace

// Copied: other readings follow.
struct Corpus::Asked {
  Keys keys;
  std::string tenant, folded_host, s1, s2;
};

Result<Corpus> Corpus::open(const std::filesystem::path& directory) {
  for (int attempt = 1;; ++attempt) {
    SHIKAKE_ASSIGN(Manifest manifest, read_manifest(directory));
    Corpus corpus;
    std::optional<Error> error;
    for (const std::string& name : manifest.segments) {
      auto segment = Segment::open(directory / name);
      if (!segment) {
        error = std::move(segment.error());
        break;
      }
      corpus.segments_.push_back(std::move(*segment));
    }
    if (!error) return corpus;
    if (error->system_errno != ENOENT || attempt == tries_to_open) return fail(std::move(*error));
  }
}

uint64_t Corpus::urls() const {
  uint64_t total = 0;
  for (const auto& segment : segments_) total += segment->footer().entries;
  return total;
}

Result<std::optional<Seen>> Corpus::find(std::string_view text) {
  SHIKAKE_ASSIGN(url::Url url, corpus_url(text));
  SHIKAKE_ASSIGN(const Asked asked, ask(url));
  std::optional<Seen> found;
  for (const auto& segment : segments_) {
    SHIKAKE_TRY(segment->for_place(asked.keys.place, reader_, [&](const Entry& entry) {
      if (entry.url == url.href()) {
        found = Seen{url.href(), std::min(entry.first, found ? found->first : entry.first),
                     std::max(entry.last, found ? found->last : entry.last)};
      }
      return entry.url < url.href();
    }));
  }
  return found;
}

Result<Corpus::Asked> Corpus::ask(const url::Url& url) {
  const Reading* reading = reader_.keys().read(url.href());
  if (!reading)
    return fail(Module::neighbourhood, ErrorCode::invalid_input, "not a URL as a corpus keeps it");
  return Asked{reader_.keys().keys(), std::string(reading->tenant), std::string(reading->folded_host),
               std::string(reading->s1), reader_.keys().s2()};
}

Result<Listing> Corpus::same_place(const url::Url& url, size_t limit) {
  SHIKAKE_ASSIGN(const Asked asked, ask(url));
  const uint64_t place = asked.keys.place;
  First first(limit);
  for (const auto& segment : segments_) {
    SHIKAKE_TRY(segment->for_place(place, reader_, [&](const Entry& entry) {
      if (!first.wants(place, entry.url)) return false;
      if (entry.url != url.href() && reader_.keys().lies_at(asked.tenant, asked.s1, entry.url))
        first.take(place, entry);
      return true;
    }));
    first.settle();
  }
  return first.finish();
}

Result<Listing> Corpus::same_tenant(const url::Url& url, size_t limit) {
  SHIKAKE_ASSIGN(const Asked asked, ask(url));
  First first(limit);
  for (const auto& segment : segments_) {
    SHIKAKE_TRY(segment->for_tenant(asked.keys.place, reader_, [&](const Entry& entry) {
      const Reading* other = reader_.keys().read(entry.url);
      if (!other || other->tenant != asked.tenant) return true;
      if (!first.wants(other->place, entry.url)) return false;
      if (entry.url != url.href()) first.take(other->place, entry);
      return true;
    }));
    first.settle();
  }
  return first.finish();
}

Result<Listing> Corpus::with_shape(uint32_t shape, const url::Url& url, size_t limit,
                                   const std::function<bool(const Reading&)>& is_it) {
  // Gathered first and looked at in the corpus's order, until no other can come before those that were found:
  // reading blocks is what takes time.
  struct Spot {
    uint64_t place;  // of its block
    const Segment* segment;
    Posting posting;
  };
  std::vector<Spot> spots;
  for (const auto& segment : segments_) {
    size_t of_segment = 0;
    segment->for_shape(shape, [&](Posting posting) {
      spots.push_back({segment->place_at(posting.block), segment.get(), posting});
      return ++of_segment <= limit;
    });
  }
  std::stable_sort(spots.begin(), spots.end(),
                   [](const Spot& a, const Spot& b) { return a.place < b.place; });
  First first(limit);
  for (const Spot& spot : spots) {
    first.settle();
    if (!first.wants(spot.place)) break;
    SHIKAKE_ASSIGN(const BlockView* view, reader_.read(*spot.segment, spot.posting.block));
    if (spot.posting.slot >= view->size()) continue;
    const Entry& entry = (*view)[spot.posting.slot];
    const Reading* other = reader_.keys().read(entry.url);
    if (other && is_it(*other) && entry.url != url.href()) first.take(other->place, entry);
  }
  return first.finish();
}

Result<Listing> Corpus::same_path_shape(const url::Url& url, size_t limit) {
  SHIKAKE_ASSIGN(const Asked asked, ask(url));
  return with_shape(asked.keys.path_shape, url, limit,
                    [&](const Reading&) { return reader_.keys().s2() == asked.s2; });
}

Result<Listing> Corpus::same_host_shape(const url::Url& url, size_t limit) {
  SHIKAKE_ASSIGN(const Asked asked, ask(url));
  return with_shape(asked.keys.host_shape, url, limit,
                    [&](const Reading& other) { return other.folded_host == asked.folded_host; });
}

Result<> Corpus::for_each(const std::function<bool(const Keys&, const Entry&)>& visit) {
  return merge(segments_,
               [&](const Keys& keys, const Entry& entry) -> Result<bool> { return visit(keys, entry); });
}

Result<> Corpus::verify() {
  for (const auto& segment : segments_) SHIKAKE_TRY(segment->verify(reader_));
  return {};
}

Result<> merge(const std::vector<std::shared_ptr<Segment>>& segments,
               const std::function<Result<bool>(const Keys&, const Entry&)>& visit) {
  KeyReader keys;
  std::vector<std::unique_ptr<Cursor>> cursors;
  for (const auto& segment : segments) {
    cursors.push_back(std::make_unique<Cursor>(segment, keys));
    SHIKAKE_TRY(cursors.back()->advance());
  }
  while (true) {
    // A handful of segments: looking at each beats a heap.
    Cursor* least = nullptr;
    for (const auto& cursor : cursors)
      if (!cursor->at_end() && (!least || cursor->before(*least))) least = cursor.get();
    if (!least) return {};
    Entry entry = least->entry();
    for (const auto& cursor : cursors) {
      if (cursor.get() == least || cursor->at_end() || cursor->entry().url != entry.url) continue;
      entry.first = std::min(entry.first, cursor->entry().first);
      entry.last = std::max(entry.last, cursor->entry().last);
      SHIKAKE_TRY(cursor->advance());
    }
    SHIKAKE_ASSIGN(bool go_on, visit(least->keys(), entry));
    if (!go_on) return {};
    SHIKAKE_TRY(least->advance());
  }
}

}  // namespace shikake::neighbourhood
