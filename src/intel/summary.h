// What all the evidence for one key comes to, at one moment.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "intel/model.h"

namespace shikake::intel {

struct Sightings {
  uint64_t count = 0;
  std::optional<base::TimePoint> last;
};

// Rules:
//   score       the best of the evidence, each decayed since it or a sighting last saw the bad thing
//   uses        of all evidence that has not expired; what has expired is left with audit at its points
//   guarded_by  the first that any evidence names; takes `block` from all of it
//   judgement   false positive: no uses, score 0. Confirmed: confidence at least confirmed_confidence, and it
//               counts as seen when it was confirmed
// `evidence` is kept in the result, strongest first.
Indicator summarize(IndicatorKey key, std::vector<Evidence> evidence, std::optional<Judgement> judgement,
                    const Sightings& sightings, base::TimePoint at);

// Audit at every point that `uses` names.
UseSet audit_only(UseSet uses);
// Alert where `uses` says block; else as it is.
UseSet without_block(UseSet uses);

inline constexpr uint8_t confirmed_confidence = 95;  // "High" in each scale of STIX 2.1, appendix A

}  // namespace shikake::intel
