// The triage worker's confinement.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace shikake::triage {

// After whatever libraries load at first use (warm_up), before the first byte of the file: pure computation
// (cell/seccomp.h) with a bound on its CPU time. Files that libraries look for later are not there for them.
Result<> confine_worker(uint32_t cpu_seconds);

// What libraries load at first use: character sets, time zone, ciphers, lists.
void warm_up();

}  // namespace shikake::triage
