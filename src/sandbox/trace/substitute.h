// A descriptor that shows a guest other bytes than the file behind it: for the few files of /proc that would
// give the tracer or a skipped hour away.
#pragma once

#include <string_view>

#include "sandbox/trace/hooks.h"

namespace shikake::sandbox::trace {

// After the call that opened `fd`: puts a file in memory with these bytes in its place, read position at the
// start. Calls are made in the guest for it. False: the guest keeps what it opened.
bool substitute(Thread& thread, int fd, std::string_view bytes, bool close_on_exec);

// What the guest would read from it: the kernel makes such files' content for the one who opened them.
std::string read_through(Thread& thread, int fd);

}  // namespace shikake::sandbox::trace
