// The supervisor's whole life: takes the plan from its channel, supervises the run, says the last word.
#pragma once

#include "sandbox/supervisor/supervise.h"

namespace shikake::sandbox::supervisor {

// The process' exit status. Descriptors are those of protocol.h.
int serve(const Planted& planted = {});

}  // namespace shikake::sandbox::supervisor
