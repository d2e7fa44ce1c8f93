// A corpus: URLs with the first and last day they were seen, in immutable segments (segment.h) that a
// manifest names. One directory:
//
//   CORPUS       the manifest: which segments count
//   000001.seg   …
//   LOCK         held by whoever adds
//
// Opening maps the segments and reads nothing else. Whoever has one open keeps seeing what it held then.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "neighbourhood/segment.h"

namespace shikake::neighbourhood {

struct Seen {
  std::string url;
  Day first = 0, last = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

// The first so many in the corpus's order, whatever segments they lie in; `more` says that there were others.
struct Listing {
  std::vector<Seen> urls;
  bool more = false;
};

// Not from two threads at once: open one for each (they share the pages).
class Corpus {
 public:
  // not_found where there is no corpus; too_new, unsupported, corrupted with the file's name.
  static Result<Corpus> open(const std::filesystem::path& directory);

  // URLs that stand in two segments count twice until those are merged.
  uint64_t urls() const;
  const std::vector<std::shared_ptr<Segment>>& segments() const { return segments_; }

  Result<std::optional<Seen>> find(std::string_view url);
  // The URL asked about is as corpus_url() gives it, or else invalid_input. Same tenant and S1 as this URL.
  // The URL itself is left out.
  Result<Listing> same_place(const url::Url& url, size_t limit);
  // Same tenant, whatever the structure.
  Result<Listing> same_tenant(const url::Url& url, size_t limit);
  // Same S2, or same folded host, on any tenant: of each tenant and structure the first that there is.
  // Empty where the shape says nothing (telling.h).
  Result<Listing> same_path_shape(const url::Url& url, size_t limit);
  Result<Listing> same_host_shape(const url::Url& url, size_t limit);
  // All of it, in order, each URL once.
  Result<> for_each(const std::function<bool(const Keys&, const Entry&)>& visit);
  Result<> verify();

 private:
  Corpus() = default;
  struct Asked;
  Result<Asked> ask(const url::Url& url);
  Result<Listing> with_shape(uint32_t shape, const url::Url& url, size_t limit,
                             const std::function<bool(const Reading&)>& is_it);

  std::vector<std::shared_ptr<Segment>> segments_;
  BlockReader reader_;
};

// Merges segments (or parts of a merge) in order: each URL once, its days united.
Result<> merge(const std::vector<std::shared_ptr<Segment>>& segments,
               const std::function<Result<bool>(const Keys&, const Entry&)>& visit);

// The manifest, for those who write.
struct Manifest {
  uint64_t next = 1;  // number of the next segment
  std::vector<std::string> segments;
};
Result<Manifest> read_manifest(const std::filesystem::path& directory);  // not_found, too_new, corrupted
Result<> write_manifest(const std::filesystem::path& directory, const Manifest& manifest);

}  // namespace shikake::neighbourhood
