// How every task is seized.
#pragma once

#include <sys/ptrace.h>

#include <cstdint>

namespace shikake::sandbox::trace {

inline constexpr uintptr_t trace_options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                           PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
                                           PTRACE_O_EXITKILL;

}  // namespace shikake::sandbox::trace
