// Guest registers, of which QEMU's plugin interface shows none before version 2: read through the
// functions that serve its debugger stub, which Debian's build exports.
#pragma once

#include <cstdint>
#include <optional>

#include "taint/lift.h"

namespace shikake::taint::qemu {

// A register of the calling thread's guest, by GDB's number for the architecture; up to 8 bytes. Exact
// only where QEMU has all registers in memory: at system calls, as a block begins and while it translates.
std::optional<uint64_t> cpu_register(int gdb_number, bool big_endian);
// The stack pointer's number.
uint8_t stack_number(Architecture architecture);
std::optional<uint64_t> stack_pointer(Architecture architecture);

}  // namespace shikake::taint::qemu
