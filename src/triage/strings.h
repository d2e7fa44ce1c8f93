// Text that stands in any bytes, and the names and places in it.
#pragma once

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

struct FoundStrings {
  Strings strings;
  std::vector<std::string> limits_hit;
};

FoundStrings find_strings(base::ByteSpan bytes);

}  // namespace shikake::triage
