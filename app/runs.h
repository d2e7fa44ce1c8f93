// What `analyze`, `inspect --analyze` and `work` have in common: a file analysed in the sandbox, kept in the
// store.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "intel/policy.h"
#include "sandbox/run/analysis.h"
#include "store/store.h"

namespace shikake::app {

// Bodies of runs, into the store's blobs.
class RunBlobs final : public sandbox::run::Keep {
 public:
  explicit RunBlobs(store::Store& store) : store_(store) {}
  Result<base::Digest> put(std::string_view bytes) override;

 private:
  store::Store& store_;  // outlives us
};

// Guest profiles lie in the store's home.
std::filesystem::path guests_of(const std::filesystem::path& home);

// An open regular file, for reading; says what else a path is.
Result<base::UniqueFd> open_sample(const std::filesystem::path& path);
// A body that the store keeps, as a file in memory.
Result<base::UniqueFd> stored_sample(store::Store& store, const base::Digest& sha256);

// Analyses and, with a store, hands in each record, a file's files before it. Behind the file stands what
// came of it.
Result<std::vector<sandbox::run::Analysed>> analyse(int fd, const std::string& name,
                                                    const sandbox::run::AnalysisOptions& options,
                                                    store::Store* store, sandbox::run::Keep& keep,
                                                    const intel::PolicySettings& settings);

// Does a job of kind "run": its subject is the SHA-256 of a body that the store keeps. A file that was run
// meanwhile is not run again.
Result<std::vector<intel::Observation>> run_job(store::Store& store,
                                                const sandbox::run::AnalysisOptions& options,
                                                const intel::Job& job);

// The last part of an address, as a file's name.
std::string name_in_url(const std::string& address);

}  // namespace shikake::app
