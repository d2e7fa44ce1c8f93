#include "triage/entropy.h"

#include <array>
#include <cmath>

namespace shikake::triage {

Entropy entropy(base::ByteSpan bytes) {
  if (bytes.empty()) return 0;
  std::array<uint64_t, 256> counts{};
  for (uint8_t byte : bytes) ++counts[byte];
  const double total = static_cast<double>(bytes.size());
  double bits = 0;
  for (uint64_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / total;
    bits -= share * std::log2(share);
  }
  // A sum of rounded terms may fall just under 0 or a whole number.
  return static_cast<Entropy>(std::max(0.0, bits * 1000 + 1e-6));
}

}  // namespace shikake::triage
