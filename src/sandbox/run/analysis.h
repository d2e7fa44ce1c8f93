// A file analysed as a whole: static triage, a run where it is something that runs, and in turn what is in it
// (an archive's members) and what the run left or downloaded. Bounded in depth and number.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "intel/model.h"
#include "intel/run.h"
#include "sandbox/run/keep.h"
#include "sandbox/run/run.h"
#include "triage/triage.h"

namespace shikake::sandbox::run {

struct AnalysisOptions {
  Conditions conditions;
  bool run = true;                                  // false: static facts alone
  std::vector<std::filesystem::path> rule_folders;  // of YARA rules, besides our own
  unsigned depth = 2;                               // how often files of files are analysed
  size_t files = 12;                                // in all, the first one too
  size_t looked_at = 64;                            // files of a run that triage looks at
};

struct Analysed {
  intel::RunRecord record;
  std::vector<base::Digest> blobs;
  std::optional<base::Digest> observation;  // what `take` gave
  size_t depth = 0;
};

// Gets each record as soon as it is whole, those of a file's files before its own; gives the observation's
// id, if it was kept.
using Take = std::function<Result<std::optional<base::Digest>>(const Analysed&)>;

// The file first, what came of it behind it. `fd` is a regular file's, read by position. Errors: triage's and
// run_once's about the first file; what fails about a later one is a remark of its parent.
Result<std::vector<Analysed>> analyse(int fd, const std::string& name, const AnalysisOptions& options,
                                      Keep& keep, const Take& take);

// Whether a rule names malware: tagged so, or named as such rules are. Ours only describe.
bool convicts(const triage::RuleMatch& match);

// `vantage`: the address that an open run looked from.
intel::Observation to_observation(const Analysed& analysed, std::string vantage);

}  // namespace shikake::sandbox::run
