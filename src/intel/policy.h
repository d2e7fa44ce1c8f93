// The one place that says which indicators and which further work an observation gives.
// docs/policy.md holds the rules as a table.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "intel/guard.h"
#include "intel/model.h"

namespace shikake::intel {

struct Derivation {
  std::vector<Assertion> assertions;
  std::vector<Job> jobs;
};

// What policy may ask of what is already known. Implemented by store::Store.
class StoreView {
 public:
  virtual ~StoreView() = default;
  virtual Result<Guard> guard() const = 0;  // cheap: a shared, immutable form
  // With its evidence; nothing where nothing is known.
  virtual Result<std::optional<Indicator>> find(const IndicatorKey& key) const = 0;
  // On how many sites (tenant keys) the chains started in which `key` had this role, `but` not counted.
  virtual Result<uint64_t> sites_of(const IndicatorKey& key, Role role, const std::string& but) const = 0;
  // How often this subject was looked at before.
  virtual Result<uint64_t> count_before(ObservationKind kind, const std::string& subject,
                                        base::TimePoint time) const = 0;
};

struct PolicySettings {
  // Inside the range, documentation addresses and reserved names are the bad ones; anywhere else they are
  // nobody's, and what was seen there is no reason to block anything.
  bool range_profile = false;

  static PolicySettings from_environment();  // range_profile where SHIKAKE_RANGE is set and not empty
};

Result<Derivation> derive(const Observation& observation, const StoreView& view,
                          const PolicySettings& settings);

}  // namespace shikake::intel
