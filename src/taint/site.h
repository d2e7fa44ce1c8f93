// A place where a block may be left: a branch or jump.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "taint/shadow.h"

namespace shikake::taint {

// What is known of one exit over the run. All threads decide here: what belongs together is one word.
struct Site {
  Address address = 0;  // of the instruction
  struct Latest {
    Label label = 0;
    uint16_t unused = 0;
    uint32_t decision = 0;  // its number; 0: none
  };
  std::atomic<Latest> latest = Latest{};  // the decision last made here
  // That it went, where it has gone no other on the label; 0: it went both, or jumps.
  std::atomic<Address> way = 0;
  std::atomic<Label> joined = 0;  // once labels at the site became too many
  bool indirect = false;
  struct Told {
    Label label;
    uint32_t decision;
    Address way;
  };
  std::vector<Told> told;  // decisions made here so far, one a label and then one more; for the engine alone
  std::atomic<Address> region_end = 0;  // where its paths meet again; 0: at the function's end
  bool region_known = false;
  unsigned other_branches = 0, other_calls = 0;
  Address surveyed = 0;  // the path that the survey was of
};
static_assert(std::is_standard_layout_v<Site>);

}  // namespace shikake::taint
