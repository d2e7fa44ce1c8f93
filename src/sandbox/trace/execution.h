// A fresh program's arguments and environment, read from its new stack.
#pragma once

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::trace {

// At the stop of an exec. The stack then holds, from the stack pointer up: argc, argv, 0, envp, 0, the
// auxiliary vector, the strings (System V ABI, 3.4.1). Fields stay empty when the guest dies meanwhile.
Execution read_execution(Thread& thread, GuestAddress stack, bool narrow);

}  // namespace shikake::sandbox::trace
