#include "intel/decay.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace shikake::intel {
namespace {

// Names and addresses: MISP's "NIDS Simple Decaying Model", made for these attribute types
// (github.com/MISP/misp-decaying-models, models/nids-simple-model.json, version 2). A file's content never
// changes hands, and a structure that a toolkit writes outlives its sites: ours, as MISP has no model.
constexpr DecayParameters nids = {120, 2, 30};
constexpr DecayParameters structure = {365, 0.5, 30};
constexpr DecayParameters file = {3650, 0.3, 30};

constexpr std::array<DecayParameters, 7> by_type = {
    nids,       // url
    nids,       // domain
    nids,       // ip
    nids,       // cidr
    nids,       // ip:port
    structure,  // pattern
    file,       // sha256
};

constexpr double micros_a_day = 86'400e6;

}  // namespace

const DecayParameters& decay_of(IndicatorType type) {
  SHIKAKE_CHECK(static_cast<size_t>(type) < by_type.size());
  return by_type[static_cast<size_t>(type)];
}

uint8_t decayed(uint8_t base, base::Duration age, const DecayParameters& parameters) {
  double days = std::max(0.0, static_cast<double>(age.count()) / micros_a_day);
  if (days >= parameters.lifetime_days) return 0;
  double kept = 1 - std::pow(days / parameters.lifetime_days, 1 / parameters.decay_speed);
  return static_cast<uint8_t>(std::lround(base * kept));
}

base::Duration time_to_expiry(uint8_t base, const DecayParameters& parameters) {
  // `decayed` rounds, so the score counts as the threshold down to half a point below it.
  double least = parameters.threshold - 0.5;
  if (base < least || base == 0) return base::Duration(0);
  double days = parameters.lifetime_days * std::pow(1 - least / base, parameters.decay_speed);
  return base::Duration(static_cast<int64_t>(days * micros_a_day));
}

}  // namespace shikake::intel
