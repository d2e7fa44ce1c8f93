// URL patterns: entries that name a URL's structure instead of one URL.
//
//   /path            the URL's path equals it, whatever the host and the query
//   /path?query      path equal, and the query begins with `query`
//   with a '*'       a glob, anchored at both ends, in which '*' stands for any run of bytes: against the
//                    path and query when it begins with '/', else against all behind "scheme://" (host, port,
//                    path, query). A host may be written in any case.
//
// Patterns are held against URLs as the URL Standard serialises them, without fragment and credentials.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "match/hits.h"
#include "match/text_table.h"

namespace shikake::match {

class Patterns {
 public:
  explicit Patterns(const HashKey& key);
  ~Patterns();
  Patterns(Patterns&&) noexcept;
  Patterns& operator=(Patterns&&) noexcept;

  Result<> add(std::string_view pattern, EntryId entry);
  Result<> freeze();

  bool empty() const { return paths_.empty() && globs_.empty(); }
  bool has_globs() const { return !globs_.empty(); }

  // Whether a path as written may match once the URL Standard has serialised it: the cheap question.
  bool may_match_path(std::string_view raw_path) const;
  // Path patterns alone. `path` without query; `query` without '?'.
  void find_path(std::string_view path, std::optional<std::string_view> query, Hits& hits) const;
  // Globs alone. Not from two threads at once: they would share Hyperscan's scratch.
  void find_globs(std::string_view behind_scheme, Hits& hits) const;

  size_t bytes() const;

 private:
  struct PathPattern {
    std::string query;  // must begin the URL's query
    bool any_query = true;
    EntryId entry = 0;
    uint32_t next = TextTable::none;  // the next of the same path
  };
  struct Glob {
    std::string text;
    EntryId entry = 0;
  };
  struct Compiled;  // Hyperscan's

  HashKey key_;
  TextTable paths_;
  std::vector<uint32_t> first_of_path_;
  std::vector<PathPattern> path_patterns_;
  std::vector<Glob> globs_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace shikake::match
