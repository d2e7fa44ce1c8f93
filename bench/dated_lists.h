// Lists of URLs with dates, for the benches that go by days.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "neighbourhood/keys.h"
#include "neighbourhood/sources/source.h"

namespace shikake::bench {

// Each URL with the first day that any list names it on.
class DatedUrls final : public neighbourhood::RowSink {
 public:
  Result<> url(std::string_view text, neighbourhood::Day first, neighbourhood::Day, uint64_t) override {
    auto url = neighbourhood::corpus_url(text);
    if (!url) return ++refused, Result<>{};
    auto [at, fresh] = first_seen.try_emplace(url->href(), first);
    at->second = std::min(at->second, first);
    return {};
  }
  Result<> skip(std::string_view, uint64_t) override { return ++refused, Result<>{}; }

  // Whatever `corpus add` reads; a folder stands for its files. Says on stderr what could not be read.
  bool read(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path))
      for (const auto& file : std::filesystem::directory_iterator(path)) files.push_back(file.path());
    else
      files.push_back(path);
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      base::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
      neighbourhood::Input input(fd.get());
      if (auto done = neighbourhood::read_source(input, {"auto", UINT16_MAX}, *this); !done)
        return std::fprintf(stderr, "%s: %s\n", file.c_str(), done.error().message().c_str()), false;
    }
    return true;
  }

  std::map<std::string, neighbourhood::Day> first_seen;
  uint64_t refused = 0;
};

}  // namespace shikake::bench
