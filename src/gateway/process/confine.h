// From the first packet on: the gateway reads hostile bytes, and can do nothing but answer them.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace shikake::gateway {

// For ever, for every thread: no capabilities, no files, no new sockets, programs or processes, bounded
// memory, descriptors and capture file. What is open stays usable, and connections can be accepted from the
// cell. `with_broker`: pairs of Unix sockets can be made too, one end of each for the broker.
Result<> confine(uint64_t capture_bytes, uint32_t connections, bool with_broker);

}  // namespace shikake::gateway
