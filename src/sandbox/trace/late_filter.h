// A further filter for a guest that runs already: for calls that begin to matter late.
#pragma once

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::trace {

// At any stop but a call's entry: puts the filter on all threads of the process, or, where one has a filter
// of its own, on this thread. What it makes inherits it. False: it does not fit into scratch(), or the guest
// is gone.
bool add_filter(Thread& thread, const FilterProgram& program);

}  // namespace shikake::sandbox::trace
