#include "neighbourhood/corpus.h"

#include <algorithm>

#include "neighbourhood/hash.h"
#include "url/structure.h"
#include "url/tenant.h"

namespace shikake::neighbourhood {
namespace {

// A writer may merge segments away between our reading the manifest and opening them; then the manifest has
// changed. More often than this in a row is no accident.
constexpr int tries_to_open = 5;

// Reads one segment in order for a merge.
class Cursor {
 public:
  Cursor(std::shared_ptr<Segment> segment, KeyReader& keys)
      : segment_(std::move(segment)), key_reader_(keys) {}

  // The next entry, or the end.
  Result<> advance() {
    if (view_ && ++slot_ < view_->size()) return read_keys();
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
    SHIKAKE_ASSIGN(url::Url url, url::Url::parse(entry().url));
    keys_ = key_reader_.read(url);
    return {};
  }

  std::shared_ptr<Segment> segment_;
  KeyReader& key_reader_;
  BlockReader reader_;
  const BlockView* view_ = nullptr;
  Keys keys_;
  uint32_t block_ = 0;
  size_t slot_ = 0;
  bool at_end_ = false;
};

// Segments' answers to one question, each in order, as one: each URL once, the first `limit`.
Listing unite(std::vector<std::pair<uint64_t, Seen>> found, size_t limit) {
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.url) < std::tie(b.first, b.second.url);
  });
  Listing listing;
  for (auto& [place, seen] : found) {
    if (!listing.urls.empty() && listing.urls.back().url == seen.url) {
      Seen& same = listing.urls.back();
      same.first = std::min(same.first, seen.first);
      same.last = std::max(same.last, seen.last);
      continue;
    }
    if (listing.urls.size() == limit) {
      listing.more = true;
      break;
    }
    listing.urls.push_back(std::move(seen));
  }
  return listing;
}

}  // namespace

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
  const uint64_t place = reader_.keys().read(url).place;
  std::optional<Seen> found;
  for (const auto& segment : segments_) {
    SHIKAKE_TRY(segment->for_place(place, reader_, [&](const Entry& entry) {
      if (entry.url == url.href()) {
        found = Seen{url.href(), std::min(entry.first, found ? found->first : entry.first),
                     std::max(entry.last, found ? found->last : entry.last)};
      }
      return entry.url < url.href();
    }));
  }
  return found;
}

Result<Listing> Corpus::same_place(const url::Url& url, size_t limit) {
  const std::string tenant = url::tenant_key(url), s1 = url::path_structure(url).s1;
  const uint64_t place = place_of(tenant, s1);
  std::vector<std::pair<uint64_t, Seen>> found;
  for (const auto& segment : segments_) {
    size_t taken = 0;
    // The tenant is asked for once a host; hosts come in runs.
    std::string last_host;
    bool last_is_it = false;
    SHIKAKE_TRY(segment->for_place(place, reader_, [&](const Entry& entry) {
      auto other = url::Url::parse(entry.url);
      if (!other || entry.url == url.href()) return true;
      if (last_host != other->hostname() || url::tenant(*other).grain == url::TenantGrain::platform_path) {
        last_host = other->hostname();
        last_is_it = url::tenant_key(*other) == tenant;
      }
      if (!last_is_it || url::path_structure(*other).s1 != s1) return true;
      found.emplace_back(place, Seen{std::string(entry.url), entry.first, entry.last});
      return ++taken <= limit;
    }));
  }
  return unite(std::move(found), limit);
}

Result<Listing> Corpus::same_tenant(const url::Url& url, size_t limit) {
  const std::string tenant = url::tenant_key(url);
  std::vector<std::pair<uint64_t, Seen>> found;
  for (const auto& segment : segments_) {
    size_t taken = 0;
    SHIKAKE_TRY(segment->for_tenant(place_of(tenant, ""), reader_, [&](const Entry& entry) {
      auto other = url::Url::parse(entry.url);
      if (!other || entry.url == url.href() || url::tenant_key(*other) != tenant) return true;
      found.emplace_back(reader_.keys().read(*other).place,
                         Seen{std::string(entry.url), entry.first, entry.last});
      return ++taken <= limit;
    }));
  }
  return unite(std::move(found), limit);
}

Result<Listing> Corpus::with_shape(uint32_t shape, size_t limit,
                                   const std::function<bool(const url::Url&)>& is_it) {
  std::vector<std::pair<uint64_t, Seen>> found;
  for (const auto& segment : segments_) {
    std::vector<Posting>
        postings;  // gathered first: reading blocks is what takes time, and the limit bounds it
    segment->for_shape(shape, [&](Posting posting) {
      postings.push_back(posting);
      return postings.size() <= limit;
    });
    for (const Posting& posting : postings) {
      SHIKAKE_ASSIGN(const BlockView* view, reader_.read(*segment, posting.block));
      if (posting.slot >= view->size()) continue;
      const Entry& entry = (*view)[posting.slot];
      auto other = url::Url::parse(entry.url);
      if (!other || !is_it(*other)) continue;
      found.emplace_back(reader_.keys().read(*other).place,
                         Seen{std::string(entry.url), entry.first, entry.last});
    }
  }
  return unite(std::move(found), limit);
}

Result<Listing> Corpus::same_path_shape(const url::Url& url, size_t limit) {
  const std::string s2 = url::path_structure(url).s2;
  return with_shape(path_shape_of(s2), limit, [&](const url::Url& other) {
    return other != url && url::path_structure(other).s2 == s2;
  });
}

Result<Listing> Corpus::same_host_shape(const url::Url& url, size_t limit) {
  const std::string folded = url::host_structure(url).folded;
  return with_shape(host_shape_of(folded), limit, [&](const url::Url& other) {
    return other != url && url::host_structure(other).folded == folded;
  });
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
