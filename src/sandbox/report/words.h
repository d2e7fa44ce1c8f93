// What the terminal's screen and the page say alike: order, sums and short phrases of a run.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "intel/run.h"

namespace shikake::sandbox::report {

std::string size_text(uint64_t bytes);               // "512 B", "12.3 KiB"
std::string duration_text(base::Duration duration);  // "12 ms", "3.4 s", "1 h 5 min"

// One line a kind of behaviour: the gravest kinds first, then by time.
struct BehaviourGroup {
  const intel::BehaviourRow* row = nullptr;
  std::vector<const intel::RunBehaviour*> shown;  // by time
  uint64_t count = 0;                             // how often in all
};
std::vector<BehaviourGroup> group_behaviours(const intel::RunRecord& run);

// "exited: status 0", "timed out: still running after 60 s".
std::string outcome_text(const intel::RunRecord& run);

// The facts that speak for a verdict, one sentence each, strongest first: what recognised it, how many grave
// and suspicious behaviours it showed. Empty where nothing does.
std::vector<std::string> headlines(const intel::RunRecord& run);

// A process by its last name: "invoice.elf (117)".
std::string process_text(const intel::RunProcess& process);
// Children of each process by their places in run.processes; under SIZE_MAX those without a known parent.
std::map<size_t, std::vector<size_t>> process_tree(const intel::RunRecord& run);
// The place of a process in run.processes; SIZE_MAX where there is none with this id.
size_t place_of(const intel::RunRecord& run, uint32_t process);

// "c2.example:443" or the address where there is no name.
std::string remote_text(const intel::RunFlow& flow);

// Which of a gate's bytes let something through or held it back.
std::string gate_text(const intel::RunFlow& flow);
// Said of a flow whose labels were merged.
inline constexpr std::string_view coarse_offsets = "its bytes met too many others: their offsets are coarse, and span more than had a part";

// The last files that a person would look at: created, changed, renamed, deleted ones, programs first.
std::vector<const intel::RunFile*> files_by_interest(const intel::RunRecord& run);

}  // namespace shikake::sandbox::report
