// How evenly byte values are spread.
#pragma once

#include "base/bytes.h"
#include "triage/triage.h"

namespace shikake::triage {

// H = -sum p(i) log2 p(i) over the 256 byte values (C. E. Shannon, "A Mathematical Theory of Communication",
// 1948, section 6), in thousandths, rounded down. 0 for no bytes.
Entropy entropy(base::ByteSpan bytes);

}  // namespace shikake::triage
