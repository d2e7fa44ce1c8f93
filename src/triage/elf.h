// ELF files taken apart without believing them: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
#pragma once

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

// `bytes` start with the ELF magic; they are the first of `file_size`. Never fails: what can't be read stands
// in Elf::malformed. The entropy of a part is that of its first max_entropy_bytes.
Elf read_elf(base::ByteSpan bytes, uint64_t file_size);

// Hostile headers may name the same bytes two hundred times over.
inline constexpr uint64_t max_entropy_bytes = uint64_t{4} << 20;

// "ELF 64-bit little-endian position-independent executable, x86-64, dynamically linked, stripped"
std::string describe(const Elf& elf);

}  // namespace shikake::triage
