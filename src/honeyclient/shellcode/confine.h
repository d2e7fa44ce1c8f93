// The shellcode worker's confinement.
#pragma once

#include "base/result.h"

namespace shikake::honeyclient::shellcode {

// Whatever libraries do once: the emulator's tables, made by a run of nothing.
void warm_up();

// Pure computation, and memory that can be executed: the emulator translates into it.
Result<> confine_worker();

}  // namespace shikake::honeyclient::shellcode
