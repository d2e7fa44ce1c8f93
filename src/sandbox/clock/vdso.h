// The kernel's library in every program (vdso(7)): clocks are read there without a call, where nobody could
// tell another time. Its functions are made to call the kernel instead.
#pragma once

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::clock {

// In a stopped program, at any stop but a call's entry. False: it has no such library (it calls the kernel
// anyway), or it is gone.
bool clocks_call_kernel(trace::Thread& thread, bool narrow);

}  // namespace shikake::sandbox::clock
