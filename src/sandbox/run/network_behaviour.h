// What the network shows of a run: which protocols it speaks, whether it scans, beacons, tunnels, downloads.
//
// Each rule is a number of things counted and a threshold with its reason; the proof says the count.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "intel/run.h"
#include "sandbox/run/protocol.h"

namespace shikake::sandbox::run {

struct FlowFacts {
  std::string_view out, in;  // plaintext, as far as it was kept
  std::string detail;        // what was asked, in a line
};

struct NetworkFacts {
  const std::vector<SocketSeen>& sockets;
  const std::vector<std::string>& resolvers;  // the cell's own: asking them is no contact
  std::vector<FlowFacts> flows = {};          // one for each of the record's, in order
};

// Appends to run.behaviours. `contents`: of files that the run made, by digest.
void add_network_behaviours(intel::RunRecord& run, const NetworkFacts& facts,
                            const std::map<base::Digest, std::string>& contents);

}  // namespace shikake::sandbox::run
