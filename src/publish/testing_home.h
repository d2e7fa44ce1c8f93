// For tests: a home of their own, gone afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "intel/policy.h"
#include "store/store.h"

namespace shikake::publish {

class Home {
 public:
  Home() {
    std::string name = (std::filesystem::temp_directory_path() / "shikake-publish-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    store::OpenOptions options;
    options.clock = &clock;
    auto opened = store::Store::open(path_ / "home", options);
    EXPECT_TRUE(opened) << opened.error().message();
    if (opened) store_ = *std::move(opened);
  }
  Home(const Home&) = delete;
  ~Home() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  store::Store& store() { return *store_; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(std::string_view name, std::string_view bytes) const {
    std::filesystem::path at = path_ / name;
    std::ofstream(at, std::ios::binary) << bytes;
    return at;
  }

  base::ManualClock clock{*base::from_rfc3339("2026-03-01T12:00:00Z")};
  // Names and addresses of the documentation are real ones here.
  intel::PolicySettings settings{.range_profile = true};

 private:
  std::filesystem::path path_;
  std::unique_ptr<store::Store> store_;
};

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace shikake::publish
