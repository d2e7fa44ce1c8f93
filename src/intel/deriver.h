// What the parts of policy share: policy.cpp and policy_*.cpp.
#pragma once

#include <string>

#include "intel/policy.h"

namespace shikake::intel {

// Collects what one observation gives; every assertion passes the guards on its way in.
class Deriver {
 public:
  static Result<Deriver> make(const Observation& observation, const StoreView& view,
                              const PolicySettings& settings);

  // Guards have the last word: what one protects keeps audit alone, and the list's name as the reason.
  void add(Assertion assertion);
  void add(Job job) { result_.jobs.push_back(std::move(job)); }

  // Why `key` must not be blocked; "" where nothing speaks against it.
  std::string reason_against(const IndicatorKey& key) const;
  bool is_guarded(const IndicatorKey& key) const;
  const StoreView& view() const { return view_; }
  Derivation take() { return std::move(result_); }

 private:
  Deriver(const Observation& observation, const StoreView& view, const PolicySettings& settings, Guard guard)
      : observation_(observation), view_(view), settings_(settings), guard_(std::move(guard)) {}

  // Without any list: addresses and names that are nobody's on the Internet, and names that are everybody's.
  std::string own_guard(const IndicatorKey& key) const;

  const Observation& observation_;
  const StoreView& view_;
  const PolicySettings& settings_;
  Guard guard_;
  bool seen_in_range_ = false;
  Derivation result_;
};

// What a value of this type is fit for when someone names it as bad in this role (docs/policy.md).
UseSet uses_of(IndicatorType type, Role role);

Result<Derivation> derive_visit(const Observation& observation, Deriver& deriver);
Result<Derivation> derive_run(const Observation& observation, Deriver& deriver);
Result<Derivation> derive_neighbour(const Observation& observation, Deriver& deriver);
Result<Derivation> derive_feed(const Observation& observation, Deriver& deriver);

}  // namespace shikake::intel
