#include "store/schema.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "store/database.h"

namespace shikake::store {
namespace {

// "SHKK", in the file's header: https://www.sqlite.org/pragma.html#pragma_application_id
constexpr int application_id = 0x53484B4B;

// Times are microseconds since 1970. Enums are stored as their place in model.h, so that order is fixed for
// ever; new values go to the end. `hash` is keyed SipHash-2-4 (hash.h) with the key in meta: indexes on it
// are a fifth of the size of indexes on the text, and nobody outside can make texts collide.
//
// version 1
constexpr std::array version_1 = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",

    // Long texts that repeat: sources, families, reasons. Id 0 is the empty text and has no row.
    "CREATE TABLE texts (id INTEGER PRIMARY KEY, hash BIGINT NOT NULL, text TEXT NOT NULL)",
    "CREATE INDEX texts_hash ON texts (hash)",

    // subject_hash, site_hash: of the subject and of its tenant key, where it is a URL (else of ""). body:
    // zstd of the canonical form, whose SHA-256 is `digest`. series: a text id; observations of the same
    // series take each other's place (a feed's file, imported again), 0 for none.
    "CREATE TABLE observations (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind SMALLINT NOT NULL,"
    " subject_hash BIGINT NOT NULL, site_hash BIGINT NOT NULL, series BIGINT NOT NULL, time BIGINT NOT NULL, "
    "body BLOB NOT NULL)",
    "CREATE INDEX observations_subject ON observations (subject_hash)",
    "CREATE INDEX observations_time ON observations (time)",
    "CREATE TABLE observation_blobs (digest TEXT NOT NULL, observation BIGINT NOT NULL,"
    " PRIMARY KEY (digest, observation)) WITHOUT ROWID",

    "CREATE TABLE indicators (id INTEGER PRIMARY KEY, type SMALLINT NOT NULL, value TEXT NOT NULL,"
    " hash BIGINT NOT NULL, added BIGINT NOT NULL)",
    "CREATE INDEX indicators_hash ON indicators (hash)",

    // n: place of the assertion in what policy derived from the observation. valid_until: 0 for none.
    "CREATE TABLE evidence (indicator BIGINT NOT NULL, observation BIGINT NOT NULL, n INTEGER NOT NULL,"
    " role SMALLINT NOT NULL, uses SMALLINT NOT NULL, confidence SMALLINT NOT NULL, tlp SMALLINT NOT NULL,"
    " source BIGINT NOT NULL, family BIGINT NOT NULL, why BIGINT NOT NULL, guarded_by BIGINT NOT NULL,"
    " first_seen BIGINT NOT NULL, last_seen BIGINT NOT NULL, valid_until BIGINT NOT NULL, place TEXT NOT "
    "NULL,"
    " PRIMARY KEY (indicator, observation, n)) WITHOUT ROWID",
    "CREATE TABLE aliases (indicator BIGINT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (indicator, value)) WITHOUT ROWID",
    "CREATE INDEX aliases_value ON aliases (value)",
    "CREATE TABLE sightings (indicator BIGINT NOT NULL, source BIGINT NOT NULL, count BIGINT NOT NULL,"
    " first BIGINT NOT NULL, last BIGINT NOT NULL, PRIMARY KEY (indicator, source)) WITHOUT ROWID",

    // Not by indicator id: a judgement outlives the indicator.
    "CREATE TABLE judgements (type SMALLINT NOT NULL, value TEXT NOT NULL, verdict SMALLINT NOT NULL,"
    " analyst TEXT NOT NULL, why TEXT NOT NULL, time BIGINT NOT NULL, PRIMARY KEY (type, value)) WITHOUT "
    "ROWID",

    "CREATE TABLE guard_lists (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,"
    " version TEXT NOT NULL, source TEXT NOT NULL, type SMALLINT NOT NULL, attributes TEXT NOT NULL)",
    "CREATE TABLE guard_values (list BIGINT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (list, value)) WITHOUT ROWID",
};

// version 2: the job queue, and faster re-import of feeds
constexpr std::array version_2 = {
    "CREATE INDEX observations_series ON observations (series)",

    // root: the observation that all this descends from, as text; "" for none. results: digests, blank
    // between.
    "CREATE TABLE jobs (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL,"
    " parameters TEXT NOT NULL, identity BIGINT NOT NULL, origin TEXT NOT NULL, root TEXT NOT NULL,"
    " depth INTEGER NOT NULL, priority INTEGER NOT NULL, earliest BIGINT NOT NULL, state SMALLINT NOT NULL,"
    " attempts INTEGER NOT NULL, token TEXT NOT NULL, lease_until BIGINT NOT NULL, reason TEXT NOT NULL,"
    " results TEXT NOT NULL)",
    "CREATE INDEX jobs_next ON jobs (state, priority DESC, earliest)",
    "CREATE INDEX jobs_identity ON jobs (identity)",
    "CREATE INDEX jobs_root ON jobs (root)",
    "CREATE INDEX jobs_origin ON jobs (origin)",
    "CREATE INDEX jobs_subject ON jobs (subject)",
};

int number_of(soci::session& sql, const std::string& query) {
  int number = 0;
  sql << query, soci::into(number);
  return number;
}

}  // namespace

Result<> check_ours(soci::session& sql) {
  const int id = number_of(sql, "PRAGMA application_id");
  const int version = number_of(sql, "PRAGMA user_version");
  const int tables = number_of(sql, "SELECT COUNT(*) FROM sqlite_master");
  if (tables == 0 && id == 0) return {};  // new, or made and not yet filled
  if (id != application_id)
    return fail(Module::store, ErrorCode::corrupted,
                "this file is not a Shikake store; choose another --home or move the file away");
  if (version > schema_version)
    return fail(Module::store, ErrorCode::too_new,
                fmt::format("this store was written by a later Shikake (format {}; this one knows up to {}); "
                            "nothing was changed: use the later program",
                            version, schema_version));
  return {};
}

Result<> migrate(Database& database) {
  soci::session& sql = database.sql();
  if (number_of(sql, "PRAGMA user_version") == schema_version) return {};
  Transaction transaction(database);
  SHIKAKE_TRY(check_ours(sql));  // another process may have been faster
  const int from = number_of(sql, "PRAGMA user_version");
  if (from < 1) {
    for (const char* statement : version_1) sql << statement;
    sql << "INSERT INTO meta (name, value) VALUES ('hash_key', lower(hex(randomblob(16))))";
    sql << "INSERT INTO meta (name, value) VALUES ('guards_version', '0')";
    sql << fmt::format("PRAGMA application_id={}", application_id);
  }
  if (from < 2) {
    for (const char* statement : version_2) sql << statement;
  }
  sql << fmt::format("PRAGMA user_version={}", schema_version);
  transaction.commit();
  return {};
}

}  // namespace shikake::store
