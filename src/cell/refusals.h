// System calls that no program in a cell may make, and what it is told: kernel modules, kexec, BPF, io_uring,
// keys, mounts, new namespaces, … Most of them an ordinary user of Debian is refused too, and the errno is
// the same.
//
// A table, evaluated by the kernel as a seccomp filter (Refusals::answer, Refusals::trace in cell.h) and by a
// tracer that is asked. For the 64-bit calls of x86-64 and the 32-bit calls of i386.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "cell/seccomp.h"

namespace shikake::cell {

enum class CallTable : uint8_t { x86_64, i386 };

// What a program gets for this call: an errno, or nothing if it may make it. A tracer whose own filter stops
// calls asks this of every one of them, because of two filters that both stop a call the kernel tells only
// the later one's data; and answers a refused one itself (orig_rax = -1, rax = -errno).
std::optional<int> refusal(CallTable table, long number, const std::array<uint64_t, 6>& arguments);

// The filter for programs in a cell. With `trace`, a refused call stops with SECCOMP_RET_TRACE and the errno
// as data (PTRACE_GETEVENTMSG).
Result<SeccompProgram> refusing_filter(bool trace);

}  // namespace shikake::cell
