// /dev of a cell: the few devices that every program needs and that lead nowhere.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace shikake::cell {

// Below `root`: null, zero, full, random, urandom, tty; pts, which is the cell's own; shm of that size.
Result<> mount_devices(const std::string& root, uint64_t shared_memory_bytes);

}  // namespace shikake::cell
