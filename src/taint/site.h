// A place where a block may be left: a branch or jump.
#pragma once

#include <cstdint>
#include <vector>

#include "taint/shadow.h"

namespace shikake::taint {

// What is known of one exit over the run.
struct Site {
  Address address = 0;  // of the instruction
  bool indirect = false;
  Label last = 0;
  uint32_t decision = 0;  // number of the decision last made here; 0: none
  Address way = 0;        // that it went, where it has gone no other on the label; 0: it went both, or jumps
  Label joined = 0;       // once labels at the site became too many
  struct Told {
    Label label;
    uint32_t decision;
    Address way;
  };
  std::vector<Told> told;  // decisions made here so far, one a label and then one more; for the engine alone
  Address region_end = 0;  // where its paths meet again; 0: at the function's end
  bool region_known = false;
  unsigned other_branches = 0, other_calls = 0;
  Address surveyed = 0;  // the path that the survey was of
};

}  // namespace shikake::taint
