// The database's tables and how they came to be: one step a version, forward only.
#pragma once

#include <soci/soci.h>

#include "base/result.h"

namespace shikake::store {

class Database;

inline constexpr int schema_version = 2;

// Refuses a file that some other program made (corrupted) and one of a later Shikake (too_new).
Result<> check_ours(soci::session& sql);
// Brings the tables from whatever version they are at to schema_version, in one transaction.
Result<> migrate(Database& database);

}  // namespace shikake::store
