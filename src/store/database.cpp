#include "store/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <thread>

#include "base/check.h"
#include "base/unique_fd.h"
#include "store/schema.h"

namespace shikake::store {
namespace {

// Level 3 packs feed records ten to one at 200 MB/s and more; higher levels gain a tenth for half the speed.
constexpr int zstd_level = 3;
// No observation is larger: a feed's part or a visit at its limits stays under 100 MB. Stops a damaged frame
// from asking for more.
constexpr unsigned long long max_observation_bytes = 1ull << 30;

// How a code of SQLite's looks to a user. https://www.sqlite.org/rescode.html
Error sqlite_error(int code, std::string_view doing, const std::string& said) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Module::store, ErrorCode::conflict,
              fmt::format("another process kept the store locked while {}; try again", doing)};
    case SQLITE_FULL:
      return {Module::store, ErrorCode::io,
              fmt::format("the disk is full while {}; what was stored before is safe: free some space and "
                          "try again",
                          doing)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {
          Module::store, ErrorCode::corrupted,
          fmt::format("the store's file is damaged, found while {} ({}); put back a copy, or save what can "
                      "be read with sqlite3's .recover",
                      doing, said)};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR:
      return {Module::store, ErrorCode::io, fmt::format("the store's files refuse {}: {}", doing, said)};
    default:
      return {Module::store, ErrorCode::io, fmt::format("the store failed while {}: {}", doing, said)};
  }
}

// SOCI hides the files' mode, and what is kept is nobody else's business: make the file first, ours alone.
Result<> make_private_file(const std::filesystem::path& file) {
  base::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return fail_errno(Module::store, "the store cannot be made or opened at " + file.string());
  return {};
}

std::string text_of(soci::session& sql, const std::string& query) {
  std::string text;
  sql << query, soci::into(text);
  return text;
}

// Changing to WAL needs a moment alone with the file and does not heed the busy timeout.
void use_wal(soci::session& sql, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      if (text_of(sql, "PRAGMA journal_mode=WAL") == "wal") return;
    } catch (const soci::sqlite3_soci_error& error) {
      if ((error.result() & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() >= until) throw;
    }
    if (std::chrono::steady_clock::now() >= until)
      throw soci::sqlite3_soci_error("the file system refuses write-ahead logging", SQLITE_CANTOPEN);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

Error database_error(std::string_view doing) {
  try {
    throw;
  } catch (const soci::sqlite3_soci_error& error) {
    return sqlite_error(error.result(), doing, error.what());
  } catch (const std::exception& error) {
    return {Module::store, ErrorCode::io, fmt::format("the store failed while {}: {}", doing, error.what())};
  }
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, bool create,
                                                 std::chrono::milliseconds busy_timeout) {
  if (file.string().find_first_of("\"\n") != std::string::npos)
    return fail(Module::store, ErrorCode::invalid_usage, "the store's path holds a quote or a line break");
  struct stat status {};
  const bool exists = ::stat(file.c_str(), &status) == 0;
  if (!exists && !create)
    return fail(Module::store, ErrorCode::not_found, "there is no store at " + file.string());
  if (!exists) SHIKAKE_TRY(make_private_file(file));

  std::unique_ptr<Database> database(new Database);
  auto opened = guarded("opening it", [&]() -> Result<> {
    soci::session& sql = database->session_;
    sql.open(soci::sqlite3, "db=\"" + file.string() + "\" shared_cache=false");
    text_of(sql, fmt::format("PRAGMA busy_timeout={}", busy_timeout.count()));
    // Before anything is changed; in one look, because another process may be making the store right now.
    sql << "BEGIN";
    Result<> ours = check_ours(sql);
    sql << "COMMIT";
    SHIKAKE_TRY(std::move(ours));
    use_wal(sql, busy_timeout);
    // With FULL every commit is synced, so that what was acknowledged outlives a power cut; kill -9 alone
    // would be safe with less. Bulk work pays one sync a batch.
    sql << "PRAGMA synchronous=FULL";
    sql << "PRAGMA foreign_keys=OFF";  // relations are kept by the code here, at bulk speed
    // Pages of indexes that bulk imports touch at random; kibibytes when negative.
    sql << "PRAGMA cache_size=-65536";
    sql << "PRAGMA temp_store=MEMORY";
    // 64 MiB: at the default of 4 a bulk import copies the same index pages back again and again.
    text_of(sql, "PRAGMA wal_autocheckpoint=16384");
    text_of(sql, "PRAGMA journal_size_limit=67108864");
    return migrate(*database);
  });
  if (!opened) return fail(std::move(opened.error()).in(file.string()));
  return database;
}

Database::~Database() {
  if (in_transaction_) rollback();
}

void Database::begin() {
  session_ << "BEGIN IMMEDIATE";
  in_transaction_ = true;
}

void Database::commit() {
  if (spoilt_) throw std::runtime_error("a part of this batch failed, so none of it was stored");
  session_ << "COMMIT";
  in_transaction_ = false;
}

void Database::rollback() noexcept {
  in_transaction_ = false;
  spoilt_ = false;
  try {
    session_ << "ROLLBACK";
  } catch (const std::exception&) {
    // SQLite has rolled back by itself (disk full, I/O error); there is nothing left to take back.
  }
}

std::string compress(std::string_view plain) {
  // Kept: its tables are megabytes, and most observations are a few hundred bytes.
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  size_t size =
      ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), plain.data(), plain.size(), zstd_level);
  SHIKAKE_CHECK(!ZSTD_isError(size));
  packed.resize(size);
  return packed;
}

Result<std::string> decompress(std::string_view packed) {
  auto damaged = [] {
    return fail(Module::store, ErrorCode::corrupted,
                "a stored observation is damaged; put back a copy of the store");
  };
  unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > max_observation_bytes)
    return damaged();
  std::string plain(size, '\0');
  size_t written = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(written) || written != size) return damaged();
  return plain;
}

}  // namespace shikake::store
