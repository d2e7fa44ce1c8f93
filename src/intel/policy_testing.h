// What the tests of the policy share.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "intel/policy.h"

namespace shikake::intel {

// A store with what each test puts into it; the real one is tested with the same policy in src/store.
class View final : public StoreView {
 public:
  Result<Guard> guard() const override { return guards; }
  Result<std::optional<Indicator>> find(const IndicatorKey& key) const override {
    const auto found = known.find(key);
    return found == known.end() ? std::optional<Indicator>() : found->second;
  }
  Result<uint64_t> sites_of(const IndicatorKey&, Role, const std::string&) const override {
    return other_sites;
  }
  Result<uint64_t> count_before(ObservationKind kind, const std::string&, base::TimePoint) const override {
    const auto found = earlier.find(kind);
    return found == earlier.end() ? 0 : found->second;
  }

  Guard guards;
  std::map<IndicatorKey, Indicator> known;
  uint64_t other_sites = 0;
  std::map<ObservationKind, uint64_t> earlier;
};

}  // namespace shikake::intel
