// Macros of Office: [MS-OVBA].
#pragma once

#include <optional>
#include <string>

#include "triage/documents/compound_file.h"

namespace shikake::triage {

// 2.4.1: chunks of 4096 bytes, packed. Nothing where the bytes are none; what is damaged gives what came
// before. At most max_source_bytes.
std::optional<std::string> unpack_macros(base::ByteSpan packed);
inline constexpr size_t max_source_bytes = size_t{4} << 20;

// Every project in the file (a storage with a stream "dir" and modules): their sources as scripts.
void read_macros(const CompoundFile& file, DocumentNotes& notes);

}  // namespace shikake::triage
