#include "intel/known_bad.h"

namespace shikake::intel {

Result<std::string> known_bad(const StoreView& store, const base::Digest& sha256, std::string_view sensor) {
  SHIKAKE_ASSIGN(auto known, store.find({IndicatorType::sha256, sha256.hex()}));
  if (!known) return std::string();
  if (known->judgement) {
    return known->judgement->verdict == Verdict::confirmed ? std::string("a person confirmed it")
                                                           : std::string();
  }
  for (const Evidence& evidence : known->evidence)
    if (evidence.assertion.uses.has(Action::block) && evidence.assertion.source != sensor)
      return "known as bad from " + evidence.assertion.source;
  return std::string();
}

}  // namespace shikake::intel
