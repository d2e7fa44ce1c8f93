// Where the paths from a decision meet again: the immediate post-dominator in the control flow graph of
// its function, decoded from guest code (T. Lengauer's tree by the simple algorithm of Cooper, Harvey and
// Kennedy, "A Simple, Fast Dominance Algorithm", on the reversed graph).
#pragma once

#include <span>

#include "taint/engine.h"

namespace shikake::taint {

// Instructions decoded at most for one decision; a function with more ends its regions at its return.
inline constexpr size_t max_instructions = 4000;

// `successors`: where the decision may go. 0: they meet only when the function returns, or it is unknown.
Address immediate_postdominator(Lifter& lifter, const CodeReader& reader, std::span<const Address> successors,
                                bool thumb);

// What lies on a path that was not taken, up to where the paths meet: a dispatcher goes on testing and
// calling there, a mere go or no-go does not.
struct Survey {
  unsigned branches = 0;
  unsigned calls = 0;
};
Survey survey(Lifter& lifter, const CodeReader& reader, Address start, Address end, bool thumb);

}  // namespace shikake::taint
