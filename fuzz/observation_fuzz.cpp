// Observations and their records: what is read is written the same, again and again, under the same name; and
// policy takes any record without falling over.
#include <boost/json/value.hpp>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "intel/feed.h"
#include "intel/json.h"
#include "intel/judgement.h"
#include "intel/model.h"
#include "intel/policy.h"
#include "intel/visit.h"

namespace {

using namespace shikake;

class EmptyView final : public intel::StoreView {
 public:
  Result<intel::Guard> guard() const override { return intel::Guard(); }
  Result<std::optional<intel::Indicator>> find(const intel::IndicatorKey&) const override {
    return std::nullopt;
  }
  Result<uint64_t> sites_of(const intel::IndicatorKey&, intel::Role, const std::string&) const override {
    return 0;
  }
  Result<uint64_t> count_before(intel::ObservationKind, const std::string&, base::TimePoint) const override {
    return 0;
  }
};

// A record that its reader takes is written, read and written the same.
template <class Read>
void round_trip(const boost::json::object& record, Read read) {
  auto first = read(record);
  if (!first) {
    SHIKAKE_CHECK(first.error().code == ErrorCode::invalid_input);
    return;
  }
  const boost::json::object written = to_json(*first);
  auto second = read(written);
  SHIKAKE_CHECK(second.has_value());
  SHIKAKE_CHECK(to_json(*second) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto value = intel::parse_json(text)) {
    const std::string canonical = intel::canonical_json(*value);
    auto again = intel::parse_json(canonical);
    SHIKAKE_CHECK(again.has_value());
    SHIKAKE_CHECK(intel::canonical_json(*again) == canonical);
    if (const auto* record = value->if_object()) {
      round_trip(*record, intel::visit_from_json);
      round_trip(*record, intel::feed_from_json);
      round_trip(*record, intel::judgement_from_json);
    }
  }
  auto observation = intel::observation_from_json(text);
  if (!observation) return 0;
  const std::string canonical = intel::canonical_json(*observation);
  auto again = intel::observation_from_json(canonical);
  SHIKAKE_CHECK(again.has_value());
  SHIKAKE_CHECK(intel::canonical_json(*again) == canonical);
  SHIKAKE_CHECK(intel::id_of(*again) == intel::id_of(*observation));
  auto derived = intel::derive(*observation, EmptyView(), {});
  if (!derived) return 0;
  for (const intel::Assertion& assertion : derived->assertions)
    SHIKAKE_CHECK(assertion.guarded_by.empty() || !assertion.uses.has(intel::Action::block));
  return 0;
}
