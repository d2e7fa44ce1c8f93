// The simulated Internet: runs one command in network namespaces of its own, where a scenario's hosts
// answer and nothing else exists. docs/range.md draws it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "range/scenario.h"

namespace shikake::range {

struct RunOptions {
  std::optional<std::string> log;  // access log (access_log.h): a file that is replaced
};

// Runs `command` (a program, found by PATH, and its arguments) with this process' standard streams and
// working folder. Gives its exit status, or 128 and the signal's number as shells do. Blocks; meanwhile
// SIGINT, SIGTERM, SIGHUP and SIGQUIT that are sent to this process alone go on to the command. When it
// returns, or this process dies in whatever way, every process inside is gone, and with them the
// namespaces and mounts.
//
// Inside, the environment holds
//   SHIKAKE_RANGE=1             documentation ranges count as the Internet here
//   SHIKAKE_RANGE_PROFILE=FILE  a JSON object: scenario, networks, client, resolver, ca
//   SHIKAKE_RANGE_CA=FILE       the range's certificate authority (PEM), trusted by the usual libraries
// and no proxy settings.
//
// As root or as an ordinary user. ErrorCode::unsupported: the machine forbids the namespaces, and the
// text says what to do; not_found: no such command.
Result<int> run(const Scenario& scenario, const std::vector<std::string>& command,
                const RunOptions& options = {});

}  // namespace shikake::range
