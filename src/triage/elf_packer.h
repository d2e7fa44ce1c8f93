// Signs that an ELF file is not what will run: it unpacks something first.
#pragma once

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

// Fills in Elf::packer and Elf::packed_hints from what else is known of the file.
void find_packer(base::ByteSpan bytes, Elf& elf);

}  // namespace shikake::triage
