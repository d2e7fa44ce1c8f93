// Feeds in: files of outside intelligence become observations, guards and sightings.
//
//   publish::ImportOptions options;                    // the format is found from the content
//   auto report = publish::import_into(store, settings, "maltrail/malware/emotet.txt", options);
//
// The file is opened here and parsed in a confined process (shikake-feed-reader); what comes back is checked
// again. Policy, not the feed, says what becomes of an entry.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "intel/guard.h"
#include "intel/model.h"
#include "intel/policy.h"
#include "publish/in/collector.h"
#include "publish/in/report.h"
#include "store/store.h"

namespace shikake::publish {

struct ImportOptions {
  ReadOptions read;  // format, feed name, columns, …; file and folder are filled in from the path
  const base::Clock* clock = nullptr;  // null: the store's, or the system's
};

struct ImportSinks {
  std::function<Result<>(intel::Observation&&)> observation;  // of kind feed, its record already checked
  std::function<Result<>(intel::GuardList&&)> guard;
  std::function<Result<>(store::Sighting&&)> sighting;
};

using ImportReport = ReadReport;

// Errors: not_found and io for the file, invalid_input with line and byte where it is no feed at all,
// invalid_usage for wrong options, unavailable or limit when the reader died. What was handed over before
// an error stays handed over. A refused entry is no error: it is counted in the report.
Result<ImportReport> import_file(const std::filesystem::path& path, const ImportOptions& options,
                                 const ImportSinks& sinks);

// The same, into a store: one transaction, so that an error or a kill leaves nothing of the file behind.
Result<ImportReport> import_into(store::Store& store, const intel::PolicySettings& settings,
                                 const std::filesystem::path& path, const ImportOptions& options);

// Many files, one transaction each; `each` hears of every file in turn and ends it all by an error. Far
// faster than one by one: a confined reader serves up to files_a_reader of them. One that dies over a file is
// replaced for the next.
inline constexpr size_t files_a_reader = 64;
using EachFile = std::function<Result<>(const std::filesystem::path&, Result<ImportReport>)>;
Result<> import_all(store::Store& store, const intel::PolicySettings& settings,
                    std::span<const std::filesystem::path> paths, const ImportOptions& options,
                    const EachFile& each);

}  // namespace shikake::publish
