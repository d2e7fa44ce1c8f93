// The base's ASCII under short names: the URL code hardly has a line without.
#pragma once

#include "base/ascii.h"

namespace shikake::url {

using base::equal_ignoring_case;
using base::hex_digit;
using base::is_alpha;
using base::is_digit;
using base::is_lower;
using base::is_upper;
using base::to_lower;

}  // namespace shikake::url
