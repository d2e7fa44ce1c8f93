// One run, from its plan to its last word: the supervisor's whole task.
#pragma once

#include "base/result.h"
#include "sandbox/run/protocol.h"
#include "sandbox/supervisor/link.h"

namespace shikake::sandbox::supervisor {

// Says everything on `link`; an error is one of ours, for Report::failed. The calling thread must be the only
// one.
Result<> supervise(const run::Plan& plan, Link& link);

}  // namespace shikake::sandbox::supervisor
