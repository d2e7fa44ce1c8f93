// What the store promises when things go wrong: kill -9, a full disk, damage, strangers' and later files.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "intel/feed.h"
#include "store/blobs.h"
#include "store/queue.h"
#include "store/testing.h"

namespace shikake::store {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

// Straight to the file, past the code under test. Returns the first column of the first row.
std::string sqlite(const fs::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  std::string first;
  EXPECT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  auto row = [](void* out, int, char** values, char**) {
    auto& text = *static_cast<std::string*>(out);
    if (text.empty() && values[0]) text = values[0];
    return 0;
  };
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), row, &first, &error), SQLITE_OK) << (error ? error : "");
  sqlite3_free(error);
  sqlite3_close(database);
  return first;
}

intel::Observation feed_observation(uint64_t number, size_t entries) {
  intel::FeedRecord record{.feed = "feed", .format = "list", .file = "f" + std::to_string(number)};
  for (size_t i = 0; i < entries; ++i) {
    intel::FeedEntry entry;
    entry.key = {intel::IndicatorType::domain,
                 "host" + std::to_string(number) + "-" + std::to_string(i) + ".bad-site.com"};
    record.entries.push_back(entry);
  }
  intel::Observation observation;
  observation.kind = intel::ObservationKind::feed;
  observation.subject = "feed";
  observation.sensor = "test";
  observation.time = base::from_micros(static_cast<int64_t>(1'700'000'000'000'000 + number));
  observation.record = to_json(record);
  return observation;
}

TEST(StoreFormat, VersionOneIsBroughtUpToDateWithAllItHolds) {
  TemporaryDirectory home;
  sqlite(home.path() / "shikake.db",
         read_file(fs::path(SHIKAKE_SOURCE_DIR) / "src/store/testdata/store_v1.sql"));
  base::ManualClock clock(*base::from_rfc3339("2026-03-02T12:00:00Z"));
  OpenOptions options;
  options.clock = &clock;
  for (int opening = 0; opening < 2; ++opening) {
    auto store = Store::open(home.path(), options);
    ASSERT_TRUE(store) << store.error().message();
    auto url = (*store)->find({intel::IndicatorType::url, "http://bad.net/x.php?id=1"});
    ASSERT_TRUE(url && *url);
    EXPECT_EQ((*url)->sightings, 3u);
    EXPECT_EQ((*url)->evidence[0].assertion.why, "oldfeed lists it; see https://report.vendor.com/1");
    auto observation = (*store)->observation((*url)->evidence[0].observation);
    ASSERT_TRUE(observation && *observation);
    EXPECT_EQ(intel::id_of(**observation), (*url)->evidence[0].observation);
    auto domain = (*store)->find({intel::IndicatorType::domain, "evil-site.com"});
    ASSERT_TRUE(domain && *domain && (*domain)->judgement);
    EXPECT_EQ((*domain)->judgement->why, "our own site");
    EXPECT_EQ((*store)->guard()->protects({intel::IndicatorType::domain, "www.top-site.com"}), "Top sites");
    intel::Job job{.kind = "visit", .subject = "http://x.com/", .earliest = clock.now()};
    EXPECT_EQ(*(*store)->queue().enqueue(job), opening == 0 ? Enqueued::queued : Enqueued::duplicate);
    ASSERT_TRUE((*store)->rejudge({}));
  }
}

TEST(StoreFormat, ALaterFormatIsRefusedAndLeftAsItIs) {
  TemporaryDirectory home;
  { ASSERT_TRUE(Store::open(home.path())); }
  sqlite(home.path() / "shikake.db", "PRAGMA user_version=99");
  const std::string before = read_file(home.path() / "shikake.db");
  auto store = Store::open(home.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::too_new);
  EXPECT_NE(store.error().message().find("later Shikake (format 99"), std::string::npos)
      << store.error().message();
  EXPECT_EQ(read_file(home.path() / "shikake.db"), before);
}

struct StrangerRow {
  const char* name;
  std::string content;
};
class Stranger : public ::testing::TestWithParam<StrangerRow> {};
TEST_P(Stranger, IsRefusedAndLeftAsItIs) {
  TemporaryDirectory home;
  const fs::path file = home.path() / "shikake.db";
  std::ofstream(file, std::ios::binary) << GetParam().content;
  auto store = Store::open(home.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupted) << store.error().message();
  EXPECT_EQ(read_file(file), GetParam().content);
}
INSTANTIATE_TEST_SUITE_P(Rows, Stranger,
                         ::testing::Values(StrangerRow{"text", "this is a letter to my aunt\n"},
                                           StrangerRow{"zeros", std::string(8192, '\0')},
                                           StrangerRow{"header_alone", std::string("SQLite format 3\0", 16)},
                                           StrangerRow{"header_and_noise",
                                                       std::string("SQLite format 3\0", 16) +
                                                           std::string(9000, 'x')}),
                         [](const auto& row) { return row.param.name; });

TEST(StoreFormat, AnotherProgramsDatabaseIsRefused) {
  TemporaryDirectory home;
  sqlite(home.path() / "shikake.db", "CREATE TABLE places (url TEXT)");
  auto store = Store::open(home.path());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::corrupted);
  EXPECT_NE(store.error().message().find("not a Shikake store"), std::string::npos);
}

TEST(StoreFormat, OpenWithoutCreateAndUnusablePlaces) {
  TemporaryDirectory home;
  OpenOptions options;
  options.create = false;
  auto store = Store::open(home.path(), options);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::not_found);
  EXPECT_FALSE(fs::exists(home.path() / "shikake.db"));
  auto nowhere = Store::open("/dev/null/home");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::io);
}

