// Reads guest memory from inside the emulator, without faulting on what is not there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "taint/shadow.h"

namespace shikake::taint::qemu {

// Host address less guest address.
uint64_t host_offset();
// Bytes read from `address` on: fewer when memory ends.
size_t read_guest(Address address, std::span<uint8_t> to);
std::vector<uint8_t> read_guest(Address address, size_t count);
// Up to the first zero byte, at most `limit`.
std::string read_string(Address address, size_t limit = 4096);
uint64_t read_word(Address address, size_t bytes, bool big_endian);

}  // namespace shikake::taint::qemu
