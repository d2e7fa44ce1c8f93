// Scripts: which language, and what to run them with.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

// By the first line, else by libmagic's type, else by the name's extension, else by how it starts; nothing
// where none of them names a language that is known.
std::optional<Script> find_script(base::ByteSpan bytes, std::string_view mime, std::string_view file_name);

}  // namespace shikake::triage
