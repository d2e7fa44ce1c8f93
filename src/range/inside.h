// Process 1 of a range: builds the networks, serves the hosts, runs the command. For range.cpp alone.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "range/access_log.h"
#include "range/scenario.h"

namespace shikake::range {

// What process 1 tells the outside, once; the outside sends it the numbers (int) of signals for the
// command, and is gone when the socket closes.
struct Outcome {
  bool failed;
  Module module;   // if it failed
  ErrorCode code;  // if it failed
  int status;      // the command's exit status or, if it failed, errno
  std::array<char, 500> what;
};

int inside(const Scenario& scenario, const std::vector<std::string>& command, AccessLog& log,
           const base::UniqueFd& channel);

}  // namespace shikake::range
