// What this module's tests share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "neighbourhood/corpus_writer.h"

namespace shikake::neighbourhood {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "shikake-neighbourhood-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A corpus of these, all seen on one day.
inline AddReport make_corpus(const std::filesystem::path& folder, const std::vector<std::string>& urls,
                             const WriterOptions& options = {}, Day day = 19'000) {
  auto writer = CorpusWriter::open(folder, options);
  EXPECT_TRUE(writer) << (writer ? "" : writer.error().message());
  (*writer)->begin_source("test");
  uint64_t line = 0;
  for (const std::string& url : urls) (*writer)->add(url, day, day, ++line);
  auto report = (*writer)->commit();
  EXPECT_TRUE(report) << (report ? "" : report.error().message());
  return report ? *report : AddReport{};
}

}  // namespace shikake::neighbourhood
