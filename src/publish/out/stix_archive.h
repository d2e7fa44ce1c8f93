// STIX objects that came in with bundles and go out again as they came: same identifiers, same fields.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "publish/export.h"

namespace shikake::publish {

class StixArchive {
 public:
  // Goes through the stored observations (several times, if any is STIX) and decides what may go out:
  // of each object its latest version; no indicator that is judged false, and none without the use if one is
  // asked for; nothing above the TLP limit; nothing that speaks of what stays here.
  static Result<StixArchive> open(const store::Store& store, const ExportOptions& options);

  // Whether evidence from this observation is in the archive already.
  bool holds(const base::Digest& observation) const;
  bool has_object(std::string_view id) const;

  // In the order in which bundles were imported, and of each bundle's own.
  Result<> for_each_object(const std::function<Result<>(const boost::json::object&)>& each);

  // The members (but `objects`) of the one bundle that everything comes from, whole; null where objects of
  // it were left out, or there are several bundles.
  const boost::json::object* sole_envelope() const;
  // What was left out, for the report.
  const ExportReport& left_out() const;

  StixArchive(StixArchive&&) noexcept;
  ~StixArchive();

 private:
  struct State;
  explicit StixArchive(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace shikake::publish