// Noise over each part of a real store: an error or an answer, never a crash, and never `ok` for an
// observation that is not what its name says.
TEST(StoreFormat, DamageAnywhereIsAnErrorNotACrash) {
  TemporaryDirectory home;
  std::vector<base::Digest> stored;
  {
    auto store = Store::open(home.path());
    ASSERT_TRUE(store);
    for (uint64_t i = 0; i < 20; ++i) {
      Intake intake(**store, {});
      stored.push_back(*intake.take(feed_observation(i, 50)));
    }
  }
  const fs::path file = home.path() / "shikake.db";
  const std::string good = read_file(file);
  std::mt19937_64 random(5);
  int refused = 0;
  for (size_t page = 0; page < good.size() / 4096; ++page) {
    std::string bad = good;
    for (int i = 0; i < 200; ++i) bad[page * 4096 + random() % 4096] = static_cast<char>(random());
    fs::remove(file.string() + "-wal");
    fs::remove(file.string() + "-shm");
    std::ofstream(file, std::ios::binary) << bad;
    auto store = Store::open(home.path());
    if (!store) {
      ++refused;
      continue;
    }
    bool failed = false;
    failed |= !(*store)->for_each({}, [](const auto&, Position) { return true; });
    for (const base::Digest& id : stored) {
      auto observation = (*store)->observation(id);
      if (!observation || !*observation)
        failed = true;
      else
        EXPECT_EQ(intel::id_of(**observation), id);
    }
    Intake intake(**store, {});
    failed |= !intake.take(feed_observation(1000 + page, 3));
    refused += failed;
  }
  EXPECT_GT(refused, 5);
}

// A writer is killed at a random moment, many times over. Each observation that it reported as stored is
// there, whole, and the database is sound.
TEST(StoreCrash, NothingAcknowledgedIsLostToKill9) {
  TemporaryDirectory home;
  { ASSERT_TRUE(Store::open(home.path())); }
  std::mt19937_64 random(11);
  std::vector<base::Digest> acknowledged;
  uint64_t number = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Store::open(home.path());
      if (!store) _exit(1);
      for (uint64_t i = number;; ++i) {
        auto blob = (*store)->blobs().put("body " + std::to_string(i));
        intel::Observation observation = feed_observation(i, 40);
        if (blob) observation.blobs.push_back(*blob);
        Intake intake(**store, {});
        auto id = intake.take(std::move(observation));
        if (!id || ::write(pipe_ends[1], id->bytes.data(), id->bytes.size()) != 32) _exit(1);
      }
    }
    ::close(pipe_ends[1]);
    base::Digest id;
    // Some rounds end in the opening, some in the first put, some later.
    const uint64_t wanted = random() % 12;
    uint64_t got = 0;
    for (; got < wanted && ::read(pipe_ends[0], id.bytes.data(), 32) == 32; ++got) acknowledged.push_back(id);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe_ends[0], id.bytes.data(), 32) == 32) acknowledged.push_back(id);
    ::close(pipe_ends[0]);
    number += 1000;
  }
  EXPECT_EQ(sqlite(home.path() / "shikake.db", "PRAGMA integrity_check"), "ok");
  auto store = Store::open(home.path());
  ASSERT_TRUE(store) << store.error().message();
  ASSERT_GT(acknowledged.size(), 50u);
  for (const base::Digest& id : acknowledged) {
    auto observation = (*store)->observation(id);
    ASSERT_TRUE(observation && *observation) << id.hex();
    EXPECT_TRUE((*store)->blobs().get((*observation)->blobs.at(0)));
  }
  // Observations come with all their evidence or not at all.
  const std::string uneven =
      sqlite(home.path() / "shikake.db",
             "SELECT COUNT(*) FROM (SELECT o.id FROM observations o LEFT JOIN evidence e"
             " ON e.observation = o.id GROUP BY o.id HAVING COUNT(e.indicator) <> 40)");
  EXPECT_EQ(uneven, "0");
}

