// What the kernel told a program at its start: the auxiliary vector, see getauxval(3).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace shikake::sandbox::trace {

enum class AuxiliaryKey : uint64_t {
  entry = 9,            // AT_ENTRY: the program's first instruction
  base = 7,             // AT_BASE: where the dynamic linker lies
  program_headers = 3,  // AT_PHDR
  vdso = 33,            // AT_SYSINFO_EHDR: the kernel's own library
};

// Of a process or thread id; `narrow`: a 32-bit program's vector. Nothing where it has none or is gone.
std::optional<uint64_t> auxiliary_value(pid_t task, bool narrow, AuxiliaryKey key);

}  // namespace shikake::sandbox::trace
