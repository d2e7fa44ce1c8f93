// Guest registers, of which QEMU's plugin interface shows none before version 2: read through the
// functions that serve its debugger stub, which Debian's build exports.
#pragma once

#include <cstdint>
#include <optional>

namespace shikake::taint::qemu {

// A register of the calling thread's guest, by GDB's number for the architecture; up to 8 bytes. Exact
// only where QEMU has all registers in memory: at system calls and while it translates.
std::optional<uint64_t> cpu_register(int gdb_number, bool big_endian);

}  // namespace shikake::taint::qemu