TEST(StoreCrash, SeveralProcessesWriteAtOnce) {
  TemporaryDirectory home;
  constexpr uint64_t writers = 4, each = 25;
  std::vector<pid_t> children;
  for (uint64_t writer = 0; writer < writers; ++writer) {
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Store::open(home.path());  // all of them create it at once
      if (!store) _exit(1);
      for (uint64_t i = 0; i < each; ++i) {
        Intake intake(**store, {});
        if (!intake.take(feed_observation(writer * 1000 + i, 20))) _exit(2);
        if (!(*store)->find({intel::IndicatorType::domain, "host0-0.bad-site.com"})) _exit(3);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << WEXITSTATUS(status);
  }
  auto store = Store::open(home.path());
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->totals()->observations, writers * each);
  EXPECT_EQ((*store)->totals()->indicators, writers * each * 20);
  EXPECT_EQ(sqlite(home.path() / "shikake.db", "PRAGMA integrity_check"), "ok");
}

TEST(StoreCrash, ALockHeldTooLongIsAConflictThatSaysSo) {
  TemporaryDirectory home;
  auto holder = Store::open(home.path());
  ASSERT_TRUE(holder);
  auto batch = (*holder)->batch();
  ASSERT_TRUE(batch);
  OpenOptions impatient;
  impatient.busy_timeout = 50ms;
  auto other = Store::open(home.path(), impatient);
  ASSERT_TRUE(other) << other.error().message();
  Intake intake(**other, {});
  auto refused = intake.take(feed_observation(1, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message().find("another process"), std::string::npos)
      << refused.error().message();
  EXPECT_TRUE((*other)->find({intel::IndicatorType::domain, "a.com"})) << "reading goes on";
}

// In a child with a file system of a few MiB of its own.
int fill_a_small_disk(const fs::path& mount_point) {
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", 0, "size=3m") != 0) return 77;
  std::vector<base::Digest> acknowledged;
  {
    auto store = Store::open(mount_point / "home");
    if (!store) return 1;
    for (uint64_t i = 0;; ++i) {
      Intake intake(**store, {});
      auto id = intake.take(feed_observation(i, 500));
      if (id) {
        acknowledged.push_back(*id);
        if (i > 10'000) return 2;  // never full?
        continue;
      }
      if (id.error().code != ErrorCode::io || id.error().what.find("the disk is full") == std::string::npos)
        return 3;
      break;
    }
    auto blob = (*store)->blobs().put(std::string(4 << 20, 'x'));
    if (blob || blob.error().what.find("the disk is full") == std::string::npos) return 4;
    // The same store goes on reading.
    if (!(*store)->find({intel::IndicatorType::domain, "host0-0.bad-site.com"})) return 5;
  }
  auto store = Store::open(mount_point / "home");
  if (!store || acknowledged.empty()) return 6;
  for (const base::Digest& id : acknowledged) {
    auto observation = (*store)->observation(id);
    if (!observation || !*observation) return 7;
  }
  if ((*store)->totals()->observations != acknowledged.size()) return 8;
  // With room again the store takes more.
  if (::mount("tmpfs", mount_point.c_str(), "tmpfs", MS_REMOUNT, "size=30m") != 0) return 77;
  Intake intake(**store, {});
  return intake.take(feed_observation(99'999, 500)) ? 0 : 9;
}

TEST(StoreCrash, AFullDiskIsNamedAndNothingStoredIsLost) {
  TemporaryDirectory directory;
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool root = ::geteuid() == 0;
    if (::unshare(root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(77);
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(77);
    _exit(fill_a_small_disk(directory.path()));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "this user may not mount a small file system in a namespace";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace shikake::store
