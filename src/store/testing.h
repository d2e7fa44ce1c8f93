// For tests and benchmarks: a store in a directory of its own that is gone afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "store/store.h"

namespace shikake::store {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "shikake-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) ? name : std::string();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    OpenOptions options;
    options.clock = &clock_;
    auto opened = Store::open(home(), options);
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
  }
  const std::filesystem::path& home() const { return directory_.path(); }

  base::ManualClock clock_{*base::from_rfc3339("2026-03-01T12:00:00Z")};
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace shikake::store
