// Capabilities: see capabilities(7).
#pragma once

#include "base/result.h"

namespace shikake::cell {

// For the calling process and what it starts, for ever: of all capabilities only those with which root runs
// an ordinary service (owners of files, users, low ports, raw sockets); none that opens more of the kernel to
// attack (mounts, networks, tracing across users, …). Somebody other than root loses even these at the next
// exec.
Result<> keep_ordinary_powers();

}  // namespace shikake::cell
