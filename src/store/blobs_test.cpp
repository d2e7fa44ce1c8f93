#include "store/blobs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/testing.h"

namespace shikake::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class BlobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_blob_files(root(), clock_);
    ASSERT_TRUE(opened) << opened.error().message();
    blobs_ = std::move(*opened);
  }
  fs::path root() const { return directory_.path() / "blobs"; }
  fs::path file_of(const base::Digest& name) const {
    return root() / name.hex().substr(0, 2) / name.hex().substr(2);
  }

  base::ManualClock clock_{*base::from_rfc3339("2026-03-01T12:00:00Z")};
  TemporaryDirectory directory_;
  std::unique_ptr<BlobStore> blobs_;
};
const auto keep_none = [](const base::Digest&) -> Result<bool> { return false; };

TEST_F(BlobTest, ComesBackByteForByte) {
  std::string all(100'000, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * 7);
  for (const std::string& bytes : {all, std::string(), std::string("\0\xFF", 2)}) {
    auto name = blobs_->put(bytes);
    ASSERT_TRUE(name) << name.error().message();
    EXPECT_EQ(*name, base::sha256(bytes));
    EXPECT_EQ(*blobs_->get(*name), bytes);
    EXPECT_TRUE(blobs_->contains(*name));
    EXPECT_EQ(*blobs_->put(bytes), *name) << "the same again";
  }
}

TEST_F(BlobTest, FilesAreOursAloneAndNeverRun) {
  auto name = blobs_->put("hostile");
  struct stat status {};
  ASSERT_EQ(::stat(file_of(*name).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0400u);
  ASSERT_EQ(::stat(root().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(BlobTest, MissingAndDamagedAreToldApart) {
  auto missing = blobs_->get(base::sha256("never put"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  auto name = blobs_->put("some bytes");
  for (const char* damage : {"s0me bytes", "some", "some bytes and more"}) {
    fs::remove(file_of(*name));
    std::ofstream(file_of(*name)) << damage;
    auto damaged = blobs_->get(*name);
    ASSERT_FALSE(damaged) << damage;
    EXPECT_EQ(damaged.error().code, ErrorCode::corrupted);
  }
  // A body cut short by a broken disk is mended by the next put.
  ASSERT_TRUE(blobs_->put("some bytes"));
  EXPECT_TRUE(blobs_->get(*name));
}

TEST_F(BlobTest, CollectTakesWhatIsOldAndUnwanted) {
  auto old_unwanted = *blobs_->put("a"), old_wanted = *blobs_->put("b"), touched = *blobs_->put("c");
  clock_.advance(10h);
  auto young = *blobs_->put("d");
  ASSERT_TRUE(blobs_->put("c"));  // put again: young again
  auto gone = blobs_->collect(clock_.now() - 1h,
                              [&](const base::Digest& name) -> Result<bool> { return name == old_wanted; });
  ASSERT_TRUE(gone) << gone.error().message();
  EXPECT_EQ(*gone, 1u);
  EXPECT_FALSE(blobs_->contains(old_unwanted));
  EXPECT_TRUE(blobs_->contains(old_wanted));
  EXPECT_TRUE(blobs_->contains(touched));
  EXPECT_TRUE(blobs_->contains(young));
}

TEST_F(BlobTest, CollectLeavesStrangersFilesAndRemovesPartialOnes) {
  ASSERT_TRUE(blobs_->put("a"));
  std::ofstream(root() / "notes.txt") << "mine";
  std::ofstream(root() / ".partial-abcdef") << "half a bo";
  clock_.advance(10h);
  EXPECT_EQ(*blobs_->collect(clock_.now(), keep_none), 1u);
  EXPECT_TRUE(fs::exists(root() / "notes.txt"));
  EXPECT_FALSE(fs::exists(root() / ".partial-abcdef"));
}

TEST_F(BlobTest, ErrorsOfKeepStopTheCollection) {
  ASSERT_TRUE(blobs_->put("a"));
  clock_.advance(10h);
  auto result = blobs_->collect(clock_.now(), [](const base::Digest&) -> Result<bool> {
    return fail(Module::store, ErrorCode::io, "the database is away");
  });
  EXPECT_FALSE(result);
  EXPECT_TRUE(blobs_->contains(base::sha256("a")));
}

// While one process puts the same bodies again and again, another collects: what put() has acknowledged is
// never taken, for it is young.
TEST_F(BlobTest, PutAndCollectAtOnce) {
  constexpr int bodies = 8, rounds = 60;
  for (int i = 0; i < bodies; ++i) ASSERT_TRUE(blobs_->put("body " + std::to_string(i)));
  base::ManualClock later(clock_.now() + 2h);
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto own = open_blob_files(root(), later);
    for (int i = 0; i < rounds && own; ++i) {
      if (!(*own)->collect(later.now() - 1h, keep_none)) _exit(1);
    }
    _exit(0);
  }
  clock_.advance(2h);
  int lost = 0;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < bodies; ++i) {
      auto name = blobs_->put("body " + std::to_string(i));
      ASSERT_TRUE(name) << name.error().message();
      if (!blobs_->get(*name)) ++lost;
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(lost, 0);
}

TEST(Blobs, UnusableDirectoryIsNamed) {
  base::ManualClock clock(base::from_micros(0));
  auto opened = open_blob_files("/dev/null/blobs", clock);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("/dev/null/blobs"), std::string::npos);
}

}  // namespace
}  // namespace shikake::store
