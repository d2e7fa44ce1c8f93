// Questions to a run that taint followed: what did these bytes influence, and which bytes influenced that?
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "intel/run.h"

namespace shikake::sandbox::run {

// Received bytes and one thing that they had a part in.
struct Influence {
  uint32_t flow = 0;  // id in the record
  std::vector<intel::RunBytes> bytes;
  std::string how;    // "argument", "content", "program", "decided"
  std::string place;  // decided: module+offset of the instruction
  intel::RunEffect effect;
};

// More are cut: a loop over received bytes decides thousands of times.
inline constexpr size_t max_influences = 2000;

// `events`: the run's taint_events, in their order. `first` to `last`: bytes of the flow's incoming stream.
std::vector<Influence> influenced_by(const intel::RunRecord& record, std::string_view events, uint32_t flow,
                                     uint64_t first, uint64_t last);
// Everything that had a part in actions whose path, address or command line holds `what`.
std::vector<Influence> influences_on(const intel::RunRecord& record, std::string_view events,
                                     std::string_view what);

}  // namespace shikake::sandbox::run
