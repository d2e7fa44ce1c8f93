// The times that logs write.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace shikake::audit {

// "1286536309.586" (seconds since 1970, up to six decimals kept), "2018-03-24T17:15:20.865716Z" (RFC 3339),
// "17/May/2015:10:05:03 +0000" (Apache's %t, brackets off). Nothing for anything else, or past year 9999.
std::optional<base::TimePoint> time_from_log(std::string_view text);

}  // namespace shikake::audit
