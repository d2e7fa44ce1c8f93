// For tests and benchmarks: a guest started by a plain fork, in no cell.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/trace/tracer.h"

namespace shikake::sandbox::trace {

// Forks, execs argv[0] (a path) with `environment` in the tracer's filter and attaches; its output goes where
// ours does unless `quiet`.
Result<pid_t> start_guest(Tracer& tracer, const std::vector<std::string>& argv,
                          const std::vector<std::string>& environment = {"PATH=/usr/bin:/bin"},
                          bool quiet = true);

}  // namespace shikake::sandbox::trace
