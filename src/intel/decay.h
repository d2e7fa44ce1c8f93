// How trust in an indicator fades. Sites are cleaned, addresses change hands.
//
// MISP's polynomial decay (https://arxiv.org/abs/1803.11052, section 4; https://arxiv.org/abs/1902.03914):
//
//     score(t) = base * (1 - (t / lifetime) ^ (1 / decay_speed))    0 <= t < lifetime, then 0
//
// t runs from the last time that the bad thing itself was seen.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "intel/model.h"

namespace shikake::intel {

struct DecayParameters {
  double lifetime_days;  // > 0; after it the score is 0
  double decay_speed;    // > 0; above 1 it falls fast at first, below 1 late
  uint8_t threshold;  // a score below it is expired: fit for audit of old logs, no longer to alert or block
};

const DecayParameters& decay_of(IndicatorType type);

// 0 to 100. An age below zero (a clock that ran ahead) counts as zero.
uint8_t decayed(uint8_t base, base::Duration age, const DecayParameters& parameters);
// How long after the last sighting the score falls below the threshold; zero where it starts below.
base::Duration time_to_expiry(uint8_t base, const DecayParameters& parameters);

}  // namespace shikake::intel
