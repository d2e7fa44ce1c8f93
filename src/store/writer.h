// Writes indicators and evidence, with statements prepared once: the hot path of an import.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/digest.h"
#include "intel/model.h"
#include "intel/policy.h"
#include "store/hash.h"
#include "store/texts.h"

namespace shikake::store {

// Where an observation stands in the database.
struct ObservationRow {
  long long id = 0;
  long long series = 0;  // see schema.cpp
  base::TimePoint time;
};

// Methods throw as SOCI does and want a transaction around them.
class Writer {
 public:
  Writer(soci::session& sql, Texts& texts, const HashKey& key);
  ~Writer();

  // Adds the row; nothing where the observation is stored already.
  std::optional<ObservationRow> add_observation(const intel::Observation& observation, const base::Digest& id,
                                                const std::string& canonical);
  void add_evidence(const ObservationRow& row, const std::vector<intel::Assertion>& assertions,
                    base::TimePoint now);

 private:
  struct Statements;

  // Its id, and whether it was there before.
  std::pair<long long, bool> indicator(const intel::IndicatorKey& key, base::TimePoint now);
  // Takes out what the same series said earlier; moves `first_seen` back to the earliest. False where the
  // series has said something later already.
  bool supersede(const ObservationRow& row, long long indicator, long long& first_seen);
  // Observations of the row's series and their times.
  const std::unordered_map<long long, base::TimePoint>& series_of(const ObservationRow& row);

  soci::session& sql_;
  Texts& texts_;
  HashKey key_;
  std::unique_ptr<Statements> statements_;
  long long series_for_ = 0;  // the observation that series_ was read for
  std::unordered_map<long long, base::TimePoint> series_;
};

// Of a tenant key, for observations.site_hash.
long long site_hash(const HashKey& key, const std::string& site);
// Of an indicator's key, for indicators.hash.
long long key_hash(const HashKey& key, const intel::IndicatorKey& indicator);

}  // namespace shikake::store
