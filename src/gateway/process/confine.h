// From the first packet on: the gateway reads hostile bytes, and can do nothing but answer them.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace shikake::gateway {

// For ever, for every thread: no capabilities, no files, no new sockets, programs or processes, bounded
// memory, descriptors and capture file. What is open stays usable; connections can be accepted from the cell
// and descriptors received from the broker.
Result<> confine(uint64_t capture_bytes, uint32_t connections);

}  // namespace shikake::gateway
